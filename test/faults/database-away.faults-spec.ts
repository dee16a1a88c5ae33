import { setTimeout as sleep } from 'node:timers/promises';
import { question } from './provider.js';
import { eventually } from './waiting.js';
import { onCluster } from './world.js';

const CUTS_FOR_MS = 12_000;

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
      const asked = Array.from({ length: 5 }, async () => {
        const began = Date.now();
        const { status, body } = await world.api(a, 'conversations', { ms: 25_000 });
        return { status, code: body.code, quick: Date.now() - began < 20_000 };
      });
      const answers = Promise.all(asked);
      let slowest = 0;
      const alive = everySecondUntil(answers, async () => {
        const began = Date.now();
        expect((await a.api('/health/live', { ms: 5000 })).status).toBe(200);
        slowest = Math.max(slowest, Date.now() - began);
      });
      expect(await answers).toEqual(asked.map(() => ({ status: 503, code: 'UNAVAILABLE', quick: true })));
      await alive;
      expect(slowest).toBeLessThan(500);
      a.postgres.pass();
      await eventually(async () => (await world.api(a, 'conversations')).status === 200, 'A to recover', 15_000);
      for (const client of [writer, reader]) await client.done(turn_id, 20_000);
      const again = await writer.acked(writer.say(question('quickly', 'back'), { conversation_id }));
      await writer.done(again.turn_id);
      await world.sound('black hole');
    }),
  );

  it.concurrent('cuts every connection, three times a second, leaves nobody waiting', () =>
    onCluster({}, async (world) => {
      const { a, b } = world.cluster;
      const endsAt = Date.now() + CUTS_FOR_MS;
      const chats = Array.from({ length: 8 }, async (_, n) => {
        const writer = await world.socket(`writer ${n}`, n % 4 === 3 ? b : a);
        const reader = await world.socket(`reader ${n}`, n % 2 === 0 ? b : a);
        let conversation_id: string | undefined;
        for (let m = 0; Date.now() < endsAt; m++) {
          const fields = conversation_id === undefined ? {} : { conversation_id };
          const sent = writer.say(question(m % 3 === 0 ? 'steadily' : 'quickly', `cut-${n}-${m}`), fields);
          const ack = await writer.acked(sent, 30_000).catch(() => null);
          if (ack === null) continue;
          conversation_id = ack.conversation_id;
          reader.follow(conversation_id);
          await writer.done(ack.turn_id, 30_000).catch(() => undefined);
        }
      });
      while (Date.now() < endsAt) {
        await sleep(300);
        a.postgres.cut();
      }
      await Promise.all(chats);
      await world.sound('connection cuts');
    }),
  );
});

async function everySecondUntil(over: Promise<unknown>, work: () => Promise<void>): Promise<void> {
  let running = true;
  const stop = () => (running = false);
  over.then(stop, stop);
  while (running) {
    await work();
    await sleep(1000);
  }
}
