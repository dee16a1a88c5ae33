import { ROLES } from '#platform/context';
import { listQuery, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { emailSchema, newPassword } from '../login/auth.dto.js';
import type { PrincipalRecord } from '../principals/principal.js';

/** Visitors come through a widget, never through this list's door. */
const assignableRole = z.enum(['platform_admin', 'tenant_admin', 'supporter', 'end_user']);
export const personaSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be a word such as job_seeker');
const name = z
  .string()
  .trim()
  .check(...atMost(200));

export const createUserBody = z
  .strictObject({
    email: emailSchema,
    name: name.default(''),
    role: assignableRole.default('end_user'),
    persona: personaSchema.nullable().default(null),
    password: newPassword,
  })
  .meta({
    examples: [{ email: 'ann@example.com', name: 'Ann', role: 'end_user', password: 'at least twelve characters' }],
  });
export type CreateUserBody = z.infer<typeof createUserBody>;

export const patchUserBody = z.strictObject({
  name: name.optional(),
  role: assignableRole.optional(),
  persona: personaSchema.nullable().optional(),
  disabled: z.boolean().optional(),
});
export type PatchUserBody = z.infer<typeof patchUserBody>;

export const listUsersQuery = listQuery.extend({ role: z.enum(ROLES).optional() });
export type ListUsersQuery = z.infer<typeof listUsersQuery>;

export const userResponse = z
  .object({
    id: z.string(),
    email: z.string().nullable(),
    external_id: z.string().nullable(),
    name: z.string(),
    role: z.enum(ROLES),
    persona: z.string().nullable(),
    disabled: z.boolean(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'User' });
export type UserResponse = z.infer<typeof userResponse>;

export function toUserResponse(user: PrincipalRecord): UserResponse {
  return {
    id: user.id,
    email: user.email,
    external_id: user.externalId,
    name: user.name,
    role: user.role,
    persona: user.persona,
    disabled: user.disabledAt !== null,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}
