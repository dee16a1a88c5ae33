/**
 * Conversations, messages and turns. Owns their rows, the leases, the event log and the live streams.
 *
 *   channel ── submit(ctx, input, subscriber) ──> TurnService ── tx 1 ──> Postgres
 *                                                  │ ack to the subscriber, question to the others
 *                                                  ▼
 *                                            TurnExecution ── AgentRuntime.run(…) ── TurnEvents ──> ConversationStream ──> subscribers
 *                                                  │ tx 2 (fenced), then `message` and `done`
 *
 * Nothing flows back: a channel hands in a subscriber and is called; it never asks how a turn is going.
 */
export type * from './conversation-event.js';
export type { ConversationReference, Submitted, SubmitInput } from './turn.types.js';
export { TurnService } from './turn.service.js';
export { ConversationService } from './conversation.service.js';
export { messageSchema, usageSchema } from './conversation.dto.js';
export { ConversationsModule } from './conversations.module.js';
