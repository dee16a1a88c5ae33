import { DomainError, type FieldError } from './domain-error.js';

/** 404. The text is the same for "does not exist" and "is not yours", so that it tells nothing. */
export class NotFoundError extends DomainError {
  constructor(message = 'Not found or access denied') {
    super({ code: 'NOT_FOUND', kind: 'not_found', message });
  }
}

/** 422: a value out of type, shape or range. `kind: 'bad_request'` for what is not JSON or not a known field. */
export class InvalidInputError extends DomainError {
  constructor(
    message: string,
    options: { field?: string; errors?: readonly FieldError[]; kind?: 'invalid' | 'bad_request'; cause?: unknown } = {},
  ) {
    super({ code: 'INVALID_INPUT', message, ...options, kind: options.kind ?? 'invalid' });
  }
}

export class UnauthorizedError extends DomainError {
  constructor(message = 'Sign in: send a valid access token') {
    super({ code: 'UNAUTHORIZED', kind: 'unauthorized', message });
  }
}

export class TokenExpiredError extends DomainError {
  constructor(message = 'The access token has expired: refresh it and try again') {
    super({ code: 'TOKEN_EXPIRED', kind: 'unauthorized', message, retryable: true });
  }
}

export class ForbiddenError extends DomainError {
  constructor(message = 'Your role does not allow this') {
    super({ code: 'FORBIDDEN', kind: 'forbidden', message });
  }
}

/** 403 to people whose credentials are right: it is the tenant that was shut. */
export class SuspendedError extends DomainError {
  constructor(message = 'This account is suspended: ask the operator of this service') {
    super({ code: 'SUSPENDED', kind: 'forbidden', message });
  }
}

export class ConflictError extends DomainError {
  constructor(
    message: string,
    options: { field?: string; details?: Record<string, unknown>; retryable?: boolean } = {},
  ) {
    super({ code: 'CONFLICT', kind: 'conflict', message, ...options });
  }
}

export class RateLimitError extends DomainError {
  constructor(message: string, retryAfterMs: number) {
    super({ code: 'RATE_LIMIT', kind: 'rate_limited', message, retryable: true, retryAfterMs });
  }
}

/** 429: a budget of a day or a month is spent, or there is no more room for what one may have at a time. */
export class QuotaExceededError extends DomainError {
  /** @param retryAfterMs absent where waiting changes nothing */
  constructor(message: string, retryAfterMs?: number) {
    const retryable = retryAfterMs !== undefined;
    super({ code: 'QUOTA_EXCEEDED', kind: 'rate_limited', message, retryable, retryAfterMs });
  }
}

export class PayloadTooLargeError extends DomainError {
  constructor(message: string) {
    super({ code: 'INVALID_INPUT', kind: 'too_large', message });
  }
}

export class UnsupportedMediaError extends DomainError {
  constructor(message: string) {
    super({ code: 'INVALID_INPUT', kind: 'unsupported_media', message });
  }
}

/** 503: try again later (shutting down, database away, pool exhausted). */
export class UnavailableError extends DomainError {
  constructor(
    message: string,
    options: { retryAfterMs?: number; code?: 'DRAINING' | 'UNAVAILABLE'; cause?: unknown } = {},
  ) {
    super({
      code: options.code ?? 'UNAVAILABLE',
      kind: 'unavailable',
      message,
      retryable: true,
      retryAfterMs: options.retryAfterMs ?? 2000,
      cause: options.cause,
    });
  }
}
