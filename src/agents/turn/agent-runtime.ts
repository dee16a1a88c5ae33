import { assertNoConnectionHeld } from '#platform/database';
import type { LlmService } from '#llm';
import type { RequestContext } from '#platform/context';
import { asError } from '#platform/errors';
import type { Logger } from '#platform/logging';
import { estimateTokens } from '#platform/text';
import { atMost, type Estimate, type TenantSettings } from '#tenants';
import { type AgentDirectory, visibleAgents } from '../catalog/agent.types.js';
import { AgentRecords, type RecordSource } from './agent-records.js';
import { type PassageSearch, Retrievals } from './retrievals.js';
import { TenantVoice } from './tenant-voice.js';
import type { TurnContext } from './turn-context.js';
import type { TurnEventSink } from './turn-event.js';
import { TurnNotes } from './turn-notes.js';
import { TurnUsage } from './turn-usage.js';
import type { TurnAnswer, TurnInput } from './turn.types.js';

/** What a run needs from the rest of the product; narrow, so that tests can stand in for each. */
export interface RuntimeDependencies {
  readonly directory: { directory(scope: RequestContext): Promise<AgentDirectory> };
  readonly settings: { get(scope: RequestContext): Promise<TenantSettings> };
  readonly llm: Pick<LlmService, 'chatModel' | 'reckon'>;
  /** What embedding a question may cost, in US dollars; absent: nothing. */
  readonly embeddings?: { reckon(ctx: RequestContext, question: string): Promise<number> };
  readonly passages: PassageSearch;
  readonly records: RecordSource;
  /** Answers the turn once everything for it is there. */
  readonly supervisor: { answer(turn: TurnContext): Promise<TurnAnswer> };
  readonly logger: Logger;
}

/** Of an answer, where the tenant does not say. */
const MOST_TOKENS = 1500;
/** Instructions, passages and the routing question. */
const PROMPT_TOKENS = 3000;
/** A question is routed, searched for, and searched for once more in other words. */
const TIMES_EMBEDDED = 3;

/** How long a turn's end waits for what its aborted calls cost; well below the executor's patience with an aborted run. */
const USAGE_PATIENCE_MS = 300;

/**
 * Runs turns.
 *
 *   settings, agents, model (side by side, mostly from memory) ─▶ TurnContext ─▶ supervisor ─▶ TurnAnswer
 *
 * What each call cost is told through `emit`; all of it when `run` settles, also of calls that were left behind.
 */
export class AgentRuntime {
  constructor(private readonly dependencies: RuntimeDependencies) {}

  /** Whether a caller may name this agent. */
  async offers(ctx: RequestContext, agent: string): Promise<boolean> {
    const { agents } = await this.dependencies.directory.directory(ctx);
    return visibleAgents(agents, ctx.principal).some(({ key }) => key === agent);
  }

  /**
   * What answering a message may come to, from what the model may be shown and may say. A bound for a turn of one answer;
   * several agents may come to more.
   * @returns null where no provider is asked that anybody pays for
   */
  async estimate(ctx: RequestContext, content: string): Promise<Estimate | null> {
    const { embeddings, llm, settings: tenants } = this.dependencies;
    const [settings, model, embedding] = await Promise.all([
      tenants.get(ctx),
      llm.chatModel(ctx).catch(() => null),
      embeddings === undefined ? 0 : embeddings.reckon(ctx, content),
    ]);
    const embedded = { tokens: TIMES_EMBEDDED * estimateTokens(content), usd: TIMES_EMBEDDED * embedding };
    if (model === null || model.provider === 'echo') return embedding === 0 ? null : embedded;
    const input = settings.historyTokens + estimateTokens(content) + PROMPT_TOKENS;
    const output = atMost(settings.llm.maxTokens ?? MOST_TOKENS, settings.ceilings.maxTokens);
    const usd = llm.reckon(model, input, output);
    if (embedding === 0) return { tokens: input + output, usd };
    return { tokens: input + output + embedded.tokens, usd: usd + embedded.usd };
  }

  /**
   * Answers one message.
   * @throws DomainError when the turn fails: LLM_ERROR, LLM_TIMEOUT, RETRIEVAL_ERROR, NOT_FOUND (agent); the signal's
   *   reason when it was aborted
   */
  async run(
    ctx: RequestContext,
    input: TurnInput,
    emit: TurnEventSink,
    signal: AbortSignal,
    /** `tools` false: agents that answer by calling tools are left out, so that nothing is done. */
    { tools }: { readonly tools: boolean } = { tools: true },
  ): Promise<TurnAnswer> {
    assertNoConnectionHeld('A turn');
    signal.throwIfAborted();
    const start = performance.now();
    const turn = await this.prepare(ctx, input, { emit, signal, tools });
    try {
      const answer = await this.dependencies.supervisor.answer(turn);
      signal.throwIfAborted();
      return { ...answer, timings: { ...answer.timings, total: Math.round(performance.now() - start) } };
    } catch (error) {
      // Libraries wrap what aborted them; the turn's own reason says how it ended.
      throw signal.aborted ? asError(signal.reason) : error;
    } finally {
      turn.retrievals.close();
      // Nothing waits here but a turn that left a provider in the middle of something.
      await turn.usage.settled(USAGE_PATIENCE_MS);
    }
  }

  private async prepare(
    ctx: RequestContext,
    input: TurnInput,
    { emit, signal, tools }: { emit: TurnEventSink; signal: AbortSignal; tools: boolean },
  ): Promise<TurnContext> {
    const { directory, llm, logger, passages, records, settings: tenants } = this.dependencies;
    const [settings, found, model] = await Promise.all([
      tenants.get(ctx),
      directory.directory(ctx),
      llm.chatModel(ctx),
    ]);
    const usage = new TurnUsage(emit);
    const visible = visibleAgents(found.agents, ctx.principal);
    const agents = tools ? visible : visible.filter(({ kind }) => kind !== 'domain');
    return {
      ctx,
      input,
      settings,
      signal,
      emit,
      log: logger.child({ tenant: ctx.tenantId, conversation: input.conversationId, turn: input.turnId }),
      agents,
      others: agents === found.agents ? [] : found.agents.filter((agent) => !agents.includes(agent)),
      entitlements: tools ? found.entitlements : [],
      model,
      voice: new TenantVoice(settings),
      retrievals: new Retrievals(passages, ctx, { signal, metered: usage.metered('retrieve') }),
      records: new AgentRecords(records, ctx),
      usage,
      notes: new TurnNotes(model === null),
    };
  }
}
