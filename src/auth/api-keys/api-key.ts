import { createHash, randomBytes } from 'node:crypto';
import { isUuid } from '#platform/database';
import { SecretString } from '#platform/secrets';

const PREFIX = 'sk_';

export function isApiKey(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** `sk_<tenant id>_<random>`: it says where to look, and 256 random bits need no slow hash. */
export function newApiKey(tenantId: string): SecretString {
  return new SecretString(`${PREFIX}${tenantId}_${randomBytes(32).toString('base64url')}`);
}

/** Null when it does not have the form of a key. */
export function tenantOfApiKey(key: string): string | null {
  const tenantId = key.slice(PREFIX.length, PREFIX.length + 36);
  return isUuid(tenantId) && key[PREFIX.length + 36] === '_' && key.length < 200 ? tenantId : null;
}

export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
