import { Inject, Injectable, type OnApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { AppConfig } from '#platform/config';
import { UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { LeaseLost } from './conversations.errors.js';
import { TurnRegistry } from './turn-registry.js';

/**
 * Renews the leases of this instance's turns: one statement for all of them, three times a lease, on the database's clock.
 * A turn whose lease could not be renewed in time is no longer ours, so its work is stopped; the fence would refuse it anyway.
 */
@Injectable()
export class LeaseKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private lastSuccess = Date.now();

  constructor(
    private readonly uow: UnitOfWork,
    private readonly registry: TurnRegistry,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(): void {
    this.timer = setTimeout(() => void this.renew(), (this.config.env.LEASE_SECONDS * 1000) / 3);
    this.timer.unref();
  }

  private async renew(): Promise<void> {
    // Turns that are accepted while the statement runs have a fresh lease of their own.
    const held = this.registry.all();
    try {
      if (held.length > 0) {
        const rows = await this.uow.lookup<{ turn_id: string }>('SELECT turn_id FROM app.renew_leases($1, $2)', [
          this.registry.instance,
          this.config.env.LEASE_SECONDS,
        ]);
        const renewed = new Set(rows.map((row) => row.turn_id));
        for (const turn of held) {
          // One that ended meanwhile is not in the registry any more.
          if (renewed.has(turn.turnId) || this.registry.get(turn.turnId) !== turn) continue;
          if (turn.status === 'running') turn.controller.abort(new LeaseLost());
          else {
            this.registry.remove(turn.turnId);
            turn.markEnded();
          }
        }
      }
      this.lastSuccess = Date.now();
    } catch (error) {
      this.logger.warn({ err: error }, 'renewing leases failed');
      if (Date.now() - this.lastSuccess > this.config.env.LEASE_SECONDS * 2000) {
        this.logger.error('leases have not been renewed for two periods: other instances may take the turns over');
      }
    } finally {
      if (this.timer !== undefined) this.schedule();
    }
  }
}
