import { ROLES } from '#platform/context';
import { timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { ApiKeyRecord } from './api-key.repository.js';

export const createApiKeyBody = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .check(...atMost(200)),
  role: z.enum(['tenant_admin', 'supporter', 'end_user']).default('tenant_admin'),
  expires_at: z.iso
    .datetime({ offset: true })
    .refine((time) => Date.parse(time) > Date.now(), 'must be in the future')
    .nullable()
    .default(null),
});
export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export const apiKeyResponse = z
  .object({
    id: z.string(),
    name: z.string(),
    last4: z.string(),
    role: z.enum(ROLES),
    created_by: z.string().nullable(),
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
    last4: key.last4,
    role: key.role,
    created_by: key.createdBy,
    created_at: key.createdAt.toISOString(),
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}
