import type { RequestContext } from '#platform/context';
import { RateLimitError } from '#platform/errors';
import { type Limiter, Limiters } from '#platform/limits';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { Ceilings } from '../entitlements/ceilings.js';

const WINDOW_SECONDS = 60;
const MOST_TRIES = 3;
const MOST_IN_FLIGHT = 20_000;

/** A minute of tokens. */
export interface TokenBucket {
  readonly of: 'user' | 'tenant';
  readonly key: string;
  readonly limit: number;
}

interface Taken {
  readonly bucket: TokenBucket;
  readonly tokens: number;
  /** The window that they were taken from ends then. */
  readonly until: number;
}

/** What a caller's tokens count against: the caller's own minute first, then the whole tenant's. */
export function tokenBuckets(
  { principal, tenantId }: Pick<RequestContext, 'principal' | 'tenantId'>,
  { tokensPerMinute, userTokensPerMinute }: Pick<Ceilings, 'tokensPerMinute' | 'userTokensPerMinute'>,
): TokenBucket[] {
  const buckets: TokenBucket[] = [
    { of: 'user', key: `${tenantId}/${principal.id}`, limit: userTokensPerMinute },
    { of: 'tenant', key: tenantId, limit: tokensPerMinute },
  ];
  return buckets.filter(({ limit }) => limit > 0);
}

/**
 * Tokens a minute, of each user and of a whole tenant, over all instances where Redis is at hand: taken before a turn by an
 * estimate, put right after it. Of what was taken here only this instance knows; a turn that ends elsewhere keeps its
 * estimate.
 */
@Injectable()
export class TokenLimiter {
  private readonly taken = new LRUCache<string, readonly Taken[]>({ max: MOST_IN_FLIGHT });

  constructor(private readonly shared: Limiters) {}

  /**
   * Takes the estimate of each, or what is left of the minute where that is less: an estimate above the limit would never pass.
   * @param id by which it is settled
   * @throws RateLimitError with the time until there are tokens again, when nothing is left; nothing is taken then
   */
  async take(buckets: readonly TokenBucket[], { id, tokens }: { id: string; tokens: number }): Promise<void> {
    if (buckets.length === 0) return;
    const taken: Taken[] = [];
    try {
      // One after the other: whoever is over their own takes nothing from everybody's.
      for (const bucket of buckets) taken.push(await this.takeFrom(bucket, tokens));
    } catch (error) {
      await Promise.all(taken.map((each) => this.correct(each, 0)));
      throw error;
    }
    this.taken.set(id, taken);
  }

  /** @param used what it came to; 0 gives everything back */
  async settle(id: string, used: number): Promise<void> {
    const taken = this.taken.get(id) ?? [];
    this.taken.delete(id);
    await Promise.all(taken.map((each) => this.correct(each, used)));
  }

  async used(bucket: TokenBucket): Promise<{ used: number; resetMs: number }> {
    const state = await this.limiter(bucket).get(bucket.key);
    return { used: Math.max(0, state?.consumedPoints ?? 0), resetMs: Math.max(0, state?.msBeforeNext ?? 0) };
  }

  private async takeFrom(bucket: TokenBucket, tokens: number): Promise<Taken> {
    const { key, limit } = bucket;
    const limiter = this.limiter(bucket);
    for (let tries = 1; ; tries++) {
      const left = limit - ((await limiter.get(key))?.consumedPoints ?? 0);
      const wanted = Math.max(1, Math.min(Math.ceil(tokens), left));
      try {
        const { msBeforeNext } = await limiter.consume(key, wanted);
        return { bucket, tokens: wanted, until: performance.now() + msBeforeNext };
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        await limiter.reward(key, wanted);
        // Others took them in between: there may be some left.
        if (left >= 1 && tries < MOST_TRIES) continue;
        throw refused(bucket, refusal.msBeforeNext);
      }
    }
  }

  private async correct({ bucket, tokens, until }: Taken, used: number): Promise<void> {
    // Of a minute that is over nothing is owed.
    if (performance.now() >= until) return;
    const difference = used - tokens;
    const limiter = this.limiter(bucket);
    if (difference < 0) await limiter.reward(bucket.key, -difference);
    else if (difference > 0) await limiter.penalty(bucket.key, difference);
  }

  private limiter({ limit, of }: TokenBucket): Limiter {
    const name = of === 'tenant' ? `tokens.${limit}` : `tokens.user.${limit}`;
    return this.shared.create({ name, points: limit, seconds: WINDOW_SECONDS });
  }
}

function refused({ limit, of }: TokenBucket, ms: number): RateLimitError {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  const whom = of === 'tenant' ? 'this tenant' : 'you';
  return new RateLimitError(
    `Too many tokens: ${limit} a minute are allowed to ${whom}. Try again in ${seconds} s.`,
    Math.max(1, ms),
  );
}
