import { RateLimitError } from '#platform/errors';
import { type HttpRequest, limitedAddress } from '#platform/http';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerLimitDetail } from '@nestjs/throttler';

/**
 * One bucket for each caller over all HTTP routes, or for each address where nobody is signed in. Sockets have limits of
 * their own; the stock guard would put all of them into one bucket.
 */
@Injectable()
export class HttpThrottlerGuard extends ThrottlerGuard {
  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return context.getType() !== 'http';
  }

  protected override async getTracker(request: Record<string, unknown>): Promise<string> {
    const { user, ip } = request as unknown as HttpRequest;
    return user === undefined
      ? `address/${limitedAddress(ip)}`
      : `principal/${user.ctx.tenantId}/${user.ctx.principal.id}`;
  }

  protected override generateKey(_context: ExecutionContext, tracker: string): string {
    return tracker;
  }

  protected override async throwThrottlingException(
    _context: ExecutionContext,
    detail: ThrottlerLimitDetail,
  ): Promise<void> {
    const seconds = Math.max(1, detail.timeToBlockExpire);
    throw new RateLimitError(`Too many requests: try again in ${seconds} s`, seconds * 1000);
  }
}
