import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { AgentRuntime, recordUsage, type TurnAnswer, type TurnEvent, type UsageEntry, usageRow } from '#agents';
import { Bus } from '#platform/bus';
import { AppConfig } from '#platform/config';
import { isPassing, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { SpendingLimits } from '#tenants';
import { DomainError, type ErrorCode, errorCause } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import type { ConversationStream, StoredEvent } from '../live/conversation-stream.js';
import type { LiveTurn } from '../live/live-turn.js';
import type { UsageView } from '../model/conversation-event.js';
import { ConversationDeleted, LeaseLost, TurnCancelled, TurnOvertime, TurnReleased } from '../model/errors.js';
import { type HandoverDecision, PeopleRegistry } from '../model/people-registry.js';
import { endEvents, MessageRepository } from '../store/message.repository.js';
import { type Settled, type Settlement, type StoredAnswer, TurnRepository } from '../store/turn.repository.js';
import type { RunningTurn } from './running-turn.js';
import { wholeCharacters, withoutNul } from './streamed-text.js';
import { totalUsage } from './usage.view.js';

/** How a run came out, before it is written down. */
type Outcome =
  | { readonly status: 'completed'; readonly answer: TurnAnswer; readonly handover: HandoverDecision | null }
  | { readonly status: 'cancelled' }
  | { readonly status: 'failed'; readonly error: DomainError };

/** A run that is to be written down. */
interface Run {
  readonly outcome: Outcome;
  readonly timings: Record<string, number>;
  readonly used: readonly UsageEntry[];
  readonly spent: readonly ReturnType<typeof usageRow>[];
}

/** What became of a turn that this instance ran. */
export type Ending =
  /** Written down; `events` are its last frames. */
  | {
      readonly kind: 'settled';
      readonly settled: Settled;
      readonly events: readonly StoredEvent[];
      /** Why it failed. */
      readonly code: ErrorCode | null;
      /** Set: the conversation wants a title. */
      readonly answered: string | null;
    }
  /** Somebody else ended it or runs it now, or its conversation is gone: the database says which. */
  | { readonly kind: 'elsewhere' }
  /** Left for whoever looks next. */
  | { readonly kind: 'released' };

/** A graph that does not come back after its signal was aborted is left behind after this. */
const ABORT_GRACE_MS = 700;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Runs a turn that this instance holds, and writes its end down.
 *
 *   run -> AgentRuntime.run ──events──> ConversationStream (live)
 *            │ answer | failure | abort
 *            ▼
 *          settle: one fenced statement, tried again for as long as the database does not say that the turn is another's
 *            ▼
 *          Ending, for the runner to tell
 *
 * No connection is held while the graph runs. One signal a turn; its reason tells how the turn ends.
 */
@Injectable()
export class TurnExecutor {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly turns: TurnRepository,
    private readonly messages: MessageRepository,
    private readonly runtime: AgentRuntime,
    private readonly bus: Bus,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics = new Metrics(),
    @Optional() private readonly spending?: SpendingLimits,
    @Optional() private readonly people?: PeopleRegistry,
  ) {}

  /** Never rejects. */
  async run(turn: RunningTurn, stream: ConversationStream, live: LiveTurn): Promise<Ending> {
    const takenOver = turn.start > 1;
    this.metrics.turnBegun(secondsSince(turn.acceptedAt), takenOver);
    const ending = await this.runToEnd(turn, stream, live);
    const isSettled = ending.kind === 'settled';
    this.metrics.turnEnded({
      outcome: isSettled ? ending.settled.status : ending.kind,
      code: isSettled ? ending.code : null,
      begun: takenOver ? 'taken_over' : 'first',
      seconds: secondsSince(turn.acceptedAt),
    });
    return ending;
  }

  private async runToEnd(turn: RunningTurn, stream: ConversationStream, live: LiveTurn): Promise<Ending> {
    const log = this.logger.child({
      tenant: turn.ctx.tenantId,
      conversation: turn.conversationId,
      turn: turn.turnId,
      correlation: turn.ctx.correlationId,
    });
    const startedAt = performance.now();
    const used: UsageEntry[] = [];
    const outcome = await this.answer(turn, stream, live, used, log);
    // Made once: their ids make it harmless to write them again after a reply that was lost.
    const spent = used.map(usageRow);
    this.settleTokens(turn, used, log);
    const { reason } = turn.controller.signal as { reason: unknown };
    if (reason instanceof LeaseLost || reason instanceof ConversationDeleted || reason instanceof TurnReleased) {
      log.warn({ reason: reason.name }, 'a turn is no longer ours to end');
      await this.record(turn, spent, log);
      return reason instanceof TurnReleased ? this.release(turn, log) : { kind: 'elsewhere' };
    }
    const timings = {
      ...(outcome.status === 'completed' ? outcome.answer.timings : {}),
      ...(turn.spokeMs === undefined ? {} : { first_token_ms: turn.spokeMs }),
      waited_ms: Math.round(startedAt - turn.acceptedAt),
      total_ms: Math.round(performance.now() - turn.acceptedAt),
    };
    const ending = await this.settle(turn, stream, live, { outcome, timings, used, spent }, log);
    if (ending.kind !== 'settled') await this.record(turn, spent, log);
    log.info(
      {
        status: ending.kind === 'settled' ? ending.settled.status : ending.kind,
        start: turn.start,
        agents: outcome.status === 'completed' ? outcome.answer.agents : undefined,
        intent: outcome.status === 'completed' ? outcome.answer.intent : undefined,
        error: outcome.status === 'failed' ? outcome.error.code : undefined,
        cause: outcome.status === 'failed' ? errorCause(outcome.error) : undefined,
        ms: timings.total_ms,
      },
      'turn ended',
    );
    return ending;
  }

  /** The minutes that the turn took an estimate from; its budget is settled with its rows. */
  private settleTokens({ turnId }: RunningTurn, used: readonly UsageEntry[], log: Logger): void {
    const tokens = used.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
    this.spending
      ?.settle(turnId, tokens)
      .catch((err: unknown) => log.warn({ err }, 'the tokens of a turn could not be settled'));
  }

  private async answer(
    turn: RunningTurn,
    stream: ConversationStream,
    live: LiveTurn,
    used: UsageEntry[],
    log: Logger,
  ): Promise<Outcome> {
    const { controller } = turn;
    if (controller.signal.aborted) return this.stopped(controller.signal.reason);
    const limit = setTimeout(() => controller.abort(new TurnOvertime()), this.config.env.MAX_TURN_SECONDS * 1000);
    try {
      const running = this.runtime.run(
        turn.ctx,
        turn,
        (event) => this.emit(turn, stream, live, used, event),
        controller.signal,
      );
      const answered = await orAborted(running, controller.signal);
      return { status: 'completed', ...(await this.considered(turn, stream, live, answered, log)) };
    } catch (error) {
      if (controller.signal.aborted) return this.stopped(controller.signal.reason);
      if (!(error instanceof DomainError)) log.error({ err: error }, 'a turn failed unexpectedly');
      return { status: 'failed', error: asTurnError(error) };
    } finally {
      clearTimeout(limit);
      // Whatever still runs for this turn (a speculative search, a sibling agent) stops with it.
      if (!controller.signal.aborted) controller.abort(new TurnCancelled());
    }
  }

  /** Whether a person is called, and the answer with what is said of that. A fault there costs no answer. */
  private async considered(
    turn: RunningTurn,
    stream: ConversationStream,
    live: LiveTurn,
    answer: TurnAnswer,
    log: Logger,
  ): Promise<{ readonly answer: TurnAnswer; readonly handover: HandoverDecision | null }> {
    const { signal } = turn.controller;
    try {
      const handover =
        (await orAborted(this.people?.consider({ ...turn, answer }) ?? Promise.resolve(null), signal)) ?? null;
      if (handover?.say === null || handover?.say === undefined) return { answer, handover };
      const said = answer.content === '' ? handover.say : `\n\n${handover.say}`;
      this.emit(turn, stream, live, [], { type: 'token', content: said });
      return { answer: { ...answer, content: answer.content + said }, handover };
    } catch (error) {
      if (signal.aborted) throw error;
      log.error({ err: error }, 'it could not be judged whether a person is to be called');
      return { answer, handover: null };
    }
  }

  private stopped(reason: unknown): Outcome {
    return reason instanceof TurnCancelled ? { status: 'cancelled' } : { status: 'failed', error: asTurnError(reason) };
  }

  private emit(
    turn: RunningTurn,
    stream: ConversationStream,
    live: LiveTurn,
    used: UsageEntry[],
    event: TurnEvent,
  ): void {
    // What was spent counts, also when it is told while the run is being stopped.
    if (event.type === 'usage') {
      used.push(event.entry);
      return;
    }
    // A graph that was left behind may still speak, or one whose turn another instance has taken over: nobody listens.
    if (turn.controller.signal.aborted || stream.live !== live || live.over) return;
    switch (event.type) {
      case 'token': {
        const content = withoutNul(event.content);
        if (content === '') return;
        if (live.text === '') {
          this.metrics.turnSpoke(secondsSince(turn.acceptedAt));
          turn.spokeMs ??= Math.round(performance.now() - turn.acceptedAt);
        }
        stream.token(live, content);
        return;
      }
      case 'status':
        stream.status(live, event);
        return;
      case 'payload':
        stream.payload(live, { payload_type: event.payloadType, items: event.items, offset: event.offset });
        return;
    }
  }

  private async settle(
    turn: RunningTurn,
    stream: ConversationStream,
    live: LiveTurn,
    run: Run,
    log: Logger,
  ): Promise<Ending> {
    let { outcome } = run;
    let bare = false;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const settlement = bare ? this.bareFailure(turn) : this.describe(turn, live, { ...run, outcome });
        const handover = !bare && outcome.status === 'completed' ? outcome.handover : null;
        const beside = handover === null ? undefined : (tx: TenantTx) => handover.store(tx);
        const settled = await this.uow.run(turn.ctx, (tx) =>
          this.turns.settle(tx, { ...settlement, lastSeq: stream.lastSeq }, beside),
        );
        // Refused: ended or overtaken by another, or by a commit of our own whose reply was lost. The rows know.
        if (settled === null) return { kind: 'elsewhere' };
        if (bare) await this.record(turn, run.spent, log);
        if (handover !== null && settled.status === 'completed')
          await handover
            .stored()
            .catch((error: unknown) => log.warn({ err: error }, 'a wish for a person was not told'));
        return {
          kind: 'settled',
          settled,
          events: this.lastEvents(turn, settlement, settled),
          code: outcome.status === 'failed' && settled.status === 'failed' ? outcome.error.code : null,
          answered: outcome.status === 'completed' && settled.status === 'completed' ? outcome.answer.content : null,
        };
      } catch (error) {
        if (isPassing(error)) {
          // Said once: every turn of this instance is tried every other second for as long as the database is away.
          log[pause === FIRST_PAUSE_MS ? 'warn' : 'debug'](
            { err: error },
            'writing the end of a turn failed; trying again',
          );
        } else if (bare) {
          // Not even the bare failure can be written: whoever takes it over ends it after its third start.
          log.error({ err: error }, 'the end of a failed turn cannot be written');
          return this.release(turn, log);
        } else {
          // Its content is what the database refuses: the turn fails, now, instead of being tried for ever. What describes
          // the failure may be refused as well (a model's name, an agent's): then it fails without it.
          log.error({ err: error, used: run.used }, 'the end of a turn was refused');
          bare = outcome.status === 'failed';
          outcome = { status: 'failed', error: asTurnError(error) };
          continue;
        }
      }
      this.metrics.settleRetried();
      const { reason } = turn.controller.signal as { reason: unknown };
      if (reason instanceof LeaseLost || reason instanceof ConversationDeleted) return { kind: 'elsewhere' };
      if (turn.released === true) return this.release(turn, log);
      await sleep(pause);
    }
  }

  /** What was spent counts, whoever ends the turn. */
  private async record(turn: RunningTurn, spent: Run['spent'], log: Logger): Promise<void> {
    if (spent.length === 0) return;
    const { ctx, turnId } = turn;
    await recordUsage(this.uow, { tenantId: ctx.tenantId, turnId, principalId: ctx.principal.id }, spent).catch(
      (error: unknown) => log.error({ err: error, spent }, 'what a turn spent could not be written down'),
    );
  }

  private async release(turn: RunningTurn, log: Logger): Promise<Ending> {
    const { ctx, fence, turnId } = turn;
    await this.turns
      .release(ctx, { turnId, fence, instance: this.bus.instance })
      .catch((error: unknown) => log.warn({ err: error }, 'a turn could not be handed over; its lease will run out'));
    return { kind: 'released' };
  }

  /** The frames with which the readers here learn of the end. */
  private lastEvents(
    turn: RunningTurn,
    settlement: Omit<Settlement, 'lastSeq'>,
    settled: Settled,
  ): readonly StoredEvent[] {
    const { answer } = settlement;
    const shown = answer !== null && settled.status !== 'handed_off';
    return [
      ...(shown ? [{ type: 'message' as const, ...this.messages.answerView(turn, answer, settled) }] : []),
      ...endEvents({
        id: turn.turnId,
        conversation_id: turn.conversationId,
        status: settled.status,
        end_seq: settled.seq,
        error: settled.status === 'failed' ? settlement.error : null,
        usage: settlement.usage,
        client_message_id: turn.clientMessageId,
      }),
    ];
  }

  /** That it failed, and nothing that the database could refuse. */
  private bareFailure(turn: RunningTurn): Omit<Settlement, 'lastSeq'> {
    const { code, message, retryable } = asTurnError(null);
    return {
      turnId: turn.turnId,
      conversationId: turn.conversationId,
      expect: {
        kind: 'owned',
        instance: this.bus.instance,
        fence: turn.fence,
        ownerEpoch: turn.ownerEpoch,
      },
      status: 'failed',
      timings: {},
      agent: null,
      error: { code, message, retryable },
      usage: null,
      usageRecords: [],
      answer: null,
      outbox: [],
    };
  }

  private describe(turn: RunningTurn, live: LiveTurn, run: Run): Omit<Settlement, 'lastSeq'> {
    const { outcome } = run;
    const usage = totalUsage(run.used);
    const base = {
      ...this.bareFailure(turn),
      timings: run.timings,
      agent: live.agent,
      error: null,
      usage,
      usageRecords: run.spent,
    };
    switch (outcome.status) {
      case 'failed': {
        const { code, message, retryable } = outcome.error;
        return { ...base, status: 'failed', error: { code, message, retryable } };
      }
      case 'cancelled':
        return { ...base, status: 'cancelled', answer: partialAnswer(turn, live) };
      case 'completed': {
        const { answer } = outcome;
        return {
          ...base,
          status: 'completed',
          agent: answer.agents[0] ?? null,
          outbox: escalation(turn, answer),
          answer: {
            content: withoutNul(answer.content).toWellFormed(),
            payloads: answer.payloads,
            metadata: {
              ...answerMetadata(turn, answer, usage, run.timings['total_ms'] ?? 0),
              ...(outcome.handover === null ? {} : { escalated: outcome.handover.cause }),
            },
            tokensUsed: usage === null ? null : usage.input_tokens + usage.output_tokens,
          },
        };
      }
    }
  }
}

/** What had been written when the turn was stopped; nothing when it had not begun to speak. */
function partialAnswer(turn: RunningTurn, live: LiveTurn): StoredAnswer | null {
  const content = wholeCharacters(live.text);
  if (content === '') return null;
  return {
    content,
    payloads: live.payloads.map(({ payload_type, items, offset }) => ({ payload_type, items, offset })),
    metadata: { partial: true, conversation_id: turn.conversationId },
    tokensUsed: null,
  };
}

function escalation(turn: RunningTurn, answer: TurnAnswer): Settlement['outbox'] {
  if (answer.humanRequested === null) return [];
  return [
    {
      id: newId(),
      type: 'EscalationRequested',
      payload: {
        conversation_id: turn.conversationId,
        turn_id: turn.turnId,
        message_id: turn.messageId,
        principal_id: turn.ctx.principal.id,
        reason: answer.humanRequested.reason,
      },
    },
  ];
}

/** The contract's metadata of an answer (PROTOCOL §2). */
function answerMetadata(
  turn: RunningTurn,
  answer: TurnAnswer,
  usage: UsageView | null,
  latencyMs: number,
): Record<string, unknown> {
  return {
    intent: answer.intent,
    intents: answer.intents,
    agents: answer.agents,
    sections: answer.sections,
    language: answer.language,
    chunks_used: answer.sourceChunks.length,
    source_chunks: answer.sourceChunks,
    citations: answer.citations,
    usage,
    latency_ms: latencyMs,
    degraded: answer.degraded,
    partial: false,
    conversation_id: turn.conversationId,
    ...(turn.replaces.length === 0 ? {} : { replaces: turn.replaces }),
    ...((answer.failedParts ?? 0) === 0 ? {} : { failed_parts: answer.failedParts }),
    ...(answer.awaiting.length === 0 ? {} : { awaiting: answer.awaiting }),
  };
}

/** The run's result, or its rejection soon after an abort even when the run itself does not come back. */
async function orAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp: (reason: unknown) => void = () => undefined;
  const abandoned = new Promise<never>((_, reject) => (giveUp = reject));
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => giveUp(signal.reason), ABORT_GRACE_MS);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([running, abandoned]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    running.catch(() => undefined);
  }
}

/** What a turn's failure is called. Only a `DomainError` was written to be read by people. */
function asTurnError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof TurnOvertime) {
    return new DomainError({
      code: 'TURN_TIMEOUT',
      kind: 'upstream_timeout',
      retryable: true,
      message: 'The answer took too long. Please try again.',
    });
  }
  return new DomainError({
    code: 'INTERNAL',
    kind: 'internal',
    retryable: true,
    message: 'Something went wrong. Please try again.',
    cause: error,
  });
}

function secondsSince(moment: number): number {
  return (performance.now() - moment) / 1000;
}
