import { type z } from 'zod';
import { asError } from '#platform/errors';
import { CallMeter } from './call-meter.js';
import {
  type ChatMessage,
  ChatModel,
  type ChatRequest,
  type ChatResult,
  type StructuredResult,
} from './chat-model.port.js';
import { ChatStreamParser, finishReasonOf, StreamFault } from './chat-stream.parser.js';
import { type UsageSink } from './llm-usage.js';
import { LlmError } from './llm.errors.js';
import { type ProviderConnection } from './provider-connection.js';
import { withRetry } from './retry.js';
import { type CountedTokens } from './usage.js';

/** UTF-16 units of an answer when the request sets no bound. */
const LONGEST_TEXT = 400_000;
/** Servers are updated: what one could not do is asked for again after a while. */
const REMEMBERED_MS = 600_000;

/**
 * The fast reader: streams the answer of an OpenAI-wire endpoint straight from the socket to a callback, at a tenth of
 * the CPU that a framework's stream takes. Structured calls are `structuredModel`'s.
 */
export class OpenAiWireChatModel extends ChatModel {
  readonly provider: string;
  readonly model: string;
  /** Until when a server that refused to report usage is not asked to; `performance.now()`. */
  private usageRefusedUntil = 0;

  constructor(
    private readonly connection: ProviderConnection,
    private readonly structuredModel: Pick<ChatModel, 'structured'>,
  ) {
    super();
    this.provider = connection.endpoint.provider;
    this.model = connection.endpoint.model;
  }

  override async stream(
    request: ChatRequest,
    onText: (text: string) => void,
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<ChatResult> {
    let shown = false;
    const show = (text: string): void => {
      shown = true;
      onText(text);
    };
    const parser = await withRetry(
      () => this.attempt(request, show, signal, onUsage),
      () => !shown,
      signal,
    );
    return { text: parser.text, finishReason: finishReasonOf(parser.finishReason) };
  }

  override structured<T>(
    request: ChatRequest,
    output: { readonly name: string; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<StructuredResult<T>> {
    return this.structuredModel.structured(request, output, signal, onUsage);
  }

  private async attempt(
    request: ChatRequest,
    onText: (text: string) => void,
    signal: AbortSignal,
    onUsage: UsageSink,
    withUsage = performance.now() >= this.usageRefusedUntil,
  ): Promise<ChatStreamParser> {
    const parser = new ChatStreamParser(onText, longestText(request));
    const meter = new CallMeter(
      { kind: 'chat', endpoint: this.connection.endpoint, input: () => sentText(request.messages) },
      onUsage,
    );
    const body = JSON.stringify(this.body(request, withUsage));
    try {
      await this.connection.post(
        { path: '/chat/completions', body, accept: 'text/event-stream' },
        {
          onSent: () => meter.sent(),
          onHead: () => meter.answered(),
          onData: (chunk) => {
            parser.push(chunk);
            return parser.done ? 'complete' : parser.finishReason === null ? 'open' : 'closing';
          },
        },
        signal,
      );
      parser.end();
      if (!parser.complete) throw new StreamFault('the stream ended without a finish reason and without [DONE]');
    } catch (error) {
      meter.broken(error, counted(parser), parser.text);
      if (withUsage && isUsageRefusal(error)) {
        const answered = await this.attempt(request, onText, signal, onUsage, false);
        this.usageRefusedUntil = performance.now() + REMEMBERED_MS;
        return answered;
      }
      if (this.connection.parameters.learn(error)) return this.attempt(request, onText, signal, onUsage, withUsage);
      throw error instanceof StreamFault ? this.connection.fault(error.message) : asError(error);
    }
    meter.completed(counted(parser), parser.text);
    return parser;
  }

  private body(request: ChatRequest, withUsage: boolean): Record<string, unknown> {
    const { endpoint, parameters } = this.connection;
    return {
      model: endpoint.model,
      messages: request.messages,
      stream: true,
      ...(withUsage ? { stream_options: { include_usage: true } } : {}),
      ...parameters.of(request),
    };
  }
}

function counted({ usage }: ChatStreamParser): CountedTokens {
  return { input: usage?.prompt_tokens, output: usage?.completion_tokens };
}

/** All that was said to the model, for an estimate. */
export function sentText(messages: readonly ChatMessage[]): string {
  return messages.map((message) => message.content).join('\n');
}

/** UTF-16 units: far above what `maxTokens` allows, so that only a provider that ignores it is cut off. */
export function longestText(request: ChatRequest): number {
  return request.maxTokens === undefined ? LONGEST_TEXT : Math.min(LONGEST_TEXT, 2000 + request.maxTokens * 50);
}

function isUsageRefusal(error: unknown): boolean {
  return error instanceof LlmError && error.status === 400 && error.detail.includes('stream_options');
}
