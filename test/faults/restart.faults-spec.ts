import { setTimeout as sleep } from 'node:timers/promises';
import type { Sent } from './journal.js';
import { question } from './provider.js';
import { onCluster } from './world.js';

const TURNS_A_SECOND = 10;
const LOAD_MS = 12_000;

describe('a rolling restart', () => {
  it(`under ${TURNS_A_SECOND} turns a second fails none and loses nothing`, () =>
    onCluster({}, async (world) => {
      const { a, b } = world.cluster;
      const clients = await Promise.all(
        Array.from({ length: 10 }, (_, n) => world.socket(`client ${n}`, ...(n % 2 === 0 ? [a, b] : [b, a]))),
      );
      // Readers on the other server follow what every second client says.
      const readers = [await world.socket('reader on B', b, a), await world.socket('reader on A', a, b)];
      const follow = async (n: number, sent: Sent) => {
        const ack = await clients[n % clients.length]!.acked(sent, 30_000).catch(() => null);
        if (ack !== null) readers[n % 2]!.follow(ack.conversation_id);
      };
      const endsAt = Date.now() + LOAD_MS;
      const load = (async () => {
        for (let n = 0; Date.now() < endsAt; n++) {
          const pace = n % 10 < 2 ? 'slowly' : 'steadily';
          const sent = clients[n % clients.length]!.say(question(pace, `roll-${n}`));
          if (n % 4 < 2) void follow(n, sent);
          await sleep(1000 / TURNS_A_SECOND);
        }
      })();
      await sleep(1500);
      for (const server of [a, b]) {
        const { code, ms } = await server.drain();
        expect(code).toBe(0);
        expect(ms).toBeLessThan(30_000);
        await server.start();
        await sleep(1000);
      }
      await load;
      const verdict = await world.sound('rolling restart');
      expect(Object.keys(verdict.outcomes)).toEqual(['completed']);
      // Each was told why it was closed.
      expect(new Set(clients.flatMap((client) => client.closes))).toEqual(new Set([1012]));
      expect(clients.some((client) => client.others.some((frame) => frame['type'] === 'server_draining'))).toBe(true);
    }));
});
