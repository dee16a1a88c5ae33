import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Bus } from '#platform/bus';
import type { RequestContext } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { TurnCancelled, TurnNotFoundError } from '../model/errors.js';
import type { ConversationReference } from '../model/submit.js';
import type { ConversationStream } from '../live/conversation-stream.js';
import { TurnRepository } from '../store/turn.repository.js';
import { LastReaders } from './last-readers.js';
import { TurnRunner } from './turn-runner.js';
import { TurnScheduler } from './turn-scheduler.js';

/** Between two looks at a turn that runs elsewhere. */
const LOOK_MS = 50;

/** The wish to stop a turn, wherever it runs or waits: told at once where it runs here, else written down and sent there. */
@Injectable()
export class TurnStopper {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly turns: TurnRepository,
    private readonly runner: TurnRunner,
    private readonly scheduler: TurnScheduler,
    private readonly lastReaders: LastReaders,
    private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Stops turns, on whichever instance they run: one by its id, those of a conversation (both given must agree), or
   * (neither given) all that `startedBy` started.
   * @returns the turns told to stop; they end within a second
   * @throws TurnNotFoundError when there is nothing to stop
   */
  async abort(
    ctx: RequestContext,
    target: { conversation?: ConversationReference; turnId?: string; startedBy?: string },
  ): Promise<string[]> {
    const { conversation, turnId } = target;
    const principalId = ctx.principal.id;
    const startedBy = conversation === undefined && turnId === undefined ? target.startedBy : undefined;
    try {
      const open = await this.uow.run(ctx, async (tx) => {
        const within = conversation === undefined ? undefined : await this.turns.resolve(tx, principalId, conversation);
        if (within === null) return [];
        return this.turns.openOf(tx, principalId, { conversationId: within, turnId, startedBy });
      });
      if (open.length === 0) throw new TurnNotFoundError('Nothing to stop: no such turn is running');
      await this.cancelAll(ctx, open);
      return open.map((turn) => turn.id);
    } catch (error) {
      if (error instanceof TurnNotFoundError) throw error;
      // The database is away: what runs here can be stopped all the same.
      const here = this.runner
        .turns()
        .filter(
          (turn) =>
            turn.ctx.tenantId === ctx.tenantId &&
            turn.ctx.principal.id === ctx.principal.id &&
            (turnId === undefined || turn.turnId === turnId) &&
            (conversation === undefined ||
              (conversation.kind === 'id' && conversation.id === turn.conversationId) ||
              (conversation.kind === 'key' && conversation.key === turn.conversationId)) &&
            (startedBy === undefined || turn.startedBy === startedBy),
        );
      if (here.length === 0) throw error;
      for (const turn of here) this.runner.stop(turn.turnId, new TurnCancelled());
      return here.map((turn) => turn.turnId);
    }
  }

  /** Resolves when one of the caller's turns has ended, wherever it runs, or after `ms`. */
  async settled(ctx: RequestContext, turnId: string, ms: number): Promise<void> {
    const giveUpAt = Date.now() + ms;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.runner.find(turnId)?.ended, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
    clearTimeout(timer);
    const isOpen = (tx: TenantTx) => this.turns.openOf(tx, ctx.principal.id, { turnId });
    while ((await this.uow.run(ctx, isOpen)).length > 0 && Date.now() < giveUpAt) await sleep(LOOK_MS);
  }

  /** Nobody here listens to a conversation any more: turns that were to end with their last reader are stopped. */
  unwatched(stream: ConversationStream): void {
    const { conversationId, scope } = stream;
    this.runner.unwatched(scope, conversationId);
    for (const turnId of this.lastReaders.forsaken(stream)) {
      this.scheduler
        .endUnowned({ ...scope, conversationId, turnId }, { status: 'cancelled', error: null, when: 'queued' })
        .catch((error: unknown) => this.logger.warn({ err: error, turn: turnId }, 'cancelling failed'));
    }
  }

  /** Those that wait go first, so that none of them starts when the running one ends. */
  private async cancelAll(
    ctx: RequestContext,
    open: readonly { id: string; conversation_id: string; status: 'queued' | 'running'; lease_owner: string | null }[],
  ): Promise<void> {
    for (const turn of open) {
      if (turn.status !== 'queued') continue;
      const place = { tenantId: ctx.tenantId, conversationId: turn.conversation_id, turnId: turn.id };
      const ended = await this.scheduler.endUnowned(place, { status: 'cancelled', error: null, when: 'queued' });
      // It began meanwhile.
      if (!ended) await this.cancelRunning(ctx, turn.id, null);
    }
    for (const turn of open) if (turn.status === 'running') await this.cancelRunning(ctx, turn.id, turn.lease_owner);
  }

  private async cancelRunning(ctx: RequestContext, turnId: string, owner: string | null): Promise<void> {
    const here = owner === null || owner === this.bus.instance;
    if (here && this.runner.stop(turnId, new TurnCancelled())) return;
    await this.uow.run(ctx, (tx) => this.turns.requestCancel(tx, turnId));
    if (owner === null) this.bus.broadcast('turn.abort', { turn: turnId });
    else this.bus.send(owner, 'turn.abort', { turn: turnId });
  }

  /** Ends what came before a message, for tenants that want the newest one answered. */
  interrupt(ctx: RequestContext, conversationId: string, by: string): void {
    this.uow
      .run(ctx, (tx) => this.turns.openOf(tx, ctx.principal.id, { conversationId }))
      .then((open) => {
        const own = open.findIndex(({ id }) => id === by);
        // Over already: what is open now came after it.
        return this.cancelAll(ctx, open.slice(0, Math.max(0, own)));
      })
      .catch((error: unknown) => this.logger.warn({ err: error, conversation: conversationId }, 'interrupting failed'));
  }
}
