import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '#platform/logging';
import { InMemoryJobQueue, type JobQueue, PgBossJobQueue } from '#platform/queue';
import { Client } from 'pg';
import { z } from 'zod';
import { cutConnections } from '../../support/cut-connections.js';
import { TestDatabase } from '../../support/test-database.js';

const schema = z.object({ n: z.number() });
const logger = createLogger({ level: 'silent' });

let database: TestDatabase;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await TestDatabase.start();
}, 60_000);
afterEach(async () => {
  for (const queue of open.splice(0)) await queue.stop();
});
afterAll(() => database.stop());

const drivers: Record<string, () => JobQueue> = {
  'in memory': () => kept(new InMemoryJobQueue(logger)),
  'in Postgres': () => kept(new PgBossJobQueue({ url: database.url, login: database.login, logger, pollMs: 200 })),
};

function kept<T extends { stop(): Promise<void> }>(queue: T): T {
  open.push(queue);
  return queue;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries++) await sleep(25);
  expect(condition()).toBe(true);
}

let names = 0;
const newName = (): string => `test.queue-${names++}`;

describe.each(Object.entries(drivers))('a job queue %s', (_name, create) => {
  it('runs each job once, whether it was added before or after the worker came', async () => {
    const queue = create();
    const name = newName();
    const seen: number[] = [];
    await queue.add(name, { n: 1 });
    await queue.work({ queue: name, concurrency: 2, schema, handle: async ({ n }) => void seen.push(n) });
    await queue.add(name, { n: 2 });
    await until(() => seen.length === 2);
    await sleep(300);
    expect(seen.sort()).toEqual([1, 2]);
  });

  it('starts a job at once, and runs no more than it may side by side', async () => {
    const queue = create();
    const name = newName();
    let running = 0;
    let most = 0;
    let done = 0;
    await queue.work({
      queue: name,
      concurrency: 2,
      schema,
      handle: async () => {
        most = Math.max(most, ++running);
        // Until there is a second one, which a busy machine brings late.
        for (let waits = 0; waits < 250 && most < 2; waits++) await sleep(20);
        await sleep(20);
        running--;
        done++;
      },
    });
    await Promise.all(Array.from({ length: 6 }, (_, n) => queue.add(name, { n })));
    await until(() => done === 6);
    expect(most).toBe(2);
  });

  it('holds one waiting job of a key', async () => {
    const queue = create();
    const name = newName();
    const seen: number[] = [];
    await queue.add(name, { n: 1 }, { key: 'a' });
    await queue.add(name, { n: 2 }, { key: 'a' });
    await queue.add(name, { n: 3 }, { key: 'b' });
    await queue.work({ queue: name, concurrency: 1, schema, handle: async ({ n }) => void seen.push(n) });
    await until(() => seen.length === 2);
    await sleep(300);
    expect(seen.sort()).toEqual([1, 3]);
  });

  it('outlives a handler that throws', async () => {
    const queue = create();
    const name = newName();
    const seen: number[] = [];
    await queue.work({
      queue: name,
      concurrency: 1,
      schema,
      handle: async ({ n }) => {
        if (n === 1) throw new Error('no');
        seen.push(n);
      },
    });
    await queue.add(name, { n: 1 });
    await queue.add(name, { n: 2 });
    await until(() => seen.length === 1);
  });

  it('hands no job over that does not say whose it is, where its worker wants to know', async () => {
    const queue = create();
    const name = newName();
    const seen: unknown[] = [];
    const owned = z.object({ tenant_id: z.guid(), n: z.number() });
    await queue.work({
      queue: name,
      concurrency: 1,
      schema: owned,
      handle: async (payload) => void seen.push(payload),
    });
    const tenant_id = '01890000-0000-7000-8000-000000000000';
    for (const payload of [{ n: 1 }, { tenant_id: null, n: 1 }, { tenant_id: '', n: 1 }, { tenant_id, n: 2 }])
      await queue.add(name, payload);
    await until(() => seen.length > 0);
    await sleep(300);
    expect(seen).toEqual([{ tenant_id, n: 2 }]);
  });

  it('forgets the jobs of one tenant, and no others', async () => {
    const queue = create();
    const name = newName();
    const seen: number[] = [];
    await queue.forget('a');
    for (const n of [1, 2, 3]) await queue.add(name, { tenant_id: n === 2 ? 'b' : 'a', n });
    await queue.forget('a');
    await queue.work({ queue: name, concurrency: 1, schema, handle: async ({ n }) => void seen.push(n) });
    await until(() => seen.length > 0);
    await sleep(300);
    expect(seen).toEqual([2]);
  });

  it('aborts what runs when it stops, and waits for it', async () => {
    const queue = create();
    const name = newName();
    let ended = false;
    let started = false;
    await queue.work({
      queue: name,
      concurrency: 1,
      schema,
      handle: async (_payload, signal) => {
        started = true;
        await sleep(60_000, undefined, { signal }).catch(() => undefined);
        ended = true;
      },
    });
    await queue.add(name, { n: 1 });
    await until(() => started);
    await open.pop()?.stop();
    expect(ended).toBe(true);
  });
});

describe('the job queue in Postgres', () => {
  it('keeps jobs over a restart', async () => {
    const name = newName();
    const first = kept(new PgBossJobQueue({ url: database.url, login: database.login, logger, pollMs: 200 }));
    await first.add(name, { n: 7 });
    await open.pop()?.stop();
    const second = kept(new PgBossJobQueue({ url: database.url, login: database.login, logger, pollMs: 200 }));
    const seen: number[] = [];
    await second.work({ queue: name, concurrency: 1, schema, handle: async ({ n }) => void seen.push(n) });
    await until(() => seen.length === 1);
    expect(seen).toEqual([7]);
  });

  it('survives its connections being cut, again and again: it goes on within seconds, and nothing is left unhandled', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    try {
      const name = newName();
      const queue = kept(new PgBossJobQueue({ url: database.url, login: database.login, logger, pollMs: 50 }));
      const seen = new Set<number>();
      await queue.work({
        queue: name,
        concurrency: 2,
        schema,
        handle: async ({ n }) => {
          await sleep(5);
          seen.add(n);
        },
      });
      const accepted: number[] = [];
      let cut = 0;
      for (let n = 0; n < 60; n++) {
        const adding = queue.add(name, { n }).then(
          () => accepted.push(n),
          () => undefined,
        );
        if (n % 5 === 0) cut += cutConnections((queue as unknown as { pool: unknown }).pool);
        await adding;
      }
      expect(cut).toBeGreaterThan(5);
      expect(accepted.length).toBeGreaterThan(30);
      // A job whose worker never heard that it got it comes again when it expires: jobs are hints.
      expect(accepted.filter((n) => seen.has(n)).length).toBeGreaterThan(20);
      const after = [100, 101, 102, 103];
      for (const n of after) await queue.add(name, { n });
      await until(() => after.every((n) => seen.has(n)));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', onUnhandled);
    }
  }, 60_000);

  it('uses its schema, changes no table of it, and can read no tenant', async () => {
    const client = new Client({ connectionString: database.url, options: '-c role=switchboard_queue' });
    await client.connect();
    try {
      const { rows } = await client.query('SELECT count(*) AS jobs FROM pgboss.job');
      expect(Number(rows[0].jobs)).toBeGreaterThan(0);
      await expect(client.query('SELECT 1 FROM app.tenant')).rejects.toThrow(/permission denied/);
      await expect(client.query('DROP TABLE pgboss.job')).rejects.toThrow(/must be owner/);
      await expect(client.query('CREATE TABLE pgboss.mine (id int)')).rejects.toThrow(/permission denied/);
    } finally {
      await client.end();
    }
  });
});
