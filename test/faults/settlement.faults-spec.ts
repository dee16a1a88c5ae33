import { Client } from 'pg';
import { Cluster } from './cluster.js';
import { mentioning, running, type Transaction } from './postgres-proxy.js';
import { question } from './provider.js';
import { eventually } from './waiting.js';
import { within } from './world.js';

/** A transaction is given up after 15 s: the lock outlives the first try. */
const FIRST_TRY_MS = 30_000;

/** What was committed counts, whether or not the server heard of it; what could not be committed is tried again. */
describe('when the database', () => {
  let starting: Promise<Cluster> | null = null;
  const shared = () => (starting ??= Cluster.start());
  afterAll(async () => (await starting)?.stop());

  it.concurrent.each([
    ['completed', 'steadily'],
    ['failed', 'brokenly'],
    ['cancelled', 'lengthily'],
  ] as const)('commits that a turn is %s and the reply is lost, readers are told so', async (status, pace) => {
    const cluster = await shared();
    await within(cluster, async (world) => {
      const [writer, reader] = [
        await world.socket('writer on A', cluster.a),
        await world.socket('reader on B', cluster.b),
      ];
      const conversation_id = await world.conversation();
      reader.follow(conversation_id);
      const { turn_id } = await writer.acked(writer.say(question(pace, `lost-${status}`), { conversation_id }));
      const { lost } = cluster.a.postgres.loseCommit(both(running('turn_settle'), mentioning(turn_id)));
      if (status === 'cancelled') {
        await writer.seen(turn_id, (turn) => turn.text.length > 20, 'text');
        writer.abort(turn_id);
      }
      await within15s(lost, 'the COMMIT of turn_settle');
      for (const client of [writer, reader])
        expect((await client.done(turn_id, 30_000)).dones[0]?.frame['status']).toBe(status);
      expect(await cluster.turnStatus(turn_id)).toBe(status);
      await world.sound(`lost reply, ${status}`);
    });
  });

  it.concurrent('commits a message and the reply is lost, it is there once', async () => {
    const cluster = await shared();
    await within(cluster, async (world) => {
      const writer = await world.socket('writer on A', cluster.a);
      const conversation_id = await world.conversation();
      for (let n = 0; n < 3; n++) {
        const { lost } = cluster.a.postgres.loseCommit(both(running('turn_open'), mentioning(conversation_id)));
        const sent = writer.say(question('quickly', `open-${n}`), { conversation_id });
        await within15s(lost, 'the COMMIT of turn_open');
        await writer.done((await writer.acked(sent, 30_000)).turn_id, 30_000);
      }
      const verdict = await world.sound('lost reply to the message');
      expect(verdict).toMatchObject({ acked: 3, outcomes: { completed: 3 } });
    });
  });

  it.concurrent(
    'cannot settle a turn, since its conversation is locked for longer than it tries, it does later',
    async () => {
      const cluster = await shared();
      await within(cluster, async (world) => {
        const [writer, reader] = [
          await world.socket('writer on A', cluster.a),
          await world.socket('reader on B', cluster.b),
        ];
        const { turn_id, conversation_id } = await writer.acked(writer.say(question('steadily', 'locked')));
        reader.follow(conversation_id);
        const unlock = await lockConversation(cluster, conversation_id);
        await eventually(() => triedInVain(cluster, turn_id), 'a try to be given up', FIRST_TRY_MS);
        await unlock();
        for (const client of [writer, reader])
          expect((await client.done(turn_id, 25_000)).dones[0]?.frame['status']).toBe('completed');
        expect(world.provider.startedBy('locked')).toEqual(['a']);
        const next = await reader.acked(reader.say(question('quickly', 'after-the-lock'), { conversation_id }));
        await reader.done(next.turn_id);
        await world.sound('settle refused');
      });
    },
  );
});

function triedInVain(cluster: Cluster, turnId: string): boolean {
  return cluster.a.log
    .split('\n')
    .some((line) => line.includes(turnId) && line.includes('writing the end of a turn failed'));
}

function both(one: (tx: Transaction) => boolean, other: (tx: Transaction) => boolean): (tx: Transaction) => boolean {
  return (tx) => one(tx) && other(tx);
}

async function within15s<T>(promise: Promise<T>, what: string): Promise<T> {
  let done: { value: T } | undefined;
  void promise.then((value) => (done = { value }));
  return (await eventually(() => done, what, 15_000)).value;
}

/** As an operator's long query would hold it. @returns lets go */
async function lockConversation(cluster: Cluster, id: string): Promise<() => Promise<void>> {
  const session = new Client({ connectionString: cluster.ownerUrl });
  await session.connect();
  session.on('error', () => undefined);
  await session.query('BEGIN');
  await session.query('SELECT 1 FROM app.conversation WHERE id = $1 FOR UPDATE', [id]);
  return () => session.end();
}
