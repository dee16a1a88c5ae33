import type { AnswerPayload, Citation, StatusStep } from '#agents';
import type { ErrorCode } from '#platform/errors';

/**
 * What subscribers of a conversation get, in the contract's own names (PROTOCOL §1). A channel adds only what belongs to one
 * reader (`session_id`, `ref`, HTML form) and leaves out what it did not ask for.
 *
 * Stored events (`message`, and the `error` and `done` that end a turn) are strictly ordered by `seq`; the others are live
 * and are told anew to whoever comes late. Direct answers (`ack`, `context_restored`) carry no `seq`.
 */
export type ConversationEvent =
  | AckEvent
  | TurnStateEvent
  | StatusEvent
  | TokenEvent
  | PayloadEvent
  | MessageEvent
  | ErrorEvent
  | DoneEvent
  | ContextRestoredEvent
  | StateEvent
  | EscalationEvent
  | TypingEvent;

interface InConversation {
  readonly conversation_id: string;
  /** An opaque, comparable cursor within the conversation, with gaps. */
  readonly seq: number;
}
interface InTurn extends InConversation {
  readonly turn_id: string;
}

/** To the sender alone: committed, and cannot be lost from here on. */
export interface AckEvent {
  readonly type: 'ack';
  readonly client_message_id: string | null;
  readonly message_id: string;
  /** null: a person owns the conversation; no turn answers. */
  readonly turn_id: string | null;
  readonly conversation_id: string;
}
/** A turn waits, starts, or starts again after its process died. */
export interface TurnStateEvent extends InTurn {
  readonly type: 'turn';
  readonly status: 'queued' | 'running';
  /** Counts the turns of one question. */
  readonly attempt: number;
  /** Counts how often this turn was begun: 1, one more for each take-over. */
  readonly start: number;
  readonly question_id: string;
  /** The id that the answer's `message` will have. */
  readonly answer_id: string;
  readonly agent: string | null;
}
export interface StatusEvent extends InTurn {
  readonly type: 'status';
  readonly step: StatusStep;
  readonly message: string;
  readonly agent?: string;
  readonly agent_name?: string;
  readonly tool?: string;
}
export interface TokenEvent extends InTurn {
  readonly type: 'token';
  readonly role: 'assistant';
  readonly content: string;
  /** UTF-16 units of the turn's answer before this text. */
  readonly offset: number;
}
export interface PayloadEvent extends InTurn, AnswerPayload {
  readonly type: 'payload';
}
export interface MessageEvent extends MessageView {
  readonly type: 'message';
}
/** Why a turn failed; `scope` tells it from the refusal of a frame. */
export interface ErrorEvent extends InTurn {
  readonly type: 'error';
  readonly scope: 'turn';
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retry_after_ms?: number;
  readonly client_message_id?: string;
}
export type TurnStatus = 'queued' | 'running' | 'input_required' | 'completed' | 'failed' | 'cancelled' | 'handed_off';

export interface TurnErrorView {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}
export interface DoneEvent extends InTurn {
  readonly type: 'done';
  readonly status: 'completed' | 'failed' | 'cancelled' | 'input_required' | 'handed_off';
  readonly usage: UsageView | null;
  /** Only when failed. */
  readonly error?: TurnErrorView;
}
export interface ContextRestoredEvent {
  readonly type: 'context_restored';
  readonly conversation_id: string;
  readonly summary: string | null;
  readonly messages: readonly MessageView[];
  readonly last_seq: number;
  readonly turn: {
    readonly turn_id: string;
    readonly status: TurnStatus;
    readonly attempt: number;
    readonly start: number;
    readonly answer_id: string;
    readonly agent: string | null;
    readonly text: string;
    readonly error: TurnErrorView | null;
  } | null;
  readonly snapshot: boolean;
}

/** Who answers, and what the conversation is called: told when one of them changes. */
export interface StateEvent extends InConversation {
  readonly type: 'conversation';
  readonly owner: 'agent' | 'human';
  readonly status: 'active' | 'ended';
  readonly title: string;
  readonly supporter: { readonly name: string } | null;
}
/** How far a wish for a person has come. */
export interface EscalationEvent extends InConversation, EscalationState {
  readonly type: 'escalation';
}
export interface EscalationState {
  readonly escalation_id: string;
  readonly status: 'waiting' | 'assigned' | 'returned' | 'resolved' | 'closed';
  /** Of those that wait, from 1. */
  readonly position: number | null;
  readonly eta_s: number | null;
  readonly reason: string;
  readonly supporter: { readonly name: string } | null;
  /** Nobody is there: an address can be left. */
  readonly contact_form: boolean;
  /** To supporters only. */
  readonly user?: { readonly id: string; readonly name: string };
  readonly summary?: object;
  readonly skill?: string | null;
  readonly waiting_since?: string;
}
/** Never stored, and without a number: whoever comes late misses nothing. */
export interface TypingEvent {
  readonly type: 'typing';
  readonly conversation_id: string;
  readonly on: boolean;
  readonly from: 'agent' | 'supporter' | 'user';
  readonly name: string | null;
}

export interface UsageView {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: number | null;
  readonly model: string;
}

/** A stored message as the contract shows it (PROTOCOL §2). */
export interface MessageView {
  readonly id: string;
  readonly message_id: string;
  readonly conversation_id: string;
  readonly turn_id: string | null;
  readonly seq: number;
  readonly role: 'user' | 'assistant' | 'supporter' | 'system';
  readonly content: string;
  readonly content_html: string;
  readonly payload_type: string | null;
  readonly payloads: readonly AnswerPayload[];
  readonly tokens_used: number | null;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly citations?: readonly Citation[] };
  readonly created_at: string;
}

/** One reader of a conversation: a socket, an SSE response, a waiting HTTP request. */
export interface Subscriber {
  readonly id: string;
  /** Whose it is; it is not told what the same person is typing. */
  readonly principalId?: string;
  /** Called in order. Must neither block nor throw: it runs on the token path of everybody who listens. */
  deliver(event: ConversationEvent): void;
}
