import type { EscalationStatus } from './escalation.js';

/** An escalation was made, or has gone a step further; told to every instance after the commit. */
export class EscalationChanged {
  constructor(
    readonly tenantId: string,
    readonly escalationId: string,
    readonly conversationId: string,
    readonly status: EscalationStatus,
  ) {}
}

/** Places in a tenant's queue have moved without an escalation that could be named: a conversation is gone, somebody came or left. */
export class QueueMoved {
  constructor(readonly tenantId: string) {}
}

/** Somebody asks for a person, or leaves an address; heard on the instance that stored it alone. */
export class EscalationOpened {
  constructor(
    readonly tenantId: string,
    readonly escalationId: string,
  ) {}
}
