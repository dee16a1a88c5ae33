import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Bus } from '#platform/bus';
import type { TenantScope } from '#platform/context';
import { LOGGER, type Logger } from '#platform/logging';
import { CatchUp } from '../live/catch-up.js';
import type { ConversationStream } from '../live/conversation-stream.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import { LiveTurn } from '../live/live-turn.js';
import { TurnRelay } from '../live/turn-relay.js';
import { LeaseLost, TurnCancelled, TurnReleased } from '../model/errors.js';
import { LastReaders } from './last-readers.js';
import type { RunningTurn } from './running-turn.js';
import { type Ending, TurnExecutor } from './turn-executor.js';

/** A turn that this instance holds. */
export interface HeldTurn {
  readonly turn: RunningTurn;
  /** Resolves when it has ended and its readers here were told. */
  readonly ended: Promise<Ending>;
  /** On this process's clock. */
  renewedAt: number;
}

/**
 * The turns that run on this instance, from the claim to the last word that its readers here are told.
 *
 *   begin(turn) ─▶ a live turn in the stream ─▶ TurnExecutor.run ─▶ readers here are told ─▶ Ending, for whoever began it
 */
@Injectable()
export class TurnRunner implements OnApplicationBootstrap {
  private readonly running = new Map<string, HeldTurn>();

  constructor(
    private readonly executor: TurnExecutor,
    private readonly lastReaders: LastReaders,
    private readonly streams: ConversationStreams,
    private readonly catchUp: CatchUp,
    private readonly relay: TurnRelay,
    private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.relay.onUnfollowed((stream) => this.unwatched(stream.scope, stream.conversationId));
  }

  get size(): number {
    return this.running.size;
  }

  has(turnId: string): boolean {
    return this.running.has(turnId);
  }

  find(turnId: string): HeldTurn | undefined {
    return this.running.get(turnId);
  }

  held(): HeldTurn[] {
    return [...this.running.values()];
  }

  turns(): RunningTurn[] {
    return this.held().map(({ turn }) => turn);
  }

  /** Runs a turn that this instance holds. Its promise never rejects; the turn is known here when this returns. */
  begin(turn: RunningTurn): Promise<Ending> {
    const stream = this.streams.open(turn.ctx, turn.conversationId);
    stream.raise(turn.lastSeq);
    const run = {
      turnId: turn.turnId,
      attempt: turn.attempt,
      start: turn.start,
      fence: turn.fence,
      questionId: turn.messageId,
      answerId: turn.answerId,
      agent: turn.agent,
      owner: this.bus.instance,
    };
    const live = stream.begin((seq) => new LiveTurn(turn.conversationId, run, true, seq), run);
    const ended = this.run(turn, stream, live).catch((error: unknown): Ending => {
      this.logger.error({ err: error, turn: turn.turnId }, 'the end of a turn could not be told');
      this.giveUp(turn, stream, live);
      return { kind: 'elsewhere' };
    });
    this.running.set(turn.turnId, { turn, ended, renewedAt: performance.now() });
    return ended;
  }

  /** Stops a turn that runs here. @returns false when it does not, or stops for another instance to go on with */
  stop(turnId: string, reason: Error): boolean {
    const controller = this.running.get(turnId)?.turn.controller;
    if (controller === undefined) return false;
    // Whoever takes it over must find a wish to stop in its row.
    if (controller.signal.aborted && !(controller.signal.reason instanceof TurnCancelled)) return false;
    controller.abort(reason);
    return true;
  }

  /** Ends a tenant's turns here; resolves when they have ended and were told, or after `ms`. */
  async endTenant({ tenantId }: TenantScope, reason: Error, ms: number): Promise<void> {
    const meant = this.held().filter(({ turn }) => turn.ctx.tenantId === tenantId);
    for (const { turn } of meant) this.stop(turn.turnId, reason);
    await this.allEnded(ms, meant);
  }

  /** Nobody here listens to a conversation any more: turns that were to end with their last reader may be over. */
  unwatched(scope: TenantScope, conversationId: string): void {
    this.lastReaders.judge(this.turns(), scope, conversationId);
  }

  /** Lets what runs finish for `graceMs`, then gives the rest back. */
  async drain(graceMs: number): Promise<void> {
    if (this.size > 0) this.logger.info({ turns: this.size }, 'finishing running turns');
    await this.allEnded(graceMs);
    for (const turn of this.turns()) {
      turn.released = true;
      turn.controller.abort(new TurnReleased());
    }
    await this.allEnded(3000);
  }

  private async run(turn: RunningTurn, stream: ConversationStream, live: LiveTurn): Promise<Ending> {
    // Begins after `running` knows it.
    await Promise.resolve();
    await this.lastReaders.await(turn, stream, live);
    const ending = await this.executor.run(turn, stream, live);
    this.relay.close(stream, live);
    // Before its last frames go out: who reads `done` must not be told that it can still be stopped.
    this.running.delete(turn.turnId);
    if (ending.kind === 'elsewhere') stream.disown(live);
    else live.over = true;
    await this.tellEnd(turn, stream, ending);
    if (stream.live === live) stream.end(live);
    return ending;
  }

  private async tellEnd(turn: RunningTurn, stream: ConversationStream, ending: Ending): Promise<void> {
    switch (ending.kind) {
      case 'settled': {
        const { settled } = ending;
        if (!stream.tellCommitted(ending.events, settled.previous, settled.seq + 1)) await this.catchUp.run(stream);
        return;
      }
      case 'elsewhere':
        // Ended, or running under another fence: its readers here follow it there.
        await this.catchUp.run(stream);
        return;
      case 'released':
        this.logger.info({ turn: turn.turnId }, 'a turn was left for another instance');
    }
  }

  /** A fault of ours: its lease is renewed no more, so that it is begun again or ended, and its readers are told from there. */
  private giveUp(turn: RunningTurn, stream: ConversationStream, live: LiveTurn): void {
    this.running.delete(turn.turnId);
    turn.controller.abort(new LeaseLost());
    this.relay.close(stream, live);
    stream.disown(live);
    stream.end(live);
  }

  private async allEnded(ms: number, turns = this.held()): Promise<void> {
    const ended = Promise.all(turns.map((held) => held.ended));
    const stop = new AbortController();
    await Promise.race([ended, sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
  }
}
