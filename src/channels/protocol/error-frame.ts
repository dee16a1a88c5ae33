import { DomainError, type ErrorCode, type ErrorKind } from '#platform/errors';
import type { Echo } from './parse-frame.js';

export interface ErrorFrame extends Echo {
  readonly type: 'error';
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retry_after_ms?: number;
  readonly field?: string;
}

/** What an error does to the socket beside its frame. */
export type SocketEffect = 'none' | 'closes';

/** Exhaustive: a new kind of error does not compile until sockets know what to do with it. */
const EFFECT: Readonly<Record<ErrorKind, SocketEffect>> = {
  bad_request: 'none',
  invalid: 'none',
  too_large: 'none',
  unsupported_media: 'none',
  unauthorized: 'closes',
  forbidden: 'none',
  not_found: 'none',
  timeout: 'none',
  conflict: 'none',
  precondition_failed: 'none',
  rate_limited: 'none',
  internal: 'none',
  upstream: 'none',
  unavailable: 'none',
  upstream_timeout: 'none',
  no_space: 'none',
};

/** Which kind of HTTP refusal a turn's failure is (PROTOCOL §2: 502, 504, 409, 429 or 503). Exhaustive. */
const KIND_OF_FAILURE: Readonly<Record<ErrorCode, ErrorKind>> = {
  UNAUTHORIZED: 'unauthorized',
  TOKEN_EXPIRED: 'unauthorized',
  FORBIDDEN: 'forbidden',
  NOT_FOUND: 'not_found',
  INVALID_INPUT: 'invalid',
  CONFLICT: 'conflict',
  CONVERSATION_CLOSED: 'conflict',
  CANCELLED: 'conflict',
  GUARDRAIL: 'conflict',
  RATE_LIMIT: 'rate_limited',
  QUOTA_EXCEEDED: 'rate_limited',
  LLM_ERROR: 'upstream',
  TOOL_ERROR: 'upstream',
  LLM_TIMEOUT: 'upstream_timeout',
  RETRIEVAL_ERROR: 'unavailable',
  DRAINING: 'unavailable',
  INTERNAL: 'unavailable',
};

export function kindOfFailure(code: ErrorCode): ErrorKind {
  return KIND_OF_FAILURE[code];
}

export function effectOf(error: unknown): SocketEffect {
  return error instanceof DomainError ? EFFECT[error.kind] : 'none';
}

/** The answer to a frame. Only a `DomainError` was written to be read by people; anything else is a fault of ours. */
export function errorFrame(error: unknown, echo: Echo = {}): ErrorFrame {
  if (!(error instanceof DomainError)) {
    return {
      type: 'error',
      code: 'INTERNAL',
      message: 'Something went wrong on our side. Please try again.',
      retryable: true,
      ...echo,
    };
  }
  return {
    type: 'error',
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: Math.ceil(error.retryAfterMs) }),
    ...(error.field === undefined ? {} : { field: error.field }),
    ...echo,
  };
}
