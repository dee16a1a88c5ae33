/** What a tenant's own servers can be told of. An open list: one more is one line here and whoever publishes it. */
export const EVENT_TYPES = [
  'conversation.created',
  'conversation.ended',
  'message.created',
  'turn.completed',
  'turn.failed',
  'turn.cancelled',
  'escalation.created',
  'escalation.assigned',
  'escalation.resolved',
  'escalation.closed',
  'document.ready',
  'document.failed',
  'feedback.created',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What an event is about, by ids: what they stand for is read when it is told. */
export type EventSubject = Readonly<Record<string, string>> & {
  /** Its events are told in order. It takes what was told of it along when it is deleted; so does a document. */
  readonly conversation_id?: string;
  readonly document_id?: string;
};
