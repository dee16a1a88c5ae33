import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readPrivateKey } from '#platform/config';

/** A public key as the JWKS endpoint serves it. */
export interface PublicJwk {
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly alg: 'RS256';
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

/** A public key that tokens are verified with; its id is the RFC 7638 thumbprint, so that it is the same on every instance. */
export class VerifyingKey {
  readonly kid: string;
  readonly jwk: PublicJwk;

  constructor(readonly publicKey: KeyObject) {
    const { n, e } = publicKey.export({ format: 'jwk' });
    if (n === undefined || e === undefined) throw new Error('must be an RSA key');
    this.kid = createHash('sha256')
      .update(JSON.stringify({ e, kty: 'RSA', n }))
      .digest('base64url');
    this.jwk = { kty: 'RSA', use: 'sig', alg: 'RS256', kid: this.kid, n, e };
  }
}

/** The RSA key that signs access tokens. */
export class SigningKey extends VerifyingKey {
  private constructor(readonly privateKey: KeyObject) {
    super(createPublicKey(privateKey));
  }

  /** @throws Error naming what is wrong with the key; the key itself is never part of the message */
  static fromPem(pem: string): SigningKey {
    try {
      return new SigningKey(readPrivateKey(pem));
    } catch (error) {
      throw new Error(`JWT_PRIVATE_KEY: ${error instanceof Error ? error.message : 'is not readable'}`);
    }
  }
}
