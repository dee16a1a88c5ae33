import { DomainError } from '#platform/errors';

/** The same for an unknown conversation and another user's. */
export class ConversationNotFoundError extends DomainError {
  constructor() {
    super({ code: 'NOT_FOUND', kind: 'not_found', message: 'Conversation not found or access denied' });
  }
}

export class TurnNotFoundError extends DomainError {
  constructor(message = 'Turn not found or access denied') {
    super({ code: 'NOT_FOUND', kind: 'not_found', message });
  }
}

export class ConversationClosedError extends DomainError {
  constructor() {
    super({
      code: 'CONVERSATION_CLOSED',
      kind: 'conflict',
      message: 'This conversation has ended: start a new one',
    });
  }
}

export class ClientMessageConflictError extends DomainError {
  constructor() {
    super({
      code: 'CONFLICT',
      kind: 'conflict',
      field: 'client_message_id',
      message: 'This client_message_id was used for another message: send a new id with new content',
    });
  }
}

export class TooManyQueuedError extends DomainError {
  constructor(rejecting: boolean) {
    super({
      code: 'CONFLICT',
      kind: 'conflict',
      retryable: true,
      retryAfterMs: 2000,
      message: rejecting
        ? 'An answer is being written in this conversation: wait until it is done'
        : 'Too many messages wait in this conversation: send again when an answer has arrived',
    });
  }
}

/** Why a question cannot be asked again now. */
export class NotAgainError extends DomainError {
  constructor(message: string, { retryable = false } = {}) {
    super({ code: 'CONFLICT', kind: 'conflict', field: 'turn_id', retryable, message });
  }
}

export class DrainingError extends DomainError {
  constructor() {
    super({
      code: 'DRAINING',
      kind: 'unavailable',
      retryable: true,
      retryAfterMs: 2000,
      message: 'The server is restarting: send the message again in a moment',
    });
  }
}

/** The agent that a message names is unknown, or not for this caller. */
export class UnknownAgentError extends DomainError {
  constructor(agent: string) {
    super({
      code: 'INVALID_INPUT',
      kind: 'invalid',
      field: 'agent',
      message: `agent: there is no agent "${agent.slice(0, 64)}" for you: leave it out, or name one that you may use`,
    });
  }
}

/** What a turn failed with, when its process died three times. */
export const INTERRUPTED = {
  code: 'INTERRUPTED',
  message: 'The server stopped while it was answering. Send the message again.',
  retryable: true,
} as const;

/** The reasons for which a running turn's signal is aborted. */
export class TurnCancelled extends Error {
  override readonly name = 'TurnCancelled';
}
export class TurnOvertime extends Error {
  override readonly name = 'TurnOvertime';
}
/** The database gave the turn to another instance, or ended it: nothing is written. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}
/** Its conversation is gone: nothing is written. */
export class ConversationDeleted extends Error {
  override readonly name = 'ConversationDeleted';
}
/** The process stops: the turn is left for another one, or for the next start. */
export class TurnReleased extends Error {
  override readonly name = 'TurnReleased';
}
