import { setTimeout as sleep } from 'node:timers/promises';
import type { SocketClient } from './journal.js';
import { question } from './provider.js';
import { eventually } from './waiting.js';
import { onCluster, type World } from './world.js';

const A_MINUTE = 5;

/** Redis only wakes and shares: losing it loses nothing, and opens nothing. */
describe('Redis', () => {
  it.concurrent('that is lost in the middle of a stream and comes back loses nothing', () =>
    onCluster({ redis: true }, async (world) => {
      const { a, b } = world.cluster;
      const [writer, reader] = [await world.socket('writer on A', a), await world.socket('reader on B', b)];
      const long = await writer.acked(writer.say(question('lengthily', 'redis-long')));
      const brief = await writer.acked(writer.say(question('steadily', 'redis-brief')));
      for (const { conversation_id } of [long, brief]) reader.follow(conversation_id);
      await reader.seen(long.turn_id, (turn) => turn.text !== '', 'text');
      await Promise.all([a.redis?.down(), b.redis?.down()]);
      // This one ends while nobody can say so.
      await writer.done(brief.turn_id);
      const during = await writer.acked(writer.say(question('quickly', 'redis-during')));
      await writer.done(during.turn_id);
      await Promise.all([a.redis?.up(), b.redis?.up()]);
      const back = Date.now();
      const behind = () => writer.book.turn(long.turn_id).text.length - reader.book.turn(long.turn_id).text.length;
      await reader.done(brief.turn_id, 5000);
      await eventually(
        () => behind() < 30,
        () => `the reader on B is ${behind()} characters behind`,
        back + 5000 - Date.now(),
      );
      for (const client of [writer, reader]) await client.done(long.turn_id);
      await world.sound('Redis lost');
    }),
  );

  it.concurrent(`counts ${A_MINUTE} messages a minute over both servers, and without it none counts more`, () =>
    onCluster({ redis: true, env: { MESSAGES_PER_MINUTE: String(A_MINUTE) } }, async (world) => {
      const { a, b } = world.cluster;
      const onBoth = [await world.impatient('on A', a), await world.impatient('on B', b)];
      expect(await accepted(world, onBoth, 'shared')).toBe(A_MINUTE);
      await Promise.all([a.redis?.down(), b.redis?.down()]);
      await sleep(500);
      // Each counts for itself: another five at most on each.
      expect(await accepted(world, onBoth, 'local')).toBeLessThanOrEqual(2 * A_MINUTE);
    }),
  );
});

async function accepted(world: World, clients: SocketClient[], nonce: string): Promise<number> {
  const sends = Array.from({ length: 20 }, (_, n) => clients[n % 2]!.say(question('quickly', `${nonce}-${n}`)));
  await eventually(
    () => sends.every((sent) => sent.ack !== null || sent.refused !== null),
    'an answer to each',
    15_000,
  );
  for (const { refused } of sends) if (refused !== null) expect(refused['code']).toBe('RATE_LIMIT');
  return sends.filter((sent) => sent.ack !== null).length;
}
