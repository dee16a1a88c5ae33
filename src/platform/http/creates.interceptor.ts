import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { catchError, from, map, mergeMap, type Observable, of, throwError } from 'rxjs';
import type { RequestContext } from '#platform/context';
import { CREATES } from './decorators.js';
import { IdempotencyKeys, type StoredAnswer } from './idempotency.js';
import type { HttpRequest } from './identity.js';

/** What `@Creates()` promises: `Location` of the new object, and an `Idempotency-Key` that makes a repeat harmless. */
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
    const created = next.handle().pipe(map((body) => answer(request, response, body)));
    const key = request.headers['idempotency-key'];
    const ctx = request.user?.ctx;
    const answered = typeof key === 'string' && ctx !== undefined ? this.once(ctx, key, request, created) : created;
    return answered.pipe(map((result) => send(response, result)));
  }

  private once(
    ctx: RequestContext,
    key: string,
    request: HttpRequest,
    created: Observable<StoredAnswer>,
  ): Observable<StoredAnswer & { replayed?: boolean }> {
    return from(this.keys.claim(ctx, key, fingerprint(request))).pipe(
      mergeMap((earlier) => {
        if (earlier !== null) return of({ ...earlier, replayed: true });
        return created.pipe(
          catchError((error: unknown) => {
            const rethrown = throwError(() => error);
            return from(this.keys.release(ctx, key)).pipe(
              catchError(() => rethrown),
              mergeMap(() => rethrown),
            );
          }),
          mergeMap((result) => from(this.keys.finish(ctx, key, result)).pipe(map(() => result))),
        );
      }),
    );
  }
}

function answer(request: HttpRequest, response: Response, body: unknown): StoredAnswer {
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined;
  const location = typeof id === 'string' ? `${request.path.replace(/\/+$/, '')}/${id}` : null;
  return { status: response.statusCode, location, body };
}

function send(response: Response, result: StoredAnswer & { replayed?: boolean }): unknown {
  response.status(result.status);
  if (result.replayed === true) response.setHeader('Idempotency-Replayed', 'true');
  if (result.location !== null) response.setHeader('Location', result.location);
  return result.body;
}

/** An upload's parts are not parsed yet: its length stands for them. */
function fingerprint(request: HttpRequest): string {
  const content: unknown = request.body ?? request.headers['content-length'] ?? '';
  return JSON.stringify([request.method, request.path, content]);
}
