import { DomainError } from '#platform/errors';

export interface LlmFault {
  /** For logs only, redacted: what the provider said or what broke. Never shown to people. */
  readonly detail: string;
  /** The provider's HTTP status; null when there was no answer. */
  readonly status?: number | null;
  /** Whether sending the same message again may help (true where nothing is said). */
  readonly retryable?: boolean;
  /** Whether one more attempt makes sense at once: nothing was refused for good, and it failed quickly. */
  readonly transient?: boolean;
  /** What the provider asked to wait. */
  readonly retryAfterMs?: number;
}

/** The provider refused, broke off, or sent something that is not an answer. */
export class LlmError extends DomainError {
  readonly detail: string;
  readonly status: number | null;
  readonly transient: boolean;

  constructor(fault: LlmFault) {
    super({
      code: 'LLM_ERROR',
      kind: 'upstream',
      message: 'Something went wrong. Please try again.',
      retryable: fault.retryable ?? true,
      retryAfterMs: fault.retryAfterMs,
    });
    this.detail = fault.detail;
    this.status = fault.status ?? null;
    this.transient = fault.transient ?? false;
  }
}

/** Which of the deadlines of a model call passed. */
export type LlmDeadline = 'connect' | 'first_byte' | 'idle' | 'total';

/** The provider was silent, or talked, for too long. */
export class LlmTimeoutError extends DomainError {
  readonly detail: string;

  constructor(
    readonly deadline: LlmDeadline,
    ms: number,
  ) {
    super({
      code: 'LLM_TIMEOUT',
      kind: 'upstream_timeout',
      message: 'The answer took too long. Please try again.',
      retryable: true,
    });
    this.detail = `the provider passed the ${deadline} deadline of ${ms} ms`;
  }
}

/** An embedding provider that is not there: not installed, or no longer configured. The message names the next step. */
export class EmbedderUnavailableError extends DomainError {
  constructor(message: string, cause?: unknown) {
    super({ code: 'RETRIEVAL_ERROR', kind: 'unavailable', message, cause });
  }
}
