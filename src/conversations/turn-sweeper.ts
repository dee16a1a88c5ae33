import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AppConfig } from '#platform/config';
import { UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { TurnRegistry } from './turn-registry.js';
import { TurnRepository } from './turn.repository.js';

const BATCH = 50;

/**
 * Ends turns whose owner died: at start and every few seconds, turns with an expired lease become `failed` (retryable), with
 * an event that says so. The look-up returns ids only; each turn is then settled inside its own tenant, under the same
 * lock as everything else, so a turn that came back to life in between is left alone.
 */
@Injectable()
export class TurnSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly uow: UnitOfWork,
    private readonly turns: TurnRepository,
    private readonly registry: TurnRegistry,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // The embedded database has one process: whatever it left open belongs to a dead one, lease or not.
    await this.sweep(this.config.embeddedDatabase).catch((error: unknown) =>
      this.logger.error({ err: error }, 'sweeping failed'),
    );
    this.schedule();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** @param everything also turns whose lease still runs (only when no other process can hold one) */
  async sweep(everything: boolean): Promise<number> {
    const expired = await this.uow.lookup<{ tenant_id: string; turn_id: string; conversation_id: string }>(
      'SELECT tenant_id, turn_id, conversation_id FROM app.expired_turns($1, $2)',
      [everything, BATCH],
    );
    let ended = 0;
    for (const turn of expired) {
      if (this.registry.get(turn.turn_id) !== undefined) continue;
      if (await this.fail({ tenantId: turn.tenant_id }, turn.turn_id, turn.conversation_id, everything)) ended++;
    }
    if (ended > 0) this.logger.warn({ turns: ended }, 'ended turns whose process had died');
    return ended;
  }

  private async fail(
    scope: { tenantId: string },
    turnId: string,
    conversationId: string,
    everything: boolean,
  ): Promise<boolean> {
    return this.uow.run(scope, async (tx) => {
      const turn = await tx.one<{ message_id: string; agent: string | null }>(
        'SELECT message_id, agent FROM app.turn WHERE tenant_id = $1 AND id = $2',
        [tx.tenantId, turnId],
      );
      if (turn === null) return false;
      const settled = await this.turns.settle(tx, {
        turnId,
        conversationId,
        userMessageId: turn.message_id,
        expect: { kind: 'abandoned', everything },
        status: 'failed',
        agent: turn.agent,
        error: {
          code: 'INTERNAL',
          message: 'The server stopped while it was answering. Send the message again.',
          retryable: true,
        },
        usage: null,
        timings: {},
        answer: null,
        events: [],
        usageRecords: [],
        outbox: [],
        lastSeq: 0,
      });
      return settled !== null;
    });
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(
      () => {
        this.sweep(false)
          .catch((error: unknown) => this.logger.warn({ err: error }, 'sweeping failed'))
          .finally(() => this.schedule());
      },
      Math.max(1000, this.config.env.LEASE_SECONDS * 500),
    );
    this.timer.unref();
  }
}
