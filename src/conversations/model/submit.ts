import type { AckEvent, TurnStatus } from './conversation-event.js';

/** How a client names a conversation. */
export type ConversationReference =
  | { readonly kind: 'new' }
  | { readonly kind: 'id'; readonly id: string }
  /** The client's own key, unique per user; its first use creates the conversation. */
  | { readonly kind: 'key'; readonly key: string };

export interface SubmitInput {
  readonly conversation: ConversationReference;
  /** As the client sent it, where a channel's default took its place: a repeat is judged by what was sent. */
  readonly conversationAsSent?: ConversationReference;
  /** 1–16,000 UTF-16 units, not only white space; checked by the channel's schema. */
  readonly content: string;
  /** Makes a retry safe; unique per user. */
  readonly clientMessageId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly agent: string | null;
  readonly channel: 'websocket' | 'http' | 'sse' | 'widget' | 'openai';
  /** `cancel`: the turn ends once its last subscriber has gone. */
  readonly onDisconnect: 'continue' | 'cancel';
}

export interface Submitted {
  readonly conversationId: string;
  readonly clientKey: string | null;
  readonly ack: AckEvent;
  /** True for a repeat of a `clientMessageId` that started nothing. */
  readonly repeated: boolean;
  /** null: a person owns the conversation, and no turn answers. */
  readonly turnStatus: TurnStatus | null;
}
