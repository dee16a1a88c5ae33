import type { AppConfig } from '#platform/config';
import type { Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import type { Server } from 'node:http';
import { paceBodies } from './body-pace.js';
import { refuseForeignBodies } from './content-type.js';
import { correlate } from './correlation.js';
import { serveListedPages } from './cross-origin.js';
import { capHeaders } from './header-cap.js';
import { HttpConnections, type TrustProxy } from './http-connections.js';
import type { HttpRequest } from './identity.js';
import { problem } from './problem.js';
import { sendProblem } from './problem.filter.js';
import { ProxyHint } from './proxy-hint.js';
import { requestFigures } from './request-figures.js';
import { requestLog } from './request-log.js';

const BODY_LIMIT = '1mb';
const REQUEST_MS = 120_000;
/** What a large upload gets on top: 256 KiB a second. */
const REQUEST_MS_PER_MIB = 4000;

/**
 * What every HTTP request passes before it reaches Nest. Create the application with `{ bodyParser: false }`, so that the
 * parsers below are the only ones.
 */
export function configureHttp(app: NestExpressApplication, config: AppConfig, logger: Logger): void {
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  // Ours are strong ones of what a read shows, where there is something to read again.
  app.set('etag', false);
  app.set('trust proxy', trustProxy(config.env.TRUST_PROXY));
  app.use(correlate, requestLog(logger), requestFigures(app.get(Metrics)), capHeaders);
  guardConnections(app, config);
  app.use(helmet(securityHeaders()), keepPrivate);
  serveListedPages(app, config);
  app.use(refuseForeignBodies, paceBodies);
  app.useBodyParser('json', { limit: BODY_LIMIT, type: ['application/json', 'application/*+json'] });
}

/** How long a request may take to arrive, and how many connections may wait for one. */
function guardConnections(app: NestExpressApplication, config: AppConfig): void {
  const server = app.getHttpServer() as Server;
  Object.assign(server, {
    headersTimeout: 15_000,
    requestTimeout: REQUEST_MS + config.env.UPLOAD_MAX_MB * REQUEST_MS_PER_MIB,
    keepAliveTimeout: 65_000,
    // Node looks for what is overdue twice a minute otherwise.
    connectionsCheckingInterval: 5000,
  });
  const express = app.getHttpAdapter().getInstance() as { get(name: string): unknown };
  const [connections, hint] = [app.get(HttpConnections), app.get(ProxyHint)];
  connections.watch(server, express.get('trust proxy fn') as TrustProxy);
  app.use((request: HttpRequest, response: Response, next: NextFunction) => {
    hint.look(request.headers);
    if (!connections.isRefused(request.socket)) return next();
    response.setHeader('Connection', 'close');
    const detail = 'Too many connections from your address are open: close one';
    const traceId = request.correlationId;
    sendProblem(response, problem({ status: 429, code: 'RATE_LIMIT', detail, retryable: true, traceId }), 10_000);
  });
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
