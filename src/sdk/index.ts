/**
 * The conversation as a library for browsers, and whatever else has `WebSocket` and `fetch`; nothing but itself is in it.
 *
 *   const chat = new Chat({ url: 'https://chat.example.com', token });
 *   chat.subscribe(() => render(chat.snapshot.conversation.items));
 *   chat.start(null);
 *   chat.send('Where is my order?');
 *
 *   Connection ──frames──▶ Chat ──▶ reduce (conversation-state) ──▶ snapshot
 *                           │ ▲
 *                    Outbox ┘ └ Conversations (REST)
 *
 * `Connection` signs in, renews and comes back; `Chat` sends each message until the server has answered and resumes what was
 * missed; the reducer applies every frame by identity, so that repeats change nothing and `text.slice(0, offset) + content` is
 * the text. The console and the widget stand on it. It imports nothing of the server.
 */
export { Chat, type ChatOptions, type ChatSnapshot } from './chat.js';
export { Connection, type ConnectionOptions, type ConnectionStatus, type SocketLike } from './connection.js';
export {
  type Action,
  activeTurn,
  agentLabel,
  agentsOf,
  type ConversationState,
  emptyConversation,
  isSettled,
  type Item,
  type NoteView,
  reduce,
  type Step,
  type TurnError,
  type TurnStatus,
  type TurnView,
} from './conversation-state.js';
export { Conversations } from './conversations.js';
export { Outbox } from './outbox.js';
export { type Escalation, type People, type Typing } from './people.js';
export type * from './protocol.js';
export { parseServerFrame } from './protocol.js';
export { RenewedToken } from './renewed-token.js';
export { call, json, pageQuery, problemMessage, RestClient, RestError, type TokenSource } from './rest.js';
export { Session, type SessionOptions, type TokenAnswer, type Tokens, type User } from './session.js';
export { type KeyValueStore, MemoryStore } from './store.js';
