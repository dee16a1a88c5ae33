import type { RequestContext } from '#platform/context';
import { RateLimitError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TenantSettingsCache } from '../settings/tenant-settings.cache.js';

const WINDOW_SECONDS = 60;

/** How many messages a person may send in a minute: one bucket for all of their sockets and HTTP requests. */
@Injectable()
export class MessageRateLimiter {
  /** One limiter for each limit in use; tenants mostly share the default. */
  private readonly limiters = new Map<number, RateLimiterMemory>();

  constructor(private readonly settings: TenantSettingsCache) {}

  /**
   * Takes one message from the caller's minute.
   * @throws RateLimitError with the time until the next one is allowed
   */
  async consume(ctx: RequestContext): Promise<void> {
    const { messagesPerMinute } = await this.settings.get(ctx);
    if (messagesPerMinute === 0) return;
    try {
      await this.limiter(messagesPerMinute).consume(keyOf(ctx));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      throw new RateLimitError(
        `Too many messages: ${messagesPerMinute} a minute are allowed. Try again in ${seconds} s.`,
        Math.max(1, refusal.msBeforeNext),
      );
    }
  }

  /** Gives one message back: it was a repeat, or refused before it started anything. */
  async refund(ctx: RequestContext): Promise<void> {
    const { messagesPerMinute } = await this.settings.get(ctx);
    if (messagesPerMinute > 0) await this.limiter(messagesPerMinute).reward(keyOf(ctx));
  }

  private limiter(points: number): RateLimiterMemory {
    const known = this.limiters.get(points);
    if (known !== undefined) return known;
    const limiter = new RateLimiterMemory({ points, duration: WINDOW_SECONDS, keyPrefix: `messages.${points}` });
    this.limiters.set(points, limiter);
    return limiter;
  }
}

function keyOf(ctx: RequestContext): string {
  return `${ctx.tenantId}/${ctx.principal.id}`;
}
