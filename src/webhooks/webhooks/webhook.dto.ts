import { timeSchema } from '#platform/http';
import { EVENT_TYPES } from '#platform/outbox';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { Webhook, WebhookDraft } from './webhook.js';

const fields = {
  url: z
    .string()
    .trim()
    .min(1)
    .check(...atMost(2000))
    .describe('Called with POST; a redirect is not followed'),
  events: z.array(z.enum(EVENT_TYPES)).min(1).max(EVENT_TYPES.length),
  enabled: z.boolean(),
};

export const createWebhookBody = z.strictObject({ ...fields, enabled: fields.enabled.default(true) }).meta({
  examples: [{ url: 'https://hooks.shop.example.com/switchboard', events: ['escalation.created', 'document.failed'] }],
});
export type CreateWebhookBody = z.infer<typeof createWebhookBody>;

export const patchWebhookBody = z
  .strictObject(fields)
  .partial()
  .meta({ examples: [{ events: ['escalation.created', 'escalation.closed'] }] });
export type PatchWebhookBody = z.infer<typeof patchWebhookBody>;

export const webhookResponse = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.enum(EVENT_TYPES)),
    enabled: z.boolean(),
    failing_since: timeSchema.nullable().describe('Since when nothing could be delivered'),
    disabled_at: timeSchema.nullable(),
    disabled_reason: z.string().nullable().describe('Why it was disabled, where nobody did it'),
    secret_last4: z.string(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Webhook' });
export type WebhookResponse = z.infer<typeof webhookResponse>;

export const webhookWithSecretResponse = webhookResponse
  .extend({ secret: z.string().describe('Shown here and never again') })
  .meta({ id: 'WebhookWithSecret' });
export type WebhookWithSecretResponse = z.infer<typeof webhookWithSecretResponse>;

export function toWebhookResponse(webhook: Webhook): WebhookResponse {
  return {
    id: webhook.id,
    url: webhook.url,
    events: [...webhook.events],
    enabled: webhook.enabled,
    failing_since: webhook.failingSince?.toISOString() ?? null,
    disabled_at: webhook.disabledAt?.toISOString() ?? null,
    disabled_reason: webhook.disabledReason,
    secret_last4: webhook.last4,
    created_at: webhook.createdAt.toISOString(),
    updated_at: webhook.updatedAt.toISOString(),
  };
}

export function toDraft({ events, ...body }: CreateWebhookBody): WebhookDraft {
  return { ...body, events: [...new Set(events)] };
}

/** What was sent over what is there: absent fields stay. */
export function withChange(current: Webhook, body: PatchWebhookBody): WebhookDraft {
  const events = body.events === undefined ? current.events : [...new Set(body.events)];
  return { url: body.url ?? current.url, events, enabled: body.enabled ?? current.enabled };
}
