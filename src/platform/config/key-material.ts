import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/**
 * Keys as variables hold them: PEM on one line with `\n` for line ends or on several, 32 bytes in base64. Each reader throws
 * an `Error` that says what is wrong and never shows the key.
 */

const LEAST_BITS = 2048;
const PEM = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g;
const KEY_BYTES = 32;

/** A signing key: RSA, at least 2048 bits. */
export function readPrivateKey(text: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(lines(text));
  } catch {
    throw new Error(
      'is not a readable PEM private key ("-----BEGIN PRIVATE KEY-----…"; \\n for line ends is fine; openssl genrsa 2048)',
    );
  }
  if (!isStrongRsa(key)) throw new Error('must be an RSA key of at least 2048 bits (openssl genrsa 2048)');
  return key;
}

/** One that verifies. */
export function readPublicKey(text: string): KeyObject {
  const keys = readPublicKeys(text);
  const [key] = keys;
  if (key === undefined || keys.length > 1) throw new Error('must be one RSA public key in PEM');
  return key;
}

/** Any number of them, one behind the other, with or without commas between. */
export function readPublicKeys(text: string): KeyObject[] {
  const found = lines(text).match(PEM) ?? [];
  const rest = found.reduce((left, pem) => left.replace(pem, ''), lines(text));
  if (found.length === 0 || /[^\s,]/.test(rest)) throw new Error(NO_PUBLIC_KEYS);
  return found.map((pem) => {
    // A private key is one too many: it would verify, and be wherever this variable is.
    if (/PRIVATE KEY/.test(pem)) throw new Error('holds a private key: give its public half (openssl rsa -pubout)');
    let key: KeyObject;
    try {
      key = createPublicKey(pem);
    } catch {
      throw new Error(NO_PUBLIC_KEYS);
    }
    if (!isStrongRsa(key)) throw new Error('must hold RSA keys of at least 2048 bits');
    return key;
  });
}

const NO_PUBLIC_KEYS = 'must be RSA public keys in PEM ("-----BEGIN PUBLIC KEY-----…"; \\n for line ends is fine)';

/** A sealing key. */
export function readSecretsKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64').replace(/=+$/, '') !== text.trim().replace(/=+$/, '')) {
    throw new Error('must be 32 bytes in base64 (openssl rand -base64 32)');
  }
  if (isMadeUp(key)) throw new Error('is not random; make one with: openssl rand -base64 32');
  return key;
}

/**
 * A placeholder from an example file protects nothing: AAAA…, bytes that count up, words, or one part again and again. None
 * of these comes out of a random generator in the lifetime of the universe.
 */
function isMadeUp(key: Buffer): boolean {
  const steps = key.subarray(1).map((byte, at) => byte - (key[at] ?? 0));
  return new Set(key).size < 12 || new Set(steps).size < 12 || key.every((byte) => byte >= 0x20 && byte < 0x7f);
}

/** Earlier ones, with commas between. */
export function readSecretsKeys(text: string): Buffer[] {
  return text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map(readSecretsKey);
}

function lines(text: string): string {
  return text.replaceAll('\\n', '\n');
}

function isStrongRsa(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= LEAST_BITS;
}
