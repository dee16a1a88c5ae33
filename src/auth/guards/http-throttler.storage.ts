import { Limiters } from '#platform/limits';
import { requestLimiter } from '#tenants';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateLimiterRes } from 'rate-limiter-flexible';

type Hit = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Counts HTTP requests where all other limits are counted, so that more instances do not mean more requests. */
export class HttpThrottlerStorage implements ThrottlerStorage {
  constructor(private readonly shared: Limiters) {}

  async increment(key: string, _ttl: number, limit: number): Promise<Hit> {
    try {
      return hit(await this.shared.create(requestLimiter({ key, limit })).consume(key), false);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return hit(refusal, true);
      throw refusal;
    }
  }
}

function hit({ consumedPoints, msBeforeNext }: RateLimiterRes, isBlocked: boolean): Hit {
  const seconds = Math.ceil(msBeforeNext / 1000);
  return { totalHits: consumedPoints, timeToExpire: seconds, isBlocked, timeToBlockExpire: isBlocked ? seconds : 0 };
}
