import { ConflictError, InvalidInputError } from '#platform/errors';

export class ResetTokenError extends InvalidInputError {
  constructor() {
    super('token: was used, replaced or has run out; ask for another one', { field: 'token' });
  }
}

export class CannotResetError extends ConflictError {
  constructor() {
    super('This user is disabled or has no email address, so a password would open nothing: change that first');
  }
}
