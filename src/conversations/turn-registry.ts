import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import type { HistoryMessage } from '#agents';

/** A turn that this instance holds the lease of: running, or waiting for the one before it. */
export interface HeldTurn {
  readonly ctx: RequestContext;
  readonly turnId: string;
  readonly conversationId: string;
  readonly clientKey: string | null;
  readonly messageId: string;
  readonly clientMessageId: string | null;
  readonly attempt: number;
  readonly content: string;
  readonly agent: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Who sent it; `abort` without a target means these. */
  readonly startedBy: string;
  readonly onDisconnect: 'continue' | 'cancel';
  /** True when the conversation still has its first title. */
  readonly untitled: boolean;
  readonly acceptedAt: number;
  status: 'queued' | 'running';
  fence: number;
  ownerEpoch: number;
  history: readonly HistoryMessage[];
  readonly controller: AbortController;
  /** Resolves when the turn has ended and its frames are out. */
  readonly ended: Promise<void>;
  readonly markEnded: () => void;
}

/** The turns of this instance, and the name under which it holds their leases. */
@Injectable()
export class TurnRegistry {
  /** New with each start: a process that comes back is another owner. */
  readonly instance = newId();
  private readonly turns = new Map<string, HeldTurn>();

  add(turn: Omit<HeldTurn, 'controller' | 'ended' | 'markEnded'>): HeldTurn {
    let markEnded: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (markEnded = resolve));
    const held: HeldTurn = { ...turn, controller: new AbortController(), ended, markEnded };
    this.turns.set(turn.turnId, held);
    return held;
  }

  /** From here on there is nothing to stop. Whoever ends a turn calls its `markEnded` once its frames are out. */
  remove(turnId: string): void {
    this.turns.delete(turnId);
  }

  get(turnId: string): HeldTurn | undefined {
    return this.turns.get(turnId);
  }

  all(): HeldTurn[] {
    return [...this.turns.values()];
  }

  get size(): number {
    return this.turns.size;
  }
}
