import { z } from 'zod';
import type { ChatModel, ChatRequest } from '../../src/llm/chat-model.port.js';
import type { LlmUsage } from '../../src/llm/llm-usage.js';
import { OpenAiStandIn, type StandInFault, type StandInOptions } from './openai-standin.js';

/** The adapter under test, made to fail fast. */
export interface ConformanceDeadlines {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface ChatModelUnderTest {
  readonly model: ChatModel;
  close(): Promise<void>;
}

/** Long enough that a busy machine does not run into them where a test is about something else. */
export const DEADLINES: ConformanceDeadlines = { connectMs: 5000, firstByteMs: 5000, idleMs: 5000, totalMs: 20_000 };
/** For tests that are about running into them. */
const SHORT: ConformanceDeadlines = { ...DEADLINES, firstByteMs: 400, idleMs: 400, totalMs: 5000 };

export const never = new AbortController().signal;

/** What the calls of a test told to have cost. */
let told: LlmUsage[] = [];
const tell = (usage: LlmUsage): void => void told.push(usage);
beforeEach(() => void (told = []));

export function question(content: string): ChatRequest {
  return {
    purpose: 'answer',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content },
    ],
  };
}

/** What every chat model does, whatever serves it. `create` gets the address of a stand-in. */
export function chatModelBasics(name: string, create: (url: string) => ChatModelUnderTest): void {
  describe(`${name} as a chat model`, () => {
    let standIn: OpenAiStandIn;
    let subject: ChatModelUnderTest;

    beforeAll(async () => {
      standIn = await OpenAiStandIn.start();
      subject = create(standIn.url);
    });
    afterAll(async () => {
      await subject.close();
      await standIn.stop();
    });

    it('streams the pieces in order, none of them empty, and returns the whole text', async () => {
      standIn.script({ text: (body) => String(body.messages?.at(-1)?.content) });
      const pieces: string[] = [];
      const result = await subject.model.stream(
        question('Grüße aus Zürich – 漢字 "und" \\ mehr'),
        (text) => pieces.push(text),
        never,
        tell,
      );
      expect(pieces.length).toBeGreaterThan(3);
      expect(pieces).not.toContain('');
      expect(pieces.join('')).toBe('Grüße aus Zürich – 漢字 "und" \\ mehr');
      expect(result.text).toBe(pieces.join(''));
      expect(result.finishReason).toBe('stop');
    });

    it('reports the tokens and the model that the usage row needs', async () => {
      await subject.model.stream(question('How many tokens?'), () => undefined, never, tell);
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ kind: 'chat', model: subject.model.model, estimated: false });
      expect(told[0]?.inputTokens).toBeGreaterThan(0);
      expect(told[0]?.outputTokens).toBeGreaterThan(0);
    });

    it('rejects with the reason of a signal that is aborted already, without a call', async () => {
      const before = standIn.calls.length;
      const reason = new Error('not wanted');
      const run = subject.model.stream(question('Hello'), () => undefined, AbortSignal.abort(reason), tell);
      await expect(run).rejects.toBe(reason);
      expect(standIn.calls.length).toBe(before);
      expect(told).toEqual([]);
    });

    it('rejects with the reason of a signal that aborts in the middle, and shows no more text', async () => {
      standIn.script({ tokens: 200, tokenDelayMs: 5 });
      const abort = new AbortController();
      const reason = new Error('stopped by the user');
      let after = 0;
      const run = subject.model.stream(
        question('word '.repeat(200)),
        () => {
          if (abort.signal.aborted) after++;
          abort.abort(reason);
        },
        abort.signal,
        tell,
      );
      await expect(run).rejects.toBe(reason);
      expect(after).toBe(0);
    });

    it('tells once what a call cost that was aborted in the middle, before it rejects', async () => {
      standIn.script({ tokens: 200, tokenDelayMs: 5 });
      const abort = new AbortController();
      const run = subject.model.stream(
        question('word '.repeat(200)),
        () => abort.abort(new Error('stopped by the user')),
        abort.signal,
        tell,
      );
      const atRejection = await run.catch(() => told.length);
      expect(atRejection).toBe(1);
      expect(told[0]?.inputTokens).toBeGreaterThan(100);
      expect(told[0]?.outputTokens).toBeGreaterThan(0);
      expect(told[0]?.outputTokens).toBeLessThan(50);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(told).toHaveLength(1);
    });
  });
}

/** What an adapter of a remote provider does with everything that can go wrong on the wire. */
export function remoteChatModelConformance(
  name: string,
  create: (url: string, deadlines: ConformanceDeadlines, apiKey: string | null) => ChatModelUnderTest,
): void {
  chatModelBasics(name, (url) => create(url, DEADLINES, null));

  describe(`${name} on the wire`, () => {
    let standIn: OpenAiStandIn;
    let subject: ChatModelUnderTest;

    const start = async (options: StandInOptions = {}, apiKey: string | null = null): Promise<void> => {
      standIn = await OpenAiStandIn.start(options);
      subject = create(standIn.url, DEADLINES, apiKey);
    };
    const ask = async (text = 'Hello there'): Promise<{ text: string; error: unknown }> => {
      let shown = '';
      try {
        const result = await subject.model.stream(question(text), (piece) => (shown += piece), never, tell);
        expect(result.text).toBe(shown);
        return { text: shown, error: null };
      } catch (error) {
        return { text: shown, error };
      }
    };

    beforeEach(() => start());
    afterEach(async () => {
      await subject.close();
      await standIn.stop();
    });

    it('sends the messages, the limits and the key', async () => {
      await subject.close();
      await standIn.stop();
      await start({ apiKey: 'sk-right' }, 'sk-right');
      await subject.model.stream({ ...question('Hi'), temperature: 0.3, maxTokens: 77 }, () => undefined, never, tell);
      const [call] = standIn.calls;
      expect(call?.headers.authorization).toBe('Bearer sk-right');
      expect(call?.body).toMatchObject({
        stream: true,
        temperature: 0.3,
        max_tokens: 77,
        stream_options: { include_usage: true },
      });
      expect(call?.body.messages).toEqual(question('Hi').messages);
    });

    it('leaves out a parameter that the model refuses, at once and from then on', async () => {
      const message = "Unsupported value: 'temperature' does not support 0.3 with this model.";
      standIn.script({ times: 1, fault: { kind: 'status', status: 400, message } });
      const warm = { ...question('Hi'), temperature: 0.3 };
      await subject.model.stream(warm, () => undefined, never, tell);
      await subject.model.structured(warm, { name: 'any', schema: z.object({ a: z.string() }) }, never, tell);
      expect(standIn.calls.map(({ body }) => body['temperature'])).toEqual([0.3, undefined, undefined]);
      expect(told).toHaveLength(2);
    });

    it('does not take a refused parameter of a structured call for a way that is not supported', async () => {
      const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
      standIn.script({ times: 1, fault: { kind: 'status', status: 400, message } });
      const bound = { ...question('Hi'), maxTokens: 50 };
      await subject.model.structured(bound, { name: 'any', schema: z.object({ a: z.string() }) }, never, tell);
      expect(standIn.calls[1]?.body).toMatchObject({
        max_completion_tokens: 50,
        response_format: { type: 'json_schema' },
      });
    });

    it('sends no key when there is none', async () => {
      await ask();
      expect(standIn.calls[0]?.headers.authorization).toBeUndefined();
    });

    it('takes the usage from the last chunk', async () => {
      standIn.script({ pieces: ['a', ' b', ' c'] });
      await subject.model.stream(question('Hi'), () => undefined, never, tell);
      expect(told).toEqual([expect.objectContaining({ outputTokens: 3, estimated: false })]);
    });

    it('estimates the usage when the provider reports none', async () => {
      standIn.options.supports = { jsonSchema: true, tools: true, usage: false, base64: true };
      standIn.script({ text: 'The parcel left our warehouse this morning.' });
      await subject.model.stream(question('Where is it?'), () => undefined, never, tell);
      expect(told).toEqual([expect.objectContaining({ estimated: true, model: 'stand-in' })]);
      expect(told[0]?.outputTokens).toBeGreaterThan(5);
      expect(told[0]?.outputTokens).toBeLessThan(15);
    });

    it('tells nothing for what was refused or never sent', async () => {
      standIn.script({ fault: { kind: 'status', status: 401 }, times: 1 });
      await ask();
      standIn.script({ fault: { kind: 'status', status: 500 }, times: 2 });
      await ask();
      standIn.script({ fault: { kind: 'status', status: 429, retryAfter: 3600 }, times: 1 });
      await ask();
      await standIn.refuse();
      await ask();
      await standIn.accept();
      expect(told).toEqual([]);
    });

    it('tells of the try that was answered, and not of the one that was refused or lost before it', async () => {
      standIn.script({ fault: { kind: 'status', status: 500 }, times: 1 });
      expect((await ask()).error).toBeNull();
      expect(told).toHaveLength(1);
      standIn.script({ fault: { kind: 'reset-at-once' }, times: 1 });
      expect((await ask()).error).toBeNull();
      expect(told).toHaveLength(2);
    });

    it('counts the question of a provider that hangs, since it may well be at work on it', async () => {
      await subject.close();
      subject = create(standIn.url, SHORT, null);
      standIn.script({ fault: { kind: 'hang' } });
      expect((await ask('Is anybody there?')).error).toMatchObject({ code: 'LLM_TIMEOUT' });
      const abort = new AbortController();
      const run = subject.model.stream(question('And now?'), () => undefined, abort.signal, tell);
      setTimeout(() => abort.abort(new Error('user')), 100);
      await expect(run).rejects.toThrow('user');
      expect(told).toHaveLength(2);
      for (const usage of told) expect(usage).toMatchObject({ outputTokens: 0, estimated: true });
      expect(told[0]?.inputTokens).toBeGreaterThan(3);
    });

    it('takes no figure from a provider that could not be stored', async () => {
      standIn.script({ pieces: ['a', ' b'], usage: { prompt_tokens: -1, completion_tokens: 1e300 } });
      await subject.model.stream(question('Hi'), () => undefined, never, tell);
      expect(told).toEqual([expect.objectContaining({ estimated: true })]);
      expect(told[0]?.inputTokens).toBeGreaterThan(0);
      expect(told[0]?.outputTokens).toBeLessThan(10);
    });

    it.each([
      ['length', 'length'],
      ['content_filter', 'content_filter'],
      ['tool_calls', 'other'],
    ])('reports that the provider stopped for %s', async (finishReason, expected) => {
      standIn.script({ text: 'cut', finishReason });
      const result = await subject.model.stream(question('Hi'), () => undefined, never, tell);
      expect(result.finishReason).toBe(expected);
    });

    it('puts characters together that the network cut apart', async () => {
      standIn.script({ fault: { kind: 'split-utf8' } });
      expect(await ask()).toEqual({ text: 'Grüße aus Zürich 👩‍👩‍👧 – 漢字 ✅', error: null });
    });

    it('reads a stream that arrives in slices of seven bytes', async () => {
      standIn.script({ chunkBytes: 7, pieces: ['one', ' "two"', '\n', 'thrée'] });
      expect(await ask()).toEqual({ text: 'one "two"\nthrée', error: null });
    });

    it('is content with a finish reason when [DONE] is missing', async () => {
      standIn.script({ fault: { kind: 'no-done' }, text: 'Complete all the same' });
      expect(await ask()).toEqual({ text: 'Complete all the same', error: null });
    });

    it.each<[string, StandInFault]>([
      ['ends without a finish reason', { kind: 'no-finish' }],
      ['is reset in the middle', { kind: 'reset' }],
      ['holds a chunk that is not JSON', { kind: 'bad-json' }],
      ['holds an error event', { kind: 'error-event' }],
      ['holds a chunk of 10 MiB', { kind: 'huge-chunk' }],
    ])('fails without a second call when the stream %s after text was shown', async (_case, fault) => {
      standIn.script({ fault, text: 'Some words come first' });
      const { text, error } = await ask();
      expect(text).toMatch(/^Some/);
      expect(text.length).toBeLessThan(1000);
      expect(error).toMatchObject({ code: 'LLM_ERROR', kind: 'upstream', retryable: true });
      expect(standIn.calls).toHaveLength(1);
      expect(told).toEqual([expect.objectContaining({ kind: 'chat', estimated: true })]);
      expect(told[0]?.inputTokens).toBeGreaterThan(0);
      expect(told[0]?.outputTokens).toBeGreaterThan(0);
      await closed(standIn);
    });

    it('fails when the provider answers HTML with 200', async () => {
      standIn.script({ fault: { kind: 'html' } });
      expect(await ask()).toMatchObject({ text: '', error: { code: 'LLM_ERROR' } });
      expect(told).toHaveLength(1);
    });

    it('cuts a stream off that never ends', async () => {
      await subject.close();
      subject = create(standIn.url, SHORT, null);
      standIn.script({ fault: { kind: 'endless' }, text: 'on and on' });
      const run = subject.model.stream({ ...question('Hi'), maxTokens: 10 }, () => undefined, never, tell);
      await expect(run).rejects.toMatchObject({ code: expect.stringMatching(/LLM_ERROR|LLM_TIMEOUT/) });
      await closed(standIn);
    });

    it.each<[string, StandInFault, string]>([
      ['before the first byte', { kind: 'hang' }, 'first_byte'],
      ['in the middle of the stream', { kind: 'hang-mid', after: 2 }, 'idle'],
    ])('gives up on a provider that hangs %s, and closes the connection', async (_case, fault, deadline) => {
      await subject.close();
      subject = create(standIn.url, SHORT, null);
      standIn.script({ fault, text: 'one two three four' });
      const started = Date.now();
      const { error } = await ask();
      expect(error).toMatchObject({ code: 'LLM_TIMEOUT', kind: 'upstream_timeout', deadline, retryable: true });
      expect(Date.now() - started).toBeLessThan(1500);
      expect(standIn.calls).toHaveLength(1);
      await closed(standIn);
    });

    it('gives up on an answer that trickles past the total deadline', async () => {
      await subject.close();
      subject = create(standIn.url, { ...SHORT, totalMs: 600 }, null);
      standIn.script({ tokens: 1000, tokenDelayMs: 50 });
      expect((await ask()).error).toMatchObject({ code: 'LLM_TIMEOUT', deadline: 'total' });
      await closed(standIn);
    });

    it('closes the connection within a second when the signal aborts, before and after the first byte', async () => {
      for (const fault of [{ kind: 'hang' }, { kind: 'hang-mid', after: 1 }] as const) {
        standIn.script({ fault, text: 'one two three', times: 1 });
        const abort = new AbortController();
        const run = subject.model.stream(question('Hi'), () => undefined, abort.signal, tell);
        setTimeout(() => abort.abort(new Error('user')), 100);
        await expect(run).rejects.toThrow('user');
        await closed(standIn);
      }
    });

    it('closes the connection when the text callback throws, and passes the error on', async () => {
      standIn.script({ tokens: 1000, tokenDelayMs: 5 });
      const broken = new Error('the socket is gone');
      const run = subject.model.stream(
        question('Hi'),
        () => {
          throw broken;
        },
        never,
        tell,
      );
      await expect(run).rejects.toBe(broken);
      await closed(standIn);
    });

    it('tries once more after a 500 and a short 429', async () => {
      standIn.script({ fault: { kind: 'status', status: 500 }, times: 1 });
      expect((await ask()).error).toBeNull();
      standIn.script({ fault: { kind: 'status', status: 429, retryAfter: 1 }, times: 1 });
      const started = Date.now();
      expect((await ask()).error).toBeNull();
      expect(Date.now() - started).toBeGreaterThanOrEqual(950);
      expect(standIn.calls).toHaveLength(4);
    });

    it('tries once more after a connection that broke before any text', async () => {
      standIn.script({ fault: { kind: 'reset-at-once' }, times: 1 });
      expect((await ask()).error).toBeNull();
      expect(standIn.calls).toHaveLength(2);
    });

    it('gives up after two 500s', async () => {
      standIn.script({ fault: { kind: 'status', status: 500 }, times: 2 });
      expect((await ask()).error).toMatchObject({ code: 'LLM_ERROR', retryable: true, status: 500 });
      expect(standIn.calls).toHaveLength(2);
    });

    it('does not wait an hour because the provider says so, but tells', async () => {
      standIn.script({ fault: { kind: 'status', status: 429, retryAfter: 3600 } });
      const started = Date.now();
      expect((await ask()).error).toMatchObject({ code: 'LLM_ERROR', retryAfterMs: 3_600_000 });
      expect(Date.now() - started).toBeLessThan(1000);
      expect(standIn.calls).toHaveLength(1);
    });

    it('fails at once, and for good, when the request itself is refused', async () => {
      standIn.script({ fault: { kind: 'status', status: 400 } });
      expect((await ask()).error).toMatchObject({ code: 'LLM_ERROR', retryable: false, status: 400 });
      expect(standIn.calls).toHaveLength(1);
    });

    it('fails when nobody listens, and works again when somebody does', async () => {
      await standIn.refuse();
      expect((await ask()).error).toMatchObject({ code: 'LLM_ERROR', retryable: true });
      await standIn.accept();
      expect((await ask()).error).toBeNull();
    });

    it('never shows the key in an error, even when the provider repeats it', async () => {
      await subject.close();
      await standIn.stop();
      await start({}, 'my-private-key-000');
      standIn.script({ fault: { kind: 'echo-key' } });
      const { error } = await ask();
      expect(error).toMatchObject({ code: 'LLM_ERROR', status: 401, retryable: false });
      expect(standIn.calls[0]?.headers.authorization).toContain('my-private-key-000');
      expect(everything(error)).toContain('Incorrect API key');
      expect(everything(error)).not.toContain('my-private-key-000');
    });

    it('uses one connection for calls that follow each other', async () => {
      for (let count = 0; count < 3; count++) {
        await ask();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(standIn.openSockets).toBe(1);
    });
  });

  describe(`${name} and structured output`, () => {
    const schema = z.object({ agent: z.enum(['tracking', 'invoice']), confidence: z.number().min(0).max(1) });
    const output = { name: 'route', schema };
    let standIn: OpenAiStandIn;
    let subject: ChatModelUnderTest;

    const start = async (options: StandInOptions = {}): Promise<void> => {
      standIn = await OpenAiStandIn.start(options);
      subject = create(standIn.url, DEADLINES, null);
      standIn.onStructured('route', () => ({ agent: 'invoice', confidence: 0.9 }));
    };
    afterEach(async () => {
      await subject.close();
      await standIn.stop();
    });
    const ask = () => subject.model.structured(question('The invoice please'), output, never, tell);

    it('asks with a JSON Schema and returns the checked value, telling its usage', async () => {
      await start();
      const { value } = await ask();
      expect(value).toEqual({ agent: 'invoice', confidence: 0.9 });
      expect(told).toEqual([expect.objectContaining({ kind: 'chat', estimated: false })]);
      expect(told[0]?.outputTokens).toBeGreaterThan(0);
      expect(standIn.calls[0]?.body).toMatchObject({
        response_format: { type: 'json_schema', json_schema: { name: 'route' } },
      });
    });

    it('falls back to a tool call, and remembers after the second time', async () => {
      await start({ supports: { jsonSchema: false } });
      for (const calls of [2, 4, 5]) {
        expect((await ask()).value.agent).toBe('invoice');
        expect(standIn.calls).toHaveLength(calls);
      }
      expect(standIn.calls[4]?.body['tool_choice']).toEqual({ type: 'function', function: { name: 'route' } });
    });

    it('falls back to JSON in text, and remembers after the second time', async () => {
      await start({ supports: { jsonSchema: false, tools: false } });
      for (const calls of [3, 6, 7]) {
        expect((await ask()).value.agent).toBe('invoice');
        expect(standIn.calls).toHaveLength(calls);
      }
    });

    it.each([400, 422])('does not give a way up for one %i of a gateway', async (status) => {
      await start();
      standIn.script({ fault: { kind: 'status', status }, times: 1 });
      expect((await ask()).value.agent).toBe('invoice');
      await ask();
      expect(standIn.calls).toHaveLength(3);
      expect(standIn.calls[2]?.body['response_format']).toBeDefined();
      // Nor for another after it worked in between.
      standIn.script({ fault: { kind: 'status', status }, times: 1 });
      await ask();
      await ask();
      expect(standIn.calls.at(-1)?.body['response_format']).toBeDefined();
    });

    it('does not give a way up for a bad moment that several calls meet side by side', async () => {
      await start();
      standIn.script({ fault: { kind: 'status', status: 400 }, times: 3 });
      await Promise.all([ask(), ask(), ask()]);
      await ask();
      expect(standIn.calls.at(-1)?.body['response_format']).toBeDefined();
    });

    it('does not blame the methods for a request that is refused in every form', async () => {
      await start();
      standIn.script({ fault: { kind: 'status', status: 400 }, times: 3 });
      await expect(ask()).rejects.toMatchObject({ code: 'LLM_ERROR', status: 400 });
      await ask();
      expect(standIn.calls.at(-1)?.body['response_format']).toBeDefined();
    });

    it('lets the model repair a value that does not satisfy the schema, once', async () => {
      await start();
      standIn.script({ value: { agent: 'weather', confidence: 0.9 }, times: 1 });
      const { value } = await ask();
      expect(value.agent).toBe('invoice');
      expect(JSON.stringify(standIn.calls[1]?.body.messages)).toContain('not valid');
    });

    it('tells the usage of the repair beside that of the first try', async () => {
      await start();
      standIn.script({ value: { agent: 'weather', confidence: 0.9 }, times: 1 });
      await ask();
      expect(told).toHaveLength(2);
      expect(told[1]?.inputTokens).toBeGreaterThan(told[0]?.inputTokens ?? Infinity);
    });

    it('tells what was paid also when no value comes out, and nothing for a way that was refused', async () => {
      await start({ supports: { jsonSchema: false } });
      standIn.script({ match: { contains: 'tool_choice' }, value: { agent: 'weather', confidence: 2 } });
      await expect(ask()).rejects.toMatchObject({ code: 'LLM_ERROR' });
      expect(standIn.calls).toHaveLength(3);
      expect(told).toHaveLength(2);
    });

    it('counts the question of a call that was aborted before its answer', async () => {
      await start();
      standIn.script({ fault: { kind: 'hang' } });
      const abort = new AbortController();
      const run = subject.model.structured(question('The invoice please'), output, abort.signal, tell);
      setTimeout(() => abort.abort(new Error('user')), 100);
      await expect(run).rejects.toThrow('user');
      expect(told).toEqual([expect.objectContaining({ outputTokens: 0, estimated: true })]);
      expect(told[0]?.inputTokens).toBeGreaterThan(3);
    });

    it('fails when the repair is not valid either', async () => {
      await start();
      standIn.script({ value: { agent: 'weather', confidence: 2 } });
      await expect(ask()).rejects.toMatchObject({ code: 'LLM_ERROR' });
      expect(standIn.calls).toHaveLength(2);
    });

    it.each([{ jsonSchema: true }, { jsonSchema: false }])(
      'repairs an answer that is not JSON (%j)',
      async (supports) => {
        await start({ supports });
        const match = { structured: 'route', contains: supports.jsonSchema ? 'json_schema' : 'tool_choice' };
        standIn.script({ match, fault: { kind: 'bad-value-json' }, times: 1 });
        if (!supports.jsonSchema) standIn.options.supports = { jsonSchema: false, tools: true };
        expect((await ask()).value.agent).toBe('invoice');
      },
    );

    it('stops with the signal and with the deadline', async () => {
      await start();
      await subject.close();
      subject = create(standIn.url, SHORT, null);
      standIn.script({ fault: { kind: 'hang' } });
      await expect(ask()).rejects.toMatchObject({ code: 'LLM_TIMEOUT' });
      const abort = new AbortController();
      const run = subject.model.structured(question('Hi'), output, abort.signal, tell);
      setTimeout(() => abort.abort(new Error('user')), 50);
      await expect(run).rejects.toThrow('user');
      await closed(standIn);
    });

    it('tries once more after a 500', async () => {
      await start();
      standIn.script({ fault: { kind: 'status', status: 500 }, times: 1 });
      expect((await ask()).value.agent).toBe('invoice');
    });
  });
}

/** Within a second the stand-in has no request of ours left. */
async function closed(standIn: OpenAiStandIn): Promise<void> {
  const limit = Date.now() + 1000;
  while (standIn.openRequests > 0 && Date.now() < limit) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(standIn.openRequests).toBe(0);
}

/** All that a careless logger would print of an error. */
function everything(error: unknown): string {
  const seen: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    seen.push(current.stack ?? '', JSON.stringify(current, Object.getOwnPropertyNames(current)));
  }
  return seen.join('\n');
}
