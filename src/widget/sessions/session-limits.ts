import { RateLimitError } from '#platform/errors';
import { type Limiter, Limiters, take } from '#platform/limits';
import { Injectable } from '@nestjs/common';
import type { Widget } from '../widgets/widget.js';

/** Sessions a minute; a page opens one, and another every fifteen minutes. A widget can only lower them. */
const OF_AN_ADDRESS = 60;
const OF_A_WIDGET = 1200;
const WINDOW_SECONDS = 60;

/** How often a widget lets somebody in: each session is a row, and of a new visitor another. */
@Injectable()
export class SessionLimits {
  constructor(private readonly limiters: Limiters) {}

  /**
   * @param address as `limitedAddress` gives it
   * @throws RateLimitError with the time until the next one is allowed
   */
  async consume({ id, limits }: Widget, address: string): Promise<void> {
    const ofAddress = Math.min(limits.sessionsPerAddressMinute ?? OF_AN_ADDRESS, OF_AN_ADDRESS);
    // First: an address that is over its own takes nothing from everybody's.
    await letOneIn(this.limiter('widget.address', ofAddress), `${id}/${address}`);
    await letOneIn(this.limiter('widget', Math.min(limits.sessionsPerMinute ?? OF_A_WIDGET, OF_A_WIDGET)), id);
  }

  private limiter(name: string, points: number): Limiter {
    return this.limiters.create({ name, points, seconds: WINDOW_SECONDS });
  }
}

async function letOneIn(limiter: Limiter, key: string): Promise<void> {
  const spent = await take(limiter, key);
  if (spent === null) return;
  const seconds = Math.max(1, Math.ceil(spent.msBeforeNext / 1000));
  throw new RateLimitError(`Too many visitors at once: try again in ${seconds} s`, seconds * 1000);
}
