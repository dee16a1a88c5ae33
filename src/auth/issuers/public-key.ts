import { createPublicKey, type KeyObject } from 'node:crypto';
import type { IssuerAlgorithm } from './trusted-issuer.js';

/**
 * A public key as an admin pastes it (SPKI, PKCS#1 or a certificate).
 * @returns SPKI in PEM and the algorithm that it is for, or null when it is none
 */
export function readPublicKey(pem: string): { pem: string; algorithm: IssuerAlgorithm } | null {
  // Of a private key the public one could be derived, but then it had been sent, logged and stored on its way.
  if (pem.includes('PRIVATE KEY')) return null;
  let key: KeyObject;
  try {
    key = createPublicKey(pem.replaceAll('\\n', '\n'));
  } catch {
    return null;
  }
  const algorithm = algorithmOf(key);
  return algorithm && { pem: key.export({ type: 'spki', format: 'pem' }).toString(), algorithm };
}

function algorithmOf(key: KeyObject): IssuerAlgorithm | null {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= 2048 ? 'RS256' : null;
  if (key.asymmetricKeyType === 'ec') return namedCurve === 'prime256v1' ? 'ES256' : null;
  return key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : null;
}
