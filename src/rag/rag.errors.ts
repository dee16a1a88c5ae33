import { ConflictError, NotFoundError } from '#platform/errors';

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
