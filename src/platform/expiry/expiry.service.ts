import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';

/** Rows of one table that are of no use to anybody any more. */
export interface Expiring {
  /** For the log: "sessions". */
  readonly name: string;
  /** Null where only tenants say it: with `ofTenant`. */
  readonly afterSeconds: number | null;
  /**
   * A look-up function of `(age in seconds, rows)`: the tenants of at most so many of the oldest such rows, by an index. As every
   * look-up it returns ids and can delete nothing.
   */
  readonly tenants: string;
  /** Where tenants say it themselves, as the look-up knows: how long this one keeps them; null for ever. */
  readonly ofTenant?: (scope: TenantScope) => Promise<number | null>;
  /** The condition, with `$2` for the age in seconds. */
  readonly condition: string;
  readonly table: string;
  /** The key besides the tenant. */
  readonly key: readonly string[];
  /** Rows a statement; fewer where each takes others with it. */
  readonly batch?: number;
}

const EVERY_MS = 5 * 60_000;
/** Not all instances, and not all kinds of rows after a deploy, in the same second. */
const FIRST_MS = 60_000;
const BATCH = 500;
/** How often the oldest are looked up in one go; what is left then has time until the next. */
const MOST_ROUNDS = 40;

/**
 * Deletes what is too old, a few hundred rows a statement: found across tenants by a look-up that returns their ids, deleted
 * inside each tenant by the working role. Rows that somebody holds are left for the next time, so any number of
 * instances may do it at once.
 */
@Injectable()
export class ExpiryService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly kinds: Expiring[] = [];
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly work: UnitOfWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  register(kind: Expiring): void {
    this.kinds.push(kind);
  }

  onApplicationBootstrap(): void {
    this.schedule(FIRST_MS + Math.random() * EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** @returns how many rows went, by name; one kind's failure is logged and keeps no other from going */
  async sweep(): Promise<Record<string, number>> {
    const gone: Record<string, number> = {};
    for (const kind of this.kinds) {
      try {
        const count = await this.expire(kind);
        if (count > 0) gone[kind.name] = count;
      } catch (error) {
        this.logger.warn({ err: asError(error), rows: kind.name }, 'what is too old could not be deleted');
      }
    }
    if (Object.keys(gone).length > 0) this.logger.info({ gone }, 'deleted what was too old');
    return gone;
  }

  private async expire(kind: Expiring): Promise<number> {
    const batch = kind.batch ?? BATCH;
    let gone = 0;
    for (let round = 0; round < MOST_ROUNDS && !this.stopped; round++) {
      const before = gone;
      for (const { tenant_id: tenantId } of await this.work.lookup<{ tenant_id: string }>(
        `SELECT tenant_id FROM ${kind.tenants}($1, $2)`,
        [kind.afterSeconds, batch],
      )) {
        if (this.stopped) break;
        const seconds = kind.ofTenant === undefined ? kind.afterSeconds : await kind.ofTenant({ tenantId });
        if (seconds !== null) gone += await this.deleteOf(kind, { tenantId, seconds, batch });
      }
      if (gone === before) break;
    }
    return gone;
  }

  private async deleteOf(
    kind: Expiring,
    { batch, seconds, tenantId }: { tenantId: string; seconds: number; batch: number },
  ): Promise<number> {
    const key = ['tenant_id', ...kind.key];
    const [row] = await this.work.query<{ gone: number }>(
      { tenantId },
      `WITH due AS (
         SELECT ${key.join(', ')} FROM ${kind.table} WHERE tenant_id = $1 AND ${kind.condition} LIMIT $3 FOR UPDATE SKIP LOCKED
       ), gone AS (
         DELETE FROM ${kind.table} old USING due WHERE ${key.map((column) => `old.${column} = due.${column}`).join(' AND ')}
         RETURNING 1
       ) SELECT count(*)::int AS gone FROM gone`,
      [tenantId, seconds, batch],
    );
    return row?.gone ?? 0;
  }

  private schedule(ms: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.sweep().then(() => this.schedule(EVERY_MS));
    }, ms);
    this.timer.unref();
  }
}
