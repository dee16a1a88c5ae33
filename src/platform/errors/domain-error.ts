/** Codes a client may rely on (the contract's list). */
export type ErrorCode =
  | 'UNAUTHORIZED'
  | 'TOKEN_EXPIRED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'INVALID_INPUT'
  | 'CONFLICT'
  | 'RATE_LIMIT'
  | 'QUOTA_EXCEEDED'
  | 'CONVERSATION_CLOSED'
  | 'LLM_ERROR'
  | 'LLM_TIMEOUT'
  | 'TOOL_ERROR'
  | 'RETRIEVAL_ERROR'
  | 'GUARDRAIL'
  | 'TURN_TIMEOUT'
  | 'INTERRUPTED'
  | 'PRECONDITION_FAILED'
  | 'UNAVAILABLE'
  | 'SUSPENDED'
  | 'MFA_REQUIRED'
  | 'DRAINING'
  | 'INTERNAL';

/** What kind of failure it is; `platform/http` maps it to a status, exhaustively. */
export type ErrorKind =
  | 'bad_request' // 400: not JSON, or a field that nothing defines
  | 'unauthorized' // 401
  | 'forbidden' // 403
  | 'not_found' // 404
  | 'timeout' // 408
  | 'conflict' // 409
  | 'precondition_failed' // 412
  | 'too_large' // 413
  | 'unsupported_media' // 415
  | 'invalid' // 422: a value out of type, shape or range
  | 'rate_limited' // 429
  | 'internal' // 500
  | 'upstream' // 502
  | 'unavailable' // 503
  | 'upstream_timeout' // 504
  | 'no_space'; // 507

export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface DomainErrorOptions {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  /** A sentence for people that says the next step. Never a provider's own words, a secret or a stack. */
  readonly message: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  /** The field that is wrong, as the client named it. */
  readonly field?: string;
  readonly errors?: readonly FieldError[];
  /** Additional members for the problem document (`turn_id`, `used_by`, …). */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Base of every error that is meant to be shown to somebody. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly field: string | undefined;
  readonly errors: readonly FieldError[];
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: DomainErrorOptions) {
    super(options.message, { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.kind = options.kind;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.field = options.field;
    this.errors = options.errors ?? [];
    this.details = options.details ?? {};
  }
}
