import { createHash } from 'node:crypto';
import { isUuid } from '#platform/database';
import { InvalidInputError } from '#platform/errors';

const MOST = 200;

/**
 * The `client_message_id` that an `Idempotency-Key` stands for: the same key, the same id. A UUID stands for itself, so that
 * a message may be repeated over whichever transport is there.
 * @throws InvalidInputError for an empty or overlong key
 */
export function clientMessageIdOf(key: string): string {
  if (key === '' || key.length > MOST) {
    throw new InvalidInputError(`Idempotency-Key: must have 1 to ${MOST} characters`, { field: 'Idempotency-Key' });
  }
  if (isUuid(key)) return key.toLowerCase();
  const digest = createHash('sha256').update('idempotency-key\0').update(key, 'utf8').digest();
  // Version 8 (of the maker's own kind), variant 1.
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
