import { newId } from '#platform/database';
import type { NextFunction, Response } from 'express';
import type { HttpRequest } from './identity.js';

const ACCEPTABLE = /^[\w.:-]{1,64}$/;

/** The caller's own id when it can stand in a log line, else a new one. Sockets use it at their upgrade as well. */
export function correlationIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && ACCEPTABLE.test(header) ? header : newId();
}

/** `x-request-id` in and out; the same id is a problem's `trace_id` and stands in every log line of the request. */
export function correlate(request: HttpRequest, response: Response, next: NextFunction): void {
  request.correlationId = correlationIdFrom(request.headers['x-request-id']);
  response.setHeader('x-request-id', request.correlationId);
  next();
}
