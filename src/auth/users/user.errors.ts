import { ConflictError, ForbiddenError, NotFoundError } from '#platform/errors';

export class UserNotFoundError extends NotFoundError {}

export class EmailTakenError extends ConflictError {
  constructor() {
    super('Somebody of this tenant has this email address: use another, or change that user', { field: 'email' });
  }
}

/** Only platform admins, in the platform's own tenant, make platform admins or touch them. */
export class PlatformAdminOnlyError extends ForbiddenError {
  constructor() {
    super('Only a platform admin in the platform tenant may do this with platform admins');
  }
}

export class LastAdminError extends ConflictError {
  constructor() {
    super('This is the last admin who can sign in: make somebody else an admin first', { field: 'role' });
  }
}

export class EnabledAgainError extends ConflictError {
  constructor() {
    super('The user was enabled again before the erasure: ask for it once more if the user is still to be erased');
  }
}

export class MoreThanOwnError extends ForbiddenError {
  constructor(role: string) {
    super(`Only somebody who may all that the role ${role} may can do this: ask an admin`);
  }
}
