import { randomUUID } from 'node:crypto';
import type { Frame } from '../support/chat-client.js';
import { Cluster } from './cluster.js';
import type { Sent } from './journal.js';
import { question } from './provider.js';
import { LONG, scaled } from './scale.js';
import { within, type World } from './world.js';

const COPIES = 100;
const SOCKETS = 10;
const ROUNDS = scaled(2, 50);

/** RELIABILITY 3: the same message at once, from everywhere and in every way, is one message. */
describe('a message that is sent a hundred times at once', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start();
  }, 120_000);
  afterAll(() => cluster?.stop());

  it(
    `over sockets and HTTP, to two servers, is one message with one answer (×${ROUNDS})`,
    () =>
      within(cluster, async (world) => {
        const { a, b } = cluster;
        const sockets = await Promise.all(
          Array.from({ length: SOCKETS }, (_, n) => world.socket(`socket ${n}`, n % 2 === 0 ? a : b)),
        );
        for (let round = 0; round < ROUNDS; round++) {
          // Into a new conversation, and into one that is there.
          const place = round % 2 === 0 ? {} : { conversation_id: await world.conversation() };
          const sent = world.note(question('steadily', `copies-${round}`));
          const overHttp = Array.from({ length: COPIES - SOCKETS }, (_, n) =>
            post(world, n, { body: bodyOf(sent, place), events: n % 2 === 0 }),
          );
          for (const socket of sockets) socket.repeat(sent, place);
          const told = await Promise.all(overHttp);
          const ack = await sockets[0]!.acked(sent);
          for (const socket of sockets) {
            const seen = await socket.done(ack.turn_id);
            // Each sent it once, over one connection: it is told once.
            const { book, closes } = socket;
            expect({ trail: seen.trail.join(' '), dones: seen.dones.length, messages: seen.messages.length }).toEqual({
              trail: expect.stringMatching(/^ack /),
              dones: 1,
              messages: 1,
            });
            expect([book.connection, closes]).toEqual([1, []]);
          }
          expect(sent.otherAcks).toEqual([]);
          expectOne(told, ack);
          await expectStoredOnce(world, sent);
          await expectConflict(world, { ...bodyOf(sent, place), content: `${sent.content} changed` });
        }
        await world.sound('double submit');
      }),
    LONG ? 1_800_000 : undefined,
  );

  it('under one Idempotency-Key is one message with one answer; under another person’s equal key another one', () =>
    within(cluster, async (world) => {
      const key = `a key of my own ${randomUUID()}`;
      const sent = world.note(question('steadily', 'by-key'));
      const body = { content: sent.content, agent: 'linkedin' };
      const copies = Array.from({ length: COPIES }, (_, n) => post(world, n, { body, key, events: n % 2 === 0 }));
      const told = await Promise.all(copies);
      const { turn_id, conversation_id } = told[0]!;
      sent.ack = { turn_id, message_id: told[0]!.message_id, conversation_id, at: Date.now() };
      expectOne(told, sent.ack);
      await expectStoredOnce(world, sent);
      await expectConflict(world, { ...body, content: `${sent.content} changed` }, key);
      await within(cluster, async (other) => {
        const again = other.note(question('quickly', 'by-equal-key'));
        const copy = { body: { ...body, content: again.content }, key, events: false };
        expect((await post(other, 0, copy)).turn_id).not.toBe(turn_id);
      });
      await world.sound('double submit by key');
    }));
});

function bodyOf(sent: Sent, place: Frame): Frame {
  return { content: sent.content, agent: 'linkedin', client_message_id: sent.clientMessageId, ...place };
}

interface Told {
  readonly turn_id: string;
  readonly conversation_id: string;
  /** Only events say so. */
  readonly message_id: string | null;
  readonly client_message_id: string | null;
  readonly answer: string;
}

/** The n-th copy: to either server, for one answer or for events. */
async function post(
  world: World,
  n: number,
  copy: { readonly body: Frame; readonly key?: string; readonly events: boolean },
): Promise<Told> {
  const server = n % 4 < 2 ? world.cluster.a : world.cluster.b;
  const response = await fetch(`${server.url}/api/acme/chat`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await world.person.token()}`,
      'content-type': 'application/json',
      ...(copy.events ? { accept: 'text/event-stream' } : {}),
      ...(copy.key === undefined ? {} : { 'idempotency-key': copy.key }),
    },
    body: JSON.stringify(copy.body),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`copy ${n} was answered ${response.status} ${text}`);
  if (!copy.events) {
    const { turn_id, conversation_id, message } = JSON.parse(text) as Frame;
    return { turn_id, conversation_id, message_id: null, client_message_id: null, answer: message.content };
  }
  const frames = text.split('\n\n').flatMap((event) => /^data: (.*)$/m.exec(event)?.slice(1) ?? []);
  const all = frames.map((frame) => JSON.parse(frame) as Frame);
  const of = (type: string) => all.filter((frame) => frame['type'] === type);
  expect([of('ack').length, of('message').length, of('done').length]).toEqual([1, 1, 1]);
  const [{ turn_id, conversation_id, message_id, client_message_id }] = of('ack') as [Frame];
  return { turn_id, conversation_id, message_id, client_message_id, answer: of('message')[0]!['content'] };
}

function expectOne(told: readonly Told[], ack: NonNullable<Sent['ack']>): void {
  const { turn_id, conversation_id } = ack;
  for (const one of told) expect(one).toMatchObject({ turn_id, conversation_id });
  const acks = told.filter(({ message_id }) => message_id !== null);
  expect(new Set(acks.map(({ message_id }) => message_id))).toEqual(new Set([ack.message_id]));
  expect(new Set(acks.map(({ client_message_id }) => client_message_id)).size).toBe(1);
  expect(new Set(told.map(({ answer }) => answer)).size).toBe(1);
}

async function expectStoredOnce(world: World, { ack, nonce }: Sent): Promise<void> {
  expect(world.provider.startedBy(nonce)).toHaveLength(1);
  const { body } = await world.api(world.cluster.b, `conversations/${ack!.conversation_id}/messages?limit=100`);
  expect(body.data.map((message: Frame) => message['role'])).toEqual(['user', 'assistant']);
  const turns = await world.api(world.cluster.a, `conversations/${ack!.conversation_id}/turns`);
  expect(turns.body.data.map((turn: Frame) => turn['id'])).toEqual([ack!.turn_id]);
}

/** Other content under the same name, on either server and either way. */
async function expectConflict(world: World, body: Frame, key?: string): Promise<void> {
  for (const server of [world.cluster.a, world.cluster.b]) {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const { status, body: problem } = await world.api(server, 'chat', { body, headers });
    expect([status, problem.code]).toEqual([409, 'CONFLICT']);
    if (key !== undefined) continue;
    const socket = await world.socket(`changes it on ${server.name}`, server);
    socket.send({ type: 'user_message', ref: 'changed', ...body });
    const refusal = await socket.answer('changed');
    expect(refusal).toMatchObject({ type: 'error', code: 'CONFLICT', retryable: false });
  }
}
