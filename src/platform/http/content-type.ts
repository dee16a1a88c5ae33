import type { NextFunction, Response } from 'express';
import { UnsupportedMediaError } from '#platform/errors';
import type { HttpRequest } from './identity.js';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset="?utf-?8"?\s*)?$/i;
const MULTIPART = /^multipart\/form-data\s*;/i;

/** A body is JSON, or multipart on the routes that take uploads; anything else is said to be unsupported, never ignored. */
export function refuseForeignBodies(request: HttpRequest, _response: Response, next: NextFunction): void {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  const type = request.headers['content-type'] ?? '';
  if (!hasBody || JSON_TYPE.test(type) || MULTIPART.test(type)) next();
  else next(new UnsupportedMediaError('Send JSON in UTF-8 with the header Content-Type: application/json'));
}
