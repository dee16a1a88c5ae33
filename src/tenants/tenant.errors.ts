import { ConflictError, InvalidInputError, NotFoundError } from '#platform/errors';

export class TenantNotFoundError extends NotFoundError {}

export class SlugTakenError extends ConflictError {
  constructor(slug: string) {
    super(`The slug "${slug}" is taken: choose another`, { field: 'slug' });
  }
}

/** Its staff are those who could resume it. */
export class PlatformTenantError extends ConflictError {
  constructor(what: 'suspended' | 'erased') {
    super(`The platform's own tenant cannot be ${what}`);
  }
}

export class SlugReservedError extends InvalidInputError {
  constructor(slug: string) {
    super(`slug: "${slug}" is a fixed part of addresses: choose another`, { field: 'slug' });
  }
}
