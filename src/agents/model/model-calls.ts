import { type ChatModel, type ChatPurpose, type ChatRequest, type ChatResult, LlmError } from '#llm';
import { DomainError } from '#platform/errors';
import type { z } from 'zod';
import type { TurnUsage } from '../turn/turn-usage.js';

/** The tenant's own limits for a model's answers. */
export interface ModelDefaults {
  readonly temperature?: number;
  readonly maxTokens?: number;
}

/** Answers from facts are to be steady rather than varied. */
const TEMPERATURE = 0.2;
/** A long answer in a chat; a bound also where a model does not find an end. */
const MOST_TOKENS = 1500;

/** Told of a step that the model was asked for and that was decided without it. */
export type OnFallback = (step: ChatPurpose, error: unknown) => void;

/** A chat model for one turn: the tenant's defaults go in, what every call used is told, also of one that fails. */
export class ModelCalls {
  constructor(
    private readonly model: ChatModel,
    private readonly usage: TurnUsage,
    private readonly defaults: ModelDefaults = {},
    private readonly onFallback: OnFallback = () => undefined,
  ) {}

  /** @throws what `ChatModel.stream` throws; LlmError when the model ended without a word (a tool call, a filter) */
  async stream(request: ChatRequest, onText: (text: string) => void, signal: AbortSignal): Promise<ChatResult> {
    const result = await this.usage.metered(request.purpose)((onUsage) =>
      this.model.stream(this.withDefaults(request), onText, signal, onUsage),
    );
    if (result.text.trim() === '') {
      throw new LlmError({ detail: `the answer holds no text (${result.finishReason})` });
    }
    return result;
  }

  /** @throws what `ChatModel.structured` throws */
  async structured<T>(
    request: ChatRequest,
    output: { readonly name: string; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
  ): Promise<T> {
    const result = await this.usage.metered(request.purpose)((onUsage) =>
      this.model.structured(request, output, signal, onUsage),
    );
    return result.value;
  }

  /**
   * As `structured`, but null when the provider answered with something that does not satisfy the schema: then the
   * offline way decides this step, and that is told. A provider that refuses or is away still throws.
   */
  async structuredOrNull<T>(
    request: ChatRequest,
    output: { readonly name: string; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
  ): Promise<T | null> {
    try {
      return await this.structured(request, output, signal);
    } catch (error) {
      if (signal.aborted || !isUnusableAnswer(error)) throw error;
      this.fellBack(request.purpose, error);
      return null;
    }
  }

  /** For an answer that satisfies its schema and cannot be used all the same. */
  fellBack(step: ChatPurpose, error: unknown): void {
    this.onFallback(step, error);
  }

  private withDefaults(request: ChatRequest): ChatRequest {
    const { temperature = TEMPERATURE, maxTokens = MOST_TOKENS } = this.defaults;
    return {
      ...request,
      temperature: request.temperature ?? temperature,
      maxTokens: Math.min(request.maxTokens ?? maxTokens, maxTokens),
    };
  }
}

/** A configured provider failed; what a tenant may choose to degrade on. */
export function isProviderFailure(error: unknown): boolean {
  return error instanceof DomainError && (error.code === 'LLM_ERROR' || error.code === 'LLM_TIMEOUT');
}

/** It answered, without an HTTP error and without breaking off, but not with what was asked for. */
function isUnusableAnswer(error: unknown): boolean {
  return (
    error instanceof DomainError &&
    error.code === 'LLM_ERROR' &&
    'status' in error &&
    error.status === null &&
    !('transient' in error && error.transient === true)
  );
}
