import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '#platform/database';
import type { Frame } from '../support/chat-client.js';
import { Cluster } from './cluster.js';
import { question } from './provider.js';
import { atATime, LONG, scaled } from './scale.js';
import type { TurnSeen } from './turn-book.js';
import { eventually } from './waiting.js';
import { within, type World } from './world.js';

/** Turns, each with a reader of every kind. */
const TURNS = scaled(12, 400);
const AT_A_TIME = 12;
const CUTS_EACH = 3;
/** As many events are replayed; older ones are not kept for that. */
const REPLAYED = 500;

interface Reader {
  drop(): void;
  done(turnId: string, ms?: number): Promise<TurnSeen>;
  seen(turnId: string, what: (turn: TurnSeen) => boolean, label: string): Promise<TurnSeen>;
  finish(): void;
}

/** RELIABILITY 5: whoever is cut off in the middle of an answer comes back to any server and has all of it, once. */
describe('a reader that is cut off', () => {
  let starting: Promise<Cluster> | null = null;
  const shared = () => (starting ??= Cluster.start());
  afterAll(async () => (await starting)?.stop());
  const timeout = LONG ? 3_600_000 : undefined;

  it.concurrent(
    `in the middle of an answer goes on at the other server, with no gap and nothing twice (×${3 * TURNS * CUTS_EACH})`,
    async () => {
      const kinds = { sockets: 0, appending: 0, events: 0 };
      await within(await shared(), async (world) => {
        await atATime(AT_A_TIME, TURNS, (n) => cutReaders(world, n, kinds));
        const verdict = await world.sound('resume');
        expect(verdict.outcomes).toEqual({ completed: 2 * TURNS });
      });
      // Cuts that came too late, when the answer was there, are none.
      for (const cuts of Object.values(kinds)) expect(cuts).toBeGreaterThan(TURNS);
    },
    timeout,
  );

  async function cutReaders(world: World, n: number, kinds: Record<string, number>): Promise<void> {
    const { a, b } = world.cluster;
    const [here, there] = n % 2 === 0 ? [a, b] : [b, a];
    const conversation_id = await world.conversation(here);
    const writer = await world.socket(`writer ${n}`, here, there);
    const socket = await world.socket(`socket ${n}`, here, there);
    const appending = await world.socketWith('final=false', `appending ${n}`, there, here);
    const readers: Record<string, Reader> = {
      sockets: socket,
      appending: appending,
      events: await world.events(`events ${n}`, conversation_id, [here, there]),
    };
    for (const one of [socket, appending]) one.follow(conversation_id);
    // One that nobody cuts.
    const plain = await world.events(`uncut ${n}`, conversation_id, [there, here], { query: 'final=false' });
    const sent = writer.say(question('slowly', `resume-${n}`), { conversation_id });
    const { turn_id } = await writer.acked(sent);
    // One that waits: what is told of it lies between the tokens of the first.
    const next = await writer.acked(writer.say(question('steadily', `queued-${n}`), { conversation_id }));
    await Promise.all(
      Object.entries(readers).map(async ([kind, reader]) => {
        for (let cut = 0; cut < CUTS_EACH; cut++) {
          const before = cut === 0 ? 0 : (await reader.seen(turn_id, (turn) => turn.text !== '', 'text')).text.length;
          const seen = await reader.seen(
            turn_id,
            ({ text, dones }) => text.length > before || dones.length > 0,
            'more',
          );
          await sleep(randomInt(500));
          if (seen.dones.length === 0) kinds[kind] = (kinds[kind] ?? 0) + 1;
          reader.drop();
        }
      }),
    );
    await writer.done(next.turn_id, 30_000);
    for (const turn of [turn_id, next.turn_id]) {
      const answer = await world.stored(conversation_id, turn);
      for (const reader of [...Object.values(readers), plain]) {
        const { dones, messages, text, textConnection } = await reader.done(turn, 30_000);
        expect(dones).toHaveLength(1);
        // Cut off behind the last word but one and back after the end: the message has it whole.
        const whole = textConnection === dones[0]?.connection ? text : (messages[0]?.content ?? text);
        expect(whole).toBe(answer?.['content']);
      }
    }
    if (LONG) for (const reader of [writer, plain, ...Object.values(readers)]) reader.finish();
  }

  it.concurrent(
    'while it asks by HTTP asks again, with the same key at the other server, and gets the same turn to its end',
    async () => {
      await within(await shared(), async (world) => {
        const { a, b } = world.cluster;
        const asked = Array.from({ length: TURNS }, async (_, n) => {
          const events = world.httpEvents(question('slowly', `asks-${n}`), n % 2 === 0 ? [a, b] : [b, a]);
          for (let cut = 0; cut < CUTS_EACH; cut++) {
            await sleep(600 + randomInt(500));
            events.drop();
          }
          const sent = await events.over;
          expect(sent.ack).not.toBeNull();
          expect(world.provider.startedBy(sent.nonce)).toHaveLength(1);
        });
        await Promise.all(asked);
        const verdict = await world.sound('resume over HTTP');
        expect(verdict.outcomes).toEqual({ completed: TURNS });
      });
    },
    timeout,
  );

  it.concurrent('for so long that not all is kept is told so, and gets the rest', async () => {
    await within(await shared(), async (world) => {
      const { a, b, database } = world.cluster;
      const conversation_id = await world.conversation();
      const { rows } = await database.query<{ seq: string }>(
        `WITH place AS (SELECT tenant_id, last_seq FROM app.conversation WHERE id = $1), made AS (
           INSERT INTO app.message (tenant_id, id, conversation_id, seq, role, content)
           SELECT tenant_id, ids.id, $1, last_seq + ids.n, 'system', 'news ' || ids.n
             FROM place, unnest($2::uuid[]) WITH ORDINALITY AS ids (id, n) RETURNING seq)
         UPDATE app.conversation SET last_seq = (SELECT max(seq) FROM made) WHERE id = $1
         RETURNING last_seq - 600 AS seq`,
        [conversation_id, Array.from({ length: 600 }, () => newId())],
      );
      const first = Number(rows[0]?.seq);
      for (const [afterSeq, snapshot, count] of [
        [first, true, REPLAYED],
        [first + 600 - REPLAYED, false, REPLAYED],
        [first + 590, false, 10],
      ] as const) {
        const socket = await world.socket(`from ${afterSeq}`, a);
        socket.send({ type: 'resume', conversation_id, after_seq: afterSeq });
        const lastEventId = String(afterSeq);
        const events = await world.events(`events from ${afterSeq}`, conversation_id, [b], { lastEventId });
        for (const client of [socket, events]) {
          const told = () => client.others.filter(({ type }) => type === 'message');
          await eventually(() => told().length >= count, `${count} messages`);
          const restored = client.others.find(({ type }) => type === 'context_restored');
          expect(restored).toMatchObject({ snapshot, last_seq: first + 600 });
          const seqs = told().map((frame: Frame) => Number(frame['seq']));
          expect(seqs).toEqual(Array.from({ length: count }, (_, n) => first + 601 - count + n));
        }
      }
    });
  });
});
