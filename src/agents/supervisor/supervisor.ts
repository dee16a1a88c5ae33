import { setMaxListeners } from 'node:events';
import type { AgentKind } from '../catalog/agent.types.js';
import type { Steps } from '../steps/steps.js';
import { memoryWindow } from '../turn/memory-window.js';
import type { TurnContext } from '../turn/turn-context.js';
import type { TurnAnswer } from '../turn/turn.types.js';
import type { KindGraph } from './agent-kind.js';
import { CitationLedger } from './citation-ledger.js';
import { listeningTo, type RunnableConfig } from './langgraph.js';
import { SectionStream } from './section-stream.js';
import { buildKindGraph, buildSupervisorGraph, type CompiledGraph } from './supervisor.graph.js';
import type { SupervisorRun } from './supervisor.run.js';
import type { PartTask, SupervisorStateType } from './supervisor.state.js';

/** Supersteps of one walk; an agent that uses up its budget of tools takes seventeen. */
const MOST_SUPERSTEPS = 40;

/**
 * Answers a turn: compiles the graph, once, and walks it.
 *
 *   TurnContext + steps ─▶ SupervisorRun (the config's) ─▶ graph (the state's) ─▶ TurnAnswer
 *
 * Tokens leave through `emit` from inside the nodes; LangGraph's own streaming is not on their path.
 */
export class Supervisor {
  private readonly graph: CompiledGraph;
  private readonly kindGraphs: ReadonlyMap<AgentKind, CompiledGraph>;

  /** @param stepsFor the implementations for a turn: on its model, or without one */
  constructor(
    kinds: readonly KindGraph[],
    private readonly stepsFor: (turn: TurnContext) => Steps,
  ) {
    this.graph = buildSupervisorGraph(kinds).compile();
    this.kindGraphs = new Map(kinds.map((kind) => [kind.kind, buildKindGraph(kind).compile()]));
  }

  /** @throws what the turn fails with; whatever LangGraph makes of an abort */
  async answer(turn: TurnContext): Promise<TurnAnswer> {
    const { emit, input, settings, signal } = turn;
    // Every walk and every call of a turn listens to its one signal; ten of them are no leak.
    setMaxListeners(0, signal);
    const run: SupervisorRun = {
      ...turn,
      steps: this.stepsFor(turn),
      sections: new SectionStream(1, emit),
      citations: new CitationLedger(),
      walk: (task, config) => this.walk(task, listeningTo(signal, config)),
      failures: [],
    };
    const initial = {
      question: input.content,
      input_history: memoryWindow(input.history, settings.historyTokens),
      language: settings.language,
    };
    const config = { configurable: { run }, signal, runName: 'turn', recursionLimit: MOST_SUPERSTEPS };
    return answerOf(run, await this.graph.invoke(initial, config));
  }

  /** One part of several. */
  private walk(part: PartTask, config: RunnableConfig | undefined): Promise<SupervisorStateType> {
    const graph = this.kindGraphs.get(part.kind);
    if (graph === undefined) throw new Error(`No nodes answer for agents of the kind ${part.kind}`);
    const { input_history, language, question } = part;
    return graph.invoke({ question, input_history, language, part }, { ...config, runName: part.intent.agent });
  }
}

function answerOf(run: SupervisorRun, state: SupervisorStateType): TurnAnswer {
  const answered = state.sections.filter(({ failed }) => !failed);
  const nameOf = (agent: string): string => run.agents.find(({ key }) => key === agent)?.name ?? agent;
  return {
    content: run.sections.content,
    payloads: run.sections.payloads,
    intent: state.intent,
    intents: state.intents.flatMap(({ agent, asksAgain, text }) => (asksAgain === true ? [] : [{ agent, text }])),
    agents: answered.map(({ agent }) => agent),
    sections: answered
      .map(({ agent, position }) => ({ agent, name: nameOf(agent), section: run.sections.section(position) }))
      .filter(({ section }) => section.shown)
      .map(({ section, ...named }) => ({ ...named, offset: section.offset })),
    language: state.language,
    citations: state.citations,
    sourceChunks: [...new Set(state.source_chunks)],
    degraded: state.degraded,
    awaiting: answered.flatMap(({ awaiting }) => awaiting ?? []),
    humanRequested: state.reply?.kind === 'human_request' ? { reason: 'The user asked for a person' } : null,
    personCalls: run.notes.calls,
    failedParts: state.sections.length - answered.length,
    timings: run.notes.timings,
  };
}
