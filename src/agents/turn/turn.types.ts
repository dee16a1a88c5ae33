/** One earlier message as the model may see it, oldest first. */
export interface HistoryMessage {
  readonly role: 'user' | 'assistant' | 'supporter' | 'system';
  readonly content: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Everything the graph needs to know of a turn; read before it starts, so that no connection is held while it runs. */
export interface TurnInput {
  readonly turnId: string;
  readonly conversationId: string;
  /** The user's message; also the stable part of tool calls' idempotency keys, since a repeat keeps it. */
  readonly messageId: string;
  /** Counts the turns of this message, from 1. */
  readonly attempt: number;
  /** Counts how often this turn was begun, from 1: more than one after its process died. */
  readonly start: number;
  readonly content: string;
  /** The last messages, already cut to `history_messages`; the runtime cuts further by the token window. */
  readonly history: readonly HistoryMessage[];
  /** An agent's key when the client skips routing. */
  readonly agent: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A numbered source of an answer, as the contract shows it. */
export interface Citation {
  readonly n: number;
  readonly document_id: string;
  readonly chunk_id: string;
  readonly title: string;
  readonly page: number | null;
  readonly section: string | null;
  readonly url: string | null;
  readonly score: number;
  readonly quote: string;
}

export interface AnswerPayload {
  readonly payload_type: string;
  readonly items: readonly unknown[];
  /** Its place in the text: UTF-16 units of the answer before it. */
  readonly offset: number;
}

/**
 * What a completed turn leaves behind; `conversations` stores it and puts the contract's metadata together. What it cost is
 * not here but in the `usage` events, which every turn has, however it ends.
 */
export interface TurnAnswer {
  /** Markdown; exactly the concatenation of the `token` events. */
  readonly content: string;
  readonly payloads: readonly AnswerPayload[];
  /** `chitchat`, `qa`, `unclear`, `human_request`, or an agent's key. */
  readonly intent: string;
  readonly intents: readonly { readonly agent: string; readonly text: string }[];
  /** Keys of the agents that answered, in the order of their sections. */
  readonly agents: readonly string[];
  /** The same agents as far as they wrote: what people call them, and where in the text (UTF-16 units) each one begins. */
  readonly sections: readonly AnswerSection[];
  /** BCP 47 language of the message. */
  readonly language: string;
  readonly citations: readonly Citation[];
  /** Ids of all the passages that the answer was written from. */
  readonly sourceChunks: readonly string[];
  readonly degraded: boolean;
  /** What its parts asked for, in the order of their sections, one for each agent at most; the next message goes on from there. */
  readonly awaiting: readonly AwaitingInput[];
  /** Why a person is wanted, when one is. */
  readonly humanRequested: { readonly reason: string } | null;
  /** Tools whose results call for a person. */
  readonly personCalls?: readonly PersonCall[];
  /** Parts of the message that no agent could answer. */
  readonly failedParts?: number;
  /** Milliseconds by step, for the turn's record. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface AnswerSection {
  readonly agent: string;
  readonly name: string;
  readonly offset: number;
}

/** A tool says that this is a case for a person. */
export interface PersonCall {
  readonly tool: string;
  readonly reason: string;
  readonly skill: string | null;
}

/** A part of a message and the agent that answers it. */
export interface Intent {
  readonly agent: string;
  /** In the user's own words. */
  readonly text: string;
  /** What to search for, complete without the conversation; absent: nobody has written it yet. */
  readonly query?: string;
  /** The message is for another who asked: what this agent asked for beside that is asked for again. */
  readonly asksAgain?: boolean;
}

export interface AwaitingInput {
  readonly agent: string;
  readonly tool: string;
  /** Entities found so far. */
  readonly entities: Readonly<Record<string, unknown>>;
  readonly missing: readonly string[];
  /** Nothing is missing but a yes. `missing` then names what a correction would be of. */
  readonly confirm?: boolean;
  /** Names of entities that nobody gave and that the tenant has of the caller: a no is to them alone. */
  readonly offered?: readonly string[];
  /** What the same tool is to be called with afterwards. */
  readonly further?: readonly Readonly<Record<string, unknown>>[];
}
