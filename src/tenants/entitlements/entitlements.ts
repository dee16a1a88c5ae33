import { z } from 'zod';

const perMinute = z.int().min(0).max(1_000_000_000);
const usd = z.number().min(0).max(100_000_000);

/** Each null or absent: the operator's default. Of the limits a minute, 0 is no limit. */
export const limitsSchema = z.strictObject({
  messages_per_minute: perMinute.nullable().optional(),
  requests_per_minute: perMinute.nullable().optional(),
  /** Of all of the tenant's people together, and of each of them. */
  tokens_per_minute: perMinute.nullable().optional(),
  user_tokens_per_minute: perMinute.nullable().optional(),
  /** Of one answer, in tokens. */
  max_tokens: z.int().min(1).max(1_000_000).nullable().optional(),
  history_messages: z.int().min(0).max(200).nullable().optional(),
  /** US dollars of one UTC day, and of one calendar month; null: no budget. */
  budget_day_usd: usd.nullable().optional(),
  budget_month_usd: usd.nullable().optional(),
  /** People of the staff, with those who are invited. */
  users: z.int().min(0).max(1_000_000_000).nullable().optional(),
  /** MiB of documents and records, as they came. */
  storage_mb: z.int().min(0).max(1_000_000_000).nullable().optional(),
});
export type StoredLimits = z.infer<typeof limitsSchema>;
export type LimitName = keyof StoredLimits;
export const LIMIT_NAMES = Object.keys(limitsSchema.shape) as LimitName[];

/**
 * What the operator lets a tenant have. A list is null where the operator's default holds; `*` in it is everything.
 * An agent is named by its key or its kind, a tool by its key, its built-in key or its kind, a model by its name or
 * `provider/name`, a feature as in `FEATURES`.
 */
export interface Entitlements {
  readonly agents: readonly string[] | null;
  readonly tools: readonly string[] | null;
  readonly models: readonly string[] | null;
  readonly features: readonly string[] | null;
  readonly limits: StoredLimits;
}

export const OPERATOR_DEFAULTS: Entitlements = {
  agents: null,
  tools: null,
  models: null,
  features: null,
  limits: {},
};

const list = z.array(z.string()).nullable().catch(null);
const stored = z.object({
  agents: list,
  tools: list,
  models: list,
  features: list,
  limits: limitsSchema.catch({}),
});

/** The row of `app.entitlement` as JSON; null where there is none. */
export function readEntitlements(row: unknown): Entitlements {
  return stored.safeParse(row).data ?? OPERATOR_DEFAULTS;
}

/**
 * Whether a list lets through what goes by any of these names.
 * @param byDefault what the operator's default says, where the list is null
 */
export function isEntitled(granted: readonly string[] | null, names: readonly string[], byDefault = true): boolean {
  if (granted === null) return byDefault;
  return granted.includes('*') || names.some((name) => granted.includes(name));
}
