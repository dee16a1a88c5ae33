import { ConflictError, InvalidInputError, NotFoundError } from '#platform/errors';

export class TenantNotFoundError extends NotFoundError {}

export class SlugTakenError extends ConflictError {
  constructor(slug: string) {
    super(`The slug "${slug}" is taken: choose another`, { field: 'slug' });
  }
}

export class SlugReservedError extends InvalidInputError {
  constructor(slug: string) {
    super(`slug: "${slug}" is a fixed part of addresses: choose another`, { field: 'slug' });
  }
}
