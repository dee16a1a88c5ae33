import type { z } from 'zod';

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

export interface LlmUsage {
  /** Tokens, as the provider counted them; estimated where it does not say. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** US dollars; null where the model's price is not known. */
  readonly costUsd: number | null;
  readonly model: string;
}

export interface ChatResult {
  readonly text: string;
  readonly usage: LlmUsage;
  readonly finishReason: 'stop' | 'length' | 'content_filter' | 'other';
}

export interface StructuredResult<T> {
  readonly value: T;
  readonly usage: LlmUsage;
}

/**
 * A chat model of one provider. Every adapter passes `test/support/chat-model.conformance.ts`.
 *
 * Errors are `LlmError`s (`llm.errors.ts`): the provider refused, sent garbage, or a deadline passed (`LLM_TIMEOUT`);
 * an aborted signal rejects with the signal's reason within 1 s and the upstream request is closed.
 */
export abstract class ChatModel {
  abstract readonly provider: string;
  abstract readonly model: string;

  /** Streams an answer. `onText` is called synchronously with each piece of text, in order, never with an empty one. */
  abstract stream(request: ChatRequest, onText: (text: string) => void, signal: AbortSignal): Promise<ChatResult>;

  /**
   * One value that satisfies `schema`. Tried as json_schema, then as a tool call, then as JSON in text; what an endpoint
   * could not do is remembered. A value that does not satisfy the schema after that is an `LlmError`.
   */
  abstract structured<T>(
    request: ChatRequest,
    output: { readonly name: string; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
  ): Promise<StructuredResult<T>>;
}
