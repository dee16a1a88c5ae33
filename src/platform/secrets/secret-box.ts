import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { SecretString } from './secret-string.js';

/** What a sealed value belongs to. Moved to another row, tenant or purpose it does not open. */
export interface SealedFor {
  readonly tenantId: string;
  readonly rowId: string;
  /** What it is used for: `llm.credential`, `idempotency.response`, … */
  readonly purpose: string;
}

/** The value was moved, changed, or sealed with a key that this process does not have. */
export class SealedValueError extends Error {
  constructor(reason: string) {
    super(`A sealed value does not open: ${reason}`);
    this.name = 'SealedValueError';
  }
}

const VERSION = 1;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + IV_BYTES + TAG_BYTES;

/**
 * AES-256-GCM. A sealed value is
 *
 *   version (1) · key id (4) · nonce (12) · tag (16) · ciphertext
 *
 * and the associated data is its header and what it belongs to. The first key seals, every key opens: that is how the
 * master key is replaced without a moment in which something cannot be read.
 */
export class SecretBox {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly current: { readonly id: Buffer; readonly key: Buffer };
  private readonly macKeys: readonly Buffer[];

  constructor(keys: readonly Buffer[]) {
    const [first] = keys;
    if (first === undefined || keys.some((key) => key.length !== 32))
      throw new Error('A secret box needs 32 byte keys');
    this.keys = new Map(keys.map((key) => [keyId(key).toString('hex'), key]));
    this.current = { id: keyId(first), key: first };
    this.macKeys = keys.map((key) => Buffer.from(hkdfSync('sha256', key, '', 'switchboard.mac.v1', 32)));
  }

  /** Of the keys that open, the one that seals first. As stored values carry them: no secret. */
  get keyIds(): readonly Buffer[] {
    return [...this.keys.keys()].map((id) => Buffer.from(id, 'hex'));
  }

  seal(value: string | SecretString, belongsTo: SealedFor): Buffer {
    const text = typeof value === 'string' ? value : value.reveal();
    const nonce = randomBytes(IV_BYTES);
    const prefix = Buffer.concat([Buffer.of(VERSION), this.current.id]);
    const cipher = createCipheriv('aes-256-gcm', this.current.key, nonce).setAAD(associated(prefix, belongsTo));
    const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([prefix, nonce, cipher.getAuthTag(), ciphertext]);
  }

  /** @throws SealedValueError */
  open(sealed: Uint8Array, belongsTo: SealedFor): SecretString {
    const bytes = Buffer.from(sealed);
    if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION) throw new SealedValueError('it has an unknown form');
    const prefix = bytes.subarray(0, 1 + KEY_ID_BYTES);
    const key = this.keys.get(prefix.subarray(1).toString('hex'));
    if (key === undefined) throw new SealedValueError('its key is not among the configured ones');
    const nonce = bytes.subarray(prefix.length, prefix.length + IV_BYTES);
    const tag = bytes.subarray(prefix.length + IV_BYTES, HEADER_BYTES);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, nonce)
        .setAAD(associated(prefix, belongsTo))
        .setAuthTag(tag);
      return new SecretString(
        Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES)), decipher.final()]).toString('utf8'),
      );
    } catch {
      throw new SealedValueError('it was changed or belongs to something else');
    }
  }

  /** True when the value was sealed with an older key and should be sealed anew. */
  isStale(sealed: Uint8Array): boolean {
    return !Buffer.from(sealed)
      .subarray(1, 1 + KEY_ID_BYTES)
      .equals(this.current.id);
  }

  /** A keyed digest, for values that must be found or compared but not read. Differs for each purpose. */
  digest(purpose: string, value: string): Buffer {
    const [first] = this.digests(purpose, value);
    return first ?? Buffer.alloc(0);
  }

  /** By every key, the newest first: what an earlier one digested is still found. */
  digests(purpose: string, value: string): Buffer[] {
    return this.macKeys.map((key) => createHmac('sha256', key).update(purpose).update('\0').update(value).digest());
  }
}

function keyId(key: Buffer): Buffer {
  return createHash('sha256').update('switchboard.key-id').update(key).digest().subarray(0, KEY_ID_BYTES);
}

function associated(prefix: Buffer, belongsTo: SealedFor): Buffer {
  return Buffer.concat([prefix, Buffer.from(JSON.stringify([belongsTo.tenantId, belongsTo.rowId, belongsTo.purpose]))]);
}
