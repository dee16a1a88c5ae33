import { isDeepStrictEqual } from 'node:util';
import type { ToolDefinition, ToolFailure, ToolSuccess } from '#tools';
import { escapeMarkdown, wordCount } from '#platform/text';
import { renderAnswer } from '../../catalog/answer-template.js';
import {
  addressesIn,
  ANSWER_BEGUN,
  CONFIRMATION,
  CONFIRMED,
  confirmModeOf,
  namesTool,
} from '../../catalog/confirmation.js';
import { askFor, fits, missingOf, propertiesOf } from '../../catalog/tool-inputs.js';
import type { ExtractRequest } from '../../steps/entity-extractor.js';
import { DONE, type KindGraph, type Part, type PartUpdate } from '../../supervisor/agent-kind.js';
import type { SupervisorRun } from '../../supervisor/supervisor.run.js';
import { writeWords } from '../../turn/answer-text.js';
import { awaitingOf } from '../../turn/awaiting.js';
import { fill, listing } from '../../turn/phrases.js';
import { status, timed } from '../../turn/turn-context.js';
import { UnknownOutcomeError } from '../../turn/turn.errors.js';
import type { AwaitingInput } from '../../turn/turn.types.js';
import type { CallerAddresses } from './caller.repository.js';
import { personCallOf } from './person-call.js';
import type { ToolRunner } from './tool-runner.js';

/** A turn never calls more tools than this for one agent, whatever a model wants. */
const STEP_BUDGET = 5;
/** Words of a yes to what cannot be called back; a longer message says more than that. */
const LONGEST_YES = 6;

type Arguments = Readonly<Record<string, unknown>>;

interface DoneCall {
  readonly tool: string;
  readonly arguments: Arguments;
  readonly result: ToolSuccess;
}

interface DomainWork {
  /** The key of the tool to call next; null when nothing more is needed. */
  readonly tool: string | null;
  readonly entities: Arguments;
  /** What the same tool is to be called with afterwards: "1042 and 1043". */
  readonly further: readonly Arguments[];
  /** Names of required inputs that nobody gave. */
  readonly missing: readonly string[];
  /** Names of inputs that the user has to agree to before the call. */
  readonly unconfirmed: readonly string[];
  /** Names of inputs that nobody gave and that are taken from what is known of the caller, if he agrees. */
  readonly offered: readonly string[];
  /** Calls that succeeded, in their order. */
  readonly calls: readonly DoneCall[];
  /** How many calls were made, also those that failed. */
  readonly tried: number;
  /** What to tell the user of a call that failed, or of an agent that can do nothing for him. */
  readonly apology: string;
  /** True when the message goes on with what the last answer asked for. */
  readonly continued: boolean;
  /** True when the user was asked whether to go ahead, and does not want it. */
  readonly declined: boolean;
  /** The node after this one. */
  readonly onwards: Step;
}
type Step = 'choose' | 'extract' | 'ask' | 'call' | 'answer';
type DomainPart = Part<DomainWork>;
type DomainUpdate = PartUpdate<DomainWork>;
interface Services {
  readonly runner: ToolRunner;
  readonly callers: CallerAddresses;
}
type DomainNode = (part: DomainPart, services: Services) => Promise<DomainUpdate>;

/**
 * choose a tool ─▶ extract ─ missing, or to be agreed to ─▶ ask (the next message goes on from there)
 *      ▲               └─ complete ─▶ call ─ failure ─▶ answer: say what to do
 *      └──────────────── success ◀────┘ └─ the same for another value of the message ─▶ call
 *      outcome unknown ─▶ the part fails: it may have happened, so nothing follows from it
 *      nothing more to call ─▶ answer by template, by the model, or readably
 */
export function domainKind(runner: ToolRunner, callers: CallerAddresses): KindGraph<DomainWork> {
  const node = (run: DomainNode) => (part: DomainPart) => run(part, { runner, callers });
  return {
    kind: 'domain',
    entry: 'choose',
    nodes: {
      choose: { run: node(choose), next: { ends: ['extract', 'ask', 'call', 'answer'], after } },
      extract: { run: node(extract), next: { ends: ['ask', 'call', 'answer'], after } },
      ask: { run: node(ask), next: DONE },
      call: { run: node(call), next: { ends: ['call', 'choose', 'answer'], after } },
      answer: { run: node(answer), next: DONE },
    },
  };
}

function after({ onwards = 'answer' }: Partial<DomainWork>): string {
  return onwards;
}

async function choose({ agent, run, task, work }: DomainPart, { runner }: Services): Promise<DomainUpdate> {
  const { calls = [], tried = 0 } = work;
  const tools = runner.visible(run.ctx, agent, run.entitlements);
  if (tools.length === 0 || tried >= STEP_BUDGET) return { work: { tool: null, onwards: 'answer' } };
  const awaiting = awaited(run, agent.key, tools);
  if (awaiting !== null && task.intent.asksAgain === true) return { work: openQuestion(awaiting) };
  if (calls.length === 0) {
    // An offer that the message neither takes nor refuses nor corrects is dropped: the user wants something else.
    const settled =
      awaiting?.confirm === true ? await settle({ agent, run, task }, awaiting) : { onwards: 'extract' as const };
    if (awaiting !== null && settled !== null) return { work: { tool: awaiting.tool, continued: true, ...settled } };
  }
  const next = await run.steps.planner.next(
    {
      agent,
      tools,
      text: task.intent.text,
      history: task.input_history,
      ...placeOf(run, task.language),
      done: calls.map(({ tool, arguments: args, result }) => ({ tool, arguments: args, result: result.data })),
    },
    run.signal,
  );
  // What is neither a yes nor a no nor anything else leaves the question open: "ok wait", "correct it".
  if (next === null && calls.length === 0 && awaiting !== null) return { work: openQuestion(awaiting) };
  return { work: { tool: next?.key ?? null, continued: false, onwards: next === null ? 'answer' : 'extract' } };
}

/** What was asked for, as it stands, to be asked for once more. */
function openQuestion({
  confirm,
  entities,
  further = [],
  missing,
  offered = [],
  tool,
}: AwaitingInput): Partial<DomainWork> {
  const asked = confirm === true ? { further, offered, unconfirmed: missing, missing: [] } : { further, missing };
  return { tool, entities, ...asked, continued: true, onwards: 'ask' };
}

function awaited(run: SupervisorRun, agent: string, tools: readonly ToolDefinition[]): AwaitingInput | null {
  const awaiting = awaitingOf(run.input.history).find((one) => one.agent === agent);
  return awaiting !== undefined && tools.some(({ key }) => key === awaiting.tool) ? awaiting : null;
}

/**
 * What the answer to "Shall I?" settles: a yes that changes nothing lets the call go ahead; whatever it changes has to be
 * agreed to anew.
 * @returns null when the message does not answer that
 */
async function settle(
  { agent, run, task }: Pick<DomainPart, 'agent' | 'run' | 'task'>,
  awaiting: AwaitingInput,
): Promise<Partial<DomainWork> | null> {
  const { extractor } = run.steps;
  const { entities, further = [], missing } = awaiting;
  const without = (names: readonly string[]): Partial<DomainWork> => {
    const kept = (args: Arguments) =>
      Object.fromEntries(Object.entries(args).filter(([name]) => !names.includes(name)));
    return { entities: kept(entities), further: further.map(kept), missing: names, continued: false, onwards: 'ask' };
  };
  // As it was written: a routing model may have made more of a yes.
  const text = task.question;
  const request = { text, history: [], asked: [], ...placeOf(run, task.language) };
  const tool = chosenTool(agent.tools, { tool: awaiting.tool });
  // "Yes, but order 1043", "yes, but only 1042". A model may find what has no form of its own.
  const names = propertiesOf(tool).map(({ name }) => name);
  if (run.model !== null || extractor.gives({ ...request, tool, asked: names })) {
    const said = await extractor.extract({ ...request, tool, known: entities }, run.signal);
    if (!isDeepStrictEqual(said, entities)) return { onwards: 'extract' };
    if (further.length > 0 && /\d/.test(text)) return { onwards: 'extract' };
  }
  // "To my other address", "right, but to another one": the one that was named or offered is not it.
  const other = extractor.another({ ...request, tool });
  const denied = missing.filter((name) => other.has(name) && name in entities);
  if (denied.length > 0) return without(denied);
  // What is done cannot be called back, so "OK, and what does shipping cost?" is no yes.
  if (wordCount(text) > LONGEST_YES || text.includes('?')) return null;
  const languages = run.model === null ? [task.language, run.voice.spoken(task.language)] : [task.language];
  for (const language of languages) {
    const asked = { ...request, tool: CONFIRMATION, known: {}, asked: [CONFIRMED], language };
    const { [CONFIRMED]: agreed } = await extractor.extract(asked, run.signal);
    if (agreed === true) return { entities, further, onwards: 'call' };
    if (agreed === false) return { declined: true, onwards: 'answer' };
  }
  const begun = { ...request, tool: ANSWER_BEGUN, asked: [CONFIRMED] };
  return languages.some((language) => extractor.gives({ ...begun, language })) ? openQuestion(awaiting) : null;
}

/** Where and when the message was written. */
function placeOf(run: SupervisorRun, language: string): { language: string; timeZone: string } {
  return { language: run.voice.localeFor(language), timeZone: run.settings.timezone };
}

async function extract({ agent, run, task, work }: DomainPart, { callers }: Services): Promise<DomainUpdate> {
  const tool = chosenTool(agent.tools, work);
  const awaiting = work.continued === true ? awaited(run, agent.key, agent.tools) : null;
  const request = {
    tool,
    text: task.intent.text,
    question: task.question,
    history: task.input_history,
    known: awaiting?.entities ?? {},
    asked: awaiting?.confirm === true ? [] : (awaiting?.missing ?? []),
    ...placeOf(run, task.language),
  };
  const entities = await timed(run, 'extracting', () => run.steps.extractor.extract(request, run.signal));
  const { calls = [] } = work;
  const missing = missingOf(tool, entities).map(({ name }) => name);
  const said = run.steps.extractor.further(request, entities);
  const further = said.length > 0 ? said : stillToDo(awaiting, entities);
  const offer = calls.length > 0 || missing.length !== 1 ? null : await addressFor(request, missing, run, callers);
  if (offer !== null) {
    const names = Object.keys(offer);
    const given = { entities: { ...entities, ...offer }, further: further.map((args) => ({ ...args, ...offer })) };
    return { work: { ...given, missing: [], unconfirmed: names, offered: names, onwards: 'ask' } };
  }
  // What the first calls found is still worth saying; only then ask.
  if (missing.length > 0) return { work: { entities, further, missing, onwards: calls.length > 0 ? 'answer' : 'ask' } };
  if (calls.some((done) => done.tool === tool.key && isDeepStrictEqual(done.arguments, entities))) {
    return { work: { entities, missing, onwards: 'answer' } };
  }
  const implied = awaiting === null && !isAskedFor(tool, { agent, run, task });
  const unconfirmed = await toConfirm(run, tool, { calls: [entities, ...further], implied }, callers);
  if (unconfirmed.length === 0) return { work: { entities, missing, further, onwards: 'call' } };
  return { work: { entities, missing, further, unconfirmed, onwards: calls.length > 0 ? 'answer' : 'ask' } };
}

/** What was asked for is given once for all: "the invoices of 1042 and 1043", "to which address?" */
function stillToDo(awaiting: AwaitingInput | null, entities: Arguments): Arguments[] {
  const { further = [], missing = [], entities: before = {} } = awaiting ?? {};
  const changed = Object.keys(entities).filter((name) => !isDeepStrictEqual(entities[name], before[name]));
  // "Only 1043" says itself what is to be done.
  if (changed.some((name) => !missing.includes(name))) return [];
  const given = Object.fromEntries(changed.map((name) => [name, entities[name]]));
  return further.map((args) => ({ ...args, ...given })).filter((args) => !isDeepStrictEqual(args, entities));
}

/**
 * The address that the tenant has of the caller, for the one input that is missing, where something is sent to it and the
 * caller does not ask for another one.
 * @returns the input and its value, to be agreed to; null: has to be asked for
 */
async function addressFor(
  request: ExtractRequest,
  [missing]: readonly string[],
  run: SupervisorRun,
  callers: CallerAddresses,
): Promise<Arguments | null> {
  const { asked, text, tool } = request;
  const property = propertiesOf(tool).find(({ name }) => name === missing);
  if (property === undefined || property.schema['format'] !== 'email' || tool.readOnly) return null;
  if (asked.includes(property.name) || run.steps.extractor.another({ ...request, text }).has(property.name))
    return null;
  const [own] = await callers.addressesOf(run.ctx);
  return own !== undefined && fits(property, own) ? { [property.name]: own } : null;
}

/**
 * Whether a message asks for what a tool does: in a word of its name, or because somebody chose the agent for it. A question
 * that gives no value ("was it cancelled?") is no such wish: what was said before must not be done once more because of it,
 * nor "Where is order 1018?" be answered by the one thing that the agent can do.
 */
function isAskedFor(tool: ToolDefinition, { agent, run, task }: Pick<DomainPart, 'agent' | 'run' | 'task'>): boolean {
  const { text } = task.intent;
  const asked = propertiesOf(tool).map(({ name }) => name);
  const gives = run.steps.extractor.gives({ tool, text, asked, ...placeOf(run, task.language) });
  // A client that names the agent, with a button say, has chosen; so has a model that routed a value to it.
  if (run.input.agent === agent.key || (gives && run.model !== null)) return true;
  return namesTool(tool, text) && (gives || !/[?？]\s*$/.test(text));
}

/**
 * Names of the inputs to ask about; an address that the tenant has stored for the caller needs no asking.
 * @param wanted what it would be called with; `implied` when the message does not ask for it
 */
async function toConfirm(
  run: SupervisorRun,
  tool: ToolDefinition,
  { calls, implied }: { readonly calls: readonly Arguments[]; readonly implied: boolean },
  callers: CallerAddresses,
): Promise<readonly string[]> {
  const mode = confirmModeOf(tool);
  if (mode === 'never') return [];
  const inputs = propertiesOf(tool).filter(({ name }) => calls.some((args) => name in args));
  if (mode === 'always' || (implied && inputs.length > 0)) return inputs.map(({ name }) => name);
  if (calls.every((args) => addressesIn(tool, args).length === 0)) return [];
  const own = await callers.addressesOf(run.ctx);
  return [...new Set(calls.flatMap((args) => addressesIn(tool, args, own)))];
}

function ask(part: DomainPart): Promise<DomainUpdate> {
  const { agent, run, section, task, work } = part;
  const { continued, entities = {}, further = [], missing = [] } = work;
  if (missing.length === 0) return Promise.resolve(askToConfirm(part));
  const tool = chosenTool(agent.tools, work);
  const phrases = run.voice.phrases(task.language);
  const labels = missingOf(tool, entities).map((property) =>
    escapeMarkdown(askFor(property, task.language, run.voice.language)),
  );
  const asked = fill(continued === true ? phrases.askAgain : phrases.ask, { missing: listing(labels, phrases.and) });
  writeWords(asked, section);
  const rest = further.length === 0 ? {} : { further };
  return Promise.resolve({ awaiting: { agent: agent.key, tool: tool.key, entities, missing, ...rest } });
}

/** "Please confirm: **Send an invoice by email** (1042, ana@example.com)." */
function askToConfirm({ agent, run, section, task, work }: DomainPart): DomainUpdate {
  const { entities = {}, further = [], offered = [], unconfirmed = [] } = work;
  const tool = chosenTool(agent.tools, work);
  const phrases = run.voice.phrases(task.language);
  const given = propertiesOf(tool).flatMap(({ label, name, type }) => {
    const values = [entities, ...further].flatMap((args) => (name in args ? [shown(args[name])] : []));
    if (values.length === 0) return [];
    const said = listing([...new Set(values)], phrases.and);
    // A text says by itself what it is; "true" and "3" do not.
    return [type === 'string' ? said : `${escapeMarkdown(label)}: ${said}`];
  });
  const asked = fill(offered.length > 0 ? phrases.offer : phrases.confirm, {
    tool: escapeMarkdown(tool.name),
    given: given.join(', '),
  });
  writeWords(`${section.written > 0 ? '\n\n' : ''}${asked}`, section);
  const rest = { ...(further.length === 0 ? {} : { further }), ...(offered.length === 0 ? {} : { offered }) };
  return { awaiting: { agent: agent.key, tool: tool.key, entities, missing: unconfirmed, confirm: true, ...rest } };
}

function shown(value: unknown): string {
  return escapeMarkdown((typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200));
}

/** @throws UnknownOutcomeError when it may have happened: that is no answer, whatever else was found out */
async function call({ agent, run, section, task, work }: DomainPart, { runner }: Services): Promise<DomainUpdate> {
  const { apology, calls = [], entities: args = {}, further = [], tried = 0 } = work;
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
  if (result.ok && result.payload !== undefined) section.payload(result.payload.payloadType, result.payload.items);
  if (result.ok) run.notes.calls.push(...personCallOf(tool.key, result.data));
  const done = result.ok ? [...calls, { tool: tool.key, arguments: args, result }] : calls;
  const failed = result.ok ? [] : [failureText(run, result, args, task.language)];
  const [next, ...later] = further;
  const spent = next !== undefined && tried + 1 >= STEP_BUDGET;
  if (spent) failed.push(run.voice.phrases(task.language).stepBudget);
  const said = [...(apology === undefined ? [] : [apology]), ...failed];
  const told = { calls: done, tried: tried + 1, ...(said.length === 0 ? {} : { apology: said.join('\n\n') }) };
  // "1042 and 1043": one that is not there does not keep the other from being answered.
  if (next !== undefined && !spent) return { work: { ...told, entities: next, further: later, onwards: 'call' } };
  // With a single tool there is nothing more to choose.
  const more = said.length === 0 && runner.visible(ctx, agent, entitlements).length > 1;
  return { work: { ...told, further: [], onwards: more ? 'choose' : 'answer' } };
}

function chosenTool(tools: readonly ToolDefinition[], { tool: key }: Partial<DomainWork>): ToolDefinition {
  const tool = tools.find((each) => each.key === key);
  if (tool === undefined) throw new Error(`The agent has no tool ${String(key)}`);
  return tool;
}

async function answer(part: DomainPart): Promise<DomainUpdate> {
  const { agent, run, section, task, work } = part;
  const { apology, calls = [], declined, unconfirmed = [] } = work;
  if (declined === true) {
    writeWords(run.voice.phrases(task.language).stopped, section);
    return {};
  }
  if (calls.length === 0 && apology === undefined) {
    writeWords(run.voice.phrases(task.language).noTool, section);
    return {};
  }
  if (calls.length > 0) await tell({ agent, run, section, task }, calls);
  if (apology !== undefined) writeWords(`${section.written > 0 ? '\n\n' : ''}${apology}`, section);
  return unconfirmed.length > 0 ? askToConfirm(part) : {};
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
  try {
    const texts: string[] = [];
    for (const round of roundsOf(calls)) {
      const last = round.at(-1);
      const text = await renderAnswer(answerTemplate, {
        ...Object.fromEntries(
          round.flatMap(({ tool, result }) => [
            [tool, result.data],
            [tool.replace(/-/g, '_'), result.data],
          ]),
        ),
        result: last?.result.data,
        entities: last?.arguments,
        message: task.intent.text,
        language: task.language.split('-')[0],
      });
      if (text !== '') texts.push(text);
    }
    return texts.length === 0 ? null : texts.join('\n\n');
  } catch (error) {
    run.log.warn({ agent: agent.key, err: error }, 'an answer template could not be rendered');
    return null;
  }
}

/** A template speaks of one result of each tool: what was called twice is told twice. */
function roundsOf(calls: readonly DoneCall[]): DoneCall[][] {
  const rounds: DoneCall[][] = [];
  for (const call of calls) {
    const open = rounds.find((round) => !round.some(({ tool }) => tool === call.tool));
    if (open === undefined) rounds.push([call]);
    else open.push(call);
  }
  return rounds;
}
