import { Inject, Injectable } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { Bus } from '#platform/bus';
import { TenantSettingsCache } from '#tenants';
import type { ConversationEvent, Subscriber } from '../model/conversation-event.js';
import { ConversationNotFoundError } from '../model/errors.js';
import { MessageRepository } from '../store/message.repository.js';
import { type ConversationPosition, type OpenTurn, TurnRepository } from '../store/turn.repository.js';
import type { ConversationStream, StoredEvent } from './conversation-stream.js';
import { ConversationStreams } from './conversation-streams.js';
import { Lanes } from '#platform/limits';
import { LiveTurn, type TurnBeginning } from './live-turn.js';
import { TurnRelay } from './turn-relay.js';

/** Stored events told at once to readers that were behind. */
const MOST_EVENTS = 500;
const RETRY_MS = 1000;
/** Readers' wait for what was stored before a turn is bounded: the answer is more urgent than the order. */
export const CATCH_UP_MS = 1000;
const LONGEST_RETRY_MS = 10_000;
/** Streams that are read at once: after a gap it is all of them, and the pool has leases to renew as well. */
const READINGS = 6;

/**
 * Tells readers what the database says.
 *
 *   somebody else's commit (news on the bus, a change found by the tick, a gap in the numbers) ─▶ run(stream)
 *     rows after what was told ─▶ stream.tellStored        open turns ─▶ `turn` frames; one that runs elsewhere is followed
 *
 * News only wake; whatever was lost on the way is found by the next reading. A reading that fails is tried again while
 * somebody listens.
 */
@Injectable()
export class CatchUp {
  /** Streams that are being read; true: again afterwards. */
  private readonly reading = new Map<ConversationStream, { again: boolean; done: Promise<void> }>();

  private readonly lanes = new Lanes(READINGS);
  /** Said once: while the database is away, it is so for every stream. */
  private failing = false;

  constructor(
    private readonly uow: UnitOfWork,
    private readonly messages: MessageRepository,
    private readonly turns: TurnRepository,
    private readonly streams: ConversationStreams,
    private readonly relay: TurnRelay,
    private readonly settings: TenantSettingsCache,
    private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Resolves when the readers have been told. Never rejects. */
  run(stream: ConversationStream): Promise<void> {
    const running = this.reading.get(stream);
    if (running !== undefined) {
      running.again = true;
      return running.done;
    }
    const entry = { again: false, done: Promise.resolve() };
    this.reading.set(stream, entry);
    entry.done = this.read(stream, entry);
    return entry.done;
  }

  /** As `run`, and waits no longer than this: what is to come after it is more urgent than the order. */
  async runWithin(ms: number, stream: ConversationStream): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.run(stream), new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
    clearTimeout(timer);
  }

  /**
   * Adds a reader without a gap: `read` runs in the transaction that says up to where it is caught up.
   * `read` may be asked more than once.
   * @throws whatever `read` throws; a reader that did not listen before does not listen then
   */
  async attach<T>(
    scope: TenantScope,
    conversationId: string,
    subscriber: Subscriber,
    read: (
      tx: TenantTx,
      position: ConversationPosition,
    ) => Promise<{ result: T; events: readonly ConversationEvent[] }>,
  ): Promise<T> {
    const stream = this.streams.hold(scope, conversationId, subscriber);
    try {
      const readOnce = () =>
        this.uow.run(scope, async (tx) => {
          const position = await this.turns.position(tx, conversationId);
          if (position === null) throw new ConversationNotFoundError();
          return { position, ...(await read(tx, position)) };
        });
      let found = await readOnce();
      while (!stream.covers(subscriber.id, found.position.last_seq)) found = await readOnce();
      // Deleted meanwhile, and the others were told so.
      if (stream.gone) throw new ConversationNotFoundError();
      const open = new Set(found.position.open.map(({ id }) => id));
      const stale = stream.release(subscriber.id, found.position.last_seq, found.events, open);
      // It may have left meanwhile, and the stream with it.
      if (stream.has(subscriber.id)) await this.observe(stream, found.position, subscriber);
      if (stale) void this.run(stream);
      return found.result;
    } catch (error) {
      // One that listened before goes on as it was.
      if (!(error instanceof ConversationNotFoundError) && stream.resume(subscriber.id)) void this.run(stream);
      else {
        this.streams.leave(conversationId, subscriber.id);
        if (stream.subscriberCount === 0) this.relay.leave(stream);
      }
      throw error;
    }
  }

  private async read(stream: ConversationStream, entry: { again: boolean }): Promise<void> {
    try {
      for (let pause = RETRY_MS; stream.subscriberCount > 0;) {
        try {
          await this.lanes.run(() => {
            // What comes while it waits for a lane is read with the rest.
            entry.again = false;
            return this.tell(stream);
          });
          this.failing = false;
          if (!entry.again) return;
        } catch (error) {
          this.logger[this.failing ? 'debug' : 'warn'](
            { err: error, conversation: stream.conversationId },
            'readers could not be told; trying again',
          );
          this.failing = true;
          // Not all together again.
          await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)).unref());
          pause = Math.min(pause * 2, LONGEST_RETRY_MS);
        }
      }
    } finally {
      // In the same breath as the last look at `again`: a wish that comes between would find a reading that is over.
      this.reading.delete(stream);
    }
  }

  private async tell(stream: ConversationStream): Promise<void> {
    const { conversationId, scope } = stream;
    if (!stream.listening) {
      stream.missed();
      return;
    }
    const from = stream.toldUpTo;
    const found = await this.uow.run(scope, async (tx) => {
      // They leave together. What is younger than the position is left for the next time: it might be known in part only.
      const [position, events] = await Promise.all([
        this.turns.position(tx, conversationId),
        this.messages.eventsAfter(tx, conversationId, from, MOST_EVENTS),
      ]);
      return position === null ? null : { position, events };
    });
    if (found === null) {
      stream.tellGone();
      return;
    }
    const { last_seq: upTo } = found.position;
    stream.tellStored(
      found.events.filter(isStored).filter(({ seq }) => seq <= upTo),
      upTo,
    );
    await this.observe(stream, found.position, null);
  }

  /**
   * Tells of turns that wait or run, and follows the one that runs elsewhere. A position from before what was told meanwhile
   * says nothing (a turn that is open in it may have ended, and would be begun for ever), nor does one from after it.
   */
  private async observe(
    stream: ConversationStream,
    { last_seq: upTo, open }: ConversationPosition,
    late: Subscriber | null,
  ): Promise<void> {
    const waiting = (await this.settings.get(stream.scope)).statusMessages.queued;
    if (stream.gone) return;
    if (stream.toldUpTo !== upTo) {
      void this.run(stream);
      return;
    }
    stream.closeAllBut(new Set(open.map(({ id }) => id)));
    for (const turn of open) {
      const told = stream.open.get(turn.id);
      // Begun since this was read, which changes no number.
      if (told !== undefined && told.fence > turn.fence) continue;
      if (turn.status === 'queued') {
        if (told === undefined) stream.waits(waitingFrame(turn), turn.fence, waiting);
        else if (late !== null) {
          const { conversationId: conversation_id } = stream;
          late.deliver({
            type: 'turn',
            ...waitingFrame(turn),
            start: Math.max(1, turn.start),
            conversation_id,
            seq: stream.nextSeq(),
            status: 'queued',
          });
        }
        continue;
      }
      if (turn.lease_owner === this.bus.instance) {
        // Ours: told when it began. One that this process does not know of any more is watched until it is taken over.
        if (told === undefined)
          stream.open.set(turn.id, {
            status: 'running',
            start: turn.start,
            fence: turn.fence,
            owner: turn.lease_owner,
          });
        continue;
      }
      if (told?.status !== 'running' || told.fence !== turn.fence) {
        const run = beginningOf(turn);
        stream.begin((seq) => new LiveTurn(stream.conversationId, run, false, seq), run);
      }
      this.relay.follow(stream);
    }
  }
}

function waitingFrame(turn: OpenTurn) {
  return {
    turn_id: turn.id,
    attempt: turn.attempt,
    start: turn.start,
    question_id: turn.message_id,
    answer_id: turn.answer_id,
    agent: turn.agent,
  };
}

function beginningOf(turn: OpenTurn): TurnBeginning {
  return {
    turnId: turn.id,
    attempt: turn.attempt,
    start: turn.start,
    fence: turn.fence,
    questionId: turn.message_id,
    answerId: turn.answer_id,
    agent: turn.agent,
    owner: turn.lease_owner ?? '',
  };
}

function isStored(event: ConversationEvent): event is StoredEvent {
  return event.type === 'message' || event.type === 'error' || event.type === 'done';
}
