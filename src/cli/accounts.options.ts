import { type ApiKeyInput, KEY_ROLES, type NewUser } from '#auth';
import { isUuid } from '#platform/database';
import { PERMISSIONS } from '#platform/http';
import { z } from 'zod';
import { UsageError } from './usage-error.js';

export const OPTIONS = {
  tenant: { type: 'string' },
  email: { type: 'string' },
  name: { type: 'string' },
  role: { type: 'string' },
  persona: { type: 'string' },
  scopes: { type: 'string' },
  days: { type: 'string' },
  owner: { type: 'string' },
  id: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const schema = z.object({
  tenant: z.string().optional(),
  email: z.email('--email must be an address').optional(),
  name: z.string().max(200).optional(),
  role: z.enum(['platform_admin', 'tenant_admin', 'supporter', 'end_user']).default('end_user'),
  persona: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,62}$/, '--persona must be a word such as job_seeker')
    .optional(),
  scopes: z
    .string()
    .transform((list) => list.split(',').map((scope) => scope.trim()))
    .pipe(z.array(z.enum(PERMISSIONS)))
    .optional(),
  days: z.coerce.number('--days must be a number').int().min(1).max(36_500).default(365),
  owner: z.string().optional(),
  id: z.string().refine(isUuid, '--id must be an id').optional(),
  json: z.boolean().default(false),
});
export type Options = z.infer<typeof schema>;

/** @throws UsageError */
export function optionsOf(values: unknown): Options {
  const read = schema.safeParse(values);
  if (read.success) return read.data;
  throw new UsageError(read.error.issues.map(({ message, path }) => `--${path.join('.')}: ${message}`).join('\n'));
}

/** @throws UsageError */
export function required(options: Options, name: 'tenant' | 'email' | 'name' | 'id'): string {
  const value = options[name];
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing`);
  return value;
}

export function userInput(options: Options): Omit<NewUser, 'password'> {
  const { name = '', persona = null, role } = options;
  return { email: required(options, 'email'), name, role, persona };
}

export function keyInput(options: Options): ApiKeyInput {
  const role = KEY_ROLES.find((known) => known === options.role);
  if (role === undefined) throw new UsageError(`--role: a key’s is one of ${KEY_ROLES.join(', ')}`);
  const expiresAt = new Date(Date.now() + options.days * 24 * 3600 * 1000);
  return { name: required(options, 'name'), role, scopes: options.scopes, expiresAt };
}
