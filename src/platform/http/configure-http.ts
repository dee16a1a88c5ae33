import type { AppConfig } from '#platform/config';
import type { Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { refuseForeignBodies } from './content-type.js';
import { correlate } from './correlation.js';
import { serveListedPages } from './cross-origin.js';
import { capHeaders } from './header-cap.js';
import { requestFigures } from './request-figures.js';
import { requestLog } from './request-log.js';

const BODY_LIMIT = '1mb';

/**
 * What every HTTP request passes before it reaches Nest. Create the application with `{ bodyParser: false }`, so that the
 * parsers below are the only ones.
 */
export function configureHttp(app: NestExpressApplication, config: AppConfig, logger: Logger): void {
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', trustProxy(config.env.TRUST_PROXY));
  app.use(correlate, requestLog(logger), requestFigures(app.get(Metrics)), capHeaders);
  app.use(helmet(securityHeaders()), keepPrivate);
  serveListedPages(app, config);
  app.use(refuseForeignBodies);
  app.useBodyParser('json', { limit: BODY_LIMIT, type: ['application/json', 'application/*+json'] });
  const server: unknown = app.getHttpServer();
  Object.assign(server as object, { headersTimeout: 15_000, requestTimeout: 120_000, keepAliveTimeout: 65_000 });
}

/** Answers of the API are one person's: a shared cache may not keep them. Routes that show a secret say `no-store`. */
function keepPrivate(request: Request, response: Response, next: NextFunction): void {
  if (request.path.startsWith('/api/') || request.path.startsWith('/v1/')) {
    response.setHeader('Cache-Control', 'private, no-cache');
  }
  next();
}

/** The page at `/` and Swagger's need inline styles; scripts come from this server only. */
function securityHeaders() {
  return {
    contentSecurityPolicy: {
      useDefaults: true,
      directives: {
        'connect-src': ["'self'", 'ws:', 'wss:'],
        'img-src': ["'self'", 'data:'],
        'style-src': ["'self'", "'unsafe-inline'"],
        'frame-ancestors': ["'self'"],
        // Served over plain HTTP on a laptop; a proxy that ends TLS adds its own.
        'upgrade-insecure-requests': null,
      },
    },
    crossOriginEmbedderPolicy: false,
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' as const },
  };
}

/** Express's own setting: a number of hops, a list of addresses, anybody, or nothing (then `X-Forwarded-For` is ignored). */
function trustProxy(value: string | undefined): number | string[] | boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  if (/^\d+$/.test(value)) return Number(value);
  return value.split(',').map((part) => part.trim());
}
