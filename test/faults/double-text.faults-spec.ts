import { Cluster, type ClusterServer } from './cluster.js';
import { question } from './provider.js';
import { atATime, LONG, scaled } from './scale.js';
import { eventually } from './waiting.js';
import { within, type World } from './world.js';

const CONVERSATIONS = scaled(20, 500);
const AT_A_TIME = 20;
/** What each of the two sends at once: five may wait behind the one that runs. */
const MESSAGES = 3;

/** RELIABILITY 4: one turn at a time, whoever sends on whichever server, and everybody agrees on the order. */
describe('two sockets on two servers that send into one conversation at once', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start();
  }, 120_000);
  afterAll(() => cluster?.stop());
  const timeout = LONG ? 3_600_000 : undefined;

  it(
    `never have two answers written at once, and see them in one order (×${CONVERSATIONS})`,
    () =>
      within(cluster, async (world) => {
        await atATime(AT_A_TIME, CONVERSATIONS, (n) => talkAtOnce(world, n));
        const verdict = await world.sound('double text');
        expect(verdict.outcomes).toEqual({ completed: CONVERSATIONS * 2 * MESSAGES });
      }),
    timeout,
  );

  async function talkAtOnce(world: World, n: number): Promise<void> {
    const conversation_id = await world.conversation(n % 2 === 0 ? cluster.a : cluster.b);
    const both = [await world.socket(`${n} on A`, cluster.a), await world.socket(`${n} on B`, cluster.b)];
    for (const socket of both) socket.follow(conversation_id);
    const sends = both.flatMap((socket, side) =>
      Array.from({ length: MESSAGES }, (_, m) => ({
        socket,
        sent: socket.say(question('quickly', `both-${n}-${side}-${m}`), { conversation_id }),
      })),
    );
    const turns = new Map<string, string>();
    for (const { socket, sent } of sends) turns.set((await socket.acked(sent, 30_000)).turn_id, sent.nonce);
    for (const socket of both) for (const turn of turns.keys()) await socket.done(turn, 30_000);
    const { body } = await world.api(cluster.a, `conversations/${conversation_id}/messages?limit=100`);
    const stored = body.data as { id: string; role: string; turn_id: string }[];
    const answers = stored.filter(({ role }) => role === 'assistant');
    // Both readers and REST agree, and the answers stand in the order of the questions.
    for (const { book } of both) {
      const told = book.stored.get(conversation_id) ?? [];
      expect(told.flatMap((frame) => (frame.type === 'done' ? [frame.turnId] : []))).toEqual(
        answers.map(({ turn_id }) => turn_id),
      );
    }
    expect(answers.map(({ turn_id }) => turn_id)).toEqual(
      stored.flatMap(({ role, turn_id }) => (role === 'user' ? [turn_id] : [])),
    );
    // One call after the other, in that order.
    const calls = answers.flatMap(({ turn_id }) => world.provider.answers(turns.get(turn_id) ?? ''));
    expect(calls).toHaveLength(sends.length);
    for (const [at, call] of calls.entries())
      expect(call.at).toBeGreaterThanOrEqual(calls[at - 1]?.call?.closedAt ?? (at === 0 ? 0 : Infinity));
    for (const socket of both) if (LONG) socket.finish();
  }

  it(
    `stop the answer that is being written within a second, where the tenant wants that (×${CONVERSATIONS})`,
    async () => {
      await setQueueMode('interrupt');
      try {
        await within(cluster, async (world) => {
          await atATime(AT_A_TIME, CONVERSATIONS, (n) => interrupt(world, n));
          const verdict = await world.sound('interrupt');
          expect(verdict.outcomes).toEqual({ completed: CONVERSATIONS, cancelled: CONVERSATIONS });
        });
      } finally {
        await setQueueMode(null);
      }
    },
    timeout,
  );

  async function interrupt(world: World, n: number): Promise<void> {
    const [runs, interrupts] = [`old-${n}`, `new-${n}`];
    const both = [await world.socket(`${n} on A`, cluster.a), await world.socket(`${n} on B`, cluster.b)];
    const [first, second] = n % 2 === 0 ? [both[0]!, both[1]!] : [both[1]!, both[0]!];
    const old = await first.acked(first.say(question('lengthily', runs)));
    second.follow(old.conversation_id);
    await first.seen(old.turn_id, (turn) => turn.text.length > 20, 'text');
    const sent = second.say(question('quickly', interrupts), { conversation_id: old.conversation_id });
    const next = await second.acked(sent);
    await eventually(() => world.provider.open(runs) === 0, 'the old call to be closed', 1000);
    for (const socket of both) {
      expect((await socket.done(old.turn_id)).dones[0]?.frame['status']).toBe('cancelled');
      expect((await socket.done(next.turn_id)).dones[0]?.frame['status']).toBe('completed');
    }
    const [before] = world.provider.answers(runs);
    const [after] = world.provider.answers(interrupts);
    expect(after?.at).toBeGreaterThanOrEqual(before?.call?.closedAt ?? Infinity);
    for (const socket of both) if (LONG) socket.finish();
  }

  /** @param mode null: the default */
  async function setQueueMode(mode: 'interrupt' | null): Promise<void> {
    const { token } = await cluster.a.process.login('admin@acme.test');
    const { status } = await cluster.a.api('/api/admin/settings', {
      method: 'PATCH',
      token,
      body: { queue_mode: mode },
    });
    expect(status).toBe(200);
    if (mode !== null) await untilInterrupting(cluster.b);
  }

  /** The other server hears of it by the bus, in its own time. */
  async function untilInterrupting(server: ClusterServer): Promise<void> {
    await within(cluster, async (world) => {
      const socket = await world.socket('probe', server);
      const runs = () => world.provider.open('probe') > 0;
      await eventually(async () => {
        const { conversation_id } = await socket.acked(socket.say(question('slowly', 'probe')));
        await eventually(runs, 'the probe to run');
        await socket.acked(socket.say(question('quickly', 'probe-next'), { conversation_id }));
        await eventually(() => !runs(), 'the probe to be stopped', 500).catch(() => socket.send({ type: 'abort' }));
        const stopped = !runs();
        await eventually(() => !runs(), 'the probe to end');
        return stopped;
      }, `${server.name} to interrupt`);
    });
  }
});
