import { ConflictError, InvalidInputError, NotFoundError } from '#platform/errors';
import type { Escalation, EscalationStatus } from './escalation.js';

export class EscalationNotFoundError extends NotFoundError {
  constructor() {
    super('Escalation not found or access denied');
  }
}

/** Somebody else was quicker, or has it. */
export class EscalationTakenError extends ConflictError {
  constructor({ supporter }: Pick<Escalation, 'supporter'>) {
    super(`${supporter?.name ?? 'Somebody else'} has taken this conversation: choose another one`, {
      details: { supporter },
    });
  }
}

/** A step that does not lead on from where it stands. */
export class EscalationStepError extends ConflictError {
  constructor(status: EscalationStatus) {
    super(STANDS[status], { details: { escalation_status: status } });
  }
}

const STANDS: Readonly<Record<EscalationStatus, string>> = {
  waiting: 'Nobody has taken this conversation yet: accept it first',
  assigned: 'This conversation is in work already',
  returned: 'The agent has this conversation again: reopen it to take part',
  resolved: 'This conversation was resolved: reopen it to go on',
  closed: 'This conversation was closed: reopen it to go on',
};

export class TooManyOpenError extends ConflictError {
  constructor() {
    super('You wait for a person in several conversations already: go on in one of them');
  }
}

export class AnotherOpenError extends ConflictError {
  constructor() {
    super('This conversation has another open escalation already: go on there');
  }
}

export class NotASupporterError extends InvalidInputError {
  constructor() {
    super('supporter_id: there is nobody with this id who may answer people', { field: 'supporter_id' });
  }
}
