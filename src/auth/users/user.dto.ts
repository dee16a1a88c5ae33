import { ROLES } from '#platform/context';
import { listQuery, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { emailSchema, newPassword } from '../login/auth.dto.js';
import { kindOf, PERSON_KINDS, type PrincipalRecord } from '../principals/principal.js';
import { USER_SORTS } from '../principals/user-list.repository.js';

/** Visitors come through a widget, never through this list's door. */
export const assignableRole = z.enum(['platform_admin', 'tenant_admin', 'supporter', 'end_user']);
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

export const patchUserBody = z
  .strictObject({
    name: name.optional(),
    role: assignableRole.optional(),
    persona: personaSchema.nullable().optional(),
    disabled: z.boolean().optional(),
  })
  .meta({ examples: [{ name: 'Ann Example' }] });
export type PatchUserBody = z.infer<typeof patchUserBody>;

export const listUsersQuery = listQuery.extend({
  kind: z.enum(PERSON_KINDS).optional(),
  role: z.enum(ROLES).optional(),
  status: z.enum(['active', 'disabled']).optional(),
  q: z.string().trim().min(1).max(200).optional().describe('Part of a name, an email address or an external id'),
  sort: z.enum(USER_SORTS).default('-created_at'),
});
/** What a list was sorted by, and the id where it stopped. */
export const userPosition = z.tuple([
  z
    .string()
    .max(640)
    .refine((value) => !value.includes('\0')),
  z.guid(),
]);
export type ListUsersQuery = z.infer<typeof listUsersQuery>;

export const userResponse = z
  .object({
    id: z.string(),
    email: z.string().nullable(),
    external_id: z.string().nullable(),
    name: z.string(),
    role: z.enum(ROLES),
    persona: z.string().nullable(),
    kind: z.enum(PERSON_KINDS),
    status: z.enum(['active', 'disabled']),
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
    kind: kindOf(user.role),
    status: user.disabledAt === null ? 'active' : 'disabled',
    disabled: user.disabledAt !== null,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}
