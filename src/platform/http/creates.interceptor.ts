import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { firstValueFrom, from, map, type Observable } from 'rxjs';
import { CREATES, SHOWN_ONCE } from './decorators.js';
import { etagOf } from './etag.js';
import { IdempotencyKeys, type StoredAnswer } from './idempotency.js';
import type { HttpRequest } from './identity.js';

/**
 * What `@Creates()` promises: `Location` of the new object, an `ETag` that its next `PATCH` can name, and an
 * `Idempotency-Key` that makes a repeat harmless. Of a form the parts are not parsed yet here: routes that take one compare
 * them themselves.
 */
@Injectable()
export class CreatesInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: IdempotencyKeys,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const creates = this.reflector.get<boolean | undefined>(CREATES, context.getHandler()) === true;
    if (!creates || context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const response = context.switchToHttp().getResponse<Response>();
    const shownOnce = this.reflector.get<readonly string[] | undefined>(SHOWN_ONCE, context.getHandler()) ?? [];
    const created = next.handle().pipe(map((body) => answer(request, response, body)));
    const key = request.headers['idempotency-key'];
    const ctx = request.user?.ctx;
    const isForm = /^multipart\//i.test(request.headers['content-type'] ?? '');
    const answered: Observable<StoredAnswer & { replayed?: boolean }> =
      typeof key === 'string' && ctx !== undefined && !isForm
        ? from(this.keys.once(ctx, { key, fingerprint: fingerprint(request) }, () => firstValueFrom(created)))
        : created;
    return answered.pipe(map((result) => send(response, result, shownOnce)));
  }
}

function answer(request: HttpRequest, response: Response, body: unknown): StoredAnswer {
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined;
  const location = typeof id === 'string' ? `${request.path.replace(/\/+$/, '')}/${id}` : null;
  return { status: response.statusCode, location, body };
}

function send(
  response: Response,
  result: StoredAnswer & { replayed?: boolean },
  shownOnce: readonly string[],
): unknown {
  response.status(result.status);
  response.setHeader('ETag', etagOf(asRead(result.body, shownOnce)));
  if (result.replayed === true) response.setHeader('Idempotency-Replayed', 'true');
  if (result.location !== null) response.setHeader('Location', result.location);
  return result.body;
}

/** The object as a read shows it. */
function asRead(body: unknown, shownOnce: readonly string[]): unknown {
  if (typeof body !== 'object' || body === null || shownOnce.length === 0) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => !shownOnce.includes(name)));
}

function fingerprint(request: HttpRequest): string {
  const content: unknown = request.body ?? '';
  return JSON.stringify([request.method, request.path, content]);
}
