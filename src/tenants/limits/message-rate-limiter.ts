import type { RequestContext } from '#platform/context';
import { RateLimitError } from '#platform/errors';
import { type Limiter, Limiters, take } from '#platform/limits';
import { Injectable } from '@nestjs/common';
import { lowerLimit } from '../entitlements/ceilings.js';
import type { TenantSettings } from '../settings/tenant-settings.js';

const WINDOW_SECONDS = 60;

type MessageLimit = Pick<TenantSettings, 'messagesPerMinute'>;

/**
 * How many messages a person may send in a minute: one bucket for all of their sockets and HTTP requests, on all instances
 * where Redis is at hand.
 */
@Injectable()
export class MessageRateLimiter {
  /** One limiter for each limit in use; tenants mostly share the default. */
  private readonly limiters = new Map<number, Limiter>();

  constructor(private readonly shared: Limiters) {}

  /**
   * Takes one message from the caller's minute.
   * The settings are the caller's to read: this is called inside a unit of work, where a read of its own would take a
   * second connection (on the embedded database it would wait for itself).
   * @throws RateLimitError with the time until the next one is allowed
   */
  async consume(ctx: RequestContext, settings: MessageLimit): Promise<void> {
    const messagesPerMinute = messageLimitOf(ctx, settings);
    if (messagesPerMinute === 0) return;
    const spent = await take(this.limiter(messagesPerMinute), keyOf(ctx));
    if (spent === null) return;
    const seconds = Math.max(1, Math.ceil(spent.msBeforeNext / 1000));
    throw new RateLimitError(
      `Too many messages: ${messagesPerMinute} a minute are allowed. Try again in ${seconds} s.`,
      Math.max(1, spent.msBeforeNext),
    );
  }

  /** Gives one message back: it was a repeat, or refused before it started anything. */
  async refund(ctx: RequestContext, settings: MessageLimit): Promise<void> {
    const messagesPerMinute = messageLimitOf(ctx, settings);
    if (messagesPerMinute > 0) await this.limiter(messagesPerMinute).reward(keyOf(ctx));
  }

  /** How much of the caller's minute is used up, and until when. */
  async used(ctx: RequestContext, settings: MessageLimit): Promise<{ used: number; resetMs: number }> {
    const messagesPerMinute = messageLimitOf(ctx, settings);
    const state = messagesPerMinute === 0 ? null : await this.limiter(messagesPerMinute).get(keyOf(ctx));
    return { used: Math.max(0, state?.consumedPoints ?? 0), resetMs: Math.max(0, state?.msBeforeNext ?? 0) };
  }

  private limiter(points: number): Limiter {
    const known = this.limiters.get(points);
    if (known !== undefined) return known;
    const limiter = this.shared.create({ name: `messages.${points}`, points, seconds: WINDOW_SECONDS });
    this.limiters.set(points, limiter);
    return limiter;
  }
}

/** A widget's may only be lower than the tenant's; 0 is no limit. */
export function messageLimitOf({ principal: { widget } }: RequestContext, { messagesPerMinute }: MessageLimit): number {
  return lowerLimit(widget?.messagesPerMinute ?? undefined, messagesPerMinute);
}

function keyOf(ctx: RequestContext): string {
  return `${ctx.tenantId}/${ctx.principal.id}`;
}
