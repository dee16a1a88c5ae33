import { timeSchema } from '#platform/http';
import { isOriginPattern, ORIGIN_PATTERN_HINT } from '#platform/origins';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { Widget, WidgetDraft } from './widget.js';

const text = (units: number) =>
  z
    .string()
    .trim()
    .check(...atMost(units));
const perMinute = (most: number) => z.int().min(1).max(most).nullable();

const appearance = z.strictObject({
  accent: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as #2f6fed')
    .optional(),
  position: z.enum(['left', 'right']).optional(),
  theme: z.enum(['light', 'dark', 'auto']).optional(),
});
const texts = z.strictObject({
  title: text(80).optional(),
  greeting: text(500).optional(),
  placeholder: text(120).optional(),
  offline: text(500).optional(),
});
const limits = z.strictObject({
  messages_per_minute: perMinute(1000).default(null).describe('Of one visitor'),
  sessions_per_minute: perMinute(100_000).default(null).describe('Opened by all visitors together'),
  sessions_per_address_minute: perMinute(10_000).default(null).describe('Opened from one address'),
});

const fields = {
  name: text(200).min(1),
  origins: z
    .array(
      z
        .string()
        .check(...atMost(255))
        .refine(isOriginPattern, ORIGIN_PATTERN_HINT),
    )
    .max(50)
    .describe('Of the pages that it stands on; no other page is served'),
  enabled: z.boolean(),
  agent: z.string().max(63).nullable().describe('Key of the agent that answers; null: the supervisor routes'),
  identity: z.enum(['optional', 'required']),
  appearance,
  texts,
  questions: z.array(text(200).min(1)).max(8),
  attachments: z.boolean(),
  limits,
};

export const createWidgetBody = z
  .strictObject({
    ...fields,
    origins: fields.origins.default([]),
    enabled: fields.enabled.default(true),
    agent: fields.agent.default(null),
    identity: fields.identity.default('optional'),
    appearance: appearance.default({}),
    texts: texts.default({}),
    questions: fields.questions.default([]),
    attachments: fields.attachments.default(false),
    limits: limits.prefault({}),
  })
  .meta({
    examples: [
      {
        name: 'Shop',
        origins: ['https://shop.example.com'],
        texts: { greeting: 'Hello! What can I do for you?' },
        questions: ['Where is my order?'],
      },
    ],
  });
export type CreateWidgetBody = z.infer<typeof createWidgetBody>;

export const patchWidgetBody = z
  .strictObject(fields)
  .partial()
  .meta({ examples: [{ questions: ['Where is my order?', 'How do I return something?'] }] });
export type PatchWidgetBody = z.infer<typeof patchWidgetBody>;

export const widgetResponse = z
  .object({
    id: z.string(),
    public_key: z.string(),
    name: z.string(),
    origins: z.array(z.string()),
    enabled: z.boolean(),
    agent: z.string().nullable(),
    identity: z.enum(['optional', 'required']),
    appearance: z.object(appearance.shape),
    texts: z.object(texts.shape),
    questions: z.array(z.string()),
    attachments: z.boolean(),
    limits: z.object({
      messages_per_minute: z.number().nullable(),
      sessions_per_minute: z.number().nullable(),
      sessions_per_address_minute: z.number().nullable(),
    }),
    secret_last4: z.string(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Widget' });
export type WidgetResponse = z.infer<typeof widgetResponse>;

export const widgetWithSecretResponse = widgetResponse
  .extend({ secret: z.string().describe('Shown here and never again') })
  .meta({ id: 'WidgetWithSecret' });
export type WidgetWithSecretResponse = z.infer<typeof widgetWithSecretResponse>;

export function toWidgetResponse(widget: Widget): WidgetResponse {
  const { messagesPerMinute, sessionsPerAddressMinute, sessionsPerMinute } = widget.limits;
  return {
    id: widget.id,
    public_key: widget.publicKey,
    name: widget.name,
    origins: [...widget.origins],
    enabled: widget.enabled,
    agent: widget.agent,
    identity: widget.identity,
    appearance: { ...widget.appearance },
    texts: { ...widget.texts },
    questions: [...widget.questions],
    attachments: widget.attachments,
    limits: {
      messages_per_minute: messagesPerMinute,
      sessions_per_minute: sessionsPerMinute,
      sessions_per_address_minute: sessionsPerAddressMinute,
    },
    secret_last4: widget.last4,
    created_at: widget.createdAt.toISOString(),
    updated_at: widget.updatedAt.toISOString(),
  };
}

export function toDraft({ limits: limited, ...body }: CreateWidgetBody): WidgetDraft {
  return { ...body, limits: toLimits(limited) };
}

/** What was sent over what is there: absent fields stay. */
export function withChange(current: Widget, { limits: limited, ...body }: PatchWidgetBody): WidgetDraft {
  const { agent, appearance, attachments, enabled, identity, limits, name, origins, questions, texts } = current;
  const draft = { agent, appearance, attachments, enabled, identity, limits, name, origins, questions, texts };
  const sent = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
  return { ...draft, ...sent, ...(limited === undefined ? {} : { limits: toLimits(limited) }) };
}

function toLimits(sent: z.infer<typeof limits>): WidgetDraft['limits'] {
  return {
    messagesPerMinute: sent.messages_per_minute,
    sessionsPerMinute: sent.sessions_per_minute,
    sessionsPerAddressMinute: sent.sessions_per_address_minute,
  };
}
