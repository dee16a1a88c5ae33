import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Bus, type BusMessage } from '#platform/bus';
import { AppConfig } from '#platform/config';
import type { TenantScope } from '#platform/context';
import { CommitInDoubtError, sqlState, UnitOfWork } from '#platform/database';
import { SuspendedError, UnavailableError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { TenantSettingsCache } from '#tenants';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { CATCH_UP_MS, CatchUp } from '../live/catch-up.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import { ConversationDeleted, INTERRUPTED, LeaseLost, TurnCancelled } from '../model/errors.js';
import { MAX_STARTS } from '../store/turn.sql.js';
import {
  type ClaimedTurn,
  type Settlement,
  type Take,
  TurnRepository,
  type TurnTask,
} from '../store/turn.repository.js';
import { LastReaders } from './last-readers.js';
import { fromClaim, isIn, type RunningTurn } from './running-turn.js';
import { TitleService } from './title.service.js';
import type { Ending } from './turn-executor.js';
import { type HeldTurn, TurnRunner } from './turn-runner.js';
import { WorkLine } from './work-line.js';

const TICK_MS = 1000;
/** The other modules finish their start first: what is taken over needs their tools. */
const FIRST_TICK_MS = 100;
/** Turns claimed by one tick; the next one follows at once when there were as many. */
const CLAIMED_AT_ONCE = 50;
/** Turns that ticks found and that are dealt with at once: a dead owner leaves hundreds, and the pool serves others too. */
const LANES = 4;
/** After the bus is back news of before may still be missing. */
const HEARD_AGAIN_MS = 3000;
/** How often a turn was begun that may be begun once more. */
const BEFORE_LAST_START = MAX_STARTS - 1;
const MOST_SERVED = 200;
const LOCK_NOT_AVAILABLE = '55P03';

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
 *   tick (1 s): app.look_after ─┬─ waiting, take_over, last_start ─▶ claim ─▶ start ─▶ TurnRunner ─▶ Ending
 *                               ├─ lost, cancel ─▶ the run's signal                                    │
 *                               ├─ give_up, cancelled ─▶ settle as failed, as cancelled                │
 *                               └─ changed ─▶ CatchUp tells the readers here                           │
 *             announce to the other instances, wake whoever accepted the next turn ◀───────────────────┘
 *
 * A lease is renewed by (tenant, turn, fence) of what really runs here, so a turn that this process gave up is somebody's
 * to take over. An announcement only wakes: whoever missed it finds the same in its next tick.
 */
@Injectable()
export class TurnScheduler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly claiming = new Set<string>();
  /** Tenants whose turns began here, the least recent first: they take turns. */
  private readonly served = new LRUCache<string, true>({ max: MOST_SERVED });
  /**
   * A turn that was begun twice already and may take this process with it as well: while it runs here, no other turn that has
   * lost a process is begun beside it, so that no innocent one comes to its own last start by it. Fresh ones go on.
   */
  private apart: string | null = null;
  /** Turns that have lost a process and are being taken over. */
  private takingOver = 0;
  private draining = false;
  /** The last look left turns waiting: who comes now waits behind them, and places are given by the looks alone. */
  private crowded = false;
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
    private readonly runner: TurnRunner,
    private readonly lastReaders: LastReaders,
    private readonly streams: ConversationStreams,
    private readonly catchUp: CatchUp,
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
        if (asked !== undefined) this.runner.stop(asked.turn, new TurnCancelled());
      }),
      // Whatever was announced meanwhile was missed: everybody who listens here is told from the rows.
      this.bus.onGap(() => {
        for (const stream of this.streams.listened()) void this.catchUp.run(stream);
        this.wake();
      }),
    );
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
    return this.draining || this.runner.size >= this.config.env.MAX_RUNNING_TURNS;
  }

  /** Begins a turn that this instance holds. Returns at once. */
  start(turn: RunningTurn): void {
    this.serve(turn.ctx.tenantId);
    void this.runner.begin(turn).then((ending) => this.ended(turn, ending));
    // From here on places are given by the looks: others may wait for longer than whoever comes next here.
    if (this.runner.size >= this.config.env.MAX_RUNNING_TURNS) this.crowded = true;
  }

  /** Begins a turn that this instance opened without hearing so: the reply to its commit was lost. */
  async adopt(place: TurnPlace): Promise<void> {
    await this.claim(place, 'unbegun');
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

  /**
   * Begins nothing any more, lets what runs finish for `graceMs`, then leaves the rest to another instance, or to the next
   * start. What waits stays in the database for whoever looks next.
   */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    await this.runner.drain(graceMs);
  }

  private ended(turn: RunningTurn, ending: Ending): void {
    const wasApart = this.apart === turn.turnId;
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
    if (wasApart || this.crowded) this.wake();
  }

  // ── claiming ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes a turn from the database and begins it, unless somebody else does. Never rejects.
   * @param mostStarts a running turn that was begun more often than this is left: the last start is for `claimApart`
   */
  private async claim(place: TurnPlace, take: Take, mostStarts = BEFORE_LAST_START - 1): Promise<boolean> {
    const { conversationId, tenantId, turnId } = place;
    // What is ours already has its place.
    if ((take !== 'unbegun' && this.full) || this.stopped) return false;
    if (this.runner.has(turnId) || this.claiming.has(turnId)) return false;
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
    const others = this.takingOver > 0 || this.runner.turns().some((turn) => turn.start > 1);
    if (this.runsApart || others) return false;
    this.apart = place.turnId;
    this.logger.warn({ turn: place.turnId }, 'a turn that ended two processes is begun once more, apart from others');
    return this.claim(place, take, BEFORE_LAST_START);
  }

  private async takeOver(place: TurnPlace, take: Take): Promise<boolean> {
    if (this.runsApart) return false;
    this.takingOver++;
    try {
      return await this.claim(place, take);
    } finally {
      this.takingOver--;
    }
  }

  private get runsApart(): boolean {
    return this.apart !== null && (this.runner.has(this.apart) || this.claiming.has(this.apart));
  }

  private serve(tenantId: string): void {
    this.served.set(tenantId, true);
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
    // Looking is never more than a third of the database's work for this instance, however many turns end at the limit. But
    // a tick is never late: after a look that a dead connection kept waiting, leases have no time left for a rest.
    const earliest = this.lookedAt + Math.min(TICK_MS, 2 * this.lookMs);
    this.timer = setTimeout(() => void this.tick(), Math.max(ms, earliest - performance.now()));
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
    const heardFor = this.lastReaders.listen(now);
    const leaseMs = this.config.env.LEASE_SECONDS * 1000;
    const held = this.runner.held();
    const free = this.config.env.MAX_RUNNING_TURNS - this.runner.size - this.toBegin.size;
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
      listened: heardFor < HEARD_AGAIN_MS ? this.idle() : [],
      leaseSeconds: this.config.env.LEASE_SECONDS,
      everything,
      room,
      served: [...this.served.rkeys()],
    });
    for (const running of held) if (now - running.renewedAt > leaseMs / 3) running.renewedAt = now;
    for (const task of tasks) this.take(task, held, everything);
    const waiting = tasks.filter(({ task }) => task === 'waiting').length;
    this.crowded = waiting >= room || this.full;
    if (waiting >= CLAIMED_AT_ONCE) void this.toBegin.done().then(() => this.wake());
    this.lastReaders.judgeAll(this.runner.turns(), now);
  }

  /** What the database has to be asked for is done beside the ticks: one that takes long must not keep leases from renewal. */
  private take(task: TurnTask, held: readonly HeldTurn[], everything: boolean): void {
    const { conversation_id: conversationId, tenant_id: tenantId, turn_id: turnId } = task;
    if (turnId === null) return this.readAgain({ tenantId }, conversationId);
    const place = { tenantId, conversationId, turnId };
    const dead = everything ? 'dead' : 'expired';
    switch (task.task) {
      case 'lost': {
        const running = this.runner.find(turnId);
        if (running !== undefined && held.includes(running)) running.turn.controller.abort(new LeaseLost());
        return;
      }
      case 'cancel':
        this.runner.stop(turnId, new TurnCancelled());
        return;
      case 'suspended':
        this.runner.stop(turnId, new SuspendedError());
        return;
      case 'changed':
        return this.readAgain(place, conversationId);
      case 'waiting':
        return this.later(this.toBegin, place, () => this.claim(place, dead));
      case 'take_over':
        return this.later(this.toBegin, place, () => this.takeOver(place, dead));
      case 'last_start':
        return this.later(this.toBegin, place, () => this.claimApart(place, dead));
      case 'give_up':
      case 'cancelled': {
        if (this.runner.has(turnId)) return;
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
        .filter(([turnId]) => !this.runner.has(turnId))
        .map(([turnId, { fence, status }]) => ({
          tenant: stream.scope.tenantId,
          turn: turnId,
          conversation: stream.conversationId,
          status,
          fence,
        })),
    );
  }

  /** Conversations with readers here and no turn to watch: what others do in them is heard of by the bus alone. */
  private idle() {
    return this.streams
      .listened()
      .filter((stream) => [...stream.open.keys()].every((turnId) => this.runner.has(turnId)))
      .map((stream) => ({ tenant: stream.scope.tenantId, conversation: stream.conversationId, seq: stream.toldUpTo }));
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
    for (const turn of this.runner.turns()) {
      if (isIn(turn, scope, conversationId)) turn.controller.abort(new ConversationDeleted());
    }
    this.readAgain(scope, conversationId);
  }
}
