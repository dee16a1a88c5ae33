import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterServer } from './cluster.js';
import { recordMeasures } from './figures.js';
import { type Pace, question } from './provider.js';
import { LONG, quantile, scaled } from './scale.js';
import { eventually, whileOpen } from './waiting.js';
import { onCluster, type World } from './world.js';

const MINUTES = Number(process.env['FAULTS_MINUTES'] ?? 0);
const CUTS_FOR_MS = scaled(8000, 60_000);
const OUTAGES_FOR_MS = scaled(8000, MINUTES * 60_000);
const READY_WITHIN_MS = 5000;
const TIMEOUT_MS = OUTAGES_FOR_MS + 180_000;

/** A database that is away is said so at once, and nobody is left waiting when it is back. */
describe('a server whose database', () => {
  it.concurrent('swallows everything answers 503 within 20 s, stays alive and recovers by itself', () =>
    onCluster({}, async (world) => {
      const { a, b } = world.cluster;
      const [writer, reader] = [await world.socket('writer on A', a), await world.socket('reader on B', b)];
      const { turn_id, conversation_id } = await writer.acked(writer.say(question('slowly', 'swallowed')));
      reader.follow(conversation_id);
      await writer.seen(turn_id, (turn) => turn.text !== '', 'text');
      a.postgres.blackHole();
      const unready = flip([a], 503);
      const asked = Array.from({ length: 5 }, async () => {
        const began = Date.now();
        const { status, body } = await world.api(a, 'conversations', { ms: 25_000 });
        return { status, code: body.code, quick: Date.now() - began < 20_000 };
      });
      const answers = Promise.all(asked);
      let slowest = 0;
      const alive = whileOpen(answers, 1000, async () => {
        const began = Date.now();
        expect((await a.api('/health/live', { ms: 5000 })).status).toBe(200);
        slowest = Math.max(slowest, Date.now() - began);
      });
      recordMeasures('readiness down in a black hole (ms)', { ms: (await unready)[0] ?? 0 });
      expect(await answers).toEqual(asked.map(() => ({ status: 503, code: 'UNAVAILABLE', quick: true })));
      await alive;
      expect(slowest).toBeLessThan(500);
      a.postgres.pass();
      await flip([a], 200);
      await eventually(async () => (await world.api(a, 'conversations')).status === 200, 'A to recover', 15_000);
      for (const client of [writer, reader]) await client.done(turn_id, 20_000);
      const again = await writer.acked(writer.say(question('quickly', 'back'), { conversation_id }));
      await writer.done(again.turn_id);
      await world.sound('black hole');
    }),
  );

  it.concurrent('cuts every connection, three times a second, leaves nobody waiting', () =>
    onCluster({}, async (world) => {
      const { a } = world.cluster;
      const endsAt = Date.now() + CUTS_FOR_MS;
      const chats = Array.from({ length: 8 }, (_, n) => chatUntil(world, endsAt, n, 'cut'));
      while (Date.now() < endsAt) {
        await sleep(300);
        a.postgres.cut();
      }
      await Promise.all(chats);
      await world.sound('connection cuts');
    }),
  );

  it.concurrent(
    'goes away for up to 5 s again and again, and stalls and lags between, loses nothing and says when it is not ready',
    () =>
      onCluster({}, async (world) => {
        const both = [world.cluster.a, world.cluster.b];
        const endsAt = Date.now() + OUTAGES_FOR_MS;
        const chats = Array.from({ length: 8 }, (_, n) => chatUntil(world, endsAt, n, 'outage'));
        const http = Array.from({ length: 2 }, async (_, n) => {
          for (let m = 0; Date.now() < endsAt; m++) {
            await world.httpEvents(question('steadily', `outage-http-${n}-${m}`), n === 0 ? both : both.toReversed())
              .over;
          }
        });
        const flips: Record<string, number[]> = { down: [], up: [] };
        await eventually(async () => (await world.cluster.turns(`status = 'running'`)).length > 4, 'turns to run');
        for (let round = 0; Date.now() < endsAt; round++) {
          const fault = FAULTS[round % FAULTS.length]!;
          const began = Date.now();
          await Promise.all(both.map(async (server) => fault.begin(server)));
          // How long it is away is left to chance; every second time at least until readiness says so.
          if (fault.away && round % FAULTS.length === 0) flips['down']?.push(...(await flip(both, 503)));
          await sleep(Math.max(0, began + randomInt(fault.away ? 5000 : 1000) - Date.now()));
          await Promise.all(both.map((server) => server.postgres.restore()));
          if (fault.away) flips['up']?.push(...(await flip(both, 200)));
          await sleep(randomInt(500, 1500));
        }
        await Promise.all([...chats, ...http]);
        for (const [way, times] of Object.entries(flips)) {
          recordMeasures(`readiness ${way} (ms)`, { p50: quantile(times, 0.5), max: quantile(times, 1) });
          expect(times.length).toBeGreaterThan(0);
        }
        await world.sound(LONG ? `outages of ${MINUTES} min` : 'outages');
      }),
    TIMEOUT_MS,
  );
});

/** What may happen to the cables of both servers at once, as when Postgres itself is restarted, overloaded or far away. */
const FAULTS: readonly { readonly away: boolean; begin(server: ClusterServer): void | Promise<void> }[] = [
  { away: true, begin: (server) => server.postgres.down() },
  { away: false, begin: (server) => server.postgres.delay(60) },
  { away: true, begin: (server) => server.postgres.down() },
  { away: false, begin: (server) => server.postgres.stall() },
];

/** @returns how long each server took to say that it is (not) ready */
function flip(servers: readonly ClusterServer[], status: 200 | 503): Promise<number[]> {
  const began = Date.now();
  return Promise.all(
    servers.map(async (server) => {
      const said = async () => (await server.api('/health/ready', { ms: READY_WITHIN_MS })).status === status;
      await eventually(said, `${server.name} to answer ${status} to /health/ready`, READY_WITHIN_MS);
      return Date.now() - began;
    }),
  );
}

/** A writer, and readers by socket and by events on either server. */
async function chatUntil(world: World, endsAt: number, n: number, name: string): Promise<void> {
  const { a, b } = world.cluster;
  const writer = await world.socket(`writer ${n}`, n % 4 === 3 ? b : a);
  const reader = await world.socket(`reader ${n}`, n % 2 === 0 ? b : a);
  let conversation_id: string | undefined;
  for (let m = 0; Date.now() < endsAt; m++) {
    const fields = conversation_id === undefined ? {} : { conversation_id };
    const pace: Pace = m % 3 === 0 ? 'steadily' : 'quickly';
    const ack = await writer.acked(writer.say(question(pace, `${name}-${n}-${m}`), fields), 30_000).catch(() => null);
    if (ack === null) continue;
    if (conversation_id === undefined && n % 2 === 0) world.follow(`events ${n}`, ack.conversation_id, [b, a]);
    conversation_id = ack.conversation_id;
    reader.follow(conversation_id);
    await writer.done(ack.turn_id, 30_000).catch(() => undefined);
  }
}
