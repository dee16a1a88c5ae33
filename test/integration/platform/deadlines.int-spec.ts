import { setTimeout as sleep } from 'node:timers/promises';
import { CommitInDoubtError, newId, openDatabase, UnitOfWork } from '#platform/database';
import { UnavailableError } from '#platform/errors';
import { HealthService } from '#platform/health';
import { createLogger } from '#platform/logging';
import { PgBossJobQueue } from '#platform/queue';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { TestDatabase } from '../../support/test-database.js';
import { CutOffProxy } from './cut-off.proxy.js';

const ONE = 'SELECT 1 AS one';
const RENAME = `UPDATE app.tenant SET name = 'changed'`;
const logger = createLogger({ level: 'silent' });

/** The error that a promise is rejected with, and after how many milliseconds. */
async function failure(promise: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const since = performance.now();
  const error = await promise.then(
    () => new Error('It did not fail'),
    (thrown: unknown) => thrown,
  );
  return { error, ms: performance.now() - since };
}

describe('a database behind a network that fails', () => {
  let database: TestDatabase;
  let tenant: { tenantId: string };
  let proxy: CutOffProxy;
  let dataSource: DataSource;
  let work: UnitOfWork;
  const queues: PgBossJobQueue[] = [];
  const loose: unknown[] = [];
  const note = (error: unknown) => void loose.push(error);

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    process.on('uncaughtExceptionMonitor', note);
    database = await TestDatabase.start();
    tenant = await database.tenant();
  }, 60_000);
  beforeEach(async () => {
    proxy = await CutOffProxy.before(database.url);
    dataSource = await openDatabase({ url: proxy.url, login: database.login, pool: 4 });
    work = new UnitOfWork(dataSource);
  });
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.stop();
    await dataSource.destroy();
    await proxy.close();
  });
  afterAll(async () => {
    await database.stop();
    process.off('unhandledRejection', note);
    process.off('uncaughtExceptionMonitor', note);
    expect(loose).toEqual([]);
  });

  const pool = () => (dataSource.driver as unknown as { master: Pool }).master;
  /** So many connections, all idle. */
  const warm = (count: number) =>
    Promise.all(Array.from({ length: count }, () => work.run(tenant, (tx) => tx.query(ONE).then(() => sleep(30)))));
  const name = async () => (await database.uow.query<{ name: string }>(tenant, 'SELECT name FROM app.tenant'))[0]?.name;

  it('answers within the deadline when the packets are swallowed, and gets a new connection as soon as it can', async () => {
    await warm(4);
    expect(pool().totalCount).toBe(4);
    proxy.swallow();
    const { error, ms } = await failure(work.query(tenant, ONE, [], { deadlineMs: 400 }));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', kind: 'unavailable', retryable: true });
    expect(ms).toBeLessThan(700);
    proxy.heal();
    // Not one of the four is handed out again, although only one was found dead.
    expect(await Promise.all([1, 2, 3, 4].map(() => work.query(tenant, ONE, [], { deadlineMs: 2000 })))).toHaveLength(
      4,
    );
  });

  it('ends a transaction that hangs in the middle, and what it wrote is rolled back', async () => {
    const { error, ms } = await failure(
      work.run(
        tenant,
        async (tx) => {
          await tx.query(RENAME);
          proxy.swallow();
          await tx.query(ONE);
        },
        { deadlineMs: 500 },
      ),
    );
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).not.toBeInstanceOf(CommitInDoubtError);
    expect(ms).toBeLessThan(900);
    await proxy.close();
    proxy = await CutOffProxy.before(database.url);
    expect(await name()).not.toBe('changed');
  });

  it('leaves nothing behind of a transaction that was given up while the database worked', async () => {
    const { error, ms } = await failure(
      work.run(
        tenant,
        async (tx) => {
          await tx.query(RENAME);
          await tx.query('SELECT pg_sleep(1)');
        },
        { deadlineMs: 400 },
      ),
    );
    expect(error).toBeInstanceOf(UnavailableError);
    expect(ms).toBeLessThan(700);
    // Its lock is gone with it, and so is what it wrote.
    expect(await database.uow.query(tenant, `UPDATE app.tenant SET settings = '{}' RETURNING name`)).not.toEqual([
      { name: 'changed' },
    ]);
  });

  it('says that it does not know when the answer of COMMIT is lost', async () => {
    for (const commit of ['together', 'apart']) {
      const { error } = await failure(
        work.run(
          tenant,
          async (tx) => {
            await tx.query(ONE);
            proxy.swallow();
            if (commit === 'together') await tx.commitWith(RENAME);
          },
          { deadlineMs: 300 },
        ),
      );
      expect(error).toBeInstanceOf(CommitInDoubtError);
      proxy.cut();
      proxy.heal();
    }
    await warm(1);
    const cut = failure(
      work.run(tenant, async (tx) => {
        await tx.query(ONE);
        proxy.swallow();
        setTimeout(() => proxy.cut(), 50);
        await tx.commitWith(ONE);
      }),
    );
    expect((await cut).error).toBeInstanceOf(CommitInDoubtError);
  });

  it('does not wait for a ROLLBACK that nobody answers, and tells what went wrong before it', async () => {
    const { error, ms } = await failure(
      work.run(tenant, async (tx) => {
        await tx.query(RENAME);
        proxy.swallow();
        throw new Error('of its own');
      }),
    );
    expect(error).toMatchObject({ message: 'of its own' });
    expect(ms).toBeLessThan(1500);
    expect(pool().totalCount).toBe(0);
  });

  it('survives cuts of idle and of busy connections', async () => {
    await warm(4);
    proxy.cut();
    await sleep(50);
    expect(pool().totalCount).toBe(0);
    const busy = Promise.all(
      [1, 2, 3].map(() =>
        failure(
          work.run(tenant, async (tx) => {
            await tx.query(ONE);
            await sleep(100);
            await tx.query(ONE);
          }),
        ),
      ),
    );
    await sleep(60);
    proxy.cut();
    for (const { error } of await busy) expect(error).toBeInstanceOf(UnavailableError);
    expect(await work.query(tenant, ONE)).toEqual([{ one: 1 }]);
  });

  it('says UNAVAILABLE while connections are refused', async () => {
    proxy.refuse();
    const { error, ms } = await failure(work.query(tenant, ONE));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(ms).toBeLessThan(1000);
    proxy.heal();
    expect(await work.query(tenant, ONE)).toEqual([{ one: 1 }]);
  });

  it('gives up a wait for a connection at the deadline, and keeps no connection for it', async () => {
    await warm(4);
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    // No statement: on the embedded database one transaction at a time gets an answer.
    const holders = [1, 2, 3, 4].map(() => work.run(tenant, () => released));
    await sleep(50);
    expect(pool().idleCount).toBe(0);
    const { error, ms } = await failure(work.query(tenant, ONE, [], { deadlineMs: 200 }));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(ms).toBeLessThan(400);
    release();
    await Promise.all(holders);
    await sleep(20);
    expect([pool().waitingCount, pool().idleCount, pool().totalCount]).toEqual([0, 4, 4]);
  });

  it('flips readiness within 5 s both ways, with dead connections in the pool', async () => {
    const health = new HealthService(work, logger);
    await warm(4);
    expect((await health.report()).ready).toBe(true);
    proxy.swallow();
    const since = performance.now();
    expect((await health.report()).ready).toBe(false);
    expect(performance.now() - since).toBeLessThan(2100);
    proxy.heal();
    const healed = performance.now();
    while (!(await health.report()).ready) expect(performance.now() - healed).toBeLessThan(5000);
  });

  it('leaves the job queue working after its connections were cut or swallowed', async () => {
    // Pg-boss makes its tables in one long statement.
    const first = new PgBossJobQueue({ url: database.url, login: database.login, logger });
    queues.push(first);
    await first.add('deadlines.first', {});
    const queue = new PgBossJobQueue({ url: proxy.url, login: database.login, logger, pollMs: 100, queryMs: 2000 });
    queues.push(queue);
    const seen: number[] = [];
    const schema = z.object({ n: z.number() });
    await queue.work({ queue: 'deadlines.test', concurrency: 1, schema, handle: async ({ n }) => void seen.push(n) });
    await queue.add('deadlines.test', { n: 1 });
    while (seen.length < 1) await sleep(20);
    proxy.cut();
    await sleep(50);
    await queue.add('deadlines.test', { n: 2 });
    while (seen.length < 2) await sleep(20);
    proxy.swallow();
    const { ms } = await failure(queue.add('deadlines.test', { n: 3 }));
    // At most 5 s for a connection, then 2 s for the statement.
    expect(ms).toBeLessThan(8500);
    proxy.heal();
    // The second connection of the pool may be a dead one as well.
    for (let tries = 0; tries < 5; tries++) await queue.add('deadlines.test', { n: 4 }).catch(() => undefined);
    while (!seen.includes(4)) await sleep(20);
  }, 60_000);

  it('destroys no connection of a database that answers', async () => {
    await warm(2);
    const opened = proxy.opened;
    await failure(work.query(tenant, 'SELECT 1 / 0'));
    await failure(work.query({ tenantId: newId() }, 'INSERT INTO app.tenant (id) VALUES (NULL)'));
    for (let n = 0; n < 50; n++) await work.query(tenant, ONE);
    expect(proxy.opened).toBe(opened);
  });
});
