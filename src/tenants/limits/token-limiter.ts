import type { TenantScope } from '#platform/context';
import { RateLimitError } from '#platform/errors';
import { type Limiter, Limiters } from '#platform/limits';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_SECONDS = 60;
const MOST_TRIES = 3;
const MOST_IN_FLIGHT = 20_000;

interface Taken {
  readonly limit: number;
  readonly tokens: number;
  /** The window that they were taken from ends then. */
  readonly until: number;
}

/**
 * Tokens a minute of a whole tenant, over all instances where Redis is at hand: taken before a turn by an estimate, put
 * right after it. Of what was taken here only this instance knows; a turn that ends elsewhere keeps its estimate.
 */
@Injectable()
export class TokenLimiter {
  private readonly limiters = new Map<number, Limiter>();
  private readonly taken = new LRUCache<string, Taken>({ max: MOST_IN_FLIGHT });

  constructor(private readonly shared: Limiters) {}

  /**
   * Takes the estimate, or what is left of the minute where that is less: an estimate above the limit would never pass.
   * @throws RateLimitError with the time until there are tokens again, when nothing is left
   */
  async take(scope: TenantScope, limit: number, { id, tokens }: { id: string; tokens: number }): Promise<void> {
    if (limit === 0) return;
    const limiter = this.limiter(limit);
    for (let tries = 1; ; tries++) {
      const left = limit - ((await limiter.get(scope.tenantId))?.consumedPoints ?? 0);
      const wanted = Math.max(1, Math.min(Math.ceil(tokens), left));
      try {
        const { msBeforeNext } = await limiter.consume(scope.tenantId, wanted);
        this.taken.set(id, { limit, tokens: wanted, until: performance.now() + msBeforeNext });
        return;
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        await limiter.reward(scope.tenantId, wanted);
        // Others took them in between: there may be some left.
        if (left >= 1 && tries < MOST_TRIES) continue;
        throw refused(limit, refusal.msBeforeNext);
      }
    }
  }

  /** @param used what it came to; 0 gives everything back */
  async settle(scope: TenantScope, id: string, used: number): Promise<void> {
    const taken = this.taken.get(id);
    this.taken.delete(id);
    // Of a minute that is over nothing is owed.
    if (taken === undefined || performance.now() >= taken.until) return;
    const difference = used - taken.tokens;
    const limiter = this.limiter(taken.limit);
    if (difference < 0) await limiter.reward(scope.tenantId, -difference);
    else if (difference > 0) await limiter.penalty(scope.tenantId, difference);
  }

  async used(scope: TenantScope, limit: number): Promise<{ used: number; resetMs: number }> {
    const state = limit === 0 ? null : await this.limiter(limit).get(scope.tenantId);
    return { used: Math.max(0, state?.consumedPoints ?? 0), resetMs: Math.max(0, state?.msBeforeNext ?? 0) };
  }

  private limiter(points: number): Limiter {
    const known = this.limiters.get(points);
    if (known !== undefined) return known;
    const limiter = this.shared.create({ name: `tokens.${points}`, points, seconds: WINDOW_SECONDS });
    this.limiters.set(points, limiter);
    return limiter;
  }
}

function refused(limit: number, ms: number): RateLimitError {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return new RateLimitError(
    `Too many tokens: ${limit} a minute are allowed to this tenant. Try again in ${seconds} s.`,
    Math.max(1, ms),
  );
}
