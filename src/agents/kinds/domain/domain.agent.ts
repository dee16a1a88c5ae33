import type { ToolDefinition, ToolFailure, ToolSuccess } from '#tools';
import { escapeMarkdown } from '#platform/text';
import { renderAnswer } from '../../catalog/answer-template.js';
import { askFor, missingOf } from '../../catalog/tool-inputs.js';
import { DONE, type KindGraph, type Part, type PartUpdate } from '../../supervisor/agent-kind.js';
import type { SupervisorRun } from '../../supervisor/supervisor.run.js';
import { writeWords } from '../../turn/answer-text.js';
import { awaitingOf } from '../../turn/awaiting.js';
import { fill, listing } from '../../turn/phrases.js';
import { status, timed } from '../../turn/turn-context.js';
import { UnknownOutcomeError } from '../../turn/turn.errors.js';
import type { ToolRunner } from './tool-runner.js';

/** A turn never calls more tools than this for one agent, whatever a model wants. */
const STEP_BUDGET = 5;

interface DoneCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly result: ToolSuccess;
}

interface DomainWork {
  /** The key of the tool to call next; null when nothing more is needed. */
  readonly tool: string | null;
  readonly entities: Readonly<Record<string, unknown>>;
  /** Names of required inputs that nobody gave. */
  readonly missing: readonly string[];
  /** Calls that succeeded, in their order. */
  readonly calls: readonly DoneCall[];
  /** What to tell the user of a call that failed, or of an agent that can do nothing for him. */
  readonly apology: string;
  /** True when the message goes on with what the last answer asked for. */
  readonly continued: boolean;
}
type DomainPart = Part<DomainWork>;
type DomainUpdate = PartUpdate<DomainWork>;
type DomainNode = (part: DomainPart, tools: ToolRunner) => Promise<DomainUpdate>;

/**
 * choose a tool ─▶ extract ─ missing ─▶ ask (the next message goes on from there)
 *      ▲               └─ complete ─▶ call ─ failure ─▶ answer: say what to do
 *      └──────────────── success ◀──────┘
 *      outcome unknown ─▶ the part fails: it may have happened, so nothing follows from it
 *      nothing more to call ─▶ answer by template, by the model, or readably
 */
export function domainKind(tools: ToolRunner): KindGraph<DomainWork> {
  const node = (run: DomainNode) => (part: DomainPart) => run(part, tools);
  return {
    kind: 'domain',
    entry: 'choose',
    nodes: {
      choose: {
        run: node(choose),
        next: {
          ends: ['extract', 'answer'],
          after: ({ tool }) => (tool === null || tool === undefined ? 'answer' : 'extract'),
        },
      },
      extract: { run: node(extract), next: { ends: ['ask', 'call', 'answer'], after: afterExtract } },
      ask: { run: node(ask), next: DONE },
      call: {
        run: node(call),
        next: {
          ends: ['choose', 'answer'],
          after: ({ apology, tool }) => (apology !== undefined || tool === null ? 'answer' : 'choose'),
        },
      },
      answer: { run: node(answer), next: DONE },
    },
  };
}

async function choose({ agent, run, task, work }: DomainPart, runner: ToolRunner): Promise<DomainUpdate> {
  const { calls = [] } = work;
  const tools = runner.visible(run.ctx, agent, run.entitlements);
  if (tools.length === 0) return { work: { tool: null } };
  if (calls.length === 0) {
    const continued = continuedCall(run.input.history, agent.key, tools);
    if (continued !== null) return { work: { tool: continued.tool.key, continued: true } };
  }
  if (calls.length >= STEP_BUDGET) return { work: { tool: null } };
  const next = await run.steps.planner.next(
    {
      agent,
      tools,
      text: task.intent.text,
      history: task.input_history,
      done: calls.map(({ tool, arguments: args, result }) => ({ tool, arguments: args, result: result.data })),
    },
    run.signal,
  );
  return { work: { tool: next?.key ?? null, continued: false } };
}

function continuedCall(history: Parameters<typeof awaitingOf>[0], agent: string, tools: readonly ToolDefinition[]) {
  const awaiting = awaitingOf(history);
  if (awaiting === null || awaiting.agent !== agent) return null;
  const tool = tools.find(({ key }) => key === awaiting.tool);
  return tool === undefined ? null : { tool, entities: awaiting.entities, missing: awaiting.missing };
}

async function extract({ agent, run, task, work }: DomainPart): Promise<DomainUpdate> {
  const tool = chosenTool(agent.tools, work);
  const continued = work.continued === true ? continuedCall(run.input.history, agent.key, agent.tools) : null;
  const entities = await timed(run, 'extracting', () =>
    run.steps.extractor.extract(
      {
        tool,
        text: task.intent.text,
        history: task.input_history,
        known: continued?.entities ?? {},
        asked: continued?.missing ?? [],
      },
      run.signal,
    ),
  );
  return { work: { entities, missing: missingOf(tool, entities).map(({ name }) => name) } };
}

function afterExtract({ calls = [], entities = {}, missing = [], tool }: Partial<DomainWork>): string {
  // What the first calls found is still worth saying; only then ask.
  if (missing.length > 0) return calls.length > 0 ? 'answer' : 'ask';
  const same = JSON.stringify(entities);
  const repeated = calls.some((call) => call.tool === tool && JSON.stringify(call.arguments) === same);
  return repeated ? 'answer' : 'call';
}

function ask({ agent, run, section, task, work }: DomainPart): Promise<DomainUpdate> {
  const { continued, entities = {}, missing = [] } = work;
  const tool = chosenTool(agent.tools, work);
  const phrases = run.voice.phrases(task.language);
  const labels = missingOf(tool, entities).map((property) => escapeMarkdown(askFor(property, task.language)));
  const asked = fill(continued === true ? phrases.askAgain : phrases.ask, { missing: listing(labels, phrases.and) });
  writeWords(asked, section);
  return Promise.resolve({ awaiting: { agent: agent.key, tool: tool.key, entities, missing } });
}

/** @throws UnknownOutcomeError when it may have happened: that is no answer, whatever else was found out */
async function call({ agent, run, section, task, work }: DomainPart, runner: ToolRunner): Promise<DomainUpdate> {
  const { calls = [], entities: args = {} } = work;
  const tool = chosenTool(agent.tools, work);
  status(run, 'tool', { agent: agent.key, tool: tool.key });
  // Equal calls end the loop, so each is the first of its kind.
  const { ctx, entitlements, input, signal } = run;
  const result = await timed(run, 'tool', () =>
    runner.run({ ctx, input, agent, entitlements, tool, args, ordinal: 0 }, signal),
  );
  signal.throwIfAborted();
  run.log.info({ agent: agent.key, tool: tool.key, outcome: result.ok ? 'succeeded' : result.code }, 'tool called');
  if (!result.ok && result.code === 'UNKNOWN_OUTCOME') throw new UnknownOutcomeError(result.message);
  if (!result.ok) return { work: { apology: failureText(run, result, args, task.language) } };
  if (result.payload !== undefined) section.payload(result.payload.payloadType, result.payload.items);
  // With a single tool there is nothing more to choose.
  const more = runner.visible(ctx, agent, entitlements).length > 1;
  return {
    work: { calls: [...calls, { tool: tool.key, arguments: args, result }], ...(more ? {} : { tool: null }) },
  };
}

function chosenTool(tools: readonly ToolDefinition[], { tool: key }: Partial<DomainWork>): ToolDefinition {
  const tool = tools.find((each) => each.key === key);
  if (tool === undefined) throw new Error(`The agent has no tool ${String(key)}`);
  return tool;
}

async function answer({ agent, run, section, task, work }: DomainPart): Promise<DomainUpdate> {
  const { apology, calls = [] } = work;
  if (calls.length === 0 && apology === undefined) {
    writeWords(run.voice.phrases(task.language).noTool, section);
    return {};
  }
  if (calls.length > 0) await tell({ agent, run, section, task }, calls);
  if (apology !== undefined) writeWords(`${section.written > 0 ? '\n\n' : ''}${apology}`, section);
  return {};
}

function failureText(
  run: SupervisorRun,
  failure: ToolFailure,
  args: Readonly<Record<string, unknown>>,
  language: string,
): string {
  const phrases = run.voice.phrases(language);
  const given = Object.values(args)
    .filter((value) => ['string', 'number'].includes(typeof value))
    .map((value) => escapeMarkdown(String(value).slice(0, 100)));
  const named = given.length === 0 ? '…' : listing(given, phrases.and);
  const reason = escapeMarkdown(failure.message);
  switch (failure.code) {
    case 'NOT_FOUND':
      return fill(phrases.toolNotFound, { given: named });
    case 'FORBIDDEN':
      return run.voice.filled(phrases.toolForbidden);
    case 'INVALID_INPUT':
      return fill(phrases.toolInvalid, { given: named, reason });
    case 'UNKNOWN_OUTCOME':
    case 'TOOL_ERROR':
    case 'TIMEOUT':
      return `${fill(phrases.toolFailed, { reason })}${failure.retryable ? ` ${phrases.toolRetry}` : ''}`;
  }
}

type Teller = Pick<DomainPart, 'agent' | 'run' | 'section' | 'task'>;

async function tell(part: Teller, calls: readonly DoneCall[]): Promise<void> {
  const { agent, run, section, task } = part;
  status(run, 'generating', { agent: agent.key });
  await timed(run, 'generating', async () => {
    const templated = await fromTemplate(part, calls);
    if (templated !== null) {
      writeWords(templated, section);
      return;
    }
    const told = calls.map(({ result }) => result.text).filter((text) => text !== undefined);
    if (run.model === null && told.length === calls.length) {
      writeWords(told.map(escapeMarkdown).join('\n\n'), section);
      return;
    }
    const { input_history: history, intent, language } = task;
    const results = calls.map(({ tool, result }) => ({ tool, data: result.data }));
    await run.steps.writer.fromToolResults(
      { agent, question: intent.text, language, history, voice: run.voice, results },
      section,
      run.signal,
    );
  });
}

/** A template that cannot be rendered must not lose the answer: then it is written like one without. */
async function fromTemplate({ agent, run, task }: Teller, calls: readonly DoneCall[]): Promise<string | null> {
  const { answerTemplate, settings } = agent;
  // A tenant may prefer the model's words while there is a model.
  if (answerTemplate === null || (run.model !== null && settings['answer_with'] === 'model')) return null;
  const byTool = Object.fromEntries(
    calls.flatMap(({ tool, result }) => [
      [tool, result.data],
      [tool.replace(/-/g, '_'), result.data],
    ]),
  );
  const last = calls.at(-1);
  try {
    const text = await renderAnswer(answerTemplate, {
      ...byTool,
      result: last?.result.data,
      entities: last?.arguments,
      message: task.intent.text,
      language: task.language.split('-')[0],
    });
    return text === '' ? null : text;
  } catch (error) {
    run.log.warn({ agent: agent.key, err: error }, 'an answer template could not be rendered');
    return null;
  }
}
