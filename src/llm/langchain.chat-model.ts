import type { BaseMessageLike } from '@langchain/core/messages';
import type { ChatOpenAICompletions } from '@langchain/openai';
import { type z } from 'zod';
import { CallMeter } from './call-meter.js';
import {
  type ChatMessage,
  ChatModel,
  type ChatRequest,
  type ChatResult,
  type StructuredResult,
} from './chat-model.port.js';
import { finishReasonOf } from './chat-stream.parser.js';
import { type UsageSink } from './llm-usage.js';
import { LlmError } from './llm.errors.js';
import { longestText, sentText } from './openai-wire.chat-model.js';
import { type ProviderConnection } from './provider-connection.js';
import { ProviderFetch } from './provider-fetch.js';
import { withRetry } from './retry.js';
import { StorableText } from './storable-text.js';
import { StructuredMethods, type Method } from './structured-methods.js';
import { type Checked, checkAnswer, outputSchema, type OutputSchema, textInstruction } from './structured-output.js';
import { type CountedTokens } from './usage.js';

type CallOptions = NonNullable<Parameters<ChatOpenAICompletions['invoke']>[1]>;

/** What came back so far, for the bill. */
interface Heard {
  text: string;
  counted: CountedTokens;
}

interface Asked {
  readonly request: ChatRequest;
  readonly onUsage: UsageSink;
  readonly name: string;
  readonly schema: OutputSchema;
}

/** Refusals that may mean "I cannot do that", not "I cannot now". */
const NOT_SUPPORTED = new Set([400, 404, 405, 415, 422, 501]);

/**
 * The port over LangChain's `ChatOpenAI`: structured output with its fall-backs, and the answer's stream where the fast
 * reader is switched off. It talks through `ProviderFetch`, so deadlines, abort, limits, retries and keys are the same.
 *
 * The completions class is used by name: `ChatOpenAI` itself moves some models to the Responses API, which compatible
 * servers lack.
 */
export class LangChainChatModel extends ChatModel {
  readonly provider: string;
  readonly model: string;
  /** What this endpoint and model could do lately. */
  private readonly methods = new StructuredMethods();

  constructor(private readonly connection: ProviderConnection) {
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
    const attempt = () =>
      this.call({ request, onUsage }, signal, async (chat, heard) => {
        const longest = longestText(request);
        let finish: string | null = null;
        const storable = new StorableText();
        const show = (piece: string): void => {
          if (piece === '') return;
          heard.text += piece;
          if (heard.text.length > longest) throw this.connection.fault(`the answer passed ${longest} characters`);
          shown = true;
          callback(onText, piece);
        };
        for await (const chunk of await chat.stream(toLangChain(request.messages), { signal })) {
          show(storable.push(chunk.text));
          const reason: unknown = chunk.response_metadata['finish_reason'];
          if (typeof reason === 'string') finish = reason;
          const usage = chunk.usage_metadata;
          if (usage !== undefined) heard.counted = { input: usage.input_tokens, output: usage.output_tokens };
        }
        show(storable.end());
        // The SDK takes any end of the body for the end of the answer.
        if (finish === null) throw this.connection.fault('the stream ended without a finish reason');
        return { text: heard.text, finishReason: finishReasonOf(finish) };
      });
    return withRetry(attempt, () => !shown, signal);
  }

  override async structured<T>(
    request: ChatRequest,
    output: { readonly name: string; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<StructuredResult<T>> {
    const asked: Asked = { request, onUsage, name: output.name, schema: outputSchema(output.schema) };
    const begun = performance.now();
    const refused: Method[] = [];
    let last: LlmError | null = null;
    for (const method of this.methods.usable(begun)) {
      let answer: string;
      try {
        answer = await this.ask(asked, method, signal);
      } catch (error) {
        if (!(error instanceof LlmError) || error.status === null || !NOT_SUPPORTED.has(error.status)) throw error;
        refused.push(method);
        last = error;
        continue;
      }
      // Only now is it known that the method was refused and not the request.
      for (const item of refused) this.methods.failed(item, begun);
      return this.checked(asked, method, answer, output.schema, signal);
    }
    throw last ?? this.connection.fault('no way to ask for structured output is left');
  }

  /** The value of an answer; one repair when it is not valid. */
  private async checked<T>(
    asked: Asked,
    method: Method,
    answer: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<StructuredResult<T>> {
    const begun = performance.now();
    const first = checkAnswer(answer, schema);
    if (first.ok) {
      this.methods.worked(method);
      return { value: first.value };
    }
    const repaired = await this.ask({ ...asked, request: repairRequest(asked, answer, first) }, method, signal);
    const second = checkAnswer(repaired, schema);
    if (second.ok) return { value: second.value };
    // A server that takes the parameter and ignores it.
    if (!first.json) this.methods.failed(method, begun);
    throw this.connection.fault(`the ${asked.name} value is not valid after a repair: ${second.problem}`);
  }

  /** @returns the words of the answer */
  private ask(asked: Asked, method: Method, signal: AbortSignal): Promise<string> {
    const { request, name, onUsage, schema } = asked;
    const messages =
      method === 'text' ? withInstruction(request.messages, textInstruction(name, schema.json)) : request.messages;
    const attempt = () =>
      this.call(
        { request: { ...request, messages }, onUsage },
        signal,
        async (chat, heard) => {
          const options = method === 'tool' ? toolOptions(name, schema) : {};
          const reply = await chat.invoke(toLangChain(messages), { signal, ...options });
          const call: unknown = reply.tool_calls?.find((item) => item.name === name)?.args;
          const badCall = reply.invalid_tool_calls?.find((item) => item.name === name)?.args;
          heard.text = call === undefined ? (badCall ?? reply.text) : JSON.stringify(call);
          heard.counted = { input: reply.usage_metadata?.input_tokens, output: reply.usage_metadata?.output_tokens };
          return heard.text;
        },
        method === 'json_schema' ? responseFormat(name, schema) : {},
      );
    return withRetry(attempt, () => true, signal);
  }

  /**
   * One call of the SDK. A model object per call costs little beside the request and binds its transport to this turn's
   * signal, which LangChain alone does not carry to the socket in every path.
   */
  private async call<T>(
    { request, onUsage }: { readonly request: ChatRequest; readonly onUsage: UsageSink },
    signal: AbortSignal,
    run: (chat: ChatOpenAICompletions, heard: Heard) => Promise<T>,
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<T> {
    signal.throwIfAborted();
    const { endpoint, parameters } = this.connection;
    const { model, baseUrl } = endpoint;
    const { ChatOpenAICompletions: Chat } = await loadLangChain();
    const heard: Heard = { text: '', counted: { input: null, output: null } };
    const meter = new CallMeter({ kind: 'chat', endpoint, input: () => sentText(request.messages) }, onUsage);
    // Below the SDK, whose own idea of what a model takes is made from names alone.
    const transport = new ProviderFetch(this.connection, signal, meter, { ...parameters.of(request), ...extra });
    const chat = new Chat({
      model,
      // Never left to the SDK, which would take OPENAI_API_KEY from the environment and send it to any base URL.
      apiKey: 'set-by-the-transport',
      maxRetries: 0,
      streamUsage: true,
      // Its log would print what people wrote.
      configuration: { baseURL: baseUrl, fetch: transport.fetch, organization: null, project: null, logLevel: 'off' },
    });
    try {
      const result = await run(chat, heard);
      meter.completed(heard.counted, heard.text);
      return result;
    } catch (error) {
      meter.broken(transport.fault ?? error, heard.counted, heard.text);
      signal.throwIfAborted();
      if (error instanceof CallbackError) throw error.cause;
      if (parameters.learn(transport.fault)) return await this.call({ request, onUsage }, signal, run, extra);
      if (transport.fault !== null) throw transport.fault;
      if (error instanceof LlmError) throw error;
      throw this.connection.fault(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    } finally {
      transport.close();
    }
  }
}

/** Keeps an error of our caller apart from the SDK's. */
class CallbackError extends Error {}

function callback(onText: (text: string) => void, piece: string): void {
  try {
    onText(piece);
  } catch (error) {
    throw new CallbackError('the text callback threw', { cause: error });
  }
}

/** Loaded on first use: a process without a provider, or with its own reader only, does without the SDK's 300 ms. */
export function loadLangChain(): Promise<typeof import('@langchain/openai')> {
  return import('@langchain/openai');
}

/** Added below the SDK, which would parse the answer itself and lose the words of one that is not JSON. */
function responseFormat(name: string, schema: OutputSchema): Record<string, unknown> {
  const format = { name, schema: schema.json, strict: schema.strict };
  return { response_format: { type: 'json_schema', json_schema: format } };
}

function toolOptions(name: string, schema: OutputSchema): Partial<CallOptions> {
  const description = `Gives the ${name} value.`;
  return {
    tools: [{ type: 'function', function: { name, description, parameters: schema.json } }],
    tool_choice: { type: 'function', function: { name } },
  };
}

function repairRequest(asked: Asked, answer: string, checked: Checked<unknown> & { ok: false }): ChatRequest {
  const instruction = textInstruction(asked.name, asked.schema.json);
  return {
    ...asked.request,
    messages: [
      ...asked.request.messages,
      { role: 'assistant', content: answer.slice(0, 4000) || '(empty)' },
      { role: 'user', content: `That answer is not valid. ${checked.problem}\n${instruction}` },
    ],
  };
}

/** The instruction goes into the system message: some servers allow only one, and only in front. */
function withInstruction(messages: readonly ChatMessage[], instruction: string): ChatMessage[] {
  const [first, ...rest] = messages;
  if (first?.role === 'system') return [{ role: 'system', content: `${first.content}\n\n${instruction}` }, ...rest];
  return [{ role: 'system', content: instruction }, ...messages];
}

function toLangChain(messages: readonly ChatMessage[]): BaseMessageLike[] {
  return messages.map(({ role, content }) => ({ role, content }));
}
