import { escapeMarkdown } from '#platform/text';
import type { ToolDefinition, ToolFailure, ToolSuccess } from '#tools';
import { type AgentKindRunner, ANSWERED } from '../../supervisor/agent-kind.js';
import { UnknownOutcomeError } from '../../turn/turn.errors.js';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { writeWords } from '../../offline/answering/extractive.answer-writer.js';
import { fill, listing } from '../../turn/phrases.js';
import { awaitingOf } from '../../turn/awaiting.js';
import type { Section } from '../../supervisor/section-stream.js';
import type { AgentTask } from '../../supervisor/supervisor.state.js';
import { status, timed, type TurnRun } from '../../turn/turn-run.js';
import { renderAnswer } from '../../catalog/answer-template.js';
import { askFor, missingOf } from '../../catalog/tool-inputs.js';
import type { ToolRunner } from './tool-runner.js';

/** A turn never calls more tools than this for one agent, whatever a model wants. */
const STEP_BUDGET = 5;

interface DoneCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly result: ToolSuccess;
}

/**
 * choose a tool ─▶ entities ─ missing ─▶ ask (the next message goes on from there)
 *      ▲               └─ complete ─▶ call ─ failure ─▶ say what to do
 *      └──────────────── success ◀──────┘
 *      outcome unknown ─▶ the part fails: it may have happened, so nothing follows from it
 *      nothing more to call ─▶ answer by template, by the model, or readably
 */
export function buildDomainAgent(tools: ToolRunner): AgentKindRunner {
  return async (run, agent, task, section) => {
    const visible = tools.visible(run.ctx, agent, run.entitlements);
    const phrases = run.voice.phrases(task.language);
    if (visible.length === 0) {
      writeWords(phrases.noTool, section);
      return ANSWERED;
    }
    const continued = continuedCall(run, agent, visible);
    const done: DoneCall[] = [];
    for (let step = 0; step < STEP_BUDGET; step++) {
      const tool = step === 0 && continued !== null ? continued.tool : await nextTool(run, agent, task, visible, done);
      if (tool === null) break;
      const entities = await timed(run, 'extracting', () =>
        run.ports.extractor.extract(
          {
            tool,
            text: task.intent.text,
            history: task.input_history,
            known: step === 0 ? (continued?.entities ?? {}) : {},
            asked: step === 0 ? (continued?.missing ?? []) : [],
          },
          run.signal,
        ),
      );
      const missing = missingOf(tool, entities);
      if (missing.length > 0) {
        // What the first calls found is still worth saying; only then ask.
        if (done.length > 0) break;
        const labels = missing.map((property) => askFor(property, task.language));
        const asked = fill(continued?.tool === tool ? phrases.askAgain : phrases.ask, {
          missing: listing(labels.map(escapeMarkdown), phrases.and),
        });
        writeWords(asked, section);
        return {
          ...ANSWERED,
          awaiting: { agent: agent.key, tool: tool.key, entities, missing: missing.map(({ name }) => name) },
        };
      }
      if (repeats(done, tool, entities)) break;
      const failed = await callTool(run, { agent, tools, tool, args: entities, task, section, done });
      if (failed !== null) {
        if (done.length > 0) await answer(run, agent, task, section, done);
        writeWords(`${section.written > 0 ? '\n\n' : ''}${failed}`, section);
        return ANSWERED;
      }
    }
    if (done.length === 0) writeWords(phrases.noTool, section);
    else await answer(run, agent, task, section, done);
    return ANSWERED;
  };
}

function continuedCall(run: TurnRun, agent: AgentDefinition, visible: readonly ToolDefinition[]) {
  const awaiting = awaitingOf(run.input.history);
  if (awaiting === null || awaiting.agent !== agent.key) return null;
  const tool = visible.find(({ key }) => key === awaiting.tool);
  return tool === undefined ? null : { tool, entities: awaiting.entities, missing: awaiting.missing };
}

function nextTool(
  run: TurnRun,
  agent: AgentDefinition,
  task: AgentTask,
  tools: readonly ToolDefinition[],
  done: readonly DoneCall[],
): Promise<ToolDefinition | null> {
  return run.ports.planner.next(
    {
      agent,
      tools,
      text: task.intent.text,
      history: task.input_history,
      done: done.map(({ tool, arguments: args, result }) => ({ tool, arguments: args, result: result.data })),
    },
    run.signal,
  );
}

interface CallRequest {
  readonly agent: AgentDefinition;
  readonly tools: ToolRunner;
  readonly tool: ToolDefinition;
  readonly args: Readonly<Record<string, unknown>>;
  readonly task: AgentTask;
  readonly section: Section;
  readonly done: DoneCall[];
}

/**
 * @returns what to tell the user when it failed, or null
 * @throws UnknownOutcomeError when it may have happened: that is no answer, whatever else was found out
 */
async function callTool(run: TurnRun, request: CallRequest): Promise<string | null> {
  const { agent, args, done, section, task, tool, tools } = request;
  status(run, 'tool', { agent: agent.key, tool: tool.key });
  // Equal calls end the loop, so each is the first of its kind.
  const call = { ctx: run.ctx, input: run.input, agent, entitlements: run.entitlements, tool, args, ordinal: 0 };
  const result = await timed(run, 'tool', () => tools.run(call, run.signal));
  run.signal.throwIfAborted();
  run.log.info({ agent: agent.key, tool: tool.key, outcome: result.ok ? 'succeeded' : result.code }, 'tool called');
  if (!result.ok && result.code === 'UNKNOWN_OUTCOME') throw new UnknownOutcomeError(result.message);
  if (!result.ok) return failureText(run, result, args, task.language);
  done.push({ tool: tool.key, arguments: args, result });
  if (result.payload !== undefined) section.payload(result.payload.payloadType, result.payload.items);
  return null;
}

function failureText(
  run: TurnRun,
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

async function answer(
  run: TurnRun,
  agent: AgentDefinition,
  task: AgentTask,
  section: Section,
  done: readonly DoneCall[],
): Promise<void> {
  status(run, 'generating', { agent: agent.key });
  await timed(run, 'generating', async () => {
    const templated = await fromTemplate(run, agent, task, done);
    if (templated !== null) {
      writeWords(templated, section);
      return;
    }
    const told = done.map(({ result }) => result.text).filter((text) => text !== undefined);
    if (run.model === null && told.length === done.length) {
      writeWords(told.map(escapeMarkdown).join('\n\n'), section);
      return;
    }
    const results = done.map(({ tool, result }) => ({ tool, data: result.data }));
    const { history, question, language, voice } = {
      history: task.input_history,
      question: task.intent.text,
      language: task.language,
      voice: run.voice,
    };
    await run.ports.writer.fromToolResults({ agent, question, language, history, voice, results }, section, run.signal);
  });
}

/** A template that cannot be rendered must not lose the answer: then it is written like one without. */
async function fromTemplate(
  run: TurnRun,
  agent: AgentDefinition,
  task: AgentTask,
  done: readonly DoneCall[],
): Promise<string | null> {
  const { answerTemplate, settings } = agent;
  // A tenant may prefer the model's words while there is a model.
  if (answerTemplate === null || (run.model !== null && settings['answer_with'] === 'model')) return null;
  const byTool = Object.fromEntries(
    done.flatMap(({ tool, result }) => [
      [tool, result.data],
      [tool.replace(/-/g, '_'), result.data],
    ]),
  );
  const last = done.at(-1);
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

function repeats(done: readonly DoneCall[], tool: ToolDefinition, args: Readonly<Record<string, unknown>>): boolean {
  const same = JSON.stringify(args);
  return done.some((call) => call.tool === tool.key && JSON.stringify(call.arguments) === same);
}
