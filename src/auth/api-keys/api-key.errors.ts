import { ConflictError, ForbiddenError, InvalidInputError } from '#platform/errors';

export class ScopeOutsideRoleError extends InvalidInputError {
  constructor(scopes: readonly string[], role: string) {
    super(`scopes: a key of the role ${role} cannot have ${scopes.join(', ')}; choose another role or leave them out`, {
      field: 'scopes',
    });
  }
}

export class MoreThanMakerError extends ForbiddenError {
  constructor(what: string) {
    super(`A key never gets more than its maker has: you have not ${what}`);
  }
}

export class KeyEndedError extends ConflictError {
  constructor() {
    super('This key was revoked or has expired: make another one');
  }
}

export class HolderTooSmallError extends InvalidInputError {
  constructor() {
    super('user_id: must be somebody of this tenant who may do all that the key may', { field: 'user_id' });
  }
}
