import { createHash, randomBytes } from 'node:crypto';
import { isUuid } from '#platform/database';
import { SecretBox } from '#platform/secrets';
import { Injectable } from '@nestjs/common';

export interface RefreshToken {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly text: string;
  readonly hash: Buffer;
}

const PREFIX = 'rt_';
const FORM = /^rt_([0-9a-f-]{36})_([0-9a-f-]{36})_([\w-]{43})([\w-]{43})$/;

/**
 * `rt_<tenant>_<session>_<secret><seal>`, opaque to clients, hashed at rest.
 *
 * The seal (a keyed digest) tells a token that this server once gave out from an invented one: only a genuine one that was
 * replaced long ago counts as stolen. The successor's secret is derived from the token it replaces, so that a client whose
 * answer was lost gets the same successor again, though nothing but hashes is stored.
 */
@Injectable()
export class RefreshTokens {
  constructor(private readonly secretBox: SecretBox) {}

  first(tenantId: string, sessionId: string): RefreshToken {
    return this.assemble(tenantId, sessionId, randomBytes(32).toString('base64url'));
  }

  successor(token: RefreshToken): RefreshToken {
    const secret = this.secretBox.digest('refresh.successor', token.text).toString('base64url');
    return this.assemble(token.tenantId, token.sessionId, secret);
  }

  /** Null for anything that this server did not give out. */
  parse(text: string): RefreshToken | null {
    const [, tenantId, sessionId, secret] = FORM.exec(text) ?? [];
    if (!isUuid(tenantId) || !isUuid(sessionId) || secret === undefined) return null;
    const genuine = this.assemble(tenantId, sessionId, secret);
    return genuine.text === text ? genuine : null;
  }

  private assemble(tenantId: string, sessionId: string, secret: string): RefreshToken {
    const body = `${PREFIX}${tenantId}_${sessionId}_${secret}`;
    const text = `${body}${this.secretBox.digest('refresh.seal', body).toString('base64url')}`;
    return { tenantId, sessionId, text, hash: createHash('sha256').update(text).digest() };
  }
}
