import type { RequestContext } from '#platform/context';
import type { LimiterOptions } from '#platform/limits';
import type { TenantSettings } from '../settings/tenant-settings.js';

const WINDOW_SECONDS = 60;

/** A bucket of HTTP requests. */
export interface RequestBucket {
  readonly key: string;
  /** Requests a minute. */
  readonly limit: number;
}

/** Of the limiter that counts such a bucket; whoever asks for the same one gets the same counts. */
export function requestLimiter({ limit }: RequestBucket): LimiterOptions {
  return { name: `requests.${limit}.${WINDOW_SECONDS}`, points: limit, seconds: WINDOW_SECONDS };
}

/**
 * What a caller's request counts against: the caller's own minute, and the whole tenant's where a platform admin set one.
 */
export function requestBuckets(
  { principal, tenantId }: Pick<RequestContext, 'principal' | 'tenantId'>,
  { ceilings, entitlements }: Pick<TenantSettings, 'ceilings' | 'entitlements'>,
): RequestBucket[] {
  const own = { key: `principal/${tenantId}/${principal.id}`, limit: ceilings.requestsPerMinute };
  const all = { key: `tenant/${tenantId}`, limit: entitlements.limits.requests_per_minute ?? 0 };
  return [own, all].filter(({ limit }) => limit > 0);
}
