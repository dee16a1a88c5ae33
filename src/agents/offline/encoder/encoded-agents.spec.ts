import { agent, fakeRuntime, routedTo, runTurn, ScriptedModel } from '../../../../test/support/agent-fakes.js';
import { LlmError } from '#llm';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { EncodedAgents } from './encoded-agents.js';
import { SentenceEncoder } from './sentence-encoder.js';

/** Knows which of some topics a text is of, whatever its words are. */
class TopicEncoder extends SentenceEncoder {
  readonly orders: (readonly string[])[] = [];
  away = false;
  /** Until then nothing is answered. */
  ready: Promise<void> = Promise.resolve();

  override async encode(texts: readonly string[]): Promise<readonly Float32Array[] | null> {
    await this.ready;
    this.orders.push(texts);
    if (this.away) return null;
    return texts.map((text) => {
      const topic = TOPICS.findIndex(({ words }) => words.some((word) => text.toLowerCase().includes(word)));
      return Float32Array.from({ length: TOPICS.length + 1 }, (_, at) =>
        at === (topic < 0 ? TOPICS.length : topic) ? 1 : 0,
      );
    });
  }
}

const NEVER = new AbortController().signal;
const TOPICS = [
  { key: 'weather', words: ['weather', 'rain', 'umbrella'] },
  { key: 'bank', words: ['account', 'balance', 'penniless'] },
  { key: 'travel', words: ['flight', 'plane', 'airborne'] },
  { key: 'food', words: ['recipe', 'cook', 'hungry'] },
  { key: 'music', words: ['song', 'play', 'melody'] },
  { key: 'sport', words: ['match', 'team', 'goalkeeper'] },
  { key: 'health', words: ['doctor', 'fever', 'dizzy'] },
  { key: 'school', words: ['lesson', 'teacher', 'homework'] },
];
const about = (words: readonly string[]) =>
  words.slice(0, 2).flatMap((word) => [`tell me of the ${word}`, `what ${word} is that`]);
const AGENTS = TOPICS.map(({ key, words }) => agent(key, { examples: about(words) }));

it('understands what is said in words that no example has', async () => {
  const encoder = new TopicEncoder();
  const encoded = await new EncodedAgents(encoder).encode(
    AGENTS,
    ['I am feeling dizzy', 'are we airborne'],
    'en',
    NEVER,
  );
  const best = ['I am feeling dizzy', 'are we airborne'].map(
    (text, index) => encoded?.scorer.score(text, null, encoded.meanings[index])[0],
  );
  expect(best.map((score) => score?.agent.key)).toEqual(['health', 'travel']);
  for (const score of best) expect(score?.standing).toBeGreaterThan(1);
});

it('reads the texts of an agent once for each version of it, in small orders', async () => {
  const encoder = new TopicEncoder();
  const agents = new EncodedAgents(encoder);
  const many = { ...AGENTS[0]!, examples: Array.from({ length: 40 }, (_, at) => `will it rain on day ${at}`) };
  const set = [many, ...AGENTS.slice(1)];
  await agents.encode(set, ['rain?'], 'en', NEVER);
  const read = encoder.orders.length;
  expect(Math.max(...encoder.orders.map((texts) => texts.length))).toBeLessThanOrEqual(16);
  await agents.encode([...set], ['fever?'], 'en', NEVER);
  expect(encoder.orders.slice(read)).toEqual([['fever?']]);
  await agents.encode([{ ...many, examples: ['will it rain'] }, ...AGENTS.slice(1)], ['fever?'], 'en', NEVER);
  expect(encoder.orders.slice(read + 1).map(([first]) => first)).toEqual(['will it rain', 'fever?']);
});

it.each([
  ['few agents', AGENTS.slice(0, 7), 'en'],
  ['a message in another language', AGENTS, 'es'],
  [
    'agents in another language',
    AGENTS.map((one) => ({ ...one, examples: ['¿Dónde está mi pedido?', 'Quiero saber cuándo llega el paquete'] })),
    'en',
  ],
  [
    'more texts than anybody waits for',
    AGENTS.map((one) => ({ ...one, examples: Array<string>(501).fill('rain') })),
    'en',
  ],
])('asks nothing of the encoder for %s', async (_what, agents, language) => {
  const encoder = new TopicEncoder();
  await expect(new EncodedAgents(encoder).encode(agents, ['rain'], language, NEVER)).resolves.toBeNull();
  expect(encoder.orders).toEqual([]);
});

it('does without it where it is not ready, and with it as soon as it is', async () => {
  const encoder = new TopicEncoder();
  let open: () => void = () => undefined;
  encoder.ready = new Promise((resolve) => (open = resolve));
  const agents = new EncodedAgents(encoder, 20);
  await expect(agents.encode(AGENTS, ['rain'], 'en', NEVER)).resolves.toBeNull();
  open();
  await expect(new EncodedAgents(encoder).encode(AGENTS, ['rain'], 'en', NEVER)).resolves.not.toBeNull();
  await new Promise((resolve) => setTimeout(resolve, 50));
  // Who had stopped waiting asks for nothing more.
  expect(encoder.orders.filter(([text]) => text === 'rain')).toHaveLength(1);
});

it('lets nobody wait who has been stopped', async () => {
  const encoder = new TopicEncoder();
  encoder.ready = new Promise(() => undefined);
  const stop = new AbortController();
  const waiting = new EncodedAgents(encoder).encode(AGENTS, ['rain'], 'en', stop.signal);
  stop.abort(new Error('stopped by the user'));
  await expect(waiting).rejects.toThrow('stopped by the user');
});

it('does without it while it is away, and reads what it could not read when it is back', async () => {
  const encoder = new TopicEncoder();
  const agents = new EncodedAgents(encoder);
  encoder.away = true;
  await expect(agents.encode(AGENTS, ['rain'], 'en', NEVER)).resolves.toBeNull();
  encoder.away = false;
  await expect(agents.encode(AGENTS, ['rain'], 'en', NEVER)).resolves.not.toBeNull();
});

describe('a turn', () => {
  const agents = AGENTS.map((one): AgentDefinition => ({ ...one, kind: 'writer' }));

  it('without a model is routed by what the message means', async () => {
    const encoder = new TopicEncoder();
    const { answer } = await runTurn(fakeRuntime({ agents, encoder }), 'I am feeling dizzy');
    expect(answer.agents).toEqual(['health']);
    expect((await runTurn(fakeRuntime({ agents }), 'I am feeling dizzy')).answer.agents).toEqual([]);
  });

  it('with a model never loads the encoder, whatever becomes of the model', async () => {
    const encoder = new TopicEncoder();
    const model = new ScriptedModel({ structured: { route: routedTo('health') }, stream: { answer: 'Lie down.' } });
    await runTurn(fakeRuntime({ agents, encoder, model }), 'I am feeling dizzy');
    const failing = new ScriptedModel({
      structured: { route: new LlmError({ detail: 'away' }) },
      stream: { answer: 'Lie down.' },
    });
    const settings = { onProviderFailure: 'degrade' as const };
    await runTurn(fakeRuntime({ agents, encoder, model: failing, settings }), 'I am feeling dizzy');
    expect(encoder.orders).toEqual([]);
  });
});
