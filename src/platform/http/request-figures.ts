import type { Metrics, StatusClass } from '#platform/metrics';
import type { NextFunction, Response } from 'express';
import type { HttpRequest } from './identity.js';

/** Pages, unknown paths, and what is refused before a route is found. */
const NO_ROUTE = 'none';

/** Counts each finished request under the template of its route: a path may hold anything. */
export function requestFigures(metrics: Metrics) {
  return (request: HttpRequest, response: Response, next: NextFunction): void => {
    const startedAt = performance.now();
    response.once('close', () => {
      const route: unknown = (request.route as { path?: unknown } | undefined)?.path;
      metrics.requestEnded({
        method: request.method,
        route: typeof route === 'string' ? route : NO_ROUTE,
        status: response.writableFinished ? statusClass(response.statusCode) : 'aborted',
        seconds: (performance.now() - startedAt) / 1000,
      });
    });
    next();
  };
}

function statusClass(status: number): StatusClass {
  if (status < 200) return '1xx';
  if (status < 300) return '2xx';
  if (status < 400) return '3xx';
  return status < 500 ? '4xx' : '5xx';
}
