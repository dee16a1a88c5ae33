import { RateLimitError, UnauthorizedError } from '#platform/errors';
import { KeyedLanes } from '#platform/limits';
import { Injectable } from '@nestjs/common';
import { RateLimiterMemory } from 'rate-limiter-flexible';

const BAD_PER_MINUTE = 120;
/** Judged side by side for an address that has sent too many: it never holds more connections to the database than these. */
const AT_ONCE = 2;
/** Beyond this many that wait the answer would come too late for anybody. */
const MOST_WAITING = 500;

/**
 * Tokens and keys that are no good, counted by address; sockets and HTTP together, each instance for itself. Beyond the limit
 * an address's credentials are still judged, since behind one address there may be a whole office: the good ones pass, the
 * bad ones are told to wait (429). What a flood of them costs is bounded by judging only two of the address at a time: a
 * forged token costs a signature, an invented key one look into an index, and a good one waits some milliseconds for its turn.
 */
@Injectable()
export class BadCredentials {
  private readonly counted = new RateLimiterMemory({ points: BAD_PER_MINUTE, duration: 60 });
  private readonly lanes = new KeyedLanes(AT_ONCE);

  /**
   * @param address as `limitedAddress` gives it
   * @param judge throws UnauthorizedError when the credential is no good
   * @param refusal what a bad one is told beyond the limit
   * @throws RateLimitError instead, when the address has sent too many; whatever else `judge` throws
   */
  async judged<T>(address: string, judge: () => Promise<T>, refusal: 'to wait' | 'as it is' = 'to wait'): Promise<T> {
    const before = await this.counted.get(address);
    const spent = before !== null && before.consumedPoints >= BAD_PER_MINUTE ? before : null;
    if (spent !== null && this.lanes.size(address) >= MOST_WAITING) throw tooMany(spent.msBeforeNext);
    try {
      return await (spent === null ? judge() : this.lanes.run(address, judge));
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      await this.counted.penalty(address);
      throw spent === null || refusal === 'as it is' ? error : tooMany(spent.msBeforeNext);
    }
  }
}

function tooMany(retryAfterMs: number): RateLimitError {
  return new RateLimitError('Too many requests with tokens that are not valid: wait a minute', retryAfterMs);
}
