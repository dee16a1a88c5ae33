import type { AppConfig } from '#platform/config';
import type { HttpRequest } from '#platform/http';
import { UnauthorizedError } from '#platform/errors';
import type { MulterModuleOptions } from '@nestjs/platform-express';
import type { Readable } from 'node:stream';
import type { DocumentFiles, ReceivedFile } from './document-files.js';

/** A file of a form, as multer hands it to the controller: what the storage below adds, and what the client said. */
export interface UploadedPart extends ReceivedFile {
  readonly originalname: string;
  readonly mimetype: string;
}

const MIB = 2 ** 20;
const FIELD_BYTES = 64 * 1024;

/**
 * How multipart uploads arrive: streamed to the store of blobs under a name of ours, at most `UPLOAD_MAX_MB`, one file and a
 * handful of small fields.
 */
export function uploadOptions(config: AppConfig, files: DocumentFiles): MulterModuleOptions {
  return {
    storage: {
      _handleFile(
        request: HttpRequest,
        file: { stream: Readable },
        done: (error: unknown, stored?: ReceivedFile) => void,
      ) {
        const { user } = request;
        if (user === undefined) return done(new UnauthorizedError());
        files.receive(user.ctx, file.stream).then(
          (stored) => done(null, stored),
          (error: unknown) => done(error),
        );
      },
      _removeFile(_request: HttpRequest, file: ReceivedFile, done: (error: unknown) => void) {
        files.discard(file).then(() => done(null), done);
      },
    },
    limits: {
      fileSize: config.env.UPLOAD_MAX_MB * MIB,
      files: 1,
      fields: 10,
      parts: 12,
      fieldSize: FIELD_BYTES,
      fieldNameSize: 100,
      headerPairs: 50,
    },
    // Browsers send names in UTF-8.
    defParamCharset: 'utf8',
  };
}
