import { FEATURES } from '#platform/http';
import { z } from 'zod';
import { type Entitlements, LIMIT_NAMES, type LimitName, limitsSchema } from './entitlements.js';

const granted = z.array(z.string().trim().min(1).max(200)).max(1000).nullable();

/** Replaces all: what is absent goes back to the operator's default, as null does. */
export const putEntitlementsBody = z
  .strictObject({
    agents: granted.optional(),
    tools: granted.optional(),
    models: granted.optional(),
    features: z
      .array(z.enum(['*', ...FEATURES]))
      .max(100)
      .nullable()
      .optional(),
    limits: limitsSchema.nullable().optional(),
  })
  .meta({
    examples: [
      {
        agents: ['*'],
        tools: ['http', 'search_knowledge'],
        models: ['gpt-4o-mini'],
        features: ['*'],
        limits: { messages_per_minute: 30, max_tokens: 1000, budget_month_usd: 50 },
      },
    ],
  });
export type PutEntitlementsBody = z.infer<typeof putEntitlementsBody>;

const nullableList = z.array(z.string()).nullable();

/** A list that is null, and a limit that is null, follow the operator's default. */
export const entitlementsResponse = z
  .object({
    agents: nullableList,
    tools: nullableList,
    models: nullableList,
    features: nullableList,
    limits: z.object(
      Object.fromEntries(LIMIT_NAMES.map((name) => [name, z.number().nullable()])) as Record<
        LimitName,
        z.ZodNullable<z.ZodNumber>
      >,
    ),
  })
  .meta({ id: 'Entitlements' });
export type EntitlementsResponse = z.infer<typeof entitlementsResponse>;

export function toEntitlements(body: PutEntitlementsBody): Entitlements {
  const { agents = null, features = null, limits, models = null, tools = null } = body;
  return { agents, tools, models, features, limits: limits ?? {} };
}

export function toEntitlementsResponse({ limits, ...lists }: Entitlements): EntitlementsResponse {
  const copy = (list: readonly string[] | null) => (list === null ? null : [...list]);
  return {
    agents: copy(lists.agents),
    tools: copy(lists.tools),
    models: copy(lists.models),
    features: copy(lists.features),
    limits: Object.fromEntries(
      LIMIT_NAMES.map((name) => [name, limits[name] ?? null]),
    ) as EntitlementsResponse['limits'],
  };
}
