/**
 * The channels: how people reach the product. A channel parses what a client sends, calls `TurnService` or
 * `ConversationService`, and writes the one stream of conversation events as its client's frames.
 *
 *   socket ── frames ──> websocket/ ──┐                    ┌──> TurnService, ConversationService
 *   POST chat, GET events ──> http/ ──┴── protocol/ (zod) ──┘         │
 *        ▲                                                             │ ConversationEvents, through Subscriber.deliver
 *        └──────────────── EventEncoder (what this reader asked for) <─┘
 *
 * Owns sockets, event streams and presence; stores nothing. A new protocol is a new folder here.
 */
export { ChannelsModule } from './channels.module.js';
export { ChannelsDrain } from './channels-drain.js';
export { ChatSocketAdapter } from './websocket/chat-socket.adapter.js';
export { frameSchemaDocument } from './protocol/frame-schema-document.js';
export { CLIENT_FRAMES } from './protocol/client-frames.js';
export { SERVER_FRAMES } from './protocol/server-frames.js';
