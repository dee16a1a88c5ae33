import { LlmError, LlmTimeoutError } from '#llm';
import { UnavailableError } from '#platform/errors';
import { toolFailure } from '#tools';
import { CompiledStateGraph } from '@langchain/langgraph/web';
import { jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  agent,
  CTX,
  fakeRuntime,
  LINKEDIN,
  REFUND_PASSAGE,
  remember,
  routedTo,
  runTurn,
  ScriptedModel,
  SUPPORT,
  TRACKING,
} from '../../../test/support/agent-fakes.js';
import { knowledgeKind } from '../kinds/knowledge/knowledge.agent.js';
import { writerKind } from '../kinds/writer/writer.agent.js';
import type { TurnEvent } from '../turn/turn-event.js';
import { buildSupervisorGraph } from './supervisor.graph.js';
import type { SupervisorStateType } from './supervisor.state.js';

const REFUNDS = () => ({ passages: [REFUND_PASSAGE], degraded: false });
const UNKNOWN = () => toolFailure('UNKNOWN_OUTCOME', 'It is not known whether this was done.');
const ORDER = (_tool: unknown, args: unknown) => ({
  ok: true as const,
  data: { order_id: (args as { order_id: string }).order_id, status: 'on its way' },
});

describe('a turn without a model', () => {
  it('answers a greeting with the tenant’s greeting', async () => {
    const turn = await runTurn(fakeRuntime(), 'Hello!');
    expect(turn.answer).toMatchObject({ content: 'Hello from ACME!', intent: 'chitchat', agents: [], degraded: true });
    expect(turn.steps).toEqual(['routing', 'generating']);
  });

  it('streams several agents’ sections in the order of the intents, and the content is exactly the tokens', async () => {
    const runtime = fakeRuntime({
      search: REFUNDS,
      execute: async (tool, args) => {
        await sleep(20);
        return ORDER(tool, args);
      },
    });
    const turn = await runTurn(runtime, 'Where is order 1042 and how do I get a refund?');
    expect(turn.answer.agents).toEqual(['tracking', 'support']);
    expect(turn.answer.intents.map(({ text }) => text)).toEqual(['Where is order 1042', 'how do I get a refund?']);
    expect(turn.answer.content).toMatch(/^Order \*\*1042\*\* is on its way\.\n\nWe check a return .*\[1\]$/);
    expect(turn.text).toBe(turn.answer.content);
    expect(turn.answer.intent).toBe('tracking');
  });

  it('says in its section that an agent failed, and keeps the others', async () => {
    const runtime = fakeRuntime({ search: () => Promise.reject(new Error('no index')), execute: ORDER });
    const turn = await runTurn(runtime, 'Where is order 1042 and how do I get a refund?');
    expect(turn.answer.agents).toEqual(['tracking']);
    expect(turn.answer.content).toContain('is on its way');
    expect(turn.answer.content).toContain('how do I get a refund');
    expect(turn.answer.content).toContain('try again');
    expect(turn.text).toBe(turn.answer.content);
  });

  it('fails the turn when the only agent fails, without a word', async () => {
    const runtime = fakeRuntime({ search: () => Promise.reject(new Error('no index')) });
    const events: unknown[] = [];
    const run = runtime.run(
      CTX,
      {
        turnId: 't',
        conversationId: 'c',
        messageId: 'm',
        attempt: 1,
        start: 1,
        content: 'How do refunds work?',
        history: [],
        agent: null,
        metadata: {},
      },
      (event) => event.type === 'token' && events.push(event),
      new AbortController().signal,
    );
    await expect(run).rejects.toMatchObject({ code: 'RETRIEVAL_ERROR', retryable: true });
    expect(events).toEqual([]);
  });

  it('says that an answer is from half a search', async () => {
    const half = () => ({ passages: [REFUND_PASSAGE], degraded: true, embedderFailed: true });
    const model = new ScriptedModel({ stream: { answer: 'Within 5 days [1].' } });
    const whole = await runTurn(fakeRuntime({ agents: [SUPPORT], model, search: REFUNDS }), 'How do refunds work?');
    expect(whole.answer.degraded).toBe(false);
    const turn = await runTurn(fakeRuntime({ agents: [SUPPORT], model, search: half }), 'How do refunds work?');
    expect(turn.answer).toMatchObject({ degraded: true, agents: ['support'] });
  });

  it('fails the turn, with the reason, rather than call unclear what the documents were not asked about', async () => {
    const away = new UnavailableError('The database is not reachable');
    const runtime = fakeRuntime({ search: () => Promise.reject(away) });
    await expect(runTurn(runtime, 'zzyzx')).rejects.toBe(away);
    expect((await runTurn(fakeRuntime(), 'zzyzx')).answer.intent).toBe('unclear');
  });

  it('fails the turn when it is not known whether its only tool did something', async () => {
    const run = runTurn(fakeRuntime({ execute: UNKNOWN }), 'Where is order 1042?');
    await expect(run).rejects.toMatchObject({
      code: 'TOOL_ERROR',
      retryable: false,
      message: 'It is not known whether this was done.',
    });
  });

  it('says in its part of the answer that something may have been done, beside what others answer', async () => {
    const runtime = fakeRuntime({ execute: UNKNOWN, search: REFUNDS });
    const turn = await runTurn(runtime, 'Where is order 1042 and how do I get a refund?');
    expect(turn.answer.content).toContain('not known whether this was done');
    expect(turn.answer.content).toContain('ask a person to check');
    expect(turn.answer.content).toContain('5 working days');
    expect(turn.answer.agents).toEqual(['support']);
  });

  it('fails with what somebody has to look after when every part fails', async () => {
    const runtime = fakeRuntime({ execute: UNKNOWN, search: () => Promise.reject(new Error('no index')) });
    const run = runTurn(runtime, 'How do I get a refund and where is order 1042?');
    await expect(run).rejects.toMatchObject({ code: 'TOOL_ERROR', retryable: false });
  });

  it('fails the turn when all agents fail', async () => {
    const runtime = fakeRuntime({
      search: () => Promise.reject(new Error('no index')),
      execute: () => Promise.reject(new Error('no journal')),
    });
    await expect(runTurn(runtime, 'Where is order 1042 and how do I get a refund?')).rejects.toThrow();
  });

  it('asks for what is missing, goes on with the answer, and calls the tool then', async () => {
    const runtime = fakeRuntime({ execute: ORDER });
    const first = await runTurn(runtime, 'Where is my order?');
    expect(first.answer.awaiting).toEqual([
      { agent: 'tracking', tool: 'get_order', entities: {}, missing: ['order_id'] },
    ]);
    expect(first.answer.content).toContain('the order number');
    const second = await runTurn(runtime, '1042', { history: remember('Where is my order?', first) });
    expect(second.answer.content).toBe('Order **1042** is on its way.');
    expect(second.answer.awaiting).toEqual([]);
    expect(second.answer.agents).toEqual(['tracking']);
  });

  it('asks again in the user’s language when the answer holds no value', async () => {
    const runtime = fakeRuntime({ execute: ORDER });
    const first = await runTurn(runtime, '¿Dónde está mi pedido?');
    expect(first.answer.content).toContain('el número de pedido');
    const second = await runTurn(runtime, 'no lo sé', { history: remember('¿Dónde está mi pedido?', first) });
    expect(second.answer.awaiting).toHaveLength(1);
    expect(second.answer.content).toContain('olvídalo');
  });

  it('stops asking when the user does not mind any more', async () => {
    const runtime = fakeRuntime();
    const first = await runTurn(runtime, 'Where is my order?');
    const second = await runTurn(runtime, 'never mind', { history: remember('Where is my order?', first) });
    expect(second.answer).toMatchObject({ intent: 'chitchat', awaiting: [], agents: [] });
  });

  it('leaves a pending question when the user asks something else', async () => {
    const runtime = fakeRuntime({ search: REFUNDS });
    const first = await runTurn(runtime, 'Where is my order?');
    const second = await runTurn(runtime, 'How do refunds work?', { history: remember('Where is my order?', first) });
    expect(second.answer.agents).toEqual(['support']);
    expect(second.answer.awaiting).toEqual([]);
  });

  it('takes a bare number as one more request to the agent that answered last', async () => {
    const runtime = fakeRuntime({ execute: ORDER });
    const first = await runTurn(runtime, 'Where is order 1042?');
    const second = await runTurn(runtime, 'and 1043?', { history: remember('Where is order 1042?', first) });
    expect(second.answer.content).toBe('Order **1043** is on its way.');
  });

  it('hands a wish for a person to people, with the tenant’s text', async () => {
    const turn = await runTurn(fakeRuntime(), 'I want to speak to a human');
    expect(turn.answer).toMatchObject({ intent: 'human_request', content: 'Call 123.', agents: [] });
    expect(turn.answer.humanRequested?.reason).toBeTruthy();
  });

  it('says what it can do when a message is unclear, naming only agents that the caller may use', async () => {
    const hidden = agent('staff-only', { name: 'Secret desk', personas: ['insider'], examples: ['secret'] });
    const turn = await runTurn(fakeRuntime({ agents: [TRACKING, LINKEDIN, hidden] }), 'asdf qwer');
    expect(turn.answer.intent).toBe('unclear');
    expect(turn.answer.content).toContain('Order tracking');
    expect(turn.answer.content).not.toContain('Secret desk');
  });

  it('sends everything to a single agent without classifying', async () => {
    const turn = await runTurn(fakeRuntime({ agents: [SUPPORT], search: REFUNDS }), 'asdf refund');
    expect(turn.answer.agents).toEqual(['support']);
  });

  it('follows the client’s choice of an agent, and refuses one that the caller may not use', async () => {
    const runtime = fakeRuntime({ agents: [TRACKING, LINKEDIN, agent('vip', { personas: ['vip'] })] });
    const turn = await runTurn(runtime, 'Our new shop: it opens in May', { agent: 'linkedin' });
    expect(turn.answer.agents).toEqual(['linkedin']);
    await expect(runTurn(runtime, 'hi', { agent: 'vip' })).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'agent' });
  });

  it('quotes the documents with citations and the statuses of each step', async () => {
    const turn = await runTurn(fakeRuntime({ search: REFUNDS }), 'How do refunds work?');
    expect(turn.steps).toEqual(['routing', 'retrieving', 'grading', 'generating']);
    expect(turn.answer).toMatchObject({ intent: 'qa', degraded: true, sourceChunks: [REFUND_PASSAGE.chunkId] });
    expect(turn.answer.citations).toEqual([
      expect.objectContaining({
        n: 1,
        chunk_id: REFUND_PASSAGE.chunkId,
        quote: expect.stringMatching(/return|refund/),
      }),
    ]);
  });

  it('says plainly that the documents do not answer, and cites nothing', async () => {
    const off = { ...REFUND_PASSAGE, title: 'Boats', content: 'A canoe is delivered in one piece.' };
    const turn = await runTurn(
      fakeRuntime({ search: () => ({ passages: [off], degraded: false }) }),
      'How do refunds work?',
    );
    expect(turn.answer).toMatchObject({
      content: 'Not in our documents.',
      intent: 'qa',
      citations: [],
      sourceChunks: [],
    });
  });

  it('ends with the signal’s reason when aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped by the user');
    const runtime = fakeRuntime({
      search: (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('search aborted')));
          setTimeout(() => controller.abort(reason), 5);
        }),
    });
    await expect(runTurn(runtime, 'How do refunds work?', { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('a turn with a model', () => {
  it('asks the model who answers unless nobody else could, and streams its answer', async () => {
    const structured = { route: routedTo('support') };
    const model = new ScriptedModel({ structured, stream: { answer: ['Refunds take ', '5 days [', '1].'] } });
    const among = await runTurn(fakeRuntime({ model, search: REFUNDS }), 'How do refunds work?');
    expect(among.answer.agents).toEqual(['support']);
    const turn = await runTurn(fakeRuntime({ agents: [SUPPORT], model, search: REFUNDS }), 'How do refunds work?');
    expect(model.requests.map(({ purpose }) => purpose)).toEqual(['route', 'answer', 'answer']);
    expect(turn.answer).toMatchObject({ content: 'Refunds take 5 days [1].', degraded: false, intent: 'qa' });
    expect(turn.usage).toEqual([expect.objectContaining({ purpose: 'answer', inputTokens: 10 })]);
  });

  it('follows the model’s route to several agents', async () => {
    const model = new ScriptedModel({
      structured: {
        route: {
          intents: [
            { agent: 'support', text: 'a refund' },
            { agent: 'tracking', text: 'order 1042' },
          ],
          language: 'en',
          small_talk: false,
          unclear: false,
          wants_person: false,
        },
      },
      stream: { answer: 'You get it back [1].' },
    });
    const turn = await runTurn(
      fakeRuntime({ model, search: REFUNDS, execute: ORDER }),
      'Money back please, and something with 1042',
    );
    expect(turn.answer.content).toBe('You get it back [1].\n\nOrder **1042** is on its way.');
    expect(turn.text).toBe(turn.answer.content);
  });

  it('falls back to similarity when the routing answer is not valid', async () => {
    const model = new ScriptedModel({
      structured: { route: new LlmError({ detail: 'the routing value is not valid after a repair' }) },
      stream: { answer: 'Five days [1].' },
    });
    const turn = await runTurn(
      fakeRuntime({ model, search: REFUNDS }),
      'Could you tell me about the refund of my money',
    );
    expect(turn.answer.agents).toEqual(['support']);
    expect(turn.answer.degraded).toBe(false);
  });

  it('fails the turn when the provider fails while routing', async () => {
    const model = new ScriptedModel({ structured: { route: new LlmError({ detail: 'HTTP 500', status: 500 }) } });
    await expect(runTurn(fakeRuntime({ model }), 'Could you tell me about the money')).rejects.toMatchObject({
      code: 'LLM_ERROR',
    });
  });

  it('fails the turn when the provider fails while answering', async () => {
    const model = new ScriptedModel({ stream: { answer: new LlmTimeoutError('idle', 30_000) } });
    await expect(
      runTurn(fakeRuntime({ agents: [SUPPORT], model, search: REFUNDS }), 'How do refunds work?'),
    ).rejects.toMatchObject({
      code: 'LLM_TIMEOUT',
    });
  });

  it('fails the turn when the model ends without a word', async () => {
    const model = new ScriptedModel({ stream: { answer: [' ', '\n'] } });
    await expect(
      runTurn(fakeRuntime({ agents: [SUPPORT], model, search: REFUNDS }), 'How do refunds work?'),
    ).rejects.toMatchObject({
      code: 'LLM_ERROR',
    });
  });

  it('answers offline when the tenant chose to degrade, and says so', async () => {
    const model = new ScriptedModel({ stream: { answer: new LlmError({ detail: 'HTTP 500', status: 500 }) } });
    const runtime = fakeRuntime({
      agents: [SUPPORT],
      model,
      search: REFUNDS,
      settings: { onProviderFailure: 'degrade' },
    });
    const turn = await runTurn(runtime, 'How do refunds work?');
    expect(turn.answer.degraded).toBe(true);
    expect(turn.answer.content).toContain('[1]');
  });

  it('does not degrade once text was shown', async () => {
    const model = new ScriptedModel();
    model.stream = async (_request, onText) => {
      onText('A beginning that people have already seen. ');
      await Promise.resolve();
      throw new LlmError({ detail: 'broke off' });
    };
    const runtime = fakeRuntime({
      agents: [SUPPORT],
      model,
      search: REFUNDS,
      settings: { onProviderFailure: 'degrade' },
    });
    await expect(runTurn(runtime, 'How do refunds work?')).rejects.toMatchObject({ code: 'LLM_ERROR' });
  });

  it('searches while the model routes, and stops a search that nobody needs', async () => {
    let aborted = false;
    const model = new ScriptedModel({
      structured: {
        route: {
          intents: [{ agent: 'linkedin', text: 'x' }],
          language: 'en',
          small_talk: false,
          unclear: false,
          wants_person: false,
        },
      },
      stream: { answer: 'A post.' },
    });
    const runtime = fakeRuntime({
      model,
      search: (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('not needed'));
          });
        }),
    });
    const turn = await runTurn(runtime, 'Say something about our team event');
    expect(turn.answer.agents).toEqual(['linkedin']);
    expect(aborted).toBe(true);
  });

  it('says no answer when the model says that the passages hold none', async () => {
    const model = new ScriptedModel({ stream: { answer: ['NO_', 'ANSWER'] } });
    const turn = await runTurn(fakeRuntime({ agents: [SUPPORT], model, search: REFUNDS }), 'How do refunds work?');
    expect(turn.answer).toMatchObject({ content: 'Not in our documents.', citations: [] });
    expect(turn.text).toBe('Not in our documents.');
  });

  it('drops citation numbers that stand for no passage', async () => {
    const model = new ScriptedModel({ stream: { answer: 'Five days [1][7].' } });
    const turn = await runTurn(fakeRuntime({ agents: [SUPPORT], model, search: REFUNDS }), 'How do refunds work?');
    expect(turn.answer.content).toBe('Five days [1].');
    expect(turn.answer.citations.map(({ n }) => n)).toEqual([1]);
  });

  it('echoes with the echo provider, whatever the message is', async () => {
    const model = new ScriptedModel({
      provider: 'echo',
      stream: { answer: ({ messages }) => messages.at(-1)?.content ?? '' },
    });
    const turn = await runTurn(fakeRuntime({ model }), 'Where is order 1042?');
    expect(turn.answer).toMatchObject({ content: 'Where is order 1042?', intent: 'chitchat', agents: [] });
  });
});

it('writes a post of its own where the tenant’s template cannot be rendered', async () => {
  const broken = { ...LINKEDIN, answerTemplate: '{{ message | no_such_filter }}' };
  const turn = await runTurn(fakeRuntime({ agents: [broken] }), 'Write a LinkedIn post about our new shop in Galway');
  expect(turn.answer.agents).toEqual(['linkedin']);
  expect(turn.answer.content).toContain('Galway');
});

describe('the state', () => {
  it('holds all that the nodes produced, as plain data', async () => {
    const walked = jest.spyOn(CompiledStateGraph.prototype, 'invoke');
    const model = new ScriptedModel({
      structured: {
        route: {
          ...routedTo(),
          intents: [
            { agent: 'support', text: 'How do refunds work?' },
            { agent: 'tracking', text: 'Where is 1042?' },
          ],
        },
      },
      stream: { answer: 'Within 5 days [1].' },
    });
    const runtime = fakeRuntime({ model, search: REFUNDS, execute: ORDER });
    const { answer } = await runTurn(runtime, 'How do refunds work, and where is 1042?');
    const state = (await walked.mock.results[0]?.value) as SupervisorStateType;
    walked.mockRestore();
    expect(structuredClone(state)).toEqual(state);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(state.sections.map(({ text }) => text).join('\n\n')).toBe(answer.content);
    expect(state.citations).toEqual(answer.citations);
    expect(state.source_chunks).toEqual(answer.sourceChunks);
    expect(state.usage.map(({ purpose }) => purpose)).toEqual(['route', 'answer']);
    expect(state.degraded).toBe(false);
  });

  it('keeps what is awaited, and the payloads of a part', async () => {
    const walked = jest.spyOn(CompiledStateGraph.prototype, 'invoke');
    await runTurn(fakeRuntime({ execute: ORDER }), 'Where is my order?');
    const state = (await walked.mock.results[0]?.value) as SupervisorStateType;
    walked.mockRestore();
    expect(state.sections).toEqual([
      expect.objectContaining({ awaiting: expect.objectContaining({ missing: ['order_id'] }), payloads: [] }),
    ]);
    expect(state.degraded).toBe(true);
  });
});

it('lets no part wait for another one’s steps', async () => {
  const order: string[] = [];
  const runtime = fakeRuntime({
    search: REFUNDS,
    execute: async (tool, args) => {
      await sleep(150);
      order.push('tool answered');
      return ORDER(tool, args);
    },
  });
  const events: TurnEvent[] = [];
  events.push = (...more) => {
    for (const event of more) if (event.type === 'token') order.push('text');
    return 0;
  };
  await runTurn(runtime, 'How do I get a refund and where is order 1042?', { events });
  expect(order.indexOf('text')).toBeGreaterThanOrEqual(0);
  expect(order.lastIndexOf('text')).toBeGreaterThan(order.indexOf('tool answered'));
  expect(order.indexOf('text')).toBeLessThan(order.indexOf('tool answered'));
});

it('answers a question to the documents in five supersteps', async () => {
  const within = async (supersteps: number) => {
    const limited = jest.spyOn(CompiledStateGraph.prototype, 'invoke').mockImplementationOnce(function (
      this: CompiledStateGraph<unknown, unknown>,
      state,
      config,
    ) {
      limited.mockRestore();
      // LangGraph takes one more to see that nothing is left to do.
      return this.invoke(state, { ...config, recursionLimit: supersteps + 1 });
    });
    return runTurn(fakeRuntime({ search: REFUNDS }), 'How do refunds work?');
  };
  expect((await within(5)).answer.agents).toEqual(['support']);
  await expect(within(4)).rejects.toThrow('Recursion limit');
});

it('can be drawn, with one node for each step', async () => {
  const { edges, nodes } = await buildSupervisorGraph([knowledgeKind, writerKind]).compile().getGraphAsync();
  const own = ['retrieve', 'grade', 'rewrite', 'write', 'draft'];
  expect(Object.keys(nodes)).toEqual(expect.arrayContaining(['route', 'agent', 'respond', 'compose', ...own]));
  const from = (node: string) => edges.filter(({ source }) => source === node).map(({ target }) => target);
  expect(from('grade').sort()).toEqual(['rewrite', 'write']);
  expect(from('write')).toEqual(['compose']);
});
