import { z } from 'zod';

/** A tenant as the rest of the program sees it. */
export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  /** The raw document; read it through `TenantSettingsCache`. */
  readonly settings: object;
  /** The row of its entitlements as JSON, null where the operator's defaults hold; read as `settings`. */
  readonly entitlements: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Fixed prefixes of the API: as a slug they would shadow it, or be shadowed by it. */
export const RESERVED_SLUGS: readonly string[] = [
  'admin',
  'auth',
  'public',
  'platform',
  'chat',
  'v1',
  'ws',
  'docs',
  'health',
  'metrics',
];

/** The tenant of the platform's own staff. Made by the start, never through the API. */
export const PLATFORM_SLUG = 'platform';

export const slugSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,38}$/, 'must start with a letter and have 2 to 39 lower-case letters, digits or hyphens');
