import type { Logger } from '#platform/logging';
import type { NextFunction, Response } from 'express';
import type { HttpRequest } from './identity.js';
import { redactPath } from './redact.js';

/** One line for each finished request: the path without its query (which may hold a token or what people wrote). */
export function requestLog(logger: Logger) {
  return (request: HttpRequest, response: Response, next: NextFunction): void => {
    const startedAt = performance.now();
    const path = redactPath(request.path);
    response.once('close', () => {
      const line = {
        correlation_id: request.correlationId,
        tenant_id: request.user?.ctx.tenantId,
        principal_id: request.user?.ctx.principal.id,
        method: request.method,
        path,
        status: response.statusCode,
        ms: Math.round(performance.now() - startedAt),
        ...(response.writableFinished ? {} : { aborted: true }),
      };
      if (/^\/(health|metrics)(\/|$)/.test(path) && response.statusCode < 400) logger.debug(line, 'request');
      else logger.info(line, 'request');
    });
    next();
  };
}
