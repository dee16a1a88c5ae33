/**
 * Conversations, messages and turns: their rows, which turn runs where, and the live streams.
 *
 *   channel ── submit(ctx, input, subscriber) ──▶ turns/TurnService ── commit 1 ──▶ store/ ──▶ Postgres
 *                                                   │ ack to the subscriber, question to the others
 *                                                   ▼
 *                      turns/TurnScheduler ◀── app.look_after, a tick: what waits, what a dead owner left, what was lost
 *                                                   │ start
 *                                                   ▼
 *         turns/TurnRunner, TurnExecutor ── AgentRuntime.run ── TurnEvents ──▶ live/ConversationStream ──▶ subscribers
 *                                                   │ commit 2 (fenced), then `message` and `done`
 *
 *   model/   events, errors, what a message is        store/   rows and their SQL
 *   live/    readers of this instance, catching up from the rows (CatchUp), words between instances (TurnRelay)
 *   turns/   accept, schedule, run, settle, stop      rest/    reading and changing conversations
 *   feedback/  thumbs on answers                      staff/   conversations of all users, for staff
 *   people/  who answers: the agent or a person, and what people say
 *   events/  what the tenant's servers are told of these
 *
 * Folders import to the left and above: people ─▶ turns ─▶ live ─▶ store ─▶ model. The module of people stands above this one and
 * registers what it knows (model/PeopleRegistry). Nothing flows back: a channel hands in a subscriber
 * and is called; it never asks how a turn is going. What other instances do arrives as rows; the bus only says when to look.
 */
export type * from './model/conversation-event.js';
export type { ConversationReference, Submitted, SubmitInput } from './model/submit.js';
export { commentSchema, ratingSchema } from './feedback/feedback.dto.js';
export { FeedbackService } from './feedback/feedback.service.js';
export { ConversationChanged } from './model/conversation.events.js';
export { ConversationClosedError, ConversationNotFoundError } from './model/errors.js';
export {
  type AnsweredTurn,
  type HandoverDecision,
  type PeopleBehind,
  PeopleRegistry,
  type PeopleState,
} from './model/people-registry.js';
export { HandoverNews, type PeopleChange } from './people/handover-news.js';
export { HandoverService } from './people/handover.service.js';
export { forgetSupporter } from './people/forget-supporter.js';
export { PastExchanges } from './people/past-exchanges.js';
export { type Suggestion, Suggestions } from './people/suggestions.js';
export { Typing } from './live/typing.js';
export { TurnService } from './turns/turn.service.js';
export { ConversationService } from './rest/conversation.service.js';
export { citationSchema, messageSchema, usageSchema } from './rest/conversation.dto.js';
export { ConversationsModule } from './conversations.module.js';
