import { type Limiter, Limiters } from '#platform/limits';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateLimiterRes } from 'rate-limiter-flexible';

type Hit = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Counts HTTP requests where all other limits are counted, so that more instances do not mean more requests. */
export class HttpThrottlerStorage implements ThrottlerStorage {
  private readonly limiters = new Map<string, Limiter>();

  constructor(private readonly shared: Limiters) {}

  async increment(key: string, ttl: number, limit: number): Promise<Hit> {
    try {
      return hit(await this.limiter(limit, ttl / 1000).consume(key), false);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return hit(refusal, true);
      throw refusal;
    }
  }

  private limiter(points: number, seconds: number): Limiter {
    const name = `requests.${points}.${seconds}`;
    const known = this.limiters.get(name);
    if (known !== undefined) return known;
    const limiter = this.shared.create({ name, points, seconds });
    this.limiters.set(name, limiter);
    return limiter;
  }
}

function hit({ consumedPoints, msBeforeNext }: RateLimiterRes, isBlocked: boolean): Hit {
  const seconds = Math.ceil(msBeforeNext / 1000);
  return { totalHits: consumedPoints, timeToExpire: seconds, isBlocked, timeToBlockExpire: isBlocked ? seconds : 0 };
}
