import { type Embedder, LlmError, LocalEmbedder } from '#llm';
import { Metrics } from '#platform/metrics';
import {
  agent,
  fakeRuntime,
  LINKEDIN,
  passage,
  REFUND_PASSAGE,
  remember,
  runTurn,
  ScriptedModel,
  SUPPORT,
  tool,
  TRACKING,
} from '../../../test/support/agent-fakes.js';
import type { AgentDefinition } from '../catalog/agent.types.js';
import type { HistoryMessage } from '../turn/turn.types.js';
import { outputSchema } from '../../llm/structured-output.js';
import { routingSchema } from './routing.prompt.js';
import { processorMs } from '../../../test/support/processor-time.js';

const JOBS = agent('jobs', {
  kind: 'matching',
  description: 'Finds jobs that suit a candidate.',
  examples: ['Find me a job'],
});
const PAGES = agent('pages', {
  kind: 'knowledge',
  description: 'Answers from the pages of a ferry company.',
  examples: ['When does the ferry leave?'],
  languages: ['de'],
});
const said = (question: string, answer: string, metadata: HistoryMessage['metadata'] = {}): HistoryMessage[] => [
  { role: 'user', content: question, metadata: {} },
  { role: 'assistant', content: answer, metadata: { language: 'en', ...metadata } },
];

type Flags = Partial<Record<'small_talk' | 'never_mind' | 'unclear' | 'wants_person', boolean>>;
function routes(intents: readonly object[], flags: Flags = {}, language = 'en') {
  return { intents, language, small_talk: false, never_mind: false, unclear: false, wants_person: false, ...flags };
}
const to = (key: string, query = '', text = ''): object => ({ agent: key, query, text });
const router = (answer: object | Error): ScriptedModel =>
  new ScriptedModel({ structured: { route: answer }, stream: { answer: 'So it is [1].' } });
const purposes = (model: ScriptedModel): string[] => model.requests.map(({ purpose }) => purpose);
const FOUND = () => ({ passages: [REFUND_PASSAGE], degraded: false });

describe('with a model no pattern decides before it', () => {
  it('"yes please" goes on with what the agent had offered', async () => {
    const history = said('When does the ferry leave?', 'At nine. Shall I tell you the fares as well?', {
      agents: ['pages'],
    });
    const model = router(routes([to('pages', 'Was kostet die Fähre?')]));
    const searched: string[] = [];
    const search = ({ query }: { query: string }) => (searched.push(query), FOUND());
    const turn = await runTurn(fakeRuntime({ agents: [PAGES, JOBS], model, search }), 'yes please', { history });
    expect(turn.answer).toMatchObject({ intent: 'qa', agents: ['pages'] });
    expect(searched).toContain('Was kostet die Fähre?');
  });

  it.each([
    'Which jobs let me talk to people all day?',
    "I don't want AI jobs",
    'Do you have a job for a human being?',
  ])('%j is about jobs, not a wish for a person', async (message) => {
    const model = router(routes([to('jobs')]));
    const turn = await runTurn(fakeRuntime({ agents: [JOBS, PAGES], model }), message);
    expect(turn.answer).toMatchObject({ agents: ['jobs'], humanRequested: null });
  });

  it('and no pattern does for an agent that is alone either', async () => {
    const model = router(routes([to('jobs')]));
    const turn = await runTurn(fakeRuntime({ agents: [JOBS], model }), 'Which jobs let me talk to people all day?');
    expect(turn.answer).toMatchObject({ agents: ['jobs'], humanRequested: null });
  });

  it('"no" in an English conversation stays English', async () => {
    const history = said('When does the ferry leave?', 'At nine. Anything else?', { agents: ['pages'] });
    const model = router(routes([], { small_talk: true }));
    const turn = await runTurn(fakeRuntime({ agents: [PAGES, JOBS], model }), 'no', { history });
    expect(turn.answer).toMatchObject({ language: 'en', intent: 'chitchat' });
  });

  it.each<[string, Flags, string]>([
    ['Ahoi zusammen', { small_talk: true }, 'chitchat'],
    ['Kan ik iemand spreken?', { wants_person: true }, 'human_request'],
    ['florb gnarp', { unclear: true }, 'unclear'],
  ])('%j is what the model says it is', async (message, flags, intent) => {
    const turn = await runTurn(fakeRuntime({ model: router(routes([], flags)) }), message);
    expect(turn.answer).toMatchObject({ intent, agents: [] });
  });

  it('a message that the words call small talk goes to an agent when the model says so', async () => {
    const model = router(routes([to('support')]));
    const turn = await runTurn(fakeRuntime({ model, search: FOUND }), 'Good night?');
    expect(turn.answer.agents).toEqual(['support']);
  });

  it('"never mind" ends an open question when the model says so, and only then', async () => {
    const asking = await runTurn(fakeRuntime(), 'Where is my order?');
    const history = remember('Where is my order?', asking);
    const stopped = router(routes([], { never_mind: true }));
    const dropped = await runTurn(fakeRuntime({ model: stopped }), 'ach, vergeet het maar', { history });
    expect(dropped.answer).toMatchObject({ intent: 'chitchat', awaiting: [] });
    const other = router(routes([to('support')]));
    const asked = await runTurn(fakeRuntime({ model: other, search: FOUND }), 'cancel', { history });
    expect(asked.answer.agents).toEqual(['support']);
  });
});

describe('what decides before the model', () => {
  it('an agent that the client named', async () => {
    const model = router(routes([]));
    const turn = await runTurn(fakeRuntime({ model, search: FOUND }), 'Hello!', { agent: 'support' });
    expect(turn.answer.agents).toEqual(['support']);
    expect(purposes(model)).toEqual(['answer']);
  });

  it('an open question whose answer the message is, and nothing else', async () => {
    const history = remember('Where is my order?', await runTurn(fakeRuntime(), 'Where is my order?'));
    const execute = () => ({ ok: true as const, data: { order_id: '1042', status: 'on its way' } });
    const exact = router(routes([]));
    expect((await runTurn(fakeRuntime({ model: exact, execute }), '1042', { history })).answer.agents).toEqual([
      'tracking',
    ]);
    expect(purposes(exact)).toEqual([]);
    const more = router(routes([to('support')]));
    const turn = await runTurn(fakeRuntime({ model: more, search: FOUND }), 'for 1042 I want my money back', {
      history,
    });
    expect(purposes(more)).toEqual(['route', 'answer']);
    expect(turn.answer.agents).toEqual(['support']);
  });

  it('a single candidate, where the message stands alone', async () => {
    const model = router(routes([]));
    await runTurn(fakeRuntime({ agents: [SUPPORT], model, search: FOUND }), 'How do refunds work?');
    const history = said('How do refunds work?', 'Within five days.', { agents: ['support'] });
    const message = 'How long is the warranty of a refrigerator bought in a shop?';
    await runTurn(fakeRuntime({ agents: [SUPPORT], model, search: FOUND }), message, { history });
    expect(purposes(model)).toEqual(['answer', 'answer']);
  });

  it.each(['and to Norway?', 'How much is it?', 'et pour les chats noirs de ma voisine suisse ?'])(
    'a single candidate, but its follow-up %j is read with the conversation: the one call gives the query',
    async (message) => {
      const history = said('How long does delivery to Spain take?', 'Three days.', { agents: ['support'] });
      const searched: string[] = [];
      const search = ({ query }: { query: string }) => (searched.push(query), FOUND());
      const model = router(routes([to('support', 'How long does delivery to Norway take?')]));
      await runTurn(fakeRuntime({ agents: [SUPPORT], model, search }), message, { history });
      expect(purposes(model)).toEqual(['route', 'answer']);
      expect(searched).toContain('How long does delivery to Norway take?');
    },
  );

  it('a named agent’s follow-up gets a query of its own', async () => {
    const history = said('How long does delivery to Spain take?', 'Three days.', { agents: ['support'] });
    const searched: string[] = [];
    const search = ({ query }: { query: string }) => (searched.push(query), FOUND());
    const model = new ScriptedModel({
      structured: { rewrite: { query: 'delivery time Norway' } },
      stream: { answer: 'Five [1].' },
    });
    await runTurn(fakeRuntime({ model, search }), 'and to Norway?', { history, agent: 'support' });
    expect(searched).toEqual(['delivery time Norway']);
  });
});

describe('the query that routing writes', () => {
  const history = said('How long does delivery to Spain take?', 'Three days.', { agents: ['support'] });

  it('is searched for, and the user’s own words are answered', async () => {
    const searched: string[] = [];
    const search = ({ query }: { query: string }) => (searched.push(query), FOUND());
    const model = router(routes([to('support', 'delivery time to Norway', 'delivery Norway')]));
    const turn = await runTurn(fakeRuntime({ model, search }), 'and to Norway, love?', { history });
    expect(searched).toContain('delivery time to Norway');
    expect(model.requests.at(-1)?.messages.at(-1)?.content).toContain('Question: and to Norway, love?');
    expect(turn.answer.intents).toEqual([{ agent: 'support', text: 'and to Norway, love?' }]);
  });

  it('is what passages are graded by; when it finds nothing the user’s own words are tried, without a call', async () => {
    const searched: string[] = [];
    const found = passage('Norway takes five days.', { coverage: 0.9 });
    const search = ({ query }: { query: string }) => {
      searched.push(query);
      return { passages: query === 'and to Norway?' ? [found] : [], degraded: false };
    };
    const model = router(routes([to('support', 'how long northern delivery')]));
    const turn = await runTurn(fakeRuntime({ model, search }), 'and to Norway?', { history });
    expect(new Set(searched)).toEqual(new Set(['how long northern delivery', 'and to Norway?']));
    expect(purposes(model)).toEqual(['route', 'answer']);
    expect(turn.answer.citations).toHaveLength(1);
  });

  it('is the part’s text where a model writes nothing else, and the rules’ where it writes neither', async () => {
    const searched: string[] = [];
    const search = ({ query }: { query: string }) => (searched.push(query), FOUND());
    const told = router({ intents: [{ agent: 'support', text: 'delivery time to Norway' }], language: 'en' });
    await runTurn(fakeRuntime({ model: told, search }), 'and to Norway?', { history });
    expect(searched).toContain('delivery time to Norway');
    searched.length = 0;
    const silent = router(routes([to('support')]));
    await runTurn(fakeRuntime({ model: silent, search }), 'and to Norway?', { history });
    expect(searched.some((query) => /Spain.*Norway/.test(query))).toBe(true);
    expect(purposes(silent)).toEqual(['route', 'answer']);
  });

  it('joins the search that began with the message when it says the same', async () => {
    const searched: string[] = [];
    const search = ({ query }: { query: string }) => (searched.push(query), FOUND());
    const model = router(routes([to('support', 'How do refunds work')]));
    await runTurn(fakeRuntime({ model, search }), 'Hi, how do refunds work?');
    expect(searched).toHaveLength(1);
  });

  it('is asked for in the language of the documents', async () => {
    const model = router(routes([to('pages', 'Wann fährt die Fähre?')]));
    await runTurn(fakeRuntime({ agents: [PAGES, JOBS], model, search: FOUND }), 'When does the boat go?');
    expect(model.requests[0]?.messages[0]?.content).toContain('Documents in German (de).');
  });

  it('gives a part the number that another part of the message has said, and no other', async () => {
    const bill = agent('bill', {
      ...TRACKING,
      id: 'agent-bill',
      key: 'bill',
      description: 'Sends bills.',
      answerTemplate: 'Sent.',
    });
    const seen: unknown[] = [];
    const execute = (_tool: unknown, args: unknown) => (
      seen.push(args),
      { ok: true as const, data: { order_id: '1', status: 'x' } }
    );
    const model = router(
      routes([
        to('tracking', 'Where is order 1042?', 'Where is 1042'),
        to('bill', 'Send the bill for order 1042, made in 2019', 'can you send me the bill for it?'),
      ]),
    );
    const turn = await runTurn(
      fakeRuntime({ agents: [TRACKING, bill, SUPPORT], model, execute }),
      'Where is 1042 and can you send me the bill for it?',
    );
    expect(turn.answer.intents.map(({ text }) => text)).toEqual([
      'Where is 1042',
      'can you send me the bill for it? 1042',
    ]);
    expect(seen).toEqual([{ order_id: '1042' }, { order_id: '1042' }]);
  });

  it('leaves the message whole for a tool of a single agent', async () => {
    const seen: unknown[] = [];
    const execute = (_tool: unknown, args: unknown) => (
      seen.push(args),
      { ok: true as const, data: { order_id: '1042', status: 'x' } }
    );
    const model = router(routes([to('tracking', 'order status', 'where is the order')]));
    await runTurn(fakeRuntime({ model, execute }), 'so where is that 1042 thing');
    expect(seen).toEqual([{ order_id: '1042' }]);
  });
});

describe('what a routing model is shown', () => {
  const shown = (model: ScriptedModel): string[] =>
    (model.requests[0]?.messages[0]?.content ?? '').split('\n').filter((line) => /^- [a-z_]+\d*:.*Examples/.test(line));

  it('of a few agents everything', async () => {
    const many = agent('many', {
      kind: 'writer',
      description: 'Many.',
      examples: Array.from({ length: 12 }, (_, n) => `Example ${n}`),
    });
    const model = router(routes([], { unclear: true }));
    await runTurn(fakeRuntime({ agents: [many, TRACKING, LINKEDIN], model }), 'something else entirely');
    expect(shown(model)).toHaveLength(3);
    expect(shown(model)[0]).toContain('"Example 11"');
  });

  it('of many agents those nearest to the message, with their nearest examples, and the one that spoke last', async () => {
    const topics = Array.from(
      { length: 150 },
      (_, n) => `zeta${String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26))}`,
    );
    const agents = topics.map((topic, n) =>
      agent(`agent${n}`, {
        kind: 'writer',
        description: `Knows ${topic}.`,
        examples: Array.from(
          { length: 10 },
          (_, e) => `Tell me of ${topic} in the year ${1900 + e} by ${topics[(n + e) % 150] ?? ''}`,
        ),
      }),
    );
    const model = router(routes([to('agent77')]));
    const history = said('Hm', 'Well.', { agents: ['agent149'] });
    await runTurn(fakeRuntime({ agents, model }), `what about ${topics[77] ?? ''} and ${topics[80] ?? ''}?`, {
      history,
    });
    const lines = shown(model);
    expect(lines.length).toBeLessThanOrEqual(21);
    expect(lines.some((line) => line.startsWith('- agent77:'))).toBe(true);
    expect(lines.some((line) => line.startsWith('- agent149:'))).toBe(true);
    const own = lines.find((line) => line.startsWith('- agent77:')) ?? '';
    expect(own.match(/"Tell me/g)).toHaveLength(4);
    expect(own).toContain(topics[80]);
  });
});

describe('the routing schema', () => {
  it('is clean, strict, and made once for a set of agents', () => {
    const schema = routingSchema([TRACKING, SUPPORT]);
    const { json, strict } = outputSchema(schema);
    expect(strict).toBe(true);
    const text = JSON.stringify(json);
    expect(text).not.toMatch(/\$schema|maxItems|"default"|"pattern"/);
    expect(json).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['intents', 'language', 'small_talk', 'never_mind', 'unclear', 'wants_person'],
      properties: { intents: { items: { additionalProperties: false, required: ['agent', 'text', 'query'] } } },
    });
    expect(routingSchema([{ ...TRACKING }, { ...SUPPORT }])).toBe(schema);
  });
});

describe('a routing answer that is not what was asked for', () => {
  const agents: readonly AgentDefinition[] = [TRACKING, SUPPORT, LINKEDIN];
  const routed = async (answer: object, message = 'Could you tell me about the refund of my money') => {
    const model = router(answer);
    const metrics = new Metrics();
    const turn = await runTurn(fakeRuntime({ agents, model, search: FOUND, metrics }), message);
    const fallbacks = /^switchboard_model_fallbacks_total\{.*\} \d+$/m.exec(await metrics.text())?.[0];
    return { turn, model, fallbacks };
  };

  it('loses the agents that there are not, and keeps the others', async () => {
    const { turn, fallbacks } = await routed(routes([to('billing'), { agent: 7 }, null as never, to('support')]));
    expect(turn.answer.agents).toEqual(['support']);
    expect(fallbacks).toBeUndefined();
  });

  it('that names no agent that there is falls back, logged and counted', async () => {
    const { turn, fallbacks } = await routed(routes([to('billing')]));
    expect(turn.answer.agents).toEqual(['support']);
    expect(fallbacks).toBe('switchboard_model_fallbacks_total{step="route",reason="unusable"} 1');
  });

  it('may leave members out', async () => {
    const { turn } = await routed({ intents: [{ agent: 'support' }] });
    expect(turn.answer).toMatchObject({ agents: ['support'], language: 'en' });
  });

  it.each(['', '   '])('with the query %j lets the user’s own words be searched', async (query) => {
    const { turn } = await routed(routes([to('support', query)]));
    expect(turn.answer.citations).toHaveLength(1);
  });

  it.each(['english', 'xx', 'de/en', '', 'zz-ZZZZZZZZZZZ', '<script>'])(
    'with the language %j keeps the one that is plain',
    async (tag) => {
      const { turn } = await routed(routes([to('support')], {}, tag));
      expect(turn.answer.language).toBe('en');
    },
  );

  it('with 20 kB in every text is cut to size', async () => {
    const searched: string[] = [];
    const long = 'refund '.repeat(3000);
    const model = router(routes([to('support', long, long), to('linkedin', long, long)]));
    const search = ({ query }: { query: string }) => (searched.push(query), FOUND());
    const turn = await runTurn(fakeRuntime({ agents, model, search }), 'Refund me, and write a post');
    expect(Math.max(...searched.map((query) => query.length))).toBeLessThanOrEqual(500);
    expect(turn.answer.intents.every(({ text }) => text === 'Refund me, and write a post')).toBe(true);
  });

  it('with parts in words that nobody said keeps the message', async () => {
    const { turn } = await routed(
      routes([to('support', 'q', 'Ich hätte gern mein Geld zurück'), to('linkedin', 'q', 'write a post about it')]),
      'my money back please, and write a post about it',
    );
    expect(turn.answer.intents.map(({ text }) => text)).toEqual([
      'my money back please, and write a post about it',
      'write a post about it',
    ]);
  });

  it('of more than four parts is cut to four', async () => {
    const keys = Array.from({ length: 9 }, (_, n) => `writer${n}`);
    const writers = keys.map((key) => agent(key, { kind: 'writer', description: key }));
    const model = router(routes(keys.map((key) => to(key, 'q', 'write it'))));
    const turn = await runTurn(fakeRuntime({ agents: writers, model }), 'write it nine times');
    expect(turn.answer.agents).toHaveLength(4);
  });

  it('and a provider that fails are told apart', async () => {
    const metrics = new Metrics();
    const model = router(new LlmError({ detail: 'HTTP 500', status: 500 }));
    const settings = { onProviderFailure: 'degrade' as const };
    await runTurn(fakeRuntime({ agents, model, settings, search: FOUND, metrics }), 'How do refunds work?');
    expect(await metrics.text()).toContain('switchboard_model_fallbacks_total{step="route",reason="failed"} 1');
  });
});

it('extraction leaves out what nobody needs and the model did not find, whatever the rules see in the words', async () => {
  const seen: unknown[] = [];
  const inputSchema = {
    type: 'object',
    properties: { room: { type: 'string', pattern: '^R\\d{3}$' }, day: { type: 'string', format: 'date' } },
    required: ['room'],
  };
  const desk = agent('desk', {
    description: 'Cleans rooms.',
    answerTemplate: 'Done.',
    tools: [tool('clean', { inputSchema })],
  });
  const execute = (_tool: unknown, args: unknown) => (seen.push(args), { ok: true as const, data: {} });
  const model = new ScriptedModel({ structured: { extract: { values: [{ name: 'room', value: 'R101' }] } } });
  await runTurn(
    fakeRuntime({ agents: [desk], model, execute }),
    'please have R101 cleaned, tomorrow never dies was great',
  );
  expect(seen).toEqual([{ room: 'R101' }]);
});

it('extraction takes what the model says for numbers with groups of three', async () => {
  const order = agent('order', {
    description: 'Orders tiles.',
    answerTemplate: '{{ order_tiles.n }} tiles.',
    tools: [
      tool('order_tiles', {
        inputSchema: {
          type: 'object',
          properties: { n: { type: 'integer', minimum: 1 }, note: { type: 'string' } },
          required: ['n'],
        },
      }),
    ],
  });
  const model = new ScriptedModel({ structured: { extract: { values: [{ name: 'n', value: '1,000' }] } } });
  const execute = (_tool: unknown, args: unknown) => ({ ok: true as const, data: args });
  const turn = await runTurn(fakeRuntime({ agents: [order], model, execute }), 'please order a thousand tiles');
  expect(turn.answer.content).toBe('1000 tiles.');
});

it.each([
  ['dots', '.'.repeat(20_000)],
  ['spaces', `a${' '.repeat(20_000)}b`],
  ['numbers', '1042 '.repeat(4000)],
  ['quotes', `"${'”'.repeat(20_000)}`],
  ['one long word', `1${'x'.repeat(20_000)}`],
])('a message of 20,000 characters (%s) is routed at once', async (_name, message) => {
  const model = router(routes([to('tracking', message, message), to('support', message, message)]));
  const execute = () => ({ ok: true as const, data: { order_id: '1', status: 'x' } });
  const started = processorMs();
  await runTurn(fakeRuntime({ model, search: FOUND, execute }), message).catch(() => undefined);
  expect(processorMs() - started).toBeLessThan(1500);
});

describe('an embedding provider that fails while it is decided who answers', () => {
  const failing = {
    space: { provider: 'openai', model: 'm', dimensions: 8 },
    pace: null,
    embed: () => Promise.reject(new Error('away')),
  } as unknown as Embedder;
  const BOATS = Array.from({ length: 25 }, (_, index) =>
    agent(`boat${index}`, {
      examples: [`when does boat ${index} leave`],
      tools: [tool(`find${index}`, { inputSchema: { type: 'object', properties: {} } })],
    }),
  );
  const execute = () => ({ ok: true as const, data: {}, text: 'At nine.' });
  const degraded = async (world: Parameters<typeof fakeRuntime>[0], message = 'when does the third boat leave?') => {
    const turn = await runTurn(fakeRuntime({ agents: BOATS, execute, ...world }), message);
    return [turn.answer.agents.length, turn.answer.degraded];
  };

  it('is said, where a model was shown some of the agents by their words alone', async () => {
    const model = () => router(routes([to('boat3')]));
    expect(await degraded({ model: model(), embedder: failing })).toEqual([1, true]);
    expect(await degraded({ model: model(), embedder: new LocalEmbedder() })).toEqual([1, false]);
    // Nobody was left out, so nothing was compared.
    expect(await degraded({ model: model(), embedder: failing, agents: BOATS.slice(0, 5) })).toEqual([1, false]);
  });

  it('is said, where similarity decides for a model whose answer could not be used', async () => {
    const agents = [...BOATS.slice(0, 3), SUPPORT];
    const model = () => router({ nonsense: true });
    expect(await degraded({ model: model(), embedder: failing, agents }, 'when does boat 2 leave')).toEqual([1, true]);
    expect(await degraded({ model: model(), embedder: new LocalEmbedder(), agents }, 'when does boat 2 leave')).toEqual(
      [1, false],
    );
  });

  it('is said, where it was the documents that had to tell without it', async () => {
    const agents = [...BOATS.slice(0, 3), PAGES];
    const found = (embedderFailed: boolean) => ({
      passages: [passage('x', { coverage: 0 })],
      degraded: false,
      embedderFailed,
    });
    const asked = async (embedderFailed: boolean) => {
      const seen: string[] = [];
      const world = {
        agents,
        model: router({ nonsense: true }),
        search: ({ query }: { query: string }) => (seen.push(query), found(embedderFailed)),
      };
      const [, said] = await degraded(world, 'boats leave at 9, and boat 2 leaves, and fares for dogs please?');
      return [seen.length > 0, said];
    };
    expect(await asked(true)).toEqual([true, true]);
    expect(await asked(false)).toEqual([true, false]);
  });
});
