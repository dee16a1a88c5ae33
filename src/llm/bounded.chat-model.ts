import type { z } from 'zod';
import { ChatModel, type ChatRequest, type ChatResult, type StructuredResult } from './chat-model.port.js';
import type { UsageSink } from './llm-usage.js';

/** A model whose answers are at most so long, whoever asks: the operator's ceiling for a tenant. */
export class BoundedChatModel extends ChatModel {
  constructor(
    private readonly inner: ChatModel,
    private readonly mostTokens: number,
  ) {
    super();
  }

  override get provider(): string {
    return this.inner.provider;
  }

  override get model(): string {
    return this.inner.model;
  }

  override stream(
    request: ChatRequest,
    onText: (text: string) => void,
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<ChatResult> {
    return this.inner.stream(this.bounded(request), onText, signal, onUsage);
  }

  override structured<T>(
    request: ChatRequest,
    output: { readonly name: string; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<StructuredResult<T>> {
    return this.inner.structured(this.bounded(request), output, signal, onUsage);
  }

  private bounded(request: ChatRequest): ChatRequest {
    const { maxTokens = this.mostTokens } = request;
    return { ...request, maxTokens: Math.min(maxTokens, this.mostTokens) };
  }
}
