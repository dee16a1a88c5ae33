import { createHash, randomBytes } from 'node:crypto';
import { isUuid } from '#platform/database';

export interface OneTimeSecret {
  readonly tenantId: string;
  readonly id: string;
  readonly text: string;
  readonly hash: Buffer;
}

/** `pr_` sets a password, `in_` accepts an invitation. */
export type SecretPrefix = 'pr' | 'in';

/** `<prefix>_<tenant>_<row>_<secret>`: it says where to look, is opaque to whoever has it, and hashed at rest. */
export function newSecret(prefix: SecretPrefix, tenantId: string, id: string): OneTimeSecret {
  const text = `${prefix}_${tenantId}_${id}_${randomBytes(32).toString('base64url')}`;
  return { tenantId, id, text, hash: hashOf(text) };
}

/** Null when it does not have the form. */
export function parseSecret(prefix: SecretPrefix, text: string): OneTimeSecret | null {
  const [, given, tenantId, id] = /^(\w\w)_([0-9a-f-]{36})_([0-9a-f-]{36})_[\w-]{43}$/.exec(text) ?? [];
  if (given !== prefix || !isUuid(tenantId) || !isUuid(id)) return null;
  return { tenantId, id, text, hash: hashOf(text) };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
