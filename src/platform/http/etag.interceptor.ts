import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';
import { etagOf } from './etag.js';
import type { HttpRequest } from './identity.js';

/** `ETag` on whatever JSON object a route returns; Express answers `If-None-Match` with 304 on its own. */
@Injectable()
export class EtagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const { method } = context.switchToHttp().getRequest<HttpRequest>();
    const response = context.switchToHttp().getResponse<Response>();
    if (method !== 'GET' && method !== 'PATCH' && method !== 'PUT') return next.handle();
    return next.handle().pipe(
      map((body) => {
        if (isJsonObject(body) && !response.headersSent) response.setHeader('ETag', etagOf(body));
        return body;
      }),
    );
  }
}

function isJsonObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !(body instanceof StreamableFile) && !Buffer.isBuffer(body);
}
