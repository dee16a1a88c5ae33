import { DomainError } from '#platform/errors';

/** The client named an agent that does not exist here or that the caller may not use. */
export class AgentNotFoundError extends DomainError {
  constructor(key: string) {
    super({
      code: 'NOT_FOUND',
      kind: 'not_found',
      message: `There is no agent "${key.slice(0, 64)}" for you. Leave "agent" out to have the message routed.`,
      field: 'agent',
    });
  }
}

/**
 * What the turn fails with when a search could not be made: what is meant for people stays as it is (the database is
 * away, the embedding provider failed), all else becomes a `RetrievalFailedError`.
 */
export function searchFailure(error: unknown): DomainError {
  return error instanceof DomainError && error.code !== 'NOT_FOUND' ? error : new RetrievalFailedError(error);
}

/** A search that could not be made, not one that found nothing. */
export class RetrievalFailedError extends DomainError {
  constructor(cause: unknown) {
    super({
      code: 'RETRIEVAL_ERROR',
      kind: 'upstream',
      message: 'The knowledge base could not be searched just now. Please try again in a moment.',
      retryable: true,
      cause,
    });
  }
}

/** A tool that changes something may have done so, and is not called again. */
export class UnknownOutcomeError extends DomainError {
  constructor(message: string) {
    super({ code: 'TOOL_ERROR', kind: 'upstream', message, retryable: false });
  }
}
