import { ConflictError, InvalidInputError } from '#platform/errors';

export class AlreadyInvitedError extends ConflictError {
  constructor() {
    super('This address has an open invitation: send that one again, or revoke it', { field: 'email' });
  }
}

export class InvitationEndedError extends ConflictError {
  constructor(how: string) {
    super(`This invitation was ${how}: make another one`);
  }
}

export class InvitationTokenError extends InvalidInputError {
  constructor() {
    super('token: was used, revoked or has run out; ask for another invitation', { field: 'token' });
  }
}

export class InviterLeftError extends ConflictError {
  constructor() {
    super('Whoever invited has left or may not give this role any more: revoke this invitation and make another one');
  }
}
