import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Bus, type BusMessage } from '#platform/bus';
import { AppConfig } from '#platform/config';
import type { TenantScope } from '#platform/context';
import { CommitInDoubtError, sqlState, UnitOfWork } from '#platform/database';
import { UnavailableError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { TenantSettingsCache } from '#tenants';
import { z } from 'zod';
import { CATCH_UP_MS, CatchUp } from '../live/catch-up.js';
import type { ConversationStream } from '../live/conversation-stream.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import { LiveTurn } from '../live/live-turn.js';
import { TurnRelay } from '../live/turn-relay.js';
import { ConversationDeleted, INTERRUPTED, LeaseLost, TurnCancelled, TurnReleased } from '../model/errors.js';
import { MAX_STARTS } from '../store/turn.sql.js';
import {
  type ClaimedTurn,
  type Settlement,
  type Take,
  TurnRepository,
  type TurnTask,
} from '../store/turn.repository.js';
import { fromClaim, type RunningTurn } from './running-turn.js';
import { TitleService } from './title.service.js';
import { type Ending, TurnExecutor } from './turn-executor.js';
import { WorkLine } from './work-line.js';

const TICK_MS = 1000;
/** The other modules finish their start first: what is taken over needs their tools. */
const FIRST_TICK_MS = 100;
/** Turns claimed by one tick; the next one follows at once when there were as many. */
const CLAIMED_AT_ONCE = 50;
/** A turn that was begun far from its readers lets them arrive before it is ended for want of them. */
const READERS_COME_MS = 4000;
/** One that waited has its readers connected, here or elsewhere: they are heard of within this, or they have gone. */
const READERS_HEARD_MS = 1000;
/** Turns that ticks found and that are dealt with at once: a dead owner leaves hundreds, and the pool serves others too. */
const LANES = 4;
/** After the bus is back: news of before may still be missing, and followers have not all said that they are there. */
const HEARD_AGAIN_MS = 3000;
const FOLLOWERS_HEARD_MS = 10_000;
const MOST_SERVED = 200;
const LOCK_NOT_AVAILABLE = '55P03';

interface Running {
  readonly turn: RunningTurn;
  readonly ended: Promise<void>;
  renewedAt: number;
}

/** A turn somewhere in the database. */
export interface TurnPlace {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly turnId: string;
}

const newsMessage = z.object({
  tenant: z.guid(),
  conversation: z.guid(),
  /** The highest number that the commit gave out. */
  seq: z.int().nonnegative(),
  /** A turn that may run now, and the instance that accepted it. */
  next: z.object({ turn: z.guid(), instance: z.guid() }).optional(),
  deleted: z.boolean().optional(),
});
const abortMessage = z.object({ turn: z.guid() });

/**
 * Which turn runs, and where. The database decides; this class asks it and acts.
 *
 *   accepted here, nothing before it ───────────────────────────────▶ start
 *   tick (1 s): app.look_after ─┬─ waiting, take_over, last_start ─▶ claim ─▶ start ─▶ TurnExecutor.run ─▶ Ending
 *                               ├─ lost, cancel ─▶ the run's signal                                          │
 *                               ├─ give_up, cancelled ─▶ settle as failed, as cancelled                      │
 *                               └─ changed ─▶ CatchUp tells the readers here                                 │
 *   tell readers here, announce to the other instances, wake whoever accepted the next turn ◀────────────────┘
 *
 * A lease is renewed by (tenant, turn, fence) of what really runs here, so a turn that this process gave up is somebody's
 * to take over. An announcement only wakes: whoever missed it finds the same in its next tick.
 */
@Injectable()
export class TurnScheduler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly running = new Map<string, Running>();
  private readonly claiming = new Set<string>();
  /** Tenants whose turns began here, the least recent first: they take turns. */
  private readonly served = new Set<string>();
  /**
   * A turn that was begun twice already and may take this process with it as well: while it runs here, no other turn that has
   * lost a process runs beside it, so that no innocent one comes to its own last start by it. Fresh ones go on.
   */
  private apart: string | null = null;
  private draining = false;
  /** The last look left turns waiting: who comes now waits behind them, and places are given by the looks alone. */
  private crowded = false;
  /** When the bus was last found to be away. */
  private deafAt = -Infinity;
  /** Until the first tick: owners are known to be dead, whatever their leases say. */
  private everything = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  /** Said once, and not every second. */
  private failing = false;
  private ticking: Promise<void> | null = null;
  private tickAgain = false;
  /** When the last look ended, and how long it took. */
  private lookedAt = 0;
  private lookMs = 0;
  /** Turns that ticks found to be begun, and to be ended, in the database's order (tenants in turn). */
  private readonly toBegin = new WorkLine(LANES);
  private readonly toEnd = new WorkLine(LANES);
  private readonly off: (() => void)[] = [];

  constructor(
    private readonly uow: UnitOfWork,
    private readonly turns: TurnRepository,
    private readonly executor: TurnExecutor,
    private readonly streams: ConversationStreams,
    private readonly catchUp: CatchUp,
    private readonly relay: TurnRelay,
    private readonly titles: TitleService,
    private readonly settings: TenantSettingsCache,
    private readonly bus: Bus,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics = new Metrics(),
  ) {}

  onApplicationBootstrap(): void {
    this.off.push(
      this.bus.on('conversation', (message) => this.heard(message)),
      this.bus.on('turn.abort', (message) => {
        const asked = abortMessage.safeParse(message).data;
        if (asked !== undefined) this.stop(asked.turn, new TurnCancelled());
      }),
      // Whatever was announced meanwhile was missed: everybody who listens here is told from the rows.
      this.bus.onGap(() => {
        for (const stream of this.streams.listened()) void this.catchUp.run(stream);
        this.wake();
      }),
    );
    this.relay.onUnfollowed((stream) => this.unwatched(stream.scope, stream.conversationId));
    // The embedded database has one process: whatever runs in it was left by a dead one, lease or not.
    this.everything = this.config.embeddedDatabase;
    this.schedule(FIRST_TICK_MS);
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const off of this.off) off();
  }

  /** True: a message that is accepted now waits, here or for another instance. */
  get mustWait(): boolean {
    return this.full || this.crowded;
  }

  private get full(): boolean {
    return this.draining || this.running.size >= this.config.env.MAX_RUNNING_TURNS;
  }

  get size(): number {
    return this.running.size;
  }

  /** Readers on other instances may be there without a word from them. */
  private get deaf(): boolean {
    return performance.now() - this.deafAt < FOLLOWERS_HEARD_MS;
  }

  runs(turnId: string): boolean {
    return this.running.has(turnId);
  }

  /** Resolves when a turn that runs here has ended and its readers were told; at once for any other. */
  async ended(turnId: string): Promise<void> {
    await this.running.get(turnId)?.ended;
  }

  /** Begins a turn that this instance holds. Returns at once. */
  start(turn: RunningTurn): void {
    const stream = this.streams.open(turn.ctx, turn.conversationId);
    stream.raise(turn.lastSeq);
    this.serve(turn.ctx.tenantId);
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
    const ended = this.run(turn, stream, live).catch((error: unknown) => {
      this.logger.error({ err: error, turn: turn.turnId }, 'the end of a turn could not be told');
      this.giveUp(turn, stream, live);
    });
    this.running.set(turn.turnId, { turn, ended, renewedAt: performance.now() });
  }

  /** Begins a turn that this instance opened without hearing so: the reply to its commit was lost. */
  async adopt(place: TurnPlace): Promise<void> {
    await this.claim(place, 'unbegun');
  }

  /** Stops a turn that runs here. @returns false when it does not */
  stop(turnId: string, reason: Error): boolean {
    const running = this.running.get(turnId);
    if (running === undefined) return false;
    const { signal } = running.turn.controller;
    // It stops already, for another instance to go on with: whoever takes it over must find the wish in its row.
    if (signal.aborted && !(signal.reason instanceof TurnCancelled)) return false;
    running.turn.controller.abort(reason);
    return true;
  }

  /** The turns that run here, for those who must name them without the database. */
  runningHere(test: (turn: RunningTurn) => boolean): RunningTurn[] {
    return [...this.running.values()].map(({ turn }) => turn).filter(test);
  }

  /** Ends a turn that nobody runs, and tells everybody. @returns false when it was not as expected any more */
  async endUnowned(
    place: TurnPlace,
    end: Pick<Settlement, 'status' | 'error'> & { readonly when: 'queued' | 'expired' | 'any' },
  ): Promise<boolean> {
    const settled = await this.uow.run(place, (tx) =>
      this.turns.settle(tx, {
        turnId: place.turnId,
        conversationId: place.conversationId,
        expect: { kind: end.when },
        status: end.status,
        error: end.error,
        agent: null,
        usage: null,
        timings: {},
        answer: null,
        usageRecords: [],
        outbox: [],
        lastSeq: this.streams.find(place, place.conversationId)?.lastSeq ?? 0,
      }),
    );
    if (settled === null) return false;
    this.metrics.turnEnded({ outcome: settled.status, code: end.error?.code ?? null, begun: 'nobody' });
    const stream = this.streams.find(place, place.conversationId);
    if (stream !== undefined) await this.catchUp.run(stream);
    this.announce(place, place.conversationId, settled.seq + 1, settled.next);
    return true;
  }

  /** Tells the other instances that something was committed in a conversation. Costs nothing while there are none. */
  announce(
    scope: TenantScope,
    conversationId: string,
    seq: number,
    next: { readonly turn_id: string; readonly accepted_by: string } | null = null,
    deleted = false,
  ): void {
    if (this.bus.peers().size > 0) {
      this.bus.broadcast('conversation', {
        tenant: scope.tenantId,
        conversation: conversationId,
        seq,
        ...(next === null ? {} : { next: { turn: next.turn_id, instance: next.accepted_by } }),
        ...(deleted ? { deleted } : {}),
      });
    }
    // Whoever accepted it is woken by the announcement; one that is gone cannot be.
    if (next !== null && !this.crowded && !this.bus.peers().has(next.accepted_by)) {
      void this.claim({ tenantId: scope.tenantId, conversationId, turnId: next.turn_id }, 'expired');
    }
  }

  /** A conversation is gone: what runs in it here stops, and its readers are told. */
  deleted(scope: TenantScope, conversationId: string): void {
    this.endDeleted(scope, conversationId);
    this.announce(scope, conversationId, 0, null, true);
  }

  /** Ends turns that were to end with their last reader, now that nobody here listens to their conversation. */
  unwatched(scope: TenantScope, conversationId: string): void {
    const stream = this.streams.find(scope, conversationId);
    // Who cannot hear of readers elsewhere judges later (`endUnread`).
    if (this.deaf || (stream !== undefined && stream.subscriberCount > 0)) return;
    for (const { turn } of this.running.values()) {
      if (!isIn(turn, scope, conversationId) || turn.onDisconnect !== 'cancel') continue;
      if (stream?.live !== null && stream?.live !== undefined && this.relay.isFollowed(stream.live)) continue;
      turn.controller.abort(new TurnCancelled());
    }
  }

  /**
   * Begins nothing any more, lets what runs finish for `graceMs`, then leaves the rest to another instance, or to the next
   * start. What waits stays in the database for whoever looks next.
   */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    if (this.running.size > 0) this.logger.info({ turns: this.running.size }, 'finishing running turns');
    await this.allEnded(graceMs);
    for (const { turn } of this.running.values()) {
      turn.released = true;
      turn.controller.abort(new TurnReleased());
    }
    await this.allEnded(3000);
  }

  // ── one turn ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private async run(turn: RunningTurn, stream: ConversationStream, live: LiveTurn): Promise<void> {
    // Begins after `running` knows it.
    await Promise.resolve();
    await this.untilRead(turn, stream, live);
    const ending = await this.executor.run(turn, stream, live);
    this.relay.close(stream, live);
    // Before its last frames go out: who reads `done` must not be told that it can still be stopped.
    this.running.delete(turn.turnId);
    const wasFull = this.running.size + 1 >= this.config.env.MAX_RUNNING_TURNS || this.apart === turn.turnId;
    if (this.apart === turn.turnId) this.apart = null;
    // Others may have waited for this place, for longer than whoever comes next here: the look below gives it.
    if (wasFull) this.crowded = true;
    if (ending.kind === 'elsewhere') stream.disown(live);
    else live.over = true;
    await this.tellEnd(turn, stream, ending);
    if (stream.live === live) stream.end(live);
    if (ending.kind === 'settled') {
      this.announce(turn.ctx, turn.conversationId, ending.settled.seq + 1, ending.settled.next);
      if (ending.answered !== null && turn.untitled) {
        this.titles.write(turn.ctx, {
          conversationId: turn.conversationId,
          turnId: turn.turnId,
          question: turn.content,
          answer: ending.answered,
        });
      }
    }
    if (wasFull) this.wake();
  }

  /** A fault of ours: its lease is renewed no more, so that it is begun again or ended, and its readers are told from there. */
  private giveUp(turn: RunningTurn, stream: ConversationStream, live: LiveTurn): void {
    this.running.delete(turn.turnId);
    if (this.apart === turn.turnId) this.apart = null;
    turn.controller.abort(new LeaseLost());
    this.relay.close(stream, live);
    stream.disown(live);
    stream.end(live);
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

  /** A turn that is to end with its last reader, and waited until that one had gone, asks no model. */
  private async untilRead(turn: RunningTurn, stream: ConversationStream, live: LiveTurn): Promise<void> {
    const read = () => stream.subscriberCount > 0 || this.relay.isFollowed(live) || turn.controller.signal.aborted;
    // Readers whose server died come back later than that (`endUnread`).
    if (turn.onDisconnect !== 'cancel' || turn.start > 1 || this.deaf) return;
    for (const giveUpAt = Date.now() + READERS_HEARD_MS; !read(); await sleep(20)) {
      if (Date.now() < giveUpAt) continue;
      turn.controller.abort(new TurnCancelled());
      return;
    }
  }

  /** Takes a turn from the database and begins it, unless somebody else does. Never rejects. */
  private async claim(place: TurnPlace, take: Take, mostStarts = MAX_STARTS - 2): Promise<boolean> {
    const { conversationId, tenantId, turnId } = place;
    if (this.full || this.stopped || this.running.has(turnId) || this.claiming.has(turnId)) return false;
    this.claiming.add(turnId);
    try {
      const claimed = await this.claimed(place, take, mostStarts);
      if (claimed === null) return false;
      const turn = fromClaim(place, claimed);
      // A person came while it waited: it ends as handed off, and no model is asked.
      if (claimed.owner === 'human') turn.controller.abort(new TurnCancelled());
      if (turn.start > 1)
        this.logger.warn({ turn: turnId, start: turn.start }, 'took over a turn whose process had died');
      // Those who listen here are told of it once what is stored before it was told.
      const stream = this.streams.find(place, conversationId);
      if (stream !== undefined && stream.listening && stream.toldUpTo < claimed.last_seq)
        await this.catchUp.runWithin(CATCH_UP_MS, stream);
      this.start(turn);
      this.announce({ tenantId }, conversationId, claimed.last_seq);
      return true;
    } catch (error) {
      const fault = error instanceof UnavailableError ? error.cause : error;
      if (sqlState(fault) !== LOCK_NOT_AVAILABLE) {
        this.logger.warn({ err: error, turn: turnId }, 'a turn could not be begun; the next tick tries again');
      }
      return false;
    } finally {
      this.claiming.delete(turnId);
    }
  }

  private async claimed(place: TurnPlace, take: Take, mostStarts: number): Promise<ClaimedTurn | null> {
    const { conversationId, tenantId, turnId } = place;
    const { historyMessages } = await this.settings.get(place);
    const attempt = (taken: Take) =>
      this.uow.run({ tenantId }, (tx) =>
        this.turns.claim(tx, {
          conversationId,
          turnId,
          instance: this.bus.instance,
          leaseSeconds: this.config.env.LEASE_SECONDS,
          historyMessages,
          take: taken,
          mostStarts,
        }),
      );
    try {
      return await attempt(take);
    } catch (error) {
      if (!(error instanceof CommitInDoubtError)) throw error;
      // Perhaps it is ours: then it begins under another fence, and not when a lease runs out that nobody renews.
      return attempt('unbegun');
    }
  }

  /** The last start of a turn: not beside others that have lost a process; the next tick asks again. */
  private async claimApart(place: TurnPlace, take: Take): Promise<boolean> {
    const others = [...this.running.values()].some(({ turn }) => turn.start > 1);
    if (this.apart !== null || others) return false;
    this.apart = place.turnId;
    this.logger.warn({ turn: place.turnId }, 'a turn that ended two processes is begun once more, apart from others');
    const begun = await this.claim(place, take, MAX_STARTS - 1);
    if (!begun && !this.running.has(place.turnId)) this.apart = null;
    return begun;
  }

  private serve(tenantId: string): void {
    this.served.delete(tenantId);
    this.served.add(tenantId);
    for (const oldest of this.served) {
      if (this.served.size <= MOST_SERVED) return;
      this.served.delete(oldest);
    }
  }

  // ── the tick ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Looks at once instead of at the next tick. */
  wake(): void {
    if (!this.stopped) this.schedule(0);
  }

  private schedule(ms: number): void {
    if (this.stopped) return;
    if (this.ticking !== null) {
      this.tickAgain ||= ms === 0;
      return;
    }
    clearTimeout(this.timer);
    // Looking is never more than a third of the database's work for this instance, however many turns end at the limit.
    const rested = performance.now() - this.lookedAt;
    this.timer = setTimeout(() => void this.tick(), Math.max(ms, 2 * this.lookMs - rested));
    this.timer.unref();
  }

  private async tick(): Promise<void> {
    this.tickAgain = false;
    this.ticking = this.look(this.everything)
      .then(() => {
        this.everything = false;
        this.failing = false;
      })
      .catch((error: unknown) => {
        this.logger[this.failing ? 'debug' : 'warn']({ err: error }, 'looking after turns failed; trying again');
        this.failing = true;
      });
    const began = performance.now();
    await this.ticking;
    this.lookedAt = performance.now();
    this.lookMs = this.lookedAt - began;
    this.ticking = null;
    this.schedule(this.tickAgain ? 0 : TICK_MS);
  }

  private async look(everything: boolean): Promise<void> {
    const now = performance.now();
    if (!this.bus.connected) this.deafAt = now;
    const leaseMs = this.config.env.LEASE_SECONDS * 1000;
    const held = [...this.running.values()];
    const free = this.config.env.MAX_RUNNING_TURNS - this.running.size - this.toBegin.size;
    const room = this.full ? 0 : Math.max(0, Math.min(CLAIMED_AT_ONCE, free));
    const tasks = await this.turns.lookAfter({
      instance: this.bus.instance,
      held: held.map(({ renewedAt, turn }) => ({
        tenant: turn.ctx.tenantId,
        turn: turn.turnId,
        fence: turn.fence,
        renew: now - renewedAt > leaseMs / 3,
      })),
      watched: this.watched(),
      listened: now - this.deafAt < HEARD_AGAIN_MS ? this.idle() : [],
      leaseSeconds: this.config.env.LEASE_SECONDS,
      everything,
      room,
      served: [...this.served],
    });
    for (const running of held) if (now - running.renewedAt > leaseMs / 3) running.renewedAt = now;
    for (const task of tasks) this.take(task, held, everything);
    const waiting = tasks.filter(({ task }) => task === 'waiting').length;
    this.crowded = waiting >= room;
    if (waiting >= CLAIMED_AT_ONCE) void this.toBegin.done().then(() => this.wake());
    this.endUnread(now);
  }

  /** What the database has to be asked for is done beside the ticks: one that takes long must not keep leases from renewal. */
  private take(task: TurnTask, held: readonly Running[], everything: boolean): void {
    const { conversation_id: conversationId, tenant_id: tenantId, turn_id: turnId } = task;
    if (turnId === null) return this.readAgain({ tenantId }, conversationId);
    const place = { tenantId, conversationId, turnId };
    const dead = everything ? 'dead' : 'expired';
    switch (task.task) {
      case 'lost': {
        const running = this.running.get(turnId);
        if (running !== undefined && held.includes(running)) running.turn.controller.abort(new LeaseLost());
        return;
      }
      case 'cancel':
        this.stop(turnId, new TurnCancelled());
        return;
      case 'changed':
        return this.readAgain(place, conversationId);
      case 'waiting':
        return this.later(this.toBegin, place, () => this.claim(place, dead));
      case 'take_over':
        if (this.apart !== null) return;
        return this.later(this.toBegin, place, () => this.claim(place, dead));
      case 'last_start':
        return this.later(this.toBegin, place, () => this.claimApart(place, dead));
      case 'give_up':
      case 'cancelled': {
        if (this.running.has(turnId)) return;
        const when = everything ? 'any' : 'expired';
        return this.later(this.toEnd, place, () =>
          task.task === 'cancelled'
            ? this.endUnowned(place, { status: 'cancelled', error: null, when })
            : this.endUnowned(place, { status: 'failed', error: INTERRUPTED, when }),
        );
      }
    }
  }

  private readAgain(scope: TenantScope, conversationId: string): void {
    const stream = this.streams.find(scope, conversationId);
    if (stream !== undefined) void this.catchUp.run(stream);
  }

  private later(line: WorkLine, { turnId }: TurnPlace, work: () => Promise<unknown>): void {
    line.add(turnId, async () => {
      if (this.stopped) return;
      // One that cannot be dealt with does not hold up the others.
      await work().catch((error: unknown) =>
        this.logger.warn({ err: error, turn: turnId }, 'a turn could not be looked after'),
      );
    });
  }

  /** The turns that readers here wait for and that this instance does not run. */
  private watched() {
    return this.streams.listened().flatMap((stream) =>
      [...stream.open]
        .filter(([turnId]) => !this.running.has(turnId))
        .map(([turnId, { fence, status }]) => ({
          tenant: stream.scope.tenantId,
          turn: turnId,
          conversation: stream.conversationId,
          status,
          fence,
        })),
    );
  }

  /** Conversations with readers here and without a turn to watch: what happens in them is heard of by the bus alone. */
  private idle() {
    return this.streams
      .listened()
      .filter((stream) => stream.open.size === 0)
      .map((stream) => ({ tenant: stream.scope.tenantId, conversation: stream.conversationId, seq: stream.toldUpTo }));
  }

  /** Turns that were to end with their last reader, wherever it was: nobody came, or the follower's instance is gone. */
  private endUnread(now: number): void {
    if (this.deaf) return;
    for (const { turn } of this.running.values()) {
      if (turn.onDisconnect !== 'cancel') continue;
      const stream = this.streams.find(turn.ctx, turn.conversationId);
      const begun = stream?.live?.begunAt ?? now;
      if (now - begun > READERS_COME_MS) this.unwatched(turn.ctx, turn.conversationId);
    }
  }

  // ── news ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  private heard(message: BusMessage): void {
    const news = newsMessage.safeParse(message).data;
    if (news === undefined) return;
    const scope = { tenantId: news.tenant };
    if (news.deleted === true) return this.endDeleted(scope, news.conversation);
    const stream = this.streams.find(scope, news.conversation);
    stream?.raise(news.seq);
    if (stream !== undefined && stream.subscriberCount > 0) void this.catchUp.run(stream);
    if (news.next?.instance === this.bus.instance && !this.crowded) {
      void this.claim({ ...scope, conversationId: news.conversation, turnId: news.next.turn }, 'expired');
    }
  }

  private endDeleted(scope: TenantScope, conversationId: string): void {
    for (const { turn } of this.running.values()) {
      if (isIn(turn, scope, conversationId)) turn.controller.abort(new ConversationDeleted());
    }
    const stream = this.streams.find(scope, conversationId);
    if (stream !== undefined) void this.catchUp.run(stream);
  }

  private async allEnded(ms: number): Promise<void> {
    const ended = Promise.all([...this.running.values()].map((running) => running.ended));
    const stop = new AbortController();
    await Promise.race([ended, sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
  }
}

function isIn(turn: RunningTurn, scope: TenantScope, conversationId: string): boolean {
  return turn.conversationId === conversationId && turn.ctx.tenantId === scope.tenantId;
}
