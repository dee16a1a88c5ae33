import type { z } from 'zod';
import type { UsageSink } from './llm-usage.js';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What a call is for: names the step in logs, usage rows and traces. */
export type ChatPurpose = 'route' | 'extract' | 'grade' | 'rewrite' | 'answer' | 'title' | 'summarize';

export interface ChatRequest {
  readonly purpose: ChatPurpose;
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number;
  /** Upper bound of the answer, in tokens. */
  readonly maxTokens?: number;
}

export interface ChatResult {
  readonly text: string;
  readonly finishReason: 'stop' | 'length' | 'content_filter' | 'other';
}

export interface StructuredResult<T> {
  readonly value: T;
}

/**
 * A chat model of one provider. Every adapter passes `test/support/chat-model.conformance.ts`.
 *
 * Errors are `LlmError`s (`llm.errors.ts`): the provider refused, sent garbage, or a deadline passed (`LLM_TIMEOUT`);
 * an aborted signal rejects with the signal's reason within 1 s and the upstream request is closed.
 *
 * What a call cost is told to `onUsage`, never returned: a call that fails or is aborted in the middle is paid for too.
 * It is told once for each request that the provider worked on (a retry, a repair are requests of their own), before the
 * promise settles; nothing for a request that was refused or never sent.
 */
export abstract class ChatModel {
  abstract readonly provider: string;
  abstract readonly model: string;

  /** Streams an answer. `onText` is called synchronously with each piece of text, in order, never with an empty one. */
  abstract stream(
    request: ChatRequest,
    onText: (text: string) => void,
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<ChatResult>;

  /**
   * One value that satisfies `schema`. Tried as json_schema, then as a tool call, then as JSON in text; what an endpoint
   * could not do is remembered. A value that does not satisfy the schema after that is an `LlmError`.
   */
  abstract structured<T>(
    request: ChatRequest,
    output: { readonly name: string; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<StructuredResult<T>>;
}
