import type { AppConfig } from '#platform/config';
import { isListed } from '#platform/origins';

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether a browser's `Origin` is the server's own, on the operator's list, or (outside production) a loopback one.
 * A tenant's own list is asked by the channels that serve tenants' sites.
 * @param origin the header as sent; `null` (a sandboxed frame) is never allowed
 * @param host the `Host` header of the same request
 */
export function isOperatorOrigin(config: AppConfig, origin: string, host: string | undefined): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (url.origin !== origin || !/^https?:$/.test(url.protocol)) return false;
  if (isListed(config.env.CORS_ORIGINS, origin)) return true;
  if (LOOPBACK.test(url.hostname) && (!config.production || isOwnLoopback(config, url))) return true;
  if (config.env.PUBLIC_URL !== undefined) return new URL(config.env.PUBLIC_URL).origin === origin;
  // Without PUBLIC_URL the address that the browser used is the server's own. Not while AUTH_BYPASS is on: a name that is
  // rebound to 127.0.0.1 would pass as "own" and be signed in.
  return !config.env.AUTH_BYPASS && host !== undefined && url.host === host.toLowerCase();
}

/** True for `localhost:3000`, `127.0.0.1` and `[::1]:3000`. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.test(host.replace(/:\d+$/, '').toLowerCase());
}

function isOwnLoopback(config: AppConfig, url: URL): boolean {
  return config.loopbackOnly && url.port === String(config.env.PORT);
}
