/** Owner, status, title or the people of a conversation have changed: whoever listens to it is told anew, on every instance. */
export class ConversationChanged {
  constructor(
    readonly tenantId: string,
    readonly conversationId: string,
  ) {}
}
