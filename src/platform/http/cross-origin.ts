import type { AppConfig } from '#platform/config';
import { asError, ForbiddenError } from '#platform/errors';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Response } from 'express';
import type { HttpRequest } from './identity.js';
import { KnownOrigins } from './known-origins.js';
import { isOperatorOrigin } from './origins.js';

const READABLE_HEADERS = ['ETag', 'Location', 'Retry-After', 'x-request-id', 'Idempotency-Replayed'];
const PREFLIGHT_SECONDS = 600;

/**
 * Pages of other sites (CORS). Before the tenant is known, a page passes that the operator or any tenant lists: it gets its
 * preflight, and may read answers that are nobody's. Whoever finds out the tenant judges again, and refuses another tenant's
 * page with `ForeignPageError`, which it may not read. Never `*`.
 */
export function serveListedPages(app: NestExpressApplication, config: AppConfig): void {
  const tenants = app.get(KnownOrigins, { strict: false });
  const listed = new WeakSet<object>();

  app.use((request: HttpRequest, response: Response, next: NextFunction) => {
    const { headers } = request;
    // Whatever is answered depends on it: a cache must not give one page's answer to another.
    response.vary('Origin');
    if (headers.origin === undefined) return next();
    const isPreflight = request.method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
    isServed(config, tenants, headers).then(
      (served) => {
        if (served) listed.add(request);
        else if (isPreflight) return next(new ForbiddenError('Pages of this site may not call here'));
        next();
      },
      // Whoever is no page of another site is not kept waiting for a database: health is asked with an `Origin` too.
      (error: unknown) => next(isPreflight ? asError(error) : undefined),
    );
  });
  app.enableCors((request: object & { headers: { origin?: string } }, done) => {
    const served = listed.has(request);
    done(null as unknown as Error, {
      origin: served ? request.headers.origin : false,
      credentials: served,
      exposedHeaders: READABLE_HEADERS,
      maxAge: PREFLIGHT_SECONDS,
    });
  });
}

/** The page that calls is not one of this tenant's, or of the widget's; it may not read even the refusal. */
export class ForeignPageError extends ForbiddenError {
  /** @param list where its origin would have to stand */
  constructor(list: string) {
    super(`Pages of this site may not call here: ask the administrator to add its origin to ${list}`);
  }
}

export function hideFromPage(response: Response): void {
  response.removeHeader('Access-Control-Allow-Origin');
  response.removeHeader('Access-Control-Allow-Credentials');
}

async function isServed(
  config: AppConfig,
  tenants: KnownOrigins,
  { host, origin = '' }: HttpRequest['headers'],
): Promise<boolean> {
  return isOperatorOrigin(config, origin, host) || tenants.isKnown(origin);
}
