import { jsonToStore } from '#platform/text';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Bus, type BusMessage } from '#platform/bus';
import { UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { z } from 'zod';
import type { PayloadEvent, StatusEvent, TokenEvent } from '../model/conversation-event.js';
import type { ConversationStream } from './conversation-stream.js';
import { ConversationStreams } from './conversation-streams.js';
import type { LiveFollowers, LiveTurn } from './live-turn.js';

/** A follower says every three seconds that it still listens. */
const FOLLOW_MS = 3000;
const FORGOTTEN_MS = 10_000;
/** How long tokens are gathered before they go to followers. */
const GATHER_TEXT_MS = 50;
const GATHER_ROW_MS = 250;

type LiveEvent = TokenEvent | StatusEvent | PayloadEvent;

/** What a running turn has said, as one instance tells it to another. */
interface TurnState {
  readonly status: StatusEvent | null;
  readonly payloads: readonly PayloadEvent[];
  readonly text: string;
  readonly seq: number;
}

const place = z.object({ tenant: z.guid(), conversation: z.guid(), turn: z.guid(), fence: z.int() });
const followMessage = place.extend({ fresh: z.boolean() });
/** What is told to readers as it stands; text as long as it may be, since an answer is. */
const inTurn = z.object({ conversation_id: z.guid(), turn_id: z.guid(), seq: z.int().nonnegative() });
const statusEvent = inTurn.extend({
  type: z.literal('status'),
  step: z.custom<StatusEvent['step']>((value) => typeof value === 'string'),
  message: z.string(),
  agent: z.string().optional(),
  tool: z.string().optional(),
});
const payloadEvent = inTurn.extend({
  type: z.literal('payload'),
  payload_type: z.string(),
  items: z.array(z.custom<PayloadEvent['items'][number]>()),
  offset: z.int().nonnegative(),
});
const tokenEvent = inTurn.extend({
  type: z.literal('token'),
  role: z.literal('assistant'),
  content: z.string(),
  offset: z.int().nonnegative(),
});
const turnState = z.object({
  status: statusEvent.nullable(),
  payloads: z.array(payloadEvent),
  text: z.string(),
  seq: z.int().nonnegative(),
});
const liveMessage = place.extend({
  n: z.int(),
  state: turnState.optional(),
  events: z.array(z.discriminatedUnion('type', [tokenEvent, statusEvent, payloadEvent])).optional(),
});

/**
 * A running turn's words between instances.
 *
 *   follower ── turn.follow (every 3 s) ──▶ owner            the owner spends nothing until somebody follows
 *   follower ◀── turn.live: state, then gathered events ── owner      where the bus carries text (Redis, memory)
 *   follower ◀── turn.live: a number ── owner ──▶ row app.turn_live ──▶ follower        where it does not (Postgres)
 *
 * Nothing here is awaited by the turn, and nothing rests on it: what is lost is told again from the state, and the end of a
 * turn comes from its rows (`CatchUp`).
 */
@Injectable()
export class TurnRelay implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly off: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Told when a turn's last follower elsewhere has gone. */
  private readonly leavers = new Set<(stream: ConversationStream) => void>();

  constructor(
    private readonly bus: Bus,
    private readonly uow: UnitOfWork,
    private readonly streams: ConversationStreams,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.off.push(
      this.bus.on('turn.follow', (message, from) => this.followed(message, from)),
      this.bus.on('turn.unfollow', (message, from) => this.unfollowed(message, from)),
      this.bus.on('turn.live', (message, from) => this.heard(message, from)),
    );
    this.timer = setInterval(() => this.tick(), FOLLOW_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const off of this.off) off();
  }

  /** @param listener is told of conversations whose turn here has lost its last follower elsewhere */
  onUnfollowed(listener: (stream: ConversationStream) => void): void {
    this.leavers.add(listener);
  }

  /** Whether another instance has readers of the turn that runs here. */
  isFollowed(live: LiveTurn): boolean {
    return live.followed instanceof Followers && live.followed.alive(performance.now());
  }

  /** Asks the instance that runs a stream's turn to tell what it says, from the beginning. */
  follow(stream: ConversationStream): void {
    if (stream.live !== null && !stream.live.mine) this.ask(stream.live, stream, true);
  }

  /** Nobody listens here any more. */
  leave(stream: ConversationStream): void {
    const { live } = stream;
    if (live === null || live.mine) return;
    this.bus.send(live.run.owner, 'turn.unfollow', placeOf(stream, live));
    stream.end(live);
  }

  /** The turn has ended here. What was gathered goes out first, so that the end finds it told. */
  close(stream: ConversationStream, live: LiveTurn): void {
    const { followed, run } = live;
    live.followed = null;
    const written = followed instanceof Followers ? followed.close() : null;
    // What an owner wrote that died is nobody else's to remove.
    if (written !== null) void written.then(() => this.forget(stream, live));
    else if (run.start > 1) void this.forget(stream, live);
  }

  private async forget({ scope }: ConversationStream, { run, turnId }: LiveTurn): Promise<void> {
    await this.uow
      .query(scope, 'DELETE FROM app.turn_live WHERE tenant_id = $1 AND turn_id = $2 AND fence <= $3', [
        scope.tenantId,
        turnId,
        run.fence,
      ])
      .catch((error: unknown) => this.logger.debug({ err: error, turn: turnId }, 'a followed turn was not forgotten'));
  }

  private tick(): void {
    for (const stream of this.streams.listened()) {
      if (stream.live !== null && !stream.live.mine) this.ask(stream.live, stream, false);
    }
  }

  private ask(live: LiveTurn, stream: ConversationStream, fresh: boolean): void {
    if (fresh) live.heard = null;
    this.bus.send(live.run.owner, 'turn.follow', { ...placeOf(stream, live), fresh: fresh || live.heard === null });
  }

  // ── the owner's side ──────────────────────────────────────────────────────────────────────────────────────────────

  private followed(message: BusMessage, from: string): void {
    const asked = followMessage.safeParse(message).data;
    const found = asked === undefined ? null : this.ownTurn(asked);
    if (asked === undefined || found === null) return;
    const { live, stream } = found;
    if (!(live.followed instanceof Followers)) {
      live.followed = new Followers(stream, live, this.bus, this.uow, this.logger);
    }
    if (live.followed instanceof Followers) live.followed.add(from, asked.fresh);
  }

  private unfollowed(message: BusMessage, from: string): void {
    const asked = place.safeParse(message).data;
    const found = asked === undefined ? null : this.ownTurn(asked);
    if (found === null || !(found.live.followed instanceof Followers)) return;
    found.live.followed.remove(from);
    if (!found.live.followed.alive(performance.now())) {
      for (const told of this.leavers) told(found.stream);
    }
  }

  private ownTurn(asked: z.infer<typeof place>): { stream: ConversationStream; live: LiveTurn } | null {
    const stream = this.streams.find({ tenantId: asked.tenant }, asked.conversation);
    const live = stream?.live ?? null;
    if (stream === undefined || live === null || !live.mine) return null;
    return live.turnId === asked.turn && live.run.fence === asked.fence ? { stream, live } : null;
  }

  // ── the follower's side ───────────────────────────────────────────────────────────────────────────────────────────

  private heard(message: BusMessage, from: string): void {
    const told = liveMessage.safeParse(message).data;
    if (told === undefined) return;
    const stream = this.streams.find({ tenantId: told.tenant }, told.conversation);
    const live = stream?.live ?? null;
    if (stream === undefined || live === null || live.mine || live.turnId !== told.turn) return;
    if (live.run.fence !== told.fence || live.run.owner !== from) return;
    if (told.state !== undefined) {
      live.heard = told.n;
      applyState(stream, live, told.state);
    } else if (told.events === undefined) void this.readRow(stream, live, told.n);
    else if (live.heard === null) return;
    else if (told.n !== live.heard + 1) this.ask(live, stream, true);
    else {
      live.heard = told.n;
      for (const event of told.events) applyEvent(stream, live, event);
    }
  }

  private async readRow(stream: ConversationStream, live: LiveTurn, n: number): Promise<void> {
    live.heard = Math.max(n, live.heard ?? 0);
    if (live.reading) return;
    live.reading = true;
    try {
      for (let seen = -1; live.heard !== null && seen < live.heard && stream.live === live;) {
        const wanted = live.heard;
        const [row] = await this.uow.query<{ revision: number; text: string; state: Omit<TurnState, 'text'> }>(
          stream.scope,
          'SELECT revision, text, state FROM app.turn_live WHERE tenant_id = $1 AND turn_id = $2 AND fence = $3',
          [stream.scope.tenantId, live.turnId, live.run.fence],
        );
        seen = Math.max(wanted, row?.revision ?? wanted);
        if (row !== undefined && stream.live === live) applyState(stream, live, { ...row.state, text: row.text });
      }
    } catch (error) {
      this.logger.debug({ err: error, turn: live.turnId }, 'a followed turn could not be read');
    } finally {
      live.reading = false;
    }
  }
}

/** The other instances that listen to one turn of this one. */
class Followers implements LiveFollowers {
  private readonly instances = new Map<string, number>();
  private gathered: LiveEvent[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Rows are being written, or were: it ends with the last one. */
  private writes: Promise<void> | null = null;
  private writing = false;
  private dirty = false;
  private closed = false;
  private n = 0;

  constructor(
    private readonly stream: ConversationStream,
    private readonly live: LiveTurn,
    private readonly bus: Bus,
    private readonly uow: UnitOfWork,
    private readonly logger: Logger,
  ) {}

  alive(now: number): boolean {
    for (const until of this.instances.values()) if (until > now) return true;
    return false;
  }

  add(instance: string, fresh: boolean): void {
    this.instances.set(instance, performance.now() + FORGOTTEN_MS);
    if (!fresh) return;
    if (this.bus.carriesText) {
      this.flush();
      this.bus.send(instance, 'turn.live', {
        ...placeOf(this.stream, this.live),
        n: this.n,
        state: stateOf(this.live),
      });
    } else this.flushRow();
  }

  remove(instance: string): void {
    this.instances.delete(instance);
  }

  /** On the token path while somebody follows: gathers, and sets a timer that is not set yet. */
  push(event: LiveEvent): void {
    if (this.bus.carriesText) this.gather(event);
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined;
        this.flush();
      },
      this.bus.carriesText ? GATHER_TEXT_MS : GATHER_ROW_MS,
    );
  }

  /** @returns when no row is written any more; null when none ever was */
  close(): Promise<void> | null {
    clearTimeout(this.timer);
    if (this.bus.carriesText) this.flush();
    this.closed = true;
    return this.writes;
  }

  private gather(event: LiveEvent): void {
    const last = this.gathered.at(-1);
    if (event.type === 'token' && last?.type === 'token' && last.offset + last.content.length === event.offset) {
      this.gathered[this.gathered.length - 1] = { ...last, content: last.content + event.content, seq: event.seq };
    } else this.gathered.push(event);
  }

  private flush(): void {
    if (!this.bus.carriesText) return this.flushRow();
    if (this.gathered.length === 0) return;
    const events = this.gathered;
    this.gathered = [];
    this.n++;
    this.tell({ n: this.n, events });
  }

  private tell(what: { n: number; events?: readonly LiveEvent[] }): void {
    const now = performance.now();
    for (const [instance, until] of this.instances) {
      if (until < now) this.instances.delete(instance);
      else this.bus.send(instance, 'turn.live', { ...placeOf(this.stream, this.live), ...what });
    }
  }

  private flushRow(): void {
    this.dirty = true;
    if (this.writing || this.closed || !this.alive(performance.now())) return;
    this.writing = true;
    this.writes = this.write().finally(() => (this.writing = false));
  }

  private async write(): Promise<void> {
    const { scope } = this.stream;
    try {
      while (this.dirty && !this.closed) {
        this.dirty = false;
        const { text, ...state } = stateOf(this.live);
        const n = ++this.n;
        await this.uow.query(
          scope,
          `INSERT INTO app.turn_live AS l (tenant_id, turn_id, fence, revision, state, text) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (tenant_id, turn_id) DO UPDATE SET fence = excluded.fence, revision = excluded.revision,
             state = excluded.state, text = excluded.text, updated_at = now() WHERE l.fence <= excluded.fence`,
          [scope.tenantId, this.live.turnId, this.live.run.fence, n, jsonToStore(state), text.toWellFormed()],
        );
        this.tell({ n });
      }
    } catch (error) {
      this.logger.debug({ err: error, turn: this.live.turnId }, 'a followed turn could not be written');
    }
  }
}

function placeOf({ conversationId, scope }: ConversationStream, live: LiveTurn): z.infer<typeof place> {
  return { tenant: scope.tenantId, conversation: conversationId, turn: live.turnId, fence: live.run.fence };
}

function stateOf(live: LiveTurn): TurnState {
  return { status: live.status, payloads: live.payloads, text: live.text, seq: live.lastSeq };
}

/** Tells what the state has more than what was heard so far. */
function applyState(stream: ConversationStream, live: LiveTurn, state: TurnState): void {
  if (state.status !== null && state.status.seq !== live.status?.seq) stream.followEvent(live, state.status);
  for (const payload of state.payloads.slice(live.payloads.length)) stream.followEvent(live, payload);
  if (state.text === live.text) return;
  const known = state.text.startsWith(live.text) ? live.text.length : 0;
  stream.follow(live, state.text.slice(known), known, state.seq);
}

function applyEvent(stream: ConversationStream, live: LiveTurn, event: LiveEvent): void {
  if (event.type === 'token') stream.follow(live, event.content, event.offset, event.seq);
  else stream.followEvent(live, event);
}
