import { setImmediate as nextTurn } from 'node:timers/promises';
import { ChatModel, type ChatRequest, type ChatResult, type StructuredResult } from './chat-model.port.js';
import { type UsageSink } from './llm-usage.js';
import { LlmError } from './llm.errors.js';

/**
 * `LLM_PROVIDER=echo`: answers with the last user message, word by word, for tests of sockets and clients. It knows no
 * structured output; `LlmService.info().structured` is false, and the agents route and extract without a model.
 */
export class EchoChatModel extends ChatModel {
  readonly provider = 'echo';
  readonly model = 'echo';

  override async stream(
    request: ChatRequest,
    onText: (text: string) => void,
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<ChatResult> {
    signal.throwIfAborted();
    const text = request.messages.findLast((message) => message.role === 'user')?.content ?? '';
    const pieces = text.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
    const inputTokens = request.messages.reduce((sum, message) => sum + countWords(message.content), 0);
    let outputTokens = 0;
    try {
      for (const piece of pieces) {
        onText(piece);
        outputTokens++;
        await nextTurn();
        signal.throwIfAborted();
      }
    } finally {
      onUsage({ kind: 'chat', inputTokens, outputTokens, costUsd: 0, model: this.model, estimated: false });
    }
    return { text: pieces.join(''), finishReason: 'stop' };
  }

  override structured<T>(): Promise<StructuredResult<T>> {
    return Promise.reject(new LlmError({ detail: 'echo has no structured output', retryable: false }));
  }
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
