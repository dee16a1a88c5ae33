import { ROLES } from '#platform/context';
import { idSchema, PERMISSIONS, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { ApiKeyRecord } from './api-key.repository.js';
import { KEY_ROLES, scopesNow } from './key-scopes.js';

const DEFAULT_DAYS = 365;
const inAYear = () => new Date(Date.now() + DEFAULT_DAYS * 24 * 3600 * 1000).toISOString();

export const createApiKeyBody = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .check(...atMost(200)),
    role: z.enum(KEY_ROLES).default('end_user'),
    scopes: z
      .array(z.enum(PERMISSIONS))
      .min(1)
      .max(PERMISSIONS.length)
      .optional()
      .describe('Within the role and within what you may do yourself; absent: all of these'),
    expires_at: z.iso
      .datetime({ offset: true })
      .refine((time) => Date.parse(time) > Date.now(), 'must be in the future')
      .nullable()
      .optional()
      .describe('Absent: in 365 days; null: never'),
  })
  .meta({ examples: [{ name: 'Our web shop', role: 'end_user', scopes: ['chat', 'end_user_tokens.create'] }] });
export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export function expiryOf({ expires_at: written }: CreateApiKeyBody): Date | null {
  return written === null ? null : new Date(written ?? inAYear());
}

export const transferBody = z
  .strictObject({ user_id: idSchema })
  // `examples` would be left out, as of everything with a transform in it.
  .meta({ example: { user_id: '01890000-0000-7000-8000-000000000000' } });
export type TransferBody = z.infer<typeof transferBody>;

export const apiKeyResponse = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    scopes: z.array(z.string()),
    last4: z.string(),
    created_by: z.object({ id: z.string(), name: z.string() }).nullable(),
    status: z
      .enum(['active', 'revoked', 'expired', 'orphaned'])
      .describe('`orphaned`: whoever made it has left or may less than the key; transfer it and it works again'),
    created_at: timeSchema,
    last_used_at: timeSchema.nullable(),
    expires_at: timeSchema.nullable(),
    revoked_at: timeSchema.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyResponse = z.infer<typeof apiKeyResponse>;

/** The key itself is in this answer and in no other. */
export const createdApiKeyResponse = apiKeyResponse.extend({ key: z.string() }).meta({ id: 'CreatedApiKey' });
export type CreatedApiKeyResponse = z.infer<typeof createdApiKeyResponse>;

export function toApiKeyResponse(key: ApiKeyRecord): ApiKeyResponse {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    scopes: key.scopes,
    last4: key.last4,
    created_by: key.maker && { id: key.maker.id, name: key.maker.name },
    status: statusOf(key),
    created_at: key.createdAt.toISOString(),
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}

function statusOf(key: ApiKeyRecord): ApiKeyResponse['status'] {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiresAt !== null && key.expiresAt < new Date()) return 'expired';
  if (key.maker === null || key.maker.disabledAt !== null) return 'orphaned';
  return scopesNow(key, key.maker.role) === null ? 'orphaned' : 'active';
}
