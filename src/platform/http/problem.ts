import { type DomainError, type ErrorCode, type ErrorKind, errorCause, type FieldError } from '#platform/errors';
import { z } from 'zod';
import { scrubSecrets } from './redact.js';

/** RFC 9457, with the members of the contract. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
    retryable: z.boolean(),
    trace_id: z.string(),
    debug: z.object({ message: z.string(), cause: z.string() }).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema> & Readonly<Record<string, unknown>>;

/** Exhaustive: a new kind of error does not compile until it has a status. */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media: 415,
  invalid: 422,
  rate_limited: 429,
  internal: 500,
  upstream: 502,
  unavailable: 503,
  upstream_timeout: 504,
  no_space: 507,
};

const TITLE: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Payload too large',
  415: 'Unsupported media type',
  422: 'Invalid input',
  429: 'Too many requests',
  431: 'Request header fields too large',
  500: 'Internal error',
  502: 'Bad gateway',
  503: 'Service unavailable',
  504: 'Gateway timeout',
  507: 'Insufficient storage',
};

export function statusOf(kind: ErrorKind): number {
  return STATUS[kind];
}

export interface ProblemParts {
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly traceId: string;
  readonly errors?: readonly FieldError[];
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
}

export function problem(parts: ProblemParts): Problem {
  return {
    ...parts.details,
    type: `urn:switchboard:problem:${parts.code.toLowerCase().replaceAll('_', '-')}`,
    title: TITLE[parts.status] ?? 'Error',
    status: parts.status,
    code: parts.code,
    detail: parts.detail,
    errors: [...(parts.errors ?? [])],
    retryable: parts.retryable ?? false,
    trace_id: parts.traceId,
  };
}

/** The document for an error that is meant to be shown. */
export function domainProblem(error: DomainError, traceId: string): Problem {
  const field: FieldError[] = error.field === undefined ? [] : [{ path: error.field, message: error.message }];
  return problem({
    status: statusOf(error.kind),
    code: error.code,
    detail: error.message,
    errors: error.errors.length > 0 ? error.errors : field,
    retryable: error.retryable,
    details: error.details,
    traceId,
  });
}

/** The document for a fault of ours: generic in production, with the messages (never a secret) elsewhere. */
export function faultProblem(error: unknown, traceId: string, production: boolean): Problem {
  const generic = problem({
    status: 500,
    code: 'INTERNAL',
    detail: 'Something went wrong on our side. Try again; if it persists, report the trace id.',
    retryable: true,
    traceId,
  });
  if (production) return generic;
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error ? errorCause(error.cause) : '';
  return { ...generic, debug: { message: scrubSecrets(message), cause: scrubSecrets(cause) } };
}
