import type { LlmService } from '#llm';
import type { RequestContext } from '#platform/context';
import { asError } from '#platform/errors';
import type { Logger } from '#platform/logging';
import type { TenantSettings } from '#tenants';
import { type AgentDirectory, visibleAgents } from '../catalog/agent.types.js';
import { degrading } from '../model/degrade.js';
import { CitationLedger } from '../supervisor/citation-ledger.js';
import { type PassageSearch, Retrievals } from './retrievals.js';
import { memoryWindow } from './memory-window.js';
import { ModelCalls } from '../model/model-calls.js';
import { TenantVoice } from './tenant-voice.js';
import { ExampleIndex } from '../offline/routing/example-index.js';
import type { AgentKinds } from '../supervisor/agent.node.js';
import { SectionStream } from '../supervisor/section-stream.js';
import { buildSupervisorGraph } from '../supervisor/supervisor.graph.js';
import type { SupervisorStateType } from '../supervisor/supervisor.state.js';
import type { TurnEventSink } from './turn-event.js';
import { degradingPorts, modelPorts, offlinePorts } from '../turn-ports.js';
import type { TurnPorts, TurnRun } from './turn-run.js';
import { TurnUsage } from './turn-usage.js';
import type { TurnAnswer, TurnInput } from './turn.types.js';

/** What a run needs from the rest of the product; narrow, so that tests can stand in for each. */
export interface RuntimeDependencies {
  readonly directory: { directory(scope: RequestContext): Promise<AgentDirectory> };
  readonly settings: { get(scope: RequestContext): Promise<TenantSettings> };
  readonly llm: Pick<LlmService, 'chatModel' | 'embedder'>;
  readonly passages: PassageSearch;
  readonly kinds: AgentKinds;
  readonly logger: Logger;
}

/** How long a turn's end waits for what its aborted calls cost; well below the executor's patience with an aborted run. */
const USAGE_PATIENCE_MS = 300;

/**
 * Runs turns: the one place that compiles the supervisor graph, once.
 *
 *   settings, agents, model (side by side, mostly from memory) ─▶ TurnRun ─▶ graph ─▶ TurnAnswer
 *
 * Tokens leave through `emit` from inside the nodes; LangGraph's own streaming is not on their path. So does what each call
 * cost; all of it is told when `run` settles, also of calls that were left behind.
 */
export class AgentRuntime {
  private readonly graph;
  private readonly offline: ReturnType<typeof offlinePorts>;

  constructor(private readonly dependencies: RuntimeDependencies) {
    const { kinds, llm } = dependencies;
    this.graph = buildSupervisorGraph(kinds).compile();
    this.offline = offlinePorts(new ExampleIndex({ embedder: () => llm.embedder() }));
  }

  /** Whether a caller may name this agent. */
  async offers(ctx: RequestContext, agent: string): Promise<boolean> {
    const { agents } = await this.dependencies.directory.directory(ctx);
    return visibleAgents(agents, ctx.principal).some(({ key }) => key === agent);
  }

  /**
   * Answers one message.
   * @throws DomainError when the turn fails: LLM_ERROR, LLM_TIMEOUT, RETRIEVAL_ERROR, NOT_FOUND (agent); the signal's
   *   reason when it was aborted
   */
  async run(ctx: RequestContext, input: TurnInput, emit: TurnEventSink, signal: AbortSignal): Promise<TurnAnswer> {
    signal.throwIfAborted();
    const start = performance.now();
    const run = await this.prepare(ctx, input, emit, signal);
    try {
      const { settings, turn } = run;
      const initial = {
        question: input.content,
        input_history: memoryWindow(input.history, settings.historyTokens),
        language: settings.language,
        intents: [],
        reply: null,
        intent: 'unclear',
      };
      const state: SupervisorStateType = await this.graph.invoke(initial, { configurable: { run: turn } });
      signal.throwIfAborted();
      turn.timings['total'] = Math.round(performance.now() - start);
      return answerOf(turn, state);
    } catch (error) {
      // Libraries wrap what aborted them; the turn's own reason says how it ended.
      throw signal.aborted ? asError(signal.reason) : error;
    } finally {
      run.turn.retrievals.close();
      // Nothing waits here but a turn that left a provider in the middle of something.
      await run.turn.usage.settled(USAGE_PATIENCE_MS);
    }
  }

  private async prepare(ctx: RequestContext, input: TurnInput, emit: TurnEventSink, signal: AbortSignal) {
    const { directory, llm, logger, passages, settings: tenants } = this.dependencies;
    const [settings, found, model] = await Promise.all([
      tenants.get(ctx),
      directory.directory(ctx),
      llm.chatModel(ctx),
    ]);
    const usage = new TurnUsage(emit);
    const log = logger.child({ tenant: ctx.tenantId, conversation: input.conversationId, turn: input.turnId });
    const turn: TurnRun = {
      ctx,
      input,
      signal,
      emit,
      log,
      agents: visibleAgents(found.agents, ctx.principal),
      entitlements: found.entitlements,
      model,
      ports: this.offline,
      voice: new TenantVoice(settings),
      retrievals: new Retrievals(passages, ctx, { signal, metered: usage.metered('retrieve') }),
      citations: new CitationLedger(),
      sources: new Map(),
      usage,
      timings: {},
      sections: new SectionStream(0, emit),
      degraded: model === null,
      firstFailure: undefined,
    };
    turn.ports = this.portsFor(turn, settings);
    return { settings, turn };
  }

  private portsFor(run: TurnRun, settings: TenantSettings): TurnPorts {
    if (run.model === null || run.model.provider === 'echo') return this.offline;
    const { maxTokens, temperature } = settings.llm;
    const model = modelPorts(new ModelCalls(run.model, run.usage, { maxTokens, temperature }), this.offline);
    if (settings.onProviderFailure === 'fail') return model;
    return degradingPorts(
      model,
      this.offline,
      degrading((error) => {
        run.degraded = true;
        run.log.warn({ err: asError(error) }, 'the provider failed: a step was answered offline');
      }),
    );
  }
}

function answerOf(run: TurnRun, state: SupervisorStateType): TurnAnswer {
  const sections = [...state.sections].sort((a, b) => a.position - b.position);
  const answered = sections.filter(({ failed }) => !failed);
  return {
    content: run.sections.content,
    payloads: run.sections.payloads,
    intent: state.intent,
    intents: state.intents,
    agents: answered.map(({ agent }) => agent),
    language: state.language,
    citations: run.citations.list(),
    sourceChunks: [...run.sources.keys()],
    degraded: run.degraded,
    awaiting: answered.findLast(({ awaiting }) => awaiting !== null)?.awaiting ?? null,
    humanRequested: state.reply?.kind === 'human_request' ? { reason: 'The user asked for a person' } : null,
    timings: run.timings,
  };
}
