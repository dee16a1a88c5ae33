import { LlmService } from '#llm';
import { loadConfig } from '#platform/config';
import { Metrics } from '#platform/metrics';
import { fakeRuntime, REFUND_PASSAGE, runTurn } from '../../../test/support/agent-fakes.js';
import { OpenAiStandIn } from '../../../test/support/openai-standin.js';

const FOUND = () => ({ passages: [REFUND_PASSAGE], degraded: false });
const ROUTED = {
  intents: [{ agent: 'support', text: '', query: 'How do refunds work?' }],
  language: 'en',
  small_talk: false,
  never_mind: false,
  unclear: false,
  wants_person: false,
};

describe('a turn over the wire', () => {
  let standIn: OpenAiStandIn;
  let llm: LlmService;
  beforeAll(async () => {
    standIn = await OpenAiStandIn.start();
  });
  beforeEach(() => {
    standIn.reset();
    llm = new LlmService(loadConfig({ OPENAI_BASE_URL: standIn.url }));
  });
  afterEach(() => llm.onApplicationShutdown());
  afterAll(() => standIn.stop());

  const ask = async (message: string, degrade = false) => {
    const metrics = new Metrics();
    const model = await llm.chatModel({ tenantId: 'any' });
    const settings = { onProviderFailure: degrade ? ('degrade' as const) : ('fail' as const) };
    const turn = await runTurn(fakeRuntime({ model, search: FOUND, metrics, settings }), message);
    const fallbacks = (await metrics.text()).match(/^switchboard_model_fallbacks_total\{.*$/gm) ?? [];
    return { turn, fallbacks };
  };

  it('reads a route that comes inside prose', async () => {
    standIn.onStructured('routing', ROUTED);
    standIn.options.supports = { jsonSchema: false, tools: false, usage: true, base64: true };
    const { turn, fallbacks } = await ask('Could somebody explain the money thing');
    standIn.options.supports = { jsonSchema: true, tools: true, usage: true, base64: true };
    expect(turn.answer).toMatchObject({ agents: ['support'], degraded: false });
    expect(fallbacks).toEqual([]);
  });

  it('asks with a strict schema, no temperature of chance, and a bound', async () => {
    standIn.onStructured('routing', ROUTED);
    await ask('Could somebody explain the money thing');
    const [route, answer] = standIn.chatCalls.map(({ body }) => body);
    expect(route).toMatchObject({
      temperature: 0,
      response_format: { json_schema: { name: 'routing', strict: true } },
    });
    expect(route?.['max_tokens']).toBeGreaterThan(400);
    expect(answer).toMatchObject({ temperature: 0.2, max_tokens: 1500, stream: true });
  });

  it('goes on without a route that is garbage, and says so', async () => {
    standIn.script({ match: { structured: 'routing' }, fault: { kind: 'bad-value-json' } });
    const { turn, fallbacks } = await ask('How do refunds work?');
    expect(turn.answer).toMatchObject({ agents: ['support'], degraded: false });
    expect(fallbacks).toEqual(['switchboard_model_fallbacks_total{step="route",reason="unusable"} 1']);
  });

  it.each(['content_filter', 'stop', 'length', 'tool_calls'])(
    'fails on an answer without a word (%s), or writes it offline for who chose that',
    async (finishReason) => {
      standIn.onStructured('routing', ROUTED);
      standIn.script({ match: { stream: true }, pieces: [], finishReason });
      await expect(ask('How do refunds work?')).rejects.toMatchObject({ code: 'LLM_ERROR' });
      const { turn, fallbacks } = await ask('How do refunds work?', true);
      expect(turn.answer).toMatchObject({ degraded: true, agents: ['support'] });
      expect(turn.answer.content).toContain('5 working days');
      expect(fallbacks).toEqual(['switchboard_model_fallbacks_total{step="answer",reason="failed"} 1']);
    },
  );

  it('takes a refusal to route, words in place of a value, for no route', async () => {
    standIn.script({ match: { structured: 'routing' }, value: "I'm sorry, but I can't help with that." });
    const { turn, fallbacks } = await ask('How do refunds work?');
    expect(turn.answer.agents).toEqual(['support']);
    expect(fallbacks).toHaveLength(1);
  });

  it('says that there is no answer when the sign comes in pieces with an excuse behind it', async () => {
    standIn.onStructured('routing', ROUTED);
    standIn.script({
      match: { stream: true },
      pieces: ['"', 'NO', '_ANS', 'WER"', ' Please', ' call us on 0800 123.'],
    });
    const { turn } = await ask('How do refunds work?');
    expect(turn.answer).toMatchObject({ content: 'Not in our documents.', citations: [] });
  });
});
