import { type HttpRequest, IdempotencyKeys } from '#platform/http';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { firstValueFrom, from, map, type Observable } from 'rxjs';
import { DocumentFiles } from './document-files.js';
import type { UploadedPart } from './upload-options.js';

/**
 * `Idempotency-Key` on a form, once its parts have arrived: the same fields and a file of the same name and content are the
 * same request, whatever boundary is between them. Stands behind multer's interceptor.
 */
@Injectable()
export class UploadOnceInterceptor implements NestInterceptor {
  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly files: DocumentFiles,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const request = context.switchToHttp().getRequest<HttpRequest & { file?: UploadedPart }>();
    const response = context.switchToHttp().getResponse<Response>();
    const { file, user } = request;
    const key = request.headers['idempotency-key'];
    if (file === undefined || user === undefined || typeof key !== 'string') return next.handle();
    let began = false;
    const work = async () => {
      began = true;
      return { status: response.statusCode, location: null, body: await firstValueFrom(next.handle()) };
    };
    const once = this.keys.once(user.ctx, { key, fingerprint: fingerprint(request, file) }, work).finally(async () => {
      // A repeat's file is one too many; the first one's belongs to the document, or went when that was refused.
      if (!began) await this.files.discard(file).catch(() => undefined);
    });
    return from(once).pipe(
      map(({ body, replayed }) => {
        if (replayed) response.setHeader('Idempotency-Replayed', 'true');
        return body;
      }),
    );
  }
}

function fingerprint({ body, method, path }: HttpRequest, file: UploadedPart): string {
  const fields: unknown = body;
  return JSON.stringify([method, path, fields, file.originalname, file.mimetype, file.sha256.toString('hex')]);
}
