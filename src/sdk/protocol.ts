/**
 * The frames as a client reads and writes them. Their shapes are the server's own (`frames.ts` is made from the schemas that
 * validate them); of what comes in only the members without which a frame means nothing are taken for granted, since a client
 * may be a version behind its server, or ahead.
 */
import type * as wire from './frames.js';

/** `Frame` with `Members` for sure and all others perhaps. */
type Needs<Frame extends { type: string }, Members extends keyof Frame = 'type'> = Pick<Frame, Members | 'type'> &
  Partial<Frame>;

type Loosely<T> = { [K in keyof T]?: T[K] | null };

/** A numbered source of an answer. */
export type Citation = Loosely<Omit<wire.Citation, 'n'>> & { readonly n: number };

export type MessageRole = wire.Message['role'];

export interface Payload {
  readonly payload_type: string;
  readonly items: unknown[];
}

export interface MessageMetadata extends Omit<
  Loosely<wire.Message['metadata']>,
  'agents' | 'citations' | 'replaces' | 'sections'
> {
  readonly agents?: unknown[];
  readonly sections?: { readonly agent: string; readonly name: string; readonly offset: number }[];
  readonly citations?: Citation[];
  /** Answers whose place this one has taken. */
  readonly replaces?: readonly string[];
}

/** A message as it is kept, by the names of REST. */
export interface StoredMessage {
  readonly id: string;
  readonly role: MessageRole;
  /** Markdown. */
  readonly content: string;
  readonly turn_id?: string | null;
  readonly seq?: number;
  /** Sanitised HTML. */
  readonly content_html?: string | null;
  readonly payloads?: Payload[] | null;
  readonly metadata?: MessageMetadata | null;
  readonly created_at?: string;
}

export type DoneStatus = wire.DoneFrame['status'];

/** What a client sends of a `user_message`: with an id of its own, so that sending it again is no second message. */
export interface UserMessageFrame {
  type: 'user_message';
  content: string;
  conversation_id: string;
  client_message_id: string;
}

export type ClientFrame = Exclude<wire.ClientFrame, wire.UserMessageFrame> | UserMessageFrame;

/** Members that any frame of a conversation may carry; direct answers have no `seq`. */
interface OfConversation {
  conversation_id?: string;
  /** null in the ack of a message that a person will answer. */
  turn_id?: string | null;
  seq?: number;
  ref?: string;
}

export type TurnFault = Loosely<NonNullable<wire.DoneFrame['error']>>;

/** The turn that runs, or ran last, as `context_restored` tells it. */
export type RestoredTurn = Omit<
  Loosely<NonNullable<wire.ContextRestoredFrame['turn']>>,
  'turn_id' | 'status' | 'error'
> & {
  readonly turn_id: string;
  readonly status: string;
  readonly error?: TurnFault | null;
};

/** What this client understands, also where the server it talks to does not send it yet. */
type LaterFrame = { type: 'input_required'; interrupt_id?: string; kind?: string; prompt?: string };

export type ServerFrame = OfConversation &
  (
    | Needs<wire.ReadyFrame>
    | Needs<wire.AckFrame>
    | (Omit<Needs<wire.TurnFrame>, 'status'> & { status: string })
    | (Omit<Needs<wire.StatusFrame, 'step'>, 'agent' | 'agent_name' | 'tool'> & {
        agent?: string | null;
        agent_name?: string | null;
        tool?: string | null;
        degraded?: boolean;
      })
    | Needs<wire.TokenFrame, 'content' | 'offset'>
    | Needs<wire.PayloadFrame, 'payload_type' | 'items'>
    | ({ type: 'message' } & Omit<StoredMessage, 'turn_id'>)
    | {
        type: 'context_restored';
        summary?: string | null;
        messages?: StoredMessage[];
        last_seq?: number;
        turn?: RestoredTurn | null;
        snapshot?: boolean;
      }
    | { type: 'done'; status: DoneStatus; error?: TurnFault | null }
    | (Omit<Needs<wire.ErrorFrame, 'message'>, 'code' | 'retry_after_ms'> & {
        code: string;
        retry_after_ms?: number | null;
      })
    | Needs<wire.EscalationFrame>
    | Needs<wire.ConversationFrame>
    | Needs<wire.TypingNoticeFrame>
    | { type: 'pong' }
    | { type: 'server_draining' }
    | LaterFrame
  );

/** Reads one text frame; null when it is not an object with a `type` (a newer server's surprise is not an error). */
export function parseServerFrame(data: unknown): ServerFrame | null {
  if (typeof data !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(data);
    const isFrame = typeof frame === 'object' && frame !== null && 'type' in frame && typeof frame.type === 'string';
    return isFrame ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
}

/** A page of a list. */
export interface Page<T> {
  readonly data: T[];
  readonly next_cursor?: string | null;
  readonly has_more?: boolean;
}

export interface Conversation {
  readonly id: string;
  readonly title?: string | null;
  readonly owner?: string;
  readonly status?: string;
  readonly message_count?: number;
  readonly last_interaction_at?: string | null;
  readonly updated_at?: string;
}

/** What is on record of a turn. */
export interface TurnRecord {
  readonly id: string;
  readonly status: string;
  /** What was asked. */
  readonly content?: string | null;
}

/** The passage behind a citation: the citation's members and the text that it was quoted from. */
export type Passage = Citation & {
  readonly content?: string | null;
  /** Where its document stands, for those who may read it there. */
  readonly knowledge_base_id?: string | null;
};
