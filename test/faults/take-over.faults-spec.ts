import type { SocketClient } from './journal.js';
import { question } from './provider.js';
import { eventually } from './waiting.js';
import { onCluster, type World } from './world.js';

const MOST_MS = 10_000;

/** What a dead or silent owner leaves is begun again by whoever is there, as the same turn, and its readers follow. */
describe('a turn whose server', () => {
  it.concurrent('is killed goes on at the other one', () =>
    onCluster({}, async (world) => {
      const { a, b } = world.cluster;
      const [writer, reader] = [await world.socket('writer on A', a, b), await world.socket('reader on B', b)];
      const kill = await killWhileItWrites(world, 'killed', writer, [reader]);
      await expectTakenOver(world, kill, [writer, reader]);
      expect(world.provider.startedBy('killed')).toEqual(['a', 'b']);
      await world.sound('take-over', { kills: 1, takeOvers: world.provider.takeOvers([kill]) });
    }),
  );

  it.concurrent('was the only one and is killed goes on when it is back', () =>
    onCluster({ servers: 1 }, async (world) => {
      const writer = await world.socket('writer', world.cluster.a);
      const kill = await killWhileItWrites(world, 'alone', writer, []);
      await world.cluster.a.start();
      await expectTakenOver(world, { ...kill, at: Math.max(kill.at, Date.now() - 3000) }, [writer]);
      await world.sound('restart of the only server', { kills: 1, takeOvers: world.provider.takeOvers([kill]) });
    }),
  );

  it.concurrent('dies of it each time is begun three times and fails; its neighbours complete', () =>
    onCluster({ leaseSeconds: 2 }, async (world) => {
      const { cluster } = world;
      const deaths: Promise<void>[] = [];
      const dying = new Set<string>();
      const starting = new Map<string, Promise<void>>();
      world.provider.onAsked('poison', (name) => {
        // A second call of the same turn may be on its way when the first one is heard.
        if (dying.has(name)) return;
        dying.add(name);
        const server = cluster.named(name);
        const death = (async () => {
          // It may ask before its start has come to our ears.
          await starting.get(name);
          await server.kill();
          dying.delete(name);
          starting.set(name, server.start());
          await starting.get(name);
        })();
        deaths.push(death);
      });
      const clients = await Promise.all([0, 1, 2, 3].map((n) => world.socket(`neighbour ${n}`, ...inTurn(world, n))));
      const victim = await world.socket('victim', cluster.a, cluster.b);
      const neighbours = clients.map((client, n) => client.say(question('slowly', `neighbour-${n}`)));
      const poison = await victim.acked(victim.say(question('slowly', 'the-end', 'this is poison')));
      const seen = await victim.done(poison.turn_id, 45_000);
      expect(seen.dones[0]?.frame).toMatchObject({ status: 'failed', error: { code: 'INTERRUPTED' } });
      expect(world.provider.startedBy('the-end')).toHaveLength(3);
      await Promise.all(deaths);
      for (const [n, client] of clients.entries()) {
        const { turn_id } = await client.acked(neighbours[n]!, 30_000);
        expect((await client.done(turn_id, 30_000)).dones[0]?.frame['status']).toBe('completed');
      }
      const verdict = await world.sound('poison', { kills: 3 });
      expect(verdict.outcomes).toEqual({ completed: 4, failed: 1 });
    }),
  );

  it.concurrent('stands still past its lease and wakes up is told that it was overtaken', () =>
    onCluster({ leaseSeconds: 3 }, async (world) => {
      const { a, b } = world.cluster;
      const [writer, reader] = [await world.socket('writer on A', a), await world.socket('reader on B', b)];
      const turns = [];
      // By the time that A wakes up B has ended one of them, and still writes the other.
      for (const pace of ['steadily', 'lengthily'] as const) {
        const ack = await writer.acked(writer.say(question(pace, `zombie-${pace}`)));
        reader.follow(ack.conversation_id);
        turns.push(ack.turn_id);
      }
      const [short, long] = turns as [string, string];
      await reader.seen(long, (turn) => turn.text !== '', 'text');
      a.freeze();
      await reader.done(short, 25_000);
      await reader.seen(long, (turn) => turn.starts.includes(2), 'a second start', 15_000);
      a.thaw();
      for (const turn of turns) for (const client of [writer, reader]) await client.done(turn, 30_000);
      expect(world.provider.startedBy('zombie-lengthily')).toEqual(['a', 'b']);
      const verdict = await world.sound('zombie');
      expect(verdict.outcomes).toEqual({ completed: 2 });
    }),
  );
});

interface Kill {
  readonly server: string;
  readonly at: number;
  readonly turnId: string;
  readonly conversationId: string;
  readonly nonce: string;
}

async function killWhileItWrites(
  world: World,
  nonce: string,
  writer: SocketClient,
  readers: SocketClient[],
): Promise<Kill> {
  const { turn_id, conversation_id } = await writer.acked(writer.say(question('slowly', nonce)));
  for (const reader of readers) reader.follow(conversation_id);
  await writer.seen(turn_id, (turn) => turn.text.length > 20, 'text');
  await world.cluster.a.kill();
  return { server: 'a', at: Date.now(), turnId: turn_id, conversationId: conversation_id, nonce };
}

async function expectTakenOver(world: World, kill: Kill, readers: SocketClient[]): Promise<void> {
  await eventually(
    () => world.provider.answers(kill.nonce).length === 2,
    'the turn to be begun again',
    kill.at + MOST_MS - Date.now(),
  );
  for (const reader of readers) {
    const seen = await reader.done(kill.turnId, MOST_MS + 10_000);
    const answer = await world.stored(kill.conversationId, kill.turnId);
    expect(seen.starts).toContain(2);
    expect([...seen.answerIds]).toEqual([answer?.['id']]);
    expect(seen.text).toBe(answer?.['content']);
    expect(seen.dones.map((done) => done.frame['status'])).toEqual(['completed']);
  }
}

function inTurn(world: World, n: number) {
  const { a, b } = world.cluster;
  return n % 2 === 0 ? [a, b] : [b, a];
}
