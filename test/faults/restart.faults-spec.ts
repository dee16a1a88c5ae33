import { setTimeout as sleep } from 'node:timers/promises';
import { allAcked, allDone, type Sent } from './journal.js';
import { recordMeasures } from './figures.js';
import { type Pace, question } from './provider.js';
import { quantile, scaled } from './scale.js';
import { eventually } from './waiting.js';
import { onCluster } from './world.js';

const TURNS_A_SECOND = 20;
/** At least, and until both have been restarted. */
const LOAD_MS = scaled(0, 60_000);
const CLIENTS = 20;
const DRAINED_TURNS = 200;
const TURNS_EACH = 10;
const RECONNECT_P50_MS = 2000;

/** RELIABILITY 6. */
describe('a rolling restart', () => {
  it.concurrent(`under ${TURNS_A_SECOND} turns a second fails none and loses nothing`, () =>
    onCluster({}, async (world) => {
      const { a, b } = world.cluster;
      const clients = await Promise.all(
        Array.from({ length: CLIENTS }, (_, n) => world.socket(`client ${n}`, ...(n % 2 === 0 ? [a, b] : [b, a]))),
      );
      // Readers on the other server follow what every second client says.
      const readers = [await world.socket('reader on B', b, a), await world.socket('reader on A', a, b)];
      const follow = async (n: number, sent: Sent) => {
        const ack = await clients[n % clients.length]!.acked(sent, 30_000).catch(() => null);
        if (ack !== null) readers[n % 2]!.follow(ack.conversation_id);
      };
      const endsAt = Date.now() + LOAD_MS;
      let restarted = false;
      const load = (async () => {
        for (let n = 0; !restarted || Date.now() < endsAt; n++) {
          const pace = n % 10 < 2 ? 'slowly' : 'steadily';
          const sent = clients[n % clients.length]!.say(question(pace, `roll-${n}`));
          if (n % 4 < 2) void follow(n, sent);
          await sleep(1000 / TURNS_A_SECOND);
        }
      })();
      try {
        for (const server of [a, b]) {
          const running = () => world.cluster.turns(`status = 'running' AND lease_owner IS NOT NULL`);
          await eventually(async () => (await running()).length >= TURNS_A_SECOND / 2, 'turns to run');
          const { code, ms } = await server.drain();
          expect(code).toBe(0);
          expect(ms).toBeLessThan(30_000);
          await server.start();
        }
      } finally {
        restarted = true;
      }
      await load;
      const verdict = await world.sound('rolling restart');
      expect(Object.keys(verdict.outcomes)).toEqual(['completed']);
      const reconnects = clients.flatMap((client) => client.reconnects);
      const [p50, p95] = [quantile(reconnects, 0.5), quantile(reconnects, 0.95)];
      recordMeasures('reconnect in a rolling restart (ms)', { p50, p95, max: quantile(reconnects, 1) });
      expect(p50).toBeLessThan(RECONNECT_P50_MS);
      // Each was told why it was closed.
      expect(new Set(clients.flatMap((client) => client.closes))).toEqual(new Set([1012]));
      expect(clients.some((client) => client.others.some((frame) => frame['type'] === 'server_draining'))).toBe(true);
    }),
  );

  it.concurrent(`ends a server that runs ${DRAINED_TURNS} turns within 30 s, with 0; each of them ends`, () =>
    onCluster({}, async (world) => {
      const { a, b } = world.cluster;
      const clients = await Promise.all(
        Array.from({ length: DRAINED_TURNS / TURNS_EACH }, (_, n) => world.socket(`client ${n}`, a, b)),
      );
      const writers = Array.from({ length: DRAINED_TURNS }, (_, n) => clients[n % clients.length]!);
      const sends = writers.map((client, n) => {
        // Those that take longer than a server may take to end go on at the other one.
        const pace: Pace = n % 2 === 0 ? 'lengthily' : scaled<Pace>('lengthily', 'patiently');
        return client.say(question(pace, `drain-${n}`));
      });
      const acks = await allAcked(sends);
      expect((await world.cluster.turns(`status = 'running'`)).length).toBeGreaterThan(DRAINED_TURNS / 2);
      const { code, ms } = await a.drain();
      recordMeasures(`SIGTERM with ${DRAINED_TURNS} turns (ms)`, { ms });
      expect(code).toBe(0);
      expect(ms).toBeLessThan(30_000);
      await allDone(
        writers,
        acks.map(({ turn_id }) => turn_id),
      );
      const verdict = await world.sound('drain');
      expect(verdict.outcomes).toEqual({ completed: DRAINED_TURNS });
      expect(new Set(clients.flatMap((client) => client.closes))).toEqual(new Set([1012]));
    }),
  );
});
