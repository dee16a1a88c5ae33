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
/** 32 bytes in base64url. */
const SEAL_LENGTH = 43;
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
    const { body, seal } = partsOf(token.text);
    // By the key that sealed this one, whatever key seals now: all instances come to the same successor.
    const by = this.sealedBy(body, seal);
    const secret = this.secretBox.digests('refresh.successor', token.text)[by] ?? Buffer.alloc(0);
    return this.assemble(token.tenantId, token.sessionId, secret.toString('base64url'));
  }

  /** Null for anything that this server did not give out. */
  parse(text: string): RefreshToken | null {
    const [, tenantId, sessionId, secret] = FORM.exec(text) ?? [];
    if (!isUuid(tenantId) || !isUuid(sessionId) || secret === undefined) return null;
    const { body, seal } = partsOf(text);
    return this.sealedBy(body, seal) < 0 ? null : { tenantId, sessionId, text, hash: hashOf(body) };
  }

  /** Which of the keys sealed it, the newest being 0; below 0 when none did. */
  private sealedBy(body: string, seal: string): number {
    return this.secretBox.digests('refresh.seal', body).findIndex((digest) => digest.toString('base64url') === seal);
  }

  private assemble(tenantId: string, sessionId: string, secret: string): RefreshToken {
    const body = `${PREFIX}${tenantId}_${sessionId}_${secret}`;
    const text = `${body}${this.secretBox.digest('refresh.seal', body).toString('base64url')}`;
    return { tenantId, sessionId, text, hash: hashOf(body) };
  }
}

function partsOf(text: string): { body: string; seal: string } {
  return { body: text.slice(0, -SEAL_LENGTH), seal: text.slice(-SEAL_LENGTH) };
}

/** Without the seal, which differs between instances of which one has the new key first. */
function hashOf(body: string): Buffer {
  return createHash('sha256').update(body).digest();
}
