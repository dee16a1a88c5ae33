import { RateLimiterRes } from 'rate-limiter-flexible';
import type { Limiter } from './limiters.js';

/**
 * Takes one of a key's points.
 * @returns null when it was within the limit; else how it stands, and until when
 */
export async function take(limiter: Pick<Limiter, 'consume'>, key: string): Promise<RateLimiterRes | null> {
  try {
    await limiter.consume(key);
    return null;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal;
    throw refusal;
  }
}
