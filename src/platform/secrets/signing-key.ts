import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** A public key as the JWKS endpoint serves it. */
export interface PublicJwk {
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly alg: 'RS256';
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

/** The RSA key that signs access tokens; its id is the RFC 7638 thumbprint, so that it is the same on every instance. */
export class SigningKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;

  private constructor(readonly privateKey: KeyObject) {
    this.publicKey = createPublicKey(privateKey);
    const { n, e } = this.publicKey.export({ format: 'jwk' });
    if (n === undefined || e === undefined) throw new Error('JWT_PRIVATE_KEY: must be an RSA key');
    this.kid = createHash('sha256')
      .update(JSON.stringify({ e, kty: 'RSA', n }))
      .digest('base64url');
    this.jwk = { kty: 'RSA', use: 'sig', alg: 'RS256', kid: this.kid, n, e };
  }

  /** @throws Error naming what is wrong with the key; the key itself is never part of the message */
  static fromPem(pem: string): SigningKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(pem.replaceAll('\\n', '\n'));
    } catch {
      throw new Error('JWT_PRIVATE_KEY: is not a readable PEM private key');
    }
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== 'rsa' || bits < 2048) {
      throw new Error('JWT_PRIVATE_KEY: must be an RSA key of at least 2048 bits (openssl genrsa 2048)');
    }
    return new SigningKey(key);
  }
}
