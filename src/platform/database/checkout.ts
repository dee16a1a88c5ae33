import { UnavailableError } from '#platform/errors';
import type { Pool, PoolClient } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import type { Deadline } from './deadline.js';

/**
 * A connection of the pool, from asking for it to giving it back. TypeORM's runner stands between us and pg-pool: it takes
 * the client out and hands it back, as sound or as broken. A broken one is destroyed with its socket and never seen again.
 */
export class Checkout {
  private constructor(
    private readonly dataSource: DataSource,
    readonly runner: QueryRunner,
    readonly client: PoolClient,
  ) {}

  /** @throws UnavailableError when none is to be had before the pool's own limit or the deadline */
  static async of(dataSource: DataSource, deadline: Deadline): Promise<Checkout> {
    const runner = dataSource.createQueryRunner();
    const connecting = runner.connect() as Promise<PoolClient>;
    try {
      return new Checkout(dataSource, runner, await deadline.within(connecting));
    } catch (error) {
      // It may still come: released before, the runner would keep it for ever.
      void connecting.then(
        () => runner.release(),
        () => undefined,
      );
      throw new UnavailableError('The database is busy or not reachable: try again in a moment', { cause: error });
    }
  }

  /** Back to the pool; nothing happens if the connection was lost or destroyed meanwhile. */
  async release(): Promise<void> {
    await this.runner.release();
  }

  /**
   * Ends the connection at once, whatever is under way on it: the pool forgets it (so that others get a new one), and the
   * socket goes, since a goodbye would wait in it for an answer that does not come. Its idle neighbours go with it: most
   * likely they are cut off as well, and each would cost somebody a deadline to find out.
   */
  destroy(reason: Error): void {
    // Private in the typings, yet the runner's only way of telling pg-pool that a client is broken.
    const runner = this.runner as unknown as { releasePostgresConnection(error: Error): Promise<void> };
    void runner.releasePostgresConnection(reason);
    socketOf(this.client).destroy();
    this.destroyIdle(reason);
  }

  private destroyIdle(reason: Error): void {
    const { master: pool } = this.dataSource.driver as unknown as { readonly master?: Pool };
    if (pool === undefined || pool.ending) return;
    for (let idle = pool.idleCount; idle > 0; idle--) {
      pool.connect((_error, client, release) => {
        if (client === undefined) return;
        release(reason);
        socketOf(client).destroy();
      });
    }
  }
}

function socketOf(client: PoolClient): { destroy(): void } {
  return (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream;
}
