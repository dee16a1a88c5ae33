import { contentStems, detectLanguage, topicStems, wordCount } from '#platform/text';
import { Command, Send } from '@langchain/langgraph/web';
import type { RunnableConfig } from '@langchain/core/runnables';
import type { AgentDefinition, Intent } from '../catalog/agent.types.js';
import { AgentNotFoundError, searchFailure } from '../turn/turn.errors.js';
import { isRecord, propertiesOf } from '../catalog/tool-inputs.js';
import { findingsFor, judging } from '../offline/extraction/entity-rules.js';
import { awaitingOf, lastAgentsOf, languageSoFar } from '../turn/awaiting.js';
import type { ClassifyRequest } from '../steps/intent-classifier.js';
import { pointsBack, saysNeverMind, wantsPerson } from '../offline/routing/requests.js';
import { smallTalkKind, withoutGreeting } from '../offline/routing/small-talk.js';
import { runOf, status, timed, type TurnRun } from '../turn/turn-run.js';
import type { AwaitingInput } from '../turn/turn.types.js';
import { SectionStream } from './section-stream.js';
import type { AgentTask, Reply, SupervisorStateType } from './supervisor.state.js';

/** How long a search may hold up the routing call that it may save. */
const EVIDENCE_PATIENCE_MS = 300;

interface Routing {
  readonly language: string;
  readonly intents: readonly Intent[];
  readonly reply: Reply | null;
  /** For the log: which way led here. */
  readonly how: string;
}

/** Decides who answers. Cheap ways first; a model is asked only when they do not decide. */
export async function routeNode(state: SupervisorStateType, config?: RunnableConfig): Promise<Command> {
  const run = runOf(config);
  status(run, 'routing');
  const routing = await timed(run, 'routing', () => route(run, state));
  run.signal.throwIfAborted();
  run.log.info(
    { how: routing.how, agents: routing.intents.map(({ agent }) => agent), reply: routing.reply?.kind },
    'message routed',
  );
  const { intents, language, reply } = routing;
  const update = { intents, language, reply };
  if (reply !== null) {
    run.sections = new SectionStream(1, run.emit);
    return new Command({ update, goto: 'respond' });
  }
  run.sections = new SectionStream(intents.length, run.emit);
  const tasks = intents.map((intent, position): AgentTask => {
    return { position, intent, question: state.question, input_history: state.input_history, language };
  });
  return new Command({ update, goto: tasks.map((task) => new Send('agent', task)) });
}

async function route(run: TurnRun, state: SupervisorStateType): Promise<Routing> {
  const { question, input_history: history } = state;
  const language = detectLanguage(question, languageSoFar(history) ?? run.voice.language);
  const answer = (kind: Reply, how: string): Routing => ({ language, intents: [], reply: kind, how });
  const send = (intents: readonly Intent[], how: string): Routing => ({ language, intents, reply: null, how });

  if (run.model?.provider === 'echo') return answer({ kind: 'echo' }, 'echo');
  if (run.input.agent !== null) {
    const forced = run.agents.find(({ key }) => key === run.input.agent);
    if (forced === undefined) throw new AgentNotFoundError(run.input.agent);
    return send([{ agent: forced.key, text: question }], 'forced');
  }

  const awaiting = awaitingOf(history);
  if (awaiting !== null && saysNeverMind(question)) return answer({ kind: 'stopped' }, 'stopped');
  if (wantsPerson(question)) return answer({ kind: 'human_request' }, 'phrase');
  if (awaiting !== null && answersWhatWasAsked(run, awaiting, question)) {
    return send([{ agent: awaiting.agent, text: question }], 'continued');
  }
  const smallTalk = smallTalkKind(question);
  if (smallTalk !== null) return answer({ kind: 'small_talk', smallTalk }, 'phrase');

  const [only, ...others] = run.agents;
  if (only === undefined) return answer({ kind: 'unclear' }, 'no agent');
  const text = withoutGreeting(question);
  if (others.length === 0) return send([{ agent: only.key, text }], 'single');
  // A bare "1043" says nothing of its own: it is for whoever answered last.
  if (topicStems(text).length === 0) {
    const last = lastAgentsOf(history).map((key) => run.agents.find((agent) => agent.key === key))[0];
    if (last !== undefined && continues(last, text)) return send([{ agent: last.key, text }], 'continued');
  }
  return decide(run, { history, language, text }, awaiting);
}

async function decide(
  run: TurnRun,
  { history, language, text }: Pick<ClassifyRequest, 'history' | 'language' | 'text'>,
  awaiting: AwaitingInput | null,
): Promise<Routing> {
  const request: ClassifyRequest = {
    tenantId: run.ctx.tenantId,
    text,
    agents: run.agents,
    history,
    language,
    evidence: (agent, part) => run.retrievals.coverage(agent, part),
    metered: run.usage.metered('route'),
  };
  if (run.model !== null) {
    // A search that is quick may save the call; one that is slow goes on beside it.
    const patient = { ...request, evidence: within(EVIDENCE_PATIENCE_MS, request.evidence) };
    const sure = await run.ports.similarity.sure(patient, run.signal);
    if (sure !== null && sure.length > 0) return { language, intents: sure, reply: null, how: 'similarity' };
    // The search that a knowledge agent will want is under way while the model decides.
    for (const agent of run.agents)
      if (agent.kind === 'knowledge') void run.retrievals.coverage(agent, text).catch(() => undefined);
  }
  const result = await run.ports.classifier.classify(request, run.signal);
  const routed = { language: result.language, how: result.how };
  const reply = (kind: Reply): Routing => ({ ...routed, intents: [], reply: kind });
  if (result.wantsPerson) return reply({ kind: 'human_request' });
  if (result.intents.length > 0) return { ...routed, intents: result.intents, reply: null };
  if (result.smallTalk) return reply({ kind: 'small_talk', smallTalk: null });

  // A bare "1043" or "and to Norway?" goes on with whoever answered last.
  const previous = awaiting === null ? lastAgentsOf(history) : [awaiting.agent];
  const known = previous
    .map((key) => run.agents.find((agent) => agent.key === key))
    .find((agent) => agent !== undefined);
  if (known !== undefined && (awaiting !== null || continues(known, text))) {
    return { ...routed, intents: [{ agent: known.key, text }], reply: null, how: 'continued' };
  }
  // "I do not understand" would be untrue: the documents may well, and could not be asked.
  if (result.how === 'similarity' && run.retrievals.failure !== null) throw searchFailure(run.retrievals.failure);
  return reply({ kind: 'unclear' });
}

/** No evidence yet is no evidence. */
function within(ms: number, evidence: ClassifyRequest['evidence']): ClassifyRequest['evidence'] {
  return async (agent, text) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<number>((resolve) => (timer = setTimeout(resolve, ms, 0)));
    try {
      return await Promise.race([evidence(agent, text), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** The message holds a value that was asked for. A sentence that plainly asks for something else is routed anew. */
function answersWhatWasAsked(run: TurnRun, awaiting: AwaitingInput, text: string): boolean {
  const agent = run.agents.find(({ key }) => key === awaiting.agent);
  const tool = agent?.tools.find(({ key }) => key === awaiting.tool);
  if (agent === undefined || tool === undefined) return false;
  const wanted = propertiesOf(tool).filter(({ name }) => awaiting.missing.includes(name));
  const short = wordCount(text) <= 6 && !text.includes('?');
  const meter = judging();
  return wanted.some((property) => {
    const options = { today: new Date(), asked: short, alone: short && wanted.length === 1, meter };
    return findingsFor(property, text, options).some(({ strong }) => strong);
  });
}

function continues(agent: AgentDefinition, text: string): boolean {
  if (contentStems(text).length > 4) return false;
  if (pointsBack(text)) return true;
  const options = { today: new Date(), asked: false, alone: false, meter: judging() };
  return agent.tools.some((tool) =>
    propertiesOf(tool).some(
      (property) =>
        property.required &&
        isRecord(property.schema) &&
        findingsFor(property, text, options).some(({ strong }) => strong),
    ),
  );
}
