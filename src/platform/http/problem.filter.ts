import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject, Injectable } from '@nestjs/common';
import { AppConfig } from '#platform/config';
import { isPassing } from '#platform/database';
import { asError, DomainError, type ErrorCode, UnavailableError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import type { Response } from 'express';
import { ForeignPageError, hideFromPage } from './cross-origin.js';
import type { HttpRequest } from './identity.js';
import { redactPath } from './redact.js';
import { domainProblem, faultProblem, type Problem, problem } from './problem.js';

/** Parts, sizes and counts of a form are judged by its parser, which says no more than that it will not go on. */
const UNREADABLE_FORM =
  'The form is not readable: send one part "file" and a few small fields beside it, each part complete';

/** Every error of an HTTP request ends here as `application/problem+json`. */
@Injectable()
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') {
      // Sockets answer with frames of their own; what reaches this point is a fault of theirs.
      this.logger.error({ err: asError(thrown) }, 'an error left a socket handler');
      return;
    }
    const request = host.switchToHttp().getRequest<HttpRequest>();
    const response = host.switchToHttp().getResponse<Response>();
    const isForm = /^multipart\//i.test(request.headers['content-type'] ?? '');
    const document = this.documentFor(thrown, request.correlationId, isForm);
    // What fails because the client has left is no fault of ours: worth a line, not an alarm that anybody can ring.
    const level = request.socket.destroyed ? 'info' : 'error';
    if (document.status >= 500) this.log(level, thrown, request, document);
    if (response.headersSent) {
      // Half an answer was sent: the only honest end is a broken connection.
      response.destroy();
      return;
    }
    if (thrown instanceof ForeignPageError) hideFromPage(response);
    sendProblem(response, document, thrown instanceof DomainError ? thrown.retryAfterMs : undefined);
  }

  private documentFor(thrown: unknown, traceId: string, isForm: boolean): Problem {
    if (thrown instanceof DomainError) return domainProblem(thrown, traceId);
    const known = frameworkFault(thrown);
    if (known?.status === 400 && isForm) return problem({ ...known, detail: UNREADABLE_FORM, traceId });
    if (known !== undefined) return problem({ ...known, traceId });
    // Of what did not go through a unit of work, such as the job queue.
    if (isPassing(thrown)) return domainProblem(new UnavailableError('Not available: try again in a moment'), traceId);
    return faultProblem(thrown, traceId, this.config.production);
  }

  private log(level: 'info' | 'error', thrown: unknown, request: HttpRequest, document: Problem): void {
    this.logger[level](
      {
        err: asError(thrown),
        correlation_id: request.correlationId,
        tenant_id: request.user?.ctx.tenantId,
        method: request.method,
        path: redactPath(request.path),
        status: document.status,
      },
      'request failed',
    );
  }
}

export function sendProblem(response: Response, document: Problem, retryAfterMs?: number): void {
  if (document.status === 429 || document.status === 503) {
    response.setHeader('Retry-After', String(Math.max(1, Math.ceil((retryAfterMs ?? 1000) / 1000))));
  }
  if (document.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.removeHeader('ETag');
  response.status(document.status).type('application/problem+json').send(JSON.stringify(document));
}

interface KnownFault {
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly retryable?: boolean;
}

const TOO_LARGE =
  'Too large: a JSON body may have 1 MiB, an uploaded file 25 MiB unless the operator has set UPLOAD_MAX_MB otherwise';

/** What Express, its body parser, multer and Nest throw on their own. Anything else below 500 keeps its status only. */
function frameworkFault(thrown: unknown): KnownFault | undefined {
  const status = statusOfForeign(thrown);
  switch (status) {
    case undefined:
      return undefined;
    case 400:
      return { status, code: 'INVALID_INPUT', detail: 'The request is not readable: send valid JSON in UTF-8' };
    case 401:
      return { status, code: 'UNAUTHORIZED', detail: 'Sign in: send a valid access token' };
    case 403:
      return { status, code: 'FORBIDDEN', detail: 'Your role does not allow this' };
    case 404:
      return { status, code: 'NOT_FOUND', detail: 'Not found or access denied' };
    case 408:
      return { status, code: 'INVALID_INPUT', detail: 'The request did not arrive in time', retryable: true };
    case 413:
      return { status, code: 'INVALID_INPUT', detail: TOO_LARGE };
    case 415:
      return { status, code: 'INVALID_INPUT', detail: 'The encoding of the body is not supported: send UTF-8 JSON' };
    case 429:
      return { status, code: 'RATE_LIMIT', detail: 'Too many requests: wait and try again', retryable: true };
    case 503:
      return { status, code: 'UNAVAILABLE', detail: 'Not available: try again in a moment', retryable: true };
    default:
      return status < 500
        ? { status, code: 'INVALID_INPUT', detail: 'The request cannot be handled as it was sent' }
        : undefined;
  }
}

function statusOfForeign(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  // http-errors, as Express and its parsers throw them: `expose` marks a client's fault.
  if (typeof thrown !== 'object' || thrown === null || !('status' in thrown) || !('expose' in thrown)) return undefined;
  return typeof thrown.status === 'number' && thrown.expose === true ? thrown.status : undefined;
}
