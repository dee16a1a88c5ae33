import { Client } from 'pg';
import { Cluster } from './cluster.js';
import { allAcked, allDone } from './journal.js';
import { recordMeasures } from './figures.js';
import { question } from './provider.js';
import { LONG, quantile, scaled } from './scale.js';
import { eventually, whileOpen } from './waiting.js';
import { within, type World } from './world.js';

const POOL = 10;
const TURNS = 200;
const TURNS_EACH = 10;
/** An answer takes twelve seconds; as many are given one after the other. */
const ROUNDS = scaled(1, 12);
/** The goal is 300 ms on a machine of one's own; others may be at work on this one. */
const LIST_P95_MS = 1500;
const LIVE_MS = 500;

/** RELIABILITY 8: no connection is held while a model is awaited, and when there is none to be had that is said. */
describe(`a server with ${POOL} connections to its database`, () => {
  let starting: Promise<Cluster> | null = null;
  const shared = () => (starting ??= Cluster.start({ env: { DATABASE_POOL: String(POOL) } }));
  afterAll(async () => (await starting)?.stop());

  // One server each: what happens to the pool of one is not felt at the other.
  it.concurrent(
    `answers others while it writes ${TURNS} slow answers`,
    async () =>
      within(await shared(), async (world) => {
        const { a } = world.cluster;
        const writers = await Promise.all(
          Array.from({ length: TURNS / TURNS_EACH }, (_, n) => world.socket(`writer ${n}`, a)),
        );
        const lists: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const clients = writers.flatMap((writer) => Array.from({ length: TURNS_EACH }, () => writer));
          const sends = clients.map((client, n) => client.say(question('atLength', `pool-${round}-${n}`)));
          const acks = await allAcked(sends);
          const running = (await world.cluster.turns(`status = 'running'`)).length;
          expect(running).toBeGreaterThan(TURNS * 0.75);
          const turnIds = acks.map(({ turn_id }) => turn_id);
          const ended = allDone(clients, turnIds);
          await whileOpen(ended, 50, async () => lists.push(await timeOfList(world)));
        }
        const [p50, p95] = [quantile(lists, 0.5), quantile(lists, 0.95)];
        recordMeasures(`GET conversations beside ${TURNS} turns (ms)`, { p50, p95, max: quantile(lists, 1) });
        expect(p95).toBeLessThan(LIST_P95_MS);
        const verdict = await world.sound('pool');
        expect(verdict.outcomes).toEqual({ completed: TURNS * ROUNDS });
      }),
    LONG ? 1_200_000 : undefined,
  );

  it.concurrent('says 503 within 5 s to who finds all of them taken, stays alive, and recovers by itself', async () =>
    within(await shared(), async (world) => {
      const { cluster } = world;
      const { b } = cluster;
      const conversations = await Promise.all(Array.from({ length: POOL }, () => world.conversation(b)));
      const unlock = await lock(cluster, conversations);
      const writer = await world.socket('writer', b);
      const before = await writer.acked(writer.say(question('lengthily', 'pool-before')));
      // Each waits for a row, and holds its connection meanwhile.
      const waiting = conversations.map(async (id, n) => {
        const body = { content: question('quickly', `pool-waits-${n}`), agent: 'linkedin', conversation_id: id };
        return world.api(b, 'chat', { body, ms: 40_000 });
      });
      await eventually(async () => (await waitingForLocks(cluster)) >= POOL, 'all connections to be taken');
      const alive: number[] = [];
      const refused = Promise.all(Array.from({ length: 30 }, () => world.timed(b, 'conversations')));
      await whileOpen(refused, 50, async () => alive.push((await world.timed(b, '/health/live')).ms));
      for (const { body, headers, ms, status } of await refused) {
        expect([status, body.code]).toEqual([503, 'UNAVAILABLE']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(ms).toBeLessThan(5000);
      }
      recordMeasures('GET health/live with no connection left (ms)', { max: quantile(alive, 1) });
      expect(quantile(alive, 1)).toBeLessThan(LIVE_MS);
      await unlock();
      await eventually(async () => (await world.api(b, 'conversations')).status === 200, 'it to recover', 5000);
      for (const { status } of await Promise.all(waiting)) expect([200, 503]).toContain(status);
      expect((await writer.done(before.turn_id, 30_000)).dones[0]?.frame['status']).toBe('completed');
      const after = await writer.acked(writer.say(question('quickly', 'pool-after')));
      await writer.done(after.turn_id);
      await world.sound('pool saturated');
    }),
  );
});

async function timeOfList(world: World): Promise<number> {
  const { ms, status } = await world.timed(world.cluster.a, 'conversations');
  expect(status).toBe(200);
  return ms;
}

/** As an operator's long query would hold them. @returns lets go */
async function lock(cluster: Cluster, ids: readonly string[]): Promise<() => Promise<void>> {
  const session = new Client({ connectionString: cluster.ownerUrl });
  session.on('error', () => undefined);
  await session.connect();
  await session.query('BEGIN');
  await session.query('SELECT 1 FROM app.conversation WHERE id = ANY ($1) FOR UPDATE', [ids]);
  return () => session.end();
}

async function waitingForLocks(cluster: Cluster): Promise<number> {
  const { rows } = await cluster.database.query<{ count: number }>(
    `SELECT count(*)::integer FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows[0]?.count ?? 0;
}
