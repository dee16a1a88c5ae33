import type { KeyObject } from 'node:crypto';
import { AppConfig, ConfigError, OWN_KEY_FAULT, readPublicKey } from '#platform/config';
import { openPreviousKeys, SigningKey, type VerifyingKey } from '#platform/secrets';
import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { AUDIENCE, CLOCK_LEEWAY_SECONDS } from './token-claims.js';

/**
 * Which key may have signed a token, and under which rules. The header's `kid` only chooses among keys that this process
 * holds; `jku`, `x5u` and `jwk` are never looked at.
 */
@Injectable()
export class TokenKeys {
  readonly issuer: string;
  /** Signs in our name; one with a name of its own is `InstallationIssuer`'s. */
  private readonly operatorKey: KeyObject | null;
  /** The one that signs and those that signed before it, by their ids. */
  private readonly own: ReadonlyMap<string, VerifyingKey>;

  /** @throws ConfigError when the operator's key is one of ours: then nobody could say whose a token is */
  constructor(
    config: AppConfig,
    private readonly signingKey: SigningKey,
  ) {
    const { JWT_ISSUER, JWT_PUBLIC_KEY, PUBLIC_URL } = config.env;
    this.issuer = PUBLIC_URL ?? 'switchboard';
    const operatorKey = JWT_PUBLIC_KEY === undefined ? null : readPublicKey(JWT_PUBLIC_KEY);
    this.operatorKey = JWT_ISSUER === undefined ? operatorKey : null;
    // The one that signs last, so that it is itself also where somebody named it among the previous ones.
    this.own = new Map([...openPreviousKeys(config), signingKey].map((key) => [key.kid, key]));
    const isOwn = [...this.own.values()].some(({ publicKey }) => operatorKey?.equals(publicKey));
    if (isOwn) throw new ConfigError([OWN_KEY_FAULT]);
  }

  /** Null when no key of ours fits: the token is then not valid. */
  keyFor(token: string): KeyObject | null {
    const decoded = jwt.decode(token, { complete: true });
    // Claims are an object. jsonwebtoken breaks on others, and reads past `crit`, which says "refuse what you do not know".
    if (decoded === null || typeof decoded.payload !== 'object' || decoded.payload === null) return null;
    if (decoded.header.crit !== undefined) return null;
    return this.own.get(decoded.header.kid ?? '')?.publicKey ?? this.operatorKey;
  }

  /** True when the token was signed by this server, by a previous key as well, and so belongs to a session. */
  isOwn(token: string): boolean {
    return this.own.has(jwt.decode(token, { complete: true })?.header.kid ?? '');
  }

  /** What jsonwebtoken checks, here and below passport. */
  get rules(): { algorithms: 'RS256'[]; issuer: string; audience: string; clockTolerance: number } {
    return {
      algorithms: ['RS256'],
      issuer: this.issuer,
      audience: AUDIENCE,
      clockTolerance: CLOCK_LEEWAY_SECONDS,
    };
  }

  sign(claims: object, options: { subject: string; seconds: number }): string {
    return jwt.sign(claims, this.signingKey.privateKey, {
      algorithm: 'RS256',
      keyid: this.signingKey.kid,
      issuer: this.issuer,
      audience: AUDIENCE,
      subject: options.subject,
      expiresIn: options.seconds,
    });
  }

  /** The one that signs first. */
  get jwks(): { keys: SigningKey['jwk'][] } {
    return { keys: [...this.own.values()].reverse().map((key) => key.jwk) };
  }
}
