import { ConflictError, DomainError, NotFoundError } from '#platform/errors';

export class KnowledgeBaseNotFoundError extends NotFoundError {
  constructor() {
    super('Knowledge base not found or access denied');
  }
}

export class DocumentNotFoundError extends NotFoundError {
  constructor() {
    super('Document not found or access denied');
  }
}

export class KnowledgeBaseNameTakenError extends ConflictError {
  constructor(name: string) {
    super(`A knowledge base named "${name}" exists already: choose another name`, { field: 'name' });
  }
}

/** The embedding provider failed, so the search would have been half of one. */
export class SearchProviderError extends DomainError {
  constructor(cause: unknown) {
    super({
      code: 'RETRIEVAL_ERROR',
      kind: 'upstream',
      message: 'The knowledge base could not be searched just now. Please try again in a moment.',
      retryable: cause instanceof DomainError ? cause.retryable : true,
      retryAfterMs: cause instanceof DomainError ? cause.retryAfterMs : undefined,
      cause,
    });
  }
}
