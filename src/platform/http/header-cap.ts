import type { NextFunction, Response } from 'express';
import type { HttpRequest } from './identity.js';
import { problem } from './problem.js';
import { sendProblem } from './problem.filter.js';

/** Names and values of one request; the bytes are capped by Node itself (16 KiB, 431 as well). */
export const MAX_HEADERS = 200;

export function capHeaders(request: HttpRequest, response: Response, next: NextFunction): void {
  if (request.rawHeaders.length / 2 <= MAX_HEADERS) return next();
  const detail = `Send at most ${MAX_HEADERS} headers`;
  sendProblem(response, problem({ status: 431, code: 'INVALID_INPUT', detail, traceId: request.correlationId }));
}
