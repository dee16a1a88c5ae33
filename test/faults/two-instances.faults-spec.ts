import { BUSES, Cluster } from './cluster.js';
import { question } from './provider.js';
import { eventually } from './waiting.js';
import { within, type World } from './world.js';

/** A conversation is everywhere: whichever server takes a message, whichever runs its turn, whichever is asked to stop it. */
describe.each(BUSES)('two servers that hear of each other $bus', ({ bus, redis }) => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start({ redis });
  }, 120_000);
  afterAll(() => cluster?.stop());

  it('end 40 of 40 messages that B took behind a turn of A, in order, and tell readers of both', () =>
    within(cluster, async (world) => {
      await Promise.all(Array.from({ length: 40 }, (_, n) => pair(world, `${redis ? 'r' : 'p'}${n}`)));
      const verdict = await world.sound(`pairs ${bus}`);
      expect(verdict).toMatchObject({ sent: 80, acked: 80, outcomes: { completed: 80 } });
    }));

  /** The first message runs on A; the second reaches B meanwhile. */
  async function pair(world: World, name: string): Promise<void> {
    const onA = await world.socket(`pair ${name} on A`, cluster.a);
    const onB = await world.socket(`pair ${name} on B`, cluster.b);
    const first = await onA.acked(onA.say(question('steadily', `first-${name}`)));
    const { conversation_id } = first;
    const second = await onB.acked(onB.say(question('quickly', `second-${name}`), { conversation_id }));
    for (const reader of [onA, onB]) {
      await reader.done(first.turn_id, 30_000);
      await reader.done(second.turn_id, 30_000);
    }
    const [one] = world.provider.answers(`first-${name}`);
    const [two] = world.provider.answers(`second-${name}`);
    expect(two?.at).toBeGreaterThanOrEqual(one?.call?.closedAt ?? Infinity);
  }

  it('show a turn of A to a reader on B while it is written', () =>
    within(cluster, async (world) => {
      const conversation_id = await world.conversation();
      const [writer, reader] = [
        await world.socket('writer on A', cluster.a),
        await world.socket('reader on B', cluster.b),
      ];
      reader.follow(conversation_id);
      const nonce = `live-${bus.length}`;
      const { turn_id } = await writer.acked(writer.say(question('steadily', nonce), { conversation_id }));
      const live = await reader.seen(turn_id, (turn) => turn.text.length > 20, 'text of a running turn');
      expect(world.provider.open(nonce)).toBe(1);
      await reader.done(turn_id);
      await writer.done(turn_id);
      expect(live.trail.join(' ')).toMatch(/^(message )?turn\(running,1\) status .*token .*message done\(completed\)$/);
      expect(live.text).toBe(writer.book.turn(turn_id).text);
      await world.sound(`live ${bus}`);
    }));

  it('stop a turn of A when B is asked to, upstream within a second', () =>
    within(cluster, async (world) => {
      const [writer, other] = [
        await world.socket('writer on A', cluster.a),
        await world.socket('other on B', cluster.b),
      ];
      const nonce = `stop-${bus.length}`;
      const { turn_id, conversation_id } = await writer.acked(writer.say(question('lengthily', nonce)));
      other.follow(conversation_id);
      await writer.seen(turn_id, (turn) => turn.text.length > 20, 'text');
      other.abort(turn_id);
      await eventually(() => world.provider.open(nonce) === 0, 'the call upstream to be closed', 1000);
      for (const reader of [writer, other])
        expect((await reader.done(turn_id)).dones[0]?.frame['status']).toBe('cancelled');
      await world.sound(`stop ${bus}`);
    }));

  it('answer a repeat on B of a turn of A with the same ack, its text so far and its end', () =>
    within(cluster, async (world) => {
      const [writer, other] = [
        await world.socket('writer on A', cluster.a),
        await world.socket('repeats on B', cluster.b),
      ];
      const sent = writer.say(question('steadily', `repeat-${bus.length}`));
      const { turn_id } = await writer.acked(sent);
      await writer.seen(turn_id, (turn) => turn.text.length > 20, 'text');
      other.repeat(sent);
      const seen = await other.done(turn_id);
      await writer.done(turn_id);
      expect(sent.otherAcks).toEqual([]);
      expect(seen.dones).toHaveLength(1);
      expect(seen.text).toBe(writer.book.turn(turn_id).text);
      await world.sound(`repeat ${bus}`);
    }));

  it('end what runs and what waits when the conversation is deleted on the other server', () =>
    within(cluster, async (world) => {
      const [writer, reader] = [
        await world.socket('writer on A', cluster.a),
        await world.socket('reader on B', cluster.b),
      ];
      const nonce = `deleted-${bus.length}`;
      const running = await writer.acked(writer.say(question('lengthily', nonce)));
      const { conversation_id } = running;
      reader.follow(conversation_id);
      const waiting = await writer.acked(writer.say(question('quickly', `${nonce}-waits`), { conversation_id }));
      const http = world.http(question('quickly', `${nonce}-http`), [cluster.a], conversation_id);
      await writer.seen(running.turn_id, (turn) => turn.text.length > 20, 'text');
      const deleted = await world.api(cluster.b, `conversations/${conversation_id}`, { method: 'DELETE' });
      expect(deleted.status).toBe(204);
      for (const turn of [running, waiting])
        expect((await writer.done(turn.turn_id)).dones[0]?.frame['status']).toBe('cancelled');
      expect((await reader.done(running.turn_id)).dones[0]?.frame['status']).toBe('cancelled');
      expect((await http).outcome.status).toBe(404);
      await eventually(() => world.provider.open(nonce) === 0, 'the call upstream to be closed', 1000);
      expect(await cluster.turns('conversation_id = $1', [conversation_id])).toEqual([]);
    }));

  it('close the call upstream within a second of a Stop, 20 of 20', () =>
    within(cluster, async (world) => {
      const stops = Array.from({ length: 20 }, async (_, n) => {
        const nonce = `abort-${bus.length}-${n}`;
        const writer = await world.socket(`stops ${n}`, n % 2 === 0 ? cluster.a : cluster.b);
        const { turn_id } = await writer.acked(writer.say(question('lengthily', nonce)));
        await writer.seen(turn_id, (turn) => turn.text.length > 20, 'text');
        writer.send({ type: 'abort' });
        await eventually(() => world.provider.open(nonce) === 0, 'the call upstream to be closed', 1000);
        expect((await writer.done(turn_id)).dones[0]?.frame['status']).toBe('cancelled');
      });
      await Promise.all(stops);
      await world.sound(`20 stops ${bus}`);
    }));
});
