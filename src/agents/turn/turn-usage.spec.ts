import { Embedder, type EmbeddingSpace, LlmError, type LlmUsage, type MeteredCall, type UsageSink } from '#llm';
import {
  fakeRuntime,
  LINKEDIN,
  REFUND_PASSAGE,
  routedTo,
  runTurn,
  ScriptedModel,
  SUPPORT,
  TRACKING,
  usageIn,
} from '../../../test/support/agent-fakes.js';
import type { TurnEvent } from './turn-event.js';

const REFUNDS = () => ({ passages: [REFUND_PASSAGE], degraded: false });
const EMBEDDED: LlmUsage = {
  kind: 'embedding',
  inputTokens: 7,
  outputTokens: 0,
  costUsd: null,
  model: 'e',
  estimated: false,
};

/** Embeds for money; hangs until its signal is aborted where told to. */
function embeds(metered: MeteredCall, signal?: AbortSignal): Promise<void> {
  return metered(async (onUsage) => {
    try {
      if (signal !== undefined) await aborted(signal);
    } finally {
      onUsage({ ...EMBEDDED, estimated: signal !== undefined });
    }
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

describe('what a turn cost', () => {
  it('is told for each call, with what it was for', async () => {
    const model = new ScriptedModel({
      structured: { route: routedTo('linkedin') },
      stream: { answer: 'A post.' },
    });
    const runtime = fakeRuntime({
      model,
      search: async (_request, _signal, metered) => {
        await embeds(metered);
        return { passages: [], degraded: false };
      },
    });
    const { usage } = await runTurn(runtime, 'Say something about our team event');
    expect(usage.map(({ kind, purpose }) => `${kind} ${purpose}`)).toEqual([
      'embedding retrieve',
      'chat route',
      'chat answer',
    ]);
  });

  it('is told of an answer that was aborted in the middle, before the run rejects', async () => {
    const abort = new AbortController();
    const model = new ScriptedModel({ stream: { answer: ['Refunds take ', '5 days.'] } });
    const events: TurnEvent[] = [];
    const spoken = model.stream.bind(model);
    model.stream = (request, onText, signal, onUsage) =>
      spoken(
        request,
        (text) => {
          onText(text);
          abort.abort(new Error('stopped by the user'));
        },
        signal,
        onUsage,
      );
    const run = runTurn(fakeRuntime({ agents: [SUPPORT], model, search: REFUNDS }), 'How do refunds work?', {
      signal: abort.signal,
      events,
    });
    await expect(run).rejects.toThrow('stopped by the user');
    expect(usageIn(events)).toEqual([
      expect.objectContaining({ purpose: 'answer', outputTokens: 1, estimated: true, kind: 'chat' }),
    ]);
  });

  it('is told of a turn that failed, and of each step before its failure', async () => {
    const events: TurnEvent[] = [];
    const model = new ScriptedModel({
      structured: { route: routedTo('linkedin') },
      stream: { answer: new LlmError({ detail: 'broke off' }) },
    });
    const run = runTurn(fakeRuntime({ model }), 'Say something about our team event', { events });
    await expect(run).rejects.toMatchObject({ code: 'LLM_ERROR' });
    expect(usageIn(events).map(({ estimated, purpose }) => [purpose, estimated])).toEqual([
      ['route', false],
      ['answer', true],
    ]);
  });

  it('is told of an answer that held no word', async () => {
    const events: TurnEvent[] = [];
    const model = new ScriptedModel({ stream: { answer: [' '] } });
    const run = runTurn(fakeRuntime({ agents: [SUPPORT], model, search: REFUNDS }), 'How do refunds work?', { events });
    await expect(run).rejects.toMatchObject({ code: 'LLM_ERROR' });
    expect(usageIn(events)).toHaveLength(1);
  });

  it('is told of both of two agents when the turn is aborted, though one comes back later than the other', async () => {
    const abort = new AbortController();
    const events: TurnEvent[] = [];
    let calls = 0;
    const model = new ScriptedModel({ structured: { route: routedTo('linkedin', 'second') } });
    model.stream = async (_request, _onText, signal, onUsage) => {
      const late = ++calls === 2;
      if (late) setTimeout(() => abort.abort(new Error('stopped')), 5);
      try {
        return await aborted(signal);
      } catch (error) {
        if (late) await new Promise((resolve) => setTimeout(resolve, 60));
        onUsage({ kind: 'chat', inputTokens: 1, outputTokens: 0, costUsd: null, model: 'm', estimated: true });
        throw error;
      }
    };
    const second = { ...LINKEDIN, id: 'agent-second', key: 'second', name: 'Other posts', examples: ['x y z'] };
    const run = runTurn(fakeRuntime({ model, agents: [LINKEDIN, second, TRACKING] }), 'Say something about our event', {
      signal: abort.signal,
      events,
    });
    await expect(run).rejects.toThrow('stopped');
    expect(usageIn(events).map(({ purpose }) => purpose)).toEqual(['route', 'answer', 'answer']);
  });

  it('is told of a search that nobody needed in the end', async () => {
    const model = new ScriptedModel({ structured: { route: routedTo('linkedin') }, stream: { answer: 'A post.' } });
    const runtime = fakeRuntime({
      model,
      search: async (_request, signal, metered) => {
        await embeds(metered, signal);
        return { passages: [], degraded: false };
      },
    });
    const { answer, usage } = await runTurn(runtime, 'Say something about our team event');
    expect(answer.agents).toEqual(['linkedin']);
    expect(usage.at(-1)).toMatchObject({ purpose: 'retrieve', kind: 'embedding', estimated: true });
  });

  it('does not hold the end up for long because of a call that ignores its abort', async () => {
    const model = new ScriptedModel({ structured: { route: routedTo('linkedin') }, stream: { answer: 'A post.' } });
    const runtime = fakeRuntime({
      model,
      search: (_request, _signal, metered) => metered(() => new Promise<never>(() => undefined)),
    });
    const started = performance.now();
    await runTurn(runtime, 'Say something about our team event');
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it('is nothing without a model and with the local embedder', async () => {
    const { usage } = await runTurn(fakeRuntime({ search: REFUNDS }), 'How do refunds work?');
    expect(usage).toEqual([]);
  });

  it('counts the embeddings that routing needs, once for all who ask', async () => {
    class PaidEmbedder extends Embedder {
      readonly space: EmbeddingSpace = { provider: 'openai', model: 'e', dimensions: 2 };
      override embed(texts: readonly string[], _kind: string, _signal: AbortSignal, onUsage: UsageSink) {
        onUsage({ ...EMBEDDED, inputTokens: texts.length });
        return Promise.resolve(texts.map(() => Float32Array.of(1, 0)));
      }
    }
    const embedder = new PaidEmbedder();
    const runtime = fakeRuntime({ agents: [SUPPORT, LINKEDIN], embedder, search: REFUNDS });
    const first = await runTurn(runtime, 'Something about the refund');
    expect(first.usage.every(({ kind, purpose }) => kind === 'embedding' && purpose === 'route')).toBe(true);
    const texts = SUPPORT.examples.length + LINKEDIN.examples.length + 1;
    expect(first.usage.reduce((sum, { inputTokens }) => sum + inputTokens, 0)).toBe(texts);
    expect((await runTurn(runtime, 'Something about the refund')).usage).toHaveLength(1);
  });
});
