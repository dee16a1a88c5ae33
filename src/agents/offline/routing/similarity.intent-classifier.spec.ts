import { LocalEmbedder, type MeteredCall } from '#llm';
import { agent, LINKEDIN, SUPPORT, TENANT_ID, TRACKING } from '../../../../test/support/agent-fakes.js';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { ExampleIndex } from './example-index.js';
import { SimilarityIntentClassifier } from './similarity.intent-classifier.js';

const never = new AbortController().signal;
const metered: MeteredCall = (call) => call(() => undefined);
const AGENTS = [TRACKING, SUPPORT, LINKEDIN];

function request(text: string, coverage = 0, agents: readonly AgentDefinition[] = AGENTS) {
  const known = () => Promise.resolve(coverage);
  return {
    tenantId: TENANT_ID,
    message: text,
    text,
    agents,
    history: [],
    awaiting: [],
    language: 'en',
    coverage: known,
    metered,
    onDegraded: () => undefined,
  };
}

describe.each([
  ['with vectors', new ExampleIndex({ embedder: () => new LocalEmbedder() })],
  ['by words alone', new ExampleIndex({ embedder: () => null })],
])('%s', (_name, index) => {
  const classifier = new SimilarityIntentClassifier(index);

  it.each([
    ['Where is my package 1042?', ['tracking']],
    ['how do I get refunds', ['support']],
    ['draft a LinkedIn post on our new shop', ['linkedin']],
    ['Where is order 1042 and how do I get a refund?', ['tracking', 'support']],
    ['zxcv qwer', []],
  ])('routes "%s"', async (text, keys) => {
    const { intents, reply } = await classifier.classify(request(text), never);
    expect(intents.map(({ agent: key }) => key)).toEqual(keys);
    expect(reply).toEqual(keys.length === 0 ? { kind: 'unclear' } : null);
  });

  it('lets the documents decide what no example knows', async () => {
    const { intents } = await classifier.classify(request('opening hours Galway', 0.9), never);
    expect(intents.map(({ agent: key }) => key)).toEqual(['support']);
    expect((await classifier.classify(request('opening hours Galway', 0.1), never)).intents).toEqual([]);
  });

  it('asks no document about what an agent has just looked up', async () => {
    const looked = [
      { role: 'user' as const, content: 'Where is package 1042?', metadata: {} },
      { role: 'assistant' as const, content: 'On its way.', metadata: { agents: ['tracking'] } },
    ];
    const routed = async (text: string, history: typeof looked) => {
      const { intents } = await classifier.classify({ ...request(text, 0.95), history }, never);
      return intents.map(({ agent: key }) => key);
    };
    expect(await routed('is it in the package?', looked)).toEqual(['tracking']);
    // Without it the documents know better, and so they do of what does not point back.
    expect(await routed('is it in the package?', [])).toEqual(['support']);
    expect(await routed('what is in a package?', looked)).toEqual(['support']);
  });

  it('gives a proper question that nothing fits to the documents rather than calling it unclear', async () => {
    const { intents } = await classifier.classify(request('What is the capital of France?'), never);
    expect(intents.map(({ agent: key }) => key)).toEqual(['support']);
  });
});

it('routes by words when the embedder fails, and remembers no failure', async () => {
  let fail = true;
  const embedder = new LocalEmbedder();
  const flaky = Object.create(embedder, {
    space: { value: { ...embedder.space, provider: 'openai' } },
  }) as LocalEmbedder;
  flaky.embed = (texts, kind, signal) =>
    fail ? Promise.reject(new Error('away')) : embedder.embed(texts, kind, signal);
  const index = new ExampleIndex({ embedder: () => flaky });
  const classifier = new SimilarityIntentClassifier(index);
  expect((await classifier.classify(request('Where is my package?'), never)).intents).toHaveLength(1);
  fail = false;
  expect(await index.lookUp({ tenantId: TENANT_ID, agents: AGENTS, metered }, ['x'], never)).not.toBeNull();
});

it('keeps example vectors by tenant, agent and space, and renews them when examples change', async () => {
  const embedder = new LocalEmbedder();
  let embedded = 0;
  const counting = Object.create(embedder) as LocalEmbedder;
  counting.embed = (texts, kind, signal) => {
    embedded += texts.length;
    return embedder.embed(texts, kind, signal);
  };
  const index = new ExampleIndex({ embedder: () => counting });
  const one = agent('one', { examples: ['a', 'b'] });
  const lookUp = (tenantId: string, known: AgentDefinition) =>
    index.lookUp({ tenantId, agents: [known], metered }, ['q'], never);
  await lookUp('t1', one);
  await lookUp('t1', one);
  expect(embedded).toBe(1 + 2 + 1);
  await lookUp('t2', one);
  expect(embedded).toBe(4 + 3);
  await lookUp('t1', { ...one, examples: ['c'] });
  expect(embedded).toBe(7 + 2);
});

it.each([
  ['The app shows an error and I do not know why', ['app']],
  ['My ticket is gone and I need it for tomorrow', ['tickets']],
  ['Can you check and tell me if my ticket is valid?', ['tickets']],
  ['The app crashes and what does a day ticket cost?', ['app', 'tickets']],
  ['The app crashes. What does a ticket cost for a child?', ['app', 'tickets']],
])('takes "%s" for as many requests as it is', async (text, keys) => {
  const agents = [
    agent('app', { examples: ['the app crashes', 'error in the app', 'the app does not start', 'update the app'] }),
    agent('tickets', {
      examples: [
        'what does a ticket cost',
        'is my ticket valid',
        'I lost my ticket',
        'tickets for children',
        'day ticket',
      ],
    }),
    agent('unsure', { examples: ['I do not know', 'not sure why', 'I cannot say', 'maybe, maybe not'] }),
    agent('delays', {
      examples: ['is the train late', 'why is there a delay', 'delays of today', 'money back for a delay'],
    }),
  ];
  const classifier = new SimilarityIntentClassifier(new ExampleIndex({ embedder: () => null }));
  const { intents } = await classifier.classify(request(text, 0, agents), never);
  expect(intents.map(({ agent: key }) => key)).toEqual(keys);
});
