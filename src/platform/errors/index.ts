/**
 * The errors of the product. A `DomainError` carries a code of the public contract (PROTOCOL "Error codes") and a kind;
 * `platform/http` maps the kind to a status and `channels/protocol` maps the code to a frame. Nothing else decides
 * either, so a new error needs one class and no mapping.
 */
export {
  DomainError,
  type DomainErrorOptions,
  type ErrorCode,
  type ErrorKind,
  type FieldError,
} from './domain-error.js';
export {
  ConflictError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  PayloadTooLargeError,
  QuotaExceededError,
  RateLimitError,
  SuspendedError,
  TokenExpiredError,
  UnauthorizedError,
  UnavailableError,
  UnsupportedMediaError,
} from './common.errors.js';
export { asError, errorCause, isAbortError } from './guards.js';
