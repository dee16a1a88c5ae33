import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { AgentRuntime, type TurnAnswer, type TurnEvent } from '#agents';
import { AppConfig } from '#platform/config';
import { newId, UnitOfWork } from '#platform/database';
import { DomainError, errorCause } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { totalUsage, usageRecords } from './conversation.view.js';
import type { ConversationEvent } from './conversation-event.js';
import { type ConversationStream, ConversationStreams, type LiveTurn } from './conversation-stream.js';
import { LeaseLost, TurnCancelled, TurnOvertime } from './conversations.errors.js';
import { MessageRepository } from './message.repository.js';
import { TitleService } from './title.service.js';
import { type HeldTurn, TurnRegistry } from './turn-registry.js';
import { type Settled, type Settlement, TurnRepository } from './turn.repository.js';

/** How a run came out, before it is written down. */
type Outcome =
  | { readonly status: 'completed'; readonly answer: TurnAnswer }
  | { readonly status: 'cancelled' }
  | { readonly status: 'failed'; readonly error: DomainError };

/** A graph that does not come back after its signal was aborted is left behind after this. */
const ABORT_GRACE_MS = 700;

/**
 * Runs a turn that has been committed, and writes its end down.
 *
 *   start -> AgentRuntime.run ──events──> ConversationStream (live)
 *              │ answer | failure | abort
 *              ▼
 *            settle (fenced second transaction, tried again while the lease may still be ours)
 *              ▼
 *            `message` or `error`, then `done`; then `onFree`
 *
 * No connection is held while the graph runs. One signal a turn; its reason tells how the turn ends.
 */
@Injectable()
export class TurnExecutor {
  /** Told when a turn of this instance has ended, so that the next of its conversation can start. */
  onFree: (turn: HeldTurn) => void = () => undefined;

  constructor(
    private readonly uow: UnitOfWork,
    private readonly turns: TurnRepository,
    private readonly messages: MessageRepository,
    private readonly registry: TurnRegistry,
    private readonly streams: ConversationStreams,
    private readonly runtime: AgentRuntime,
    private readonly titles: TitleService,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(turn: HeldTurn): void {
    const stream = this.streams.open(turn.conversationId);
    const live = stream.begin(turn.turnId);
    void this.run(turn, stream, live).finally(() => {
      stream.end();
      this.abandon(turn);
      this.onFree(turn);
    });
  }

  /** Ends a turn that waits, as cancelled. */
  async cancelQueued(turn: HeldTurn): Promise<void> {
    const cancelled = await this.uow.run(turn.ctx, (tx) => this.turns.cancelQueued(tx, turn.turnId));
    if (!cancelled) return;
    this.registry.remove(turn.turnId);
    const stream = this.streams.open(turn.conversationId);
    stream.publish({ ...inTurn(turn, stream.nextSeq()), type: 'done', status: 'cancelled', usage: null });
    this.streams.release(stream);
    turn.markEnded();
  }

  /** Ends a turn that waits, as failed. */
  async failQueued(turn: HeldTurn, error: DomainError): Promise<void> {
    const stream = this.streams.open(turn.conversationId);
    await this.uow
      .run(turn.ctx, (tx) =>
        this.turns.settle(tx, {
          ...emptySettlement(turn),
          expect: { kind: 'abandoned', everything: true },
          status: 'failed',
          error: { code: error.code, message: error.message, retryable: error.retryable },
          lastSeq: stream.lastSeq,
        }),
      )
      .catch((fault: unknown) => this.logger.error({ err: fault, turn: turn.turnId }, 'ending a waiting turn failed'));
    this.registry.remove(turn.turnId);
    this.publishFailure(turn, stream, error, null);
    this.streams.release(stream);
    turn.markEnded();
  }

  /** Gives a turn up without writing: its lease runs out and the sweeper ends it. */
  abandon(turn: HeldTurn): void {
    this.registry.remove(turn.turnId);
    turn.markEnded();
  }

  private async run(turn: HeldTurn, stream: ConversationStream, live: LiveTurn): Promise<void> {
    const log = this.logger.child({
      tenant: turn.ctx.tenantId,
      conversation: turn.conversationId,
      turn: turn.turnId,
      correlation: turn.ctx.correlationId,
    });
    const startedAt = performance.now();
    const outcome = await this.answer(turn, stream, live, log);
    const endedAt = performance.now();
    const timings = {
      ...(outcome.status === 'completed' ? outcome.answer.timings : {}),
      waited_ms: Math.round(startedAt - turn.acceptedAt),
      total_ms: Math.round(endedAt - turn.acceptedAt),
    };
    if (turn.controller.signal.reason instanceof LeaseLost) {
      log.warn('the lease was lost: another instance owns this turn');
      return;
    }
    await this.settle(turn, stream, live, outcome, timings, log);
    log.info(
      {
        status: outcome.status,
        agents: outcome.status === 'completed' ? outcome.answer.agents : undefined,
        intent: outcome.status === 'completed' ? outcome.answer.intent : undefined,
        error: outcome.status === 'failed' ? outcome.error.code : undefined,
        cause: outcome.status === 'failed' ? errorCause(outcome.error) : undefined,
        ms: timings.total_ms,
      },
      'turn ended',
    );
  }

  private async answer(turn: HeldTurn, stream: ConversationStream, live: LiveTurn, log: Logger): Promise<Outcome> {
    const { controller } = turn;
    const limit = setTimeout(() => controller.abort(new TurnOvertime()), this.config.env.MAX_TURN_SECONDS * 1000);
    try {
      const running = this.runtime.run(
        turn.ctx,
        turn,
        (event) => this.emit(turn, stream, live, event),
        controller.signal,
      );
      const answer = await orAborted(running, controller.signal);
      return { status: 'completed', answer };
    } catch (error) {
      const reason: unknown = controller.signal.reason;
      if (reason instanceof TurnCancelled) return { status: 'cancelled' };
      if (!(error instanceof DomainError) && !controller.signal.aborted)
        log.error({ err: error }, 'a turn failed unexpectedly');
      return { status: 'failed', error: asTurnError(controller.signal.aborted ? reason : error) };
    } finally {
      clearTimeout(limit);
      // Whatever still runs for this turn (a speculative search, a sibling agent) stops with it.
      if (!controller.signal.aborted) controller.abort(new TurnCancelled());
    }
  }

  private emit(turn: HeldTurn, stream: ConversationStream, live: LiveTurn, event: TurnEvent): void {
    // A graph that was left behind may still speak; nobody listens any more.
    if (turn.controller.signal.aborted) return;
    switch (event.type) {
      case 'token':
        if (event.content !== '') stream.token(live, event.content);
        return;
      case 'status': {
        if (event.agent !== undefined) live.agent = event.agent;
        stream.record(live, { ...inTurn(turn, stream.nextSeq()), ...event });
        return;
      }
      case 'payload': {
        const payload = { payload_type: event.payloadType, items: event.items };
        live.payloads.push(payload);
        stream.record(live, { ...inTurn(turn, stream.nextSeq()), type: 'payload', ...payload });
        return;
      }
    }
  }

  private async settle(
    turn: HeldTurn,
    stream: ConversationStream,
    live: LiveTurn,
    outcome: Outcome,
    timings: Record<string, number>,
    log: Logger,
  ): Promise<void> {
    const settlement = this.describe(turn, live, outcome, timings);
    const settled = await this.commit(turn, { ...settlement, lastSeq: stream.lastSeq }, log);
    // Before its last frames go out: who reads `done` must not be told that it can still be stopped.
    this.registry.remove(turn.turnId);
    if (settled === 'lost') return;
    if (settled === 'unreachable') {
      const error = outcome.status === 'failed' ? outcome.error : asTurnError(new Error('the database is away'));
      this.publishFailure(turn, stream, error, null);
      return;
    }
    stream.raise(settled.seq + 1);
    if (outcome.status === 'failed') {
      this.publishFailure(turn, stream, outcome.error, settled);
      return;
    }
    if (outcome.status === 'completed' && settlement.answer !== null) {
      const view = this.messages.answerView(turn, settlement.answer, settled);
      stream.publish({ type: 'message', ...view });
    }
    stream.publish({
      ...inTurn(turn, settled.seq + 1),
      type: 'done',
      status: outcome.status,
      usage: settlement.usage,
    });
    if (outcome.status === 'completed' && turn.untitled) {
      this.titles.write(turn.ctx, {
        conversationId: turn.conversationId,
        question: turn.content,
        answer: outcome.answer.content,
      });
    }
  }

  /** Tries again while the database is away, as long as the lease can still be ours. */
  private async commit(turn: HeldTurn, settlement: Settlement, log: Logger): Promise<Settled | 'lost' | 'unreachable'> {
    const giveUpAt = Date.now() + this.config.env.LEASE_SECONDS * 1000;
    for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
      try {
        const settled = await this.uow.run(turn.ctx, (tx) => this.turns.settle(tx, settlement));
        if (settled !== null) return settled;
        // A commit whose answer got lost on the way was ours nevertheless.
        const own =
          settlement.answer === null ? null : await this.messages.settledAnswer(turn.ctx, settlement.answer.id);
        if (own !== null) return own;
        log.warn('a stale result was refused');
        return 'lost';
      } catch (error) {
        log.warn({ err: error }, 'writing the end of a turn failed');
        if (!(error instanceof DomainError) || Date.now() + pause > giveUpAt) return 'unreachable';
        await sleep(pause);
      }
    }
  }

  private describe(
    turn: HeldTurn,
    live: LiveTurn,
    outcome: Outcome,
    timings: Record<string, number>,
  ): Omit<Settlement, 'lastSeq'> {
    const base = {
      ...emptySettlement(turn),
      expect: {
        kind: 'owned',
        instance: this.registry.instance,
        fence: turn.fence,
        ownerEpoch: turn.ownerEpoch,
      },
      timings,
      agent: live.agent,
      events: live.events,
    } as const;
    switch (outcome.status) {
      case 'failed': {
        const { code, message, retryable } = outcome.error;
        return { ...base, status: 'failed', error: { code, message, retryable } };
      }
      case 'cancelled': {
        const metadata = { partial: true, conversation_id: turn.conversationId };
        const answer =
          live.text === ''
            ? null
            : { id: newId(), content: live.text, payloads: live.payloads, metadata, tokensUsed: null };
        return { ...base, status: 'cancelled', answer };
      }
      case 'completed': {
        const { answer } = outcome;
        const usage = totalUsage(answer.usage);
        return {
          ...base,
          status: 'completed',
          agent: answer.agents[0] ?? null,
          usage,
          usageRecords: usageRecords(answer.usage),
          outbox:
            answer.humanRequested === null
              ? []
              : [
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
                ],
          answer: {
            id: newId(),
            content: answer.content,
            payloads: answer.payloads,
            metadata: this.messages.answerMetadata(turn, answer, usage, timings['total_ms'] ?? 0),
            tokensUsed: usage === null ? null : usage.input_tokens + usage.output_tokens,
          },
        };
      }
    }
  }

  private publishFailure(
    turn: HeldTurn,
    stream: ConversationStream,
    error: DomainError,
    settled: Settled | null,
  ): void {
    const seq = settled?.seq ?? stream.nextSeq();
    stream.publish({
      ...inTurn(turn, seq),
      type: 'error',
      code: error.code,
      message: error.message,
      retryable: error.retryable,
      ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: error.retryAfterMs }),
      ...(turn.clientMessageId === null ? {} : { client_message_id: turn.clientMessageId }),
    });
    stream.raise(seq + 1);
    stream.publish({ ...inTurn(turn, seq + 1), type: 'done', status: 'failed', usage: null });
  }
}

function inTurn(
  turn: HeldTurn,
  seq: number,
): Pick<ConversationEvent & { turn_id: string }, 'conversation_id' | 'turn_id' | 'seq'> {
  return { conversation_id: turn.conversationId, turn_id: turn.turnId, seq };
}

function emptySettlement(turn: HeldTurn) {
  return {
    turnId: turn.turnId,
    conversationId: turn.conversationId,
    userMessageId: turn.messageId,
    agent: null,
    error: null,
    usage: null,
    timings: {},
    answer: null,
    events: [],
    usageRecords: [],
    outbox: [],
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
      code: 'LLM_TIMEOUT',
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
