import { detectLanguage } from '#platform/text';
import type { ToolDefinition } from '#tools';
import type { AgentKind } from '../catalog/agent.types.js';
import { CONFIRMATION, CONFIRMED } from '../catalog/confirmation.js';
import type { ClassifyRequest } from '../steps/intent-classifier.js';
import { awaitingOf, languageSoFar } from '../turn/awaiting.js';
import { withoutGreeting } from '../turn/greeting.js';
import { status, timed } from '../turn/turn-context.js';
import { AgentNotFoundError, searchFailure } from '../turn/turn.errors.js';
import type { AwaitingInput, Intent } from '../turn/turn.types.js';
import { Command, type RunnableConfig, Send } from './langgraph.js';
import { SectionStream } from './section-stream.js';
import { runOf, type SupervisorRun } from './supervisor.run.js';
import type { PartTask, Reply, SupervisorStateType } from './supervisor.state.js';

interface Routing {
  readonly language: string;
  readonly intents: readonly Intent[];
  readonly reply: Reply | null;
  /** For the log: which way led here. */
  readonly how: string;
}

/**
 * Decides who answers. Before the classifier only what leaves nothing to decide: an agent that the client named, and a
 * question of the last answer that the message plainly answers.
 * @param entryOf the first node of a kind
 */
export function routeNode(entryOf: (kind: AgentKind) => string) {
  return async (state: SupervisorStateType, config?: RunnableConfig): Promise<Command> => {
    const run = runOf(config);
    status(run, 'routing');
    const { how, intents: routed, language, reply } = await timed(run, 'routing', () => route(run, state));
    run.signal.throwIfAborted();
    const intents = [...routed, ...askedAgain(run, awaitingOf(state.input_history), routed)];
    run.log.info({ how, agents: intents.map(({ agent }) => agent), reply: reply?.kind }, 'message routed');
    const noted = { degraded: run.notes.degraded, usage: run.usage.take() };
    const update = { intents, language, reply, ...noted };
    run.sections = new SectionStream(Math.max(1, intents.length), run.emit);
    if (reply !== null) return new Command({ update, goto: 'respond' });
    const { input_history, question } = state;
    const tasks = intents.map((intent, position): PartTask => {
      return { position, kind: kindOf(run, intent), intent, question, input_history, language };
    });
    const [only, ...others] = tasks;
    if (only !== undefined && others.length === 0) {
      return new Command({ update: { ...update, part: only }, goto: entryOf(only.kind) });
    }
    return new Command({ update, goto: tasks.map((task) => new Send('agent', task)) });
  };
}

async function route(run: SupervisorRun, { input_history: history, question }: SupervisorStateType): Promise<Routing> {
  const language = detectLanguage(question, languageSoFar(history) ?? run.voice.language);
  const answer = (reply: Reply, how: string): Routing => ({ language, intents: [], reply, how });
  const send = (agent: string, how: string): Routing => {
    return { language, intents: [{ agent, text: question }], reply: null, how };
  };
  if (run.model?.provider === 'echo') return answer({ kind: 'echo' }, 'echo');
  if (run.input.agent !== null) {
    if (!run.agents.some(({ key }) => key === run.input.agent)) throw new AgentNotFoundError(run.input.agent);
    return send(run.input.agent, 'forced');
  }
  const awaiting = awaitingOf(history);
  const served = servedBy(run, awaiting, question, language);
  if (served.length > 0) {
    const intents = served.map(({ agent }) => ({ agent, text: question }));
    return { language, intents, reply: null, how: 'continued' };
  }
  if (run.agents.length === 0) return answer({ kind: 'unclear' }, 'no agent');
  const text = withoutGreeting(question);
  const onDegraded = () => run.notes.degrade();
  const request: ClassifyRequest = {
    tenantId: run.ctx.tenantId,
    message: question,
    text,
    agents: run.agents,
    others: run.others,
    history,
    awaiting,
    language,
    coverage: (agent, part) => run.retrievals.coverage(agent, part, onDegraded),
    records: (agent) => run.records.ifReadable(agent),
    metered: run.usage.metered('route'),
    onDegraded,
  };
  // The search that a knowledge agent will want is under way while a model decides.
  if (run.model !== null) {
    for (const agent of run.agents) if (agent.kind === 'knowledge') run.retrievals.begin(agent, text);
  }
  const result = await run.steps.classifier.classify(request, run.signal);
  // "I do not understand" would be untrue: the documents may well, and could not be asked.
  if (result.reply?.kind === 'unclear' && result.how === 'similarity' && run.retrievals.failure !== null) {
    throw searchFailure(run.retrievals.failure);
  }
  return result;
}

/**
 * Those of several questions that the message answers: "1042" is for everyone who asked for an order number. A yes is to the
 * first of them only, since what it allows cannot be called back.
 */
function servedBy(
  run: SupervisorRun,
  awaiting: readonly AwaitingInput[],
  text: string,
  language: string,
): readonly AwaitingInput[] {
  // Whose agent or tool is gone meanwhile offers nothing any more.
  const offers = awaiting.filter((one) => one.confirm === true && toolOf(run, one) !== undefined);
  const given = awaiting.filter((one) => !offers.includes(one) && givesWhatWasAsked(run, one, text, language));
  if (given.length > 0) return given;
  const corrected = offers.find((one) => givesWhatWasAsked(run, one, text, language));
  const agreed = saysYesOrNo(run, text, language) ? offers[0] : undefined;
  return [corrected ?? agreed ?? []].flat();
}

/** The message holds a value that was asked for. A sentence that plainly asks for something else is routed anew. */
function givesWhatWasAsked(run: SupervisorRun, awaiting: AwaitingInput, text: string, language: string): boolean {
  const tool = toolOf(run, awaiting);
  if (tool === undefined) return false;
  const place = { language: run.voice.localeFor(language), timeZone: run.settings.timezone };
  return run.steps.extractor.gives({ ...place, text, tool, asked: awaiting.missing });
}

/** In the language that it was asked in, too. */
function saysYesOrNo(run: SupervisorRun, text: string, language: string): boolean {
  const asked = { text, tool: CONFIRMATION, asked: [CONFIRMED], timeZone: run.settings.timezone };
  const languages = [run.voice.localeFor(language), run.voice.spoken(language)];
  return languages.some((one) => run.steps.extractor.gives({ ...asked, language: one }));
}

/** What was asked for beside what the message is about; nothing where it is about something else altogether. */
function askedAgain(run: SupervisorRun, awaiting: readonly AwaitingInput[], routed: readonly Intent[]): Intent[] {
  const served = new Set(routed.map(({ agent }) => agent));
  if (!awaiting.some(({ agent }) => served.has(agent))) return [];
  return awaiting
    .filter((one) => !served.has(one.agent) && toolOf(run, one) !== undefined)
    .map(({ agent }) => ({ agent, text: '', asksAgain: true }));
}

function toolOf({ agents }: SupervisorRun, awaiting: AwaitingInput): ToolDefinition | undefined {
  return agents.find(({ key }) => key === awaiting.agent)?.tools.find(({ key }) => key === awaiting.tool);
}

function kindOf(run: SupervisorRun, intent: Intent): AgentKind {
  const agent = run.agents.find(({ key }) => key === intent.agent);
  if (agent === undefined) throw new Error(`Routed to the unknown agent ${intent.agent}`);
  return agent.kind;
}
