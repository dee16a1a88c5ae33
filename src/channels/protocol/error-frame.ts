import { DomainError, type ErrorCode, type ErrorKind } from '#platform/errors';
import type { Echo } from './parse-frame.js';

/** What an error is about: the frame that is refused, or the socket as a whole. Those of turns are events. */
export type ErrorScope = 'frame' | 'connection';

export interface ErrorFrame extends Echo {
  readonly type: 'error';
  readonly scope: ErrorScope;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retry_after_ms?: number;
  readonly field?: string;
}

/** What an error does to the socket beside its frame. */
export type SocketEffect = 'none' | 'signs_out' | 'shuts_out';

/** Exhaustive: a new code does not compile until sockets know what to do with it. */
const EFFECT: Readonly<Record<ErrorCode, SocketEffect>> = {
  UNAUTHORIZED: 'signs_out',
  TOKEN_EXPIRED: 'signs_out',
  MFA_REQUIRED: 'signs_out',
  SUSPENDED: 'shuts_out',
  FORBIDDEN: 'none',
  NOT_FOUND: 'none',
  INVALID_INPUT: 'none',
  CONFLICT: 'none',
  PRECONDITION_FAILED: 'none',
  CONVERSATION_CLOSED: 'none',
  RATE_LIMIT: 'none',
  QUOTA_EXCEEDED: 'none',
  GUARDRAIL: 'none',
  LLM_ERROR: 'none',
  LLM_TIMEOUT: 'none',
  TOOL_ERROR: 'none',
  RETRIEVAL_ERROR: 'none',
  TURN_TIMEOUT: 'none',
  INTERRUPTED: 'none',
  UNAVAILABLE: 'none',
  DRAINING: 'none',
  INTERNAL: 'none',
};

/**
 * Which kind of HTTP refusal a turn's failure is: 502 for those behind us, 504 for those that took too long, 503 for ours
 * that pass, 422, 429, 409, 412, else 500; 403 where the tenant was suspended meanwhile, as its next request is told. What
 * else refuses a person (401, 403, 404) never becomes the answer to a turn: a client would sign in again for nothing.
 * Exhaustive.
 */
const KIND_OF_FAILURE: Readonly<Record<ErrorCode, ErrorKind>> = {
  LLM_ERROR: 'upstream',
  TOOL_ERROR: 'upstream',
  RETRIEVAL_ERROR: 'upstream',
  LLM_TIMEOUT: 'upstream_timeout',
  TURN_TIMEOUT: 'upstream_timeout',
  INTERRUPTED: 'unavailable',
  UNAVAILABLE: 'unavailable',
  DRAINING: 'unavailable',
  GUARDRAIL: 'invalid',
  INVALID_INPUT: 'invalid',
  RATE_LIMIT: 'rate_limited',
  QUOTA_EXCEEDED: 'rate_limited',
  CONFLICT: 'conflict',
  CONVERSATION_CLOSED: 'conflict',
  PRECONDITION_FAILED: 'precondition_failed',
  UNAUTHORIZED: 'internal',
  TOKEN_EXPIRED: 'internal',
  MFA_REQUIRED: 'internal',
  SUSPENDED: 'forbidden',
  FORBIDDEN: 'internal',
  NOT_FOUND: 'internal',
  INTERNAL: 'internal',
};

export function kindOfFailure(code: ErrorCode): ErrorKind {
  return KIND_OF_FAILURE[code];
}

export function effectOf(error: unknown): SocketEffect {
  return error instanceof DomainError ? EFFECT[error.code] : 'none';
}

/** The words for an error. Only a `DomainError` was written to be read by people; anything else is a fault of ours. */
export function errorFrame(error: unknown, scope: ErrorScope, echo: Echo = {}): ErrorFrame {
  if (!(error instanceof DomainError)) {
    return {
      type: 'error',
      scope,
      code: 'INTERNAL',
      message: 'Something went wrong on our side. Please try again.',
      retryable: true,
      ...echo,
    };
  }
  return {
    type: 'error',
    scope,
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: Math.ceil(error.retryAfterMs) }),
    ...(error.field === undefined ? {} : { field: error.field }),
    ...echo,
  };
}
