import { AppConfig } from '#platform/config';
import { RateLimitError } from '#platform/errors';
import { type HttpRequest, limitedAddress } from '#platform/http';
import { type RequestBucket, requestBuckets, TenantSettingsCache } from '#tenants';
import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';

const MINUTE_MS = 60_000;
const BUCKET = 'requests';

interface Counted extends RequestBucket {
  readonly remaining: number;
  readonly resetSeconds: number;
  readonly isBlocked: boolean;
}

/** What Express gives of a response. */
interface HeaderTaker {
  setHeader(name: string, value: string): unknown;
}

/**
 * One bucket for each caller over all HTTP routes, or for each address where nobody is signed in, and one for a tenant that
 * was given a minute of its own. Sockets have limits of their own; the stock guard would put all of them into one bucket.
 */
@Injectable()
export class HttpThrottlerGuard extends ThrottlerGuard {
  @Inject(AppConfig) private readonly config!: AppConfig;
  @Inject(TenantSettingsCache) private readonly settings!: TenantSettingsCache;

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const buckets = await this.bucketsOf(http.getRequest<HttpRequest>());
    const counted = await Promise.all(buckets.map((bucket) => this.count(bucket)));
    const [tightest] = counted.sort((a, b) => a.remaining / a.limit - b.remaining / b.limit);
    if (tightest === undefined) return true;
    const response = http.getResponse<HeaderTaker>();
    response.setHeader('RateLimit-Limit', String(tightest.limit));
    response.setHeader('RateLimit-Remaining', String(tightest.remaining));
    response.setHeader('RateLimit-Reset', String(tightest.resetSeconds));
    if (!tightest.isBlocked) return true;
    const seconds = Math.max(1, tightest.resetSeconds);
    throw new RateLimitError(`Too many requests: try again in ${seconds} s`, seconds * 1000);
  }

  private async bucketsOf({ ip, user }: HttpRequest): Promise<RequestBucket[]> {
    if (user !== undefined) return requestBuckets(user.ctx, await this.settings.get(user.ctx));
    const limit = this.config.env.REQUESTS_PER_MINUTE;
    return limit === 0 ? [] : [{ key: `address/${limitedAddress(ip)}`, limit }];
  }

  private async count(bucket: RequestBucket): Promise<Counted> {
    const { key, limit } = bucket;
    const hit = await this.storageService.increment(key, MINUTE_MS, limit, MINUTE_MS, BUCKET);
    const remaining = hit.isBlocked ? 0 : Math.max(0, limit - hit.totalHits);
    return { ...bucket, remaining, resetSeconds: hit.timeToExpire, isBlocked: hit.isBlocked };
  }
}
