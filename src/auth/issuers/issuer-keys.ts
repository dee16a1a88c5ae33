import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { OutboundClient } from '#platform/outbound';
import { Inject, Injectable } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, importSPKI, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import type { TrustedIssuer } from './trusted-issuer.js';

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 5000;
/** A key that is not there may be new; whoever sends made-up key ids makes us ask no more often than this. */
const ASK_AGAIN_MS = 30_000;
/** After a failure nobody waits for the issuer, and nobody hammers it. */
const PAUSE_AFTER_FAILURE_MS = 10_000;
const KEPT_MS = 10 * 60_000;
const MOST_SETS = 1000;

/**
 * The keys that an issuer signs with, from its PEM or its JWKS address.
 *
 *   kid known ── answered from memory (ten minutes)
 *   kid new ──── asked for, unless that was done in the last 30 s; callers at the same time share one request
 *   failed ───── for ten seconds every token of the issuer is refused at once
 *
 * Where to ask is what an admin saved, never what a token says (`jku`, `x5u`, `jwk`).
 */
@Injectable()
export class IssuerKeys {
  private readonly remote = new LRUCache<string, JWTVerifyGetKey>({ max: MOST_SETS });

  constructor(
    private readonly outbound: OutboundClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param allow `host:port` that may be reached besides the public internet: the operator's own issuer's */
  of(owner: string, issuer: TrustedIssuer, allow: readonly string[] = []): JWTVerifyGetKey {
    const { jwksUrl, publicKey } = issuer;
    if (publicKey !== null) return async ({ alg }) => importSPKI(publicKey, alg);
    if (jwksUrl === null) throw new Error('An issuer has a key or an address for its keys');
    const name = `${owner}/${issuer.id}/${jwksUrl}`;
    const known = this.remote.get(name);
    if (known !== undefined) return known;
    const keys = createRemoteJWKSet(new URL(jwksUrl), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: ASK_AGAIN_MS,
      cacheMaxAge: KEPT_MS,
      [customFetch]: this.fetcher(owner, issuer, allow),
    });
    this.remote.set(name, keys);
    return keys;
  }

  private fetcher(owner: string, issuer: TrustedIssuer, allow: readonly string[]) {
    let failedAt = -Infinity;
    return async (url: string, { signal }: { signal: AbortSignal }): Promise<Response> => {
      if (performance.now() - failedAt < PAUSE_AFTER_FAILURE_MS) throw new Error('The issuer did not answer just now');
      try {
        const { body, status } = await this.outbound.request({
          url,
          allow,
          signal,
          headers: { accept: 'application/json' },
          maxBytes: MAX_BYTES,
          timeoutMs: TIMEOUT_MS,
        });
        if (status !== 200) throw new Error(`The issuer answered ${status}`);
        return Response.json(readKeySet(body));
      } catch (error) {
        failedAt = performance.now();
        const about = { tenant_id: owner, issuer_id: issuer.id, err: asError(error) };
        this.logger.warn(about, 'the keys of a trusted issuer could not be read: its tokens are refused');
        throw error;
      }
    };
  }
}

/** Also nonsense counts as a failure, and is not asked for again at once. */
function readKeySet(body: Buffer): object {
  const set: unknown = JSON.parse(body.toString('utf8'));
  if (typeof set === 'object' && set !== null && 'keys' in set && Array.isArray(set.keys)) return set;
  throw new Error('The issuer answered with something that is no set of keys');
}
