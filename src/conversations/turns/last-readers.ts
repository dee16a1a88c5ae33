import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Bus } from '#platform/bus';
import type { TenantScope } from '#platform/context';
import type { ConversationStream } from '../live/conversation-stream.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import type { LiveTurn } from '../live/live-turn.js';
import { TurnRelay } from '../live/turn-relay.js';
import { TurnCancelled } from '../model/errors.js';
import { isIn, type RunningTurn } from './running-turn.js';

/** A turn that was begun far from its readers lets them arrive: news may be lost, and then a tick and a reading are due. */
const READERS_COME_MS = 4000;
/** After the bus is back followers have not all said yet that they are there. */
const FOLLOWERS_HEARD_MS = 10_000;
const LOOK_MS = 20;

/**
 * `on_disconnect=cancel`: turns that end with their last reader, on whichever instance that one is. Readers here are known;
 * of those elsewhere this instance hears by the bus alone, so nobody is judged while the bus is away, or shortly after.
 */
@Injectable()
export class LastReaders {
  /** When the bus was last found to be away. */
  private deafAt = -Infinity;
  /** Turns accepted here that wait. */
  private readonly waiting = new WeakMap<ConversationStream, Set<string>>();

  constructor(
    private readonly streams: ConversationStreams,
    private readonly relay: TurnRelay,
    private readonly bus: Bus,
  ) {}

  /** @returns for how long the bus has been heard, in ms; call it with each look, also where nothing is to be judged */
  listen(now: number): number {
    if (!this.bus.connected) this.deafAt = now;
    return now - this.deafAt;
  }

  /** Before its model is asked: a turn that waited until its last reader had gone is stopped. */
  async await(turn: RunningTurn, stream: ConversationStream, live: LiveTurn): Promise<void> {
    const read = () => stream.subscriberCount > 0 || this.relay.isFollowed(live) || turn.controller.signal.aborted;
    // Readers whose server died come back later than that (`judgeAll`).
    if (turn.onDisconnect !== 'cancel' || turn.start > 1 || this.deaf) return;
    for (const giveUpAt = performance.now() + READERS_COME_MS; !read(); await sleep(LOOK_MS)) {
      if (performance.now() < giveUpAt) continue;
      turn.controller.abort(new TurnCancelled());
      return;
    }
  }

  /** Remembers a turn that waits and is to end with its last reader. */
  remember(stream: ConversationStream, turnId: string): void {
    const others = [...(this.waiting.get(stream) ?? [])].filter((id) => waits(stream, id));
    this.waiting.set(stream, new Set([...others, turnId]));
  }

  /** Nobody here listens to a conversation any more. @returns the turns of it that wait and may be ended for that */
  forsaken(stream: ConversationStream): string[] {
    const turnIds = [...(this.waiting.get(stream) ?? [])].filter((id) => waits(stream, id));
    this.waiting.delete(stream);
    // Readers may listen on another instance: the one that begins such a turn looks for them (`await`).
    return this.bus.peers().size > 0 || this.deaf ? [] : turnIds;
  }

  /** Nobody here listens to a conversation any more, or nobody elsewhere. */
  judge(turns: Iterable<RunningTurn>, scope: TenantScope, conversationId: string): void {
    const stream = this.streams.find(scope, conversationId);
    if (this.deaf || (stream !== undefined && stream.subscriberCount > 0)) return;
    for (const turn of turns) {
      if (!isIn(turn, scope, conversationId) || turn.onDisconnect !== 'cancel') continue;
      if (stream?.live !== null && stream?.live !== undefined && this.relay.isFollowed(stream.live)) continue;
      turn.controller.abort(new TurnCancelled());
    }
  }

  /** Wherever the last reader was: nobody came, or the follower's instance is gone. */
  judgeAll(turns: readonly RunningTurn[], now: number): void {
    for (const turn of turns) {
      if (turn.onDisconnect !== 'cancel') continue;
      const begun = this.streams.find(turn.ctx, turn.conversationId)?.live?.begunAt ?? now;
      if (now - begun > READERS_COME_MS) this.judge([turn], turn.ctx, turn.conversationId);
    }
  }

  /** Readers elsewhere may be there without a word from them. */
  private get deaf(): boolean {
    return performance.now() - this.deafAt < FOLLOWERS_HEARD_MS;
  }
}

function waits(stream: ConversationStream, turnId: string): boolean {
  return stream.open.get(turnId)?.status === 'queued';
}
