import { type Answer, ChatApp, type Person } from './chat-app.js';
import type { Frame } from './chat-client.js';

/** The last question, asked again: by a frame and over REST. */
describe('regenerating', () => {
  let app: ChatApp;
  let user: Person;
  beforeAll(async () => {
    app = await ChatApp.start();
    user = await app.person();
  }, 60_000);
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => app.stop());

  const call = (path: string, options: object = {}): Promise<Answer> =>
    app.call(`/api/${user.slug}/${path}`, { token: user.token, ...options });
  const say = async (content: string, conversation_id?: unknown) => {
    const { body, status } = await call('chat', { body: { content, conversation_id } });
    return { status, conversation: String(body['conversation_id']), turn: String(body['turn_id']), body };
  };
  const again = (conversation: string, turn: string, options: object = {}): Promise<Answer> =>
    call(`conversations/${conversation}/turns/${turn}/regenerate`, { method: 'POST', ...options });
  const messages = async (conversation: string): Promise<Record<string, unknown>[]> =>
    (await call(`conversations/${conversation}/messages`)).body['data'] as unknown as Record<string, unknown>[];
  const count = async (conversation: string) => (await call(`conversations/${conversation}`)).body['message_count'];
  /** What the model was shown with the last turn. */
  const shown = () => app.runtime.inputs.at(-1)?.history.map(({ content }) => content);
  const failing = () => jest.spyOn(app.runtime, 'run').mockRejectedValueOnce(new Error('Out of order'));

  it('is a new attempt, whose answer takes the place of the earlier one, for people and for the model', async () => {
    const first = await say('echo one');
    const second = await say('echo two', first.conversation);
    const before = await messages(first.conversation);
    const answer = await again(first.conversation, second.turn);
    expect([answer.status, answer.body]).toEqual([
      200,
      expect.objectContaining({ status: 'completed', conversation_id: first.conversation }),
    ]);
    const made = answer.body['message'] as unknown as Record<string, unknown>;
    expect(made['turn_id']).not.toBe(second.turn);
    expect(made['metadata']).toMatchObject({ replaces: [before[3]?.['id']] });
    expect(shown()).toEqual(['echo one', 'echo one']);
    const after = await messages(first.conversation);
    expect(after.map(({ id }) => id)).toEqual([before[0]?.['id'], before[1]?.['id'], before[2]?.['id'], made['id']]);
    expect(after[2]).toMatchObject({ seq: before[2]?.['seq'], turn_id: made['turn_id'] });
    expect(await count(first.conversation)).toBe(4);
    const turn = await call(`conversations/${first.conversation}/turns/${String(made['turn_id'])}`);
    expect(turn.body).toMatchObject({ attempt: 2, message_id: before[2]?.['id'], content: 'echo two' });

    // Once more, by the first of its turns; and what follows builds on the newest answer alone.
    expect((await again(first.conversation, second.turn)).status).toBe(200);
    await say('echo three', first.conversation);
    expect(shown()).toEqual(['echo one', 'echo one', 'echo two', 'echo two']);
    expect(await messages(first.conversation)).toHaveLength(6);
  });

  it('is told on sockets: ack to the sender, a second attempt to all, and no question twice', async () => {
    const client = await app.chat(user);
    client.send({ type: 'user_message', content: 'echo hello', client_message_id: crypto.randomUUID() });
    const ack = await client.next('ack');
    const old = await client.next('message');
    await client.next('done');
    const other = await app.chat(user);
    other.send({ type: 'resume', conversation_id: ack['conversation_id'] });
    await other.next('context_restored');
    client.send({ type: 'regenerate', turn_id: ack['turn_id'], ref: 'r1' });
    const acked = await client.next('ack');
    expect(acked).toMatchObject({
      ref: 'r1',
      message_id: ack['message_id'],
      client_message_id: ack['client_message_id'],
      conversation_id: ack['conversation_id'],
    });
    expect(acked['turn_id']).not.toBe(ack['turn_id']);
    for (const reader of [client, other]) {
      const turn = await reader.next('turn');
      expect(turn).toMatchObject({ turn_id: acked['turn_id'], attempt: 2, question_id: ack['message_id'] });
      const message = await reader.next('message');
      expect(message).toMatchObject({ id: turn['answer_id'], role: 'assistant', metadata: { replaces: [old['id']] } });
      expect(await reader.next('done')).toMatchObject({ status: 'completed', turn_id: acked['turn_id'] });
    }
    expect(other.of('message').filter((frame: Frame) => frame['role'] === ('user' as never))).toEqual([]);
    await client.close();
    await other.close();
  });

  it('leaves the earlier answer where it fails or is stopped', async () => {
    const { conversation, turn } = await say('echo kept');
    const before = await messages(conversation);
    failing();
    expect((await again(conversation, turn)).status).toBeGreaterThanOrEqual(500);
    expect([await messages(conversation), await count(conversation)]).toEqual([before, 2]);

    const client = await app.chat(user);
    jest.spyOn(app.runtime, 'run').mockImplementationOnce(async (_ctx, _input, _emit, signal) => {
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      throw signal.reason;
    });
    client.send({ type: 'regenerate', turn_id: turn });
    await client.next('turn');
    client.send({ type: 'abort' });
    expect(await client.next('done')).toMatchObject({ status: 'cancelled' });
    await client.close();
    expect([await messages(conversation), await count(conversation)]).toEqual([before, 2]);
    await say('echo next', conversation);
    expect(shown()).toEqual(['echo kept', 'echo kept']);
  });

  it('answers a question that failed, or was stopped', async () => {
    failing();
    const { body } = await call('chat', { body: { content: 'echo second try' } });
    const failed = String(body['turn_id']);
    const [listed] = (await call('conversations')).body['data'] as unknown as { id: string }[];
    const client = await app.chat(user);
    client.send({ type: 'user_message', content: 'hang' });
    const ack = await client.next('ack');
    await client.next('token');
    client.send({ type: 'abort' });
    await client.next('done');
    await client.close();
    const conversation = String(ack['conversation_id']);
    jest.spyOn(app.runtime, 'run').mockResolvedValueOnce({ ...ANSWER, content: 'at last' } as never);
    expect((await again(conversation, String(ack['turn_id']))).body).toMatchObject({ message: { content: 'at last' } });
    expect((await messages(conversation)).map(({ content }) => content)).toEqual(['hang', 'at last']);
    expect(await count(conversation)).toBe(2);
    // One whose only turn failed is not listed, but is there.
    expect(listed?.id).not.toBe(body['conversation_id']);
    const where = await app.database.uow.query<{ conversation_id: string }>(
      user,
      'SELECT conversation_id FROM app.turn WHERE tenant_id = $1 AND id = $2',
      [user.tenantId, failed],
    );
    const revived = await again(String(where[0]?.conversation_id), failed);
    expect(revived.body).toMatchObject({ status: 'completed', message: { content: 'echo second try' } });
    expect(await count(String(where[0]?.conversation_id))).toBe(2);
  });

  it('is refused for what is not the last question, is not over, or is not one’s own', async () => {
    const first = await say('echo one');
    await say('echo two', first.conversation);
    expect(await again(first.conversation, first.turn)).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', detail: expect.stringMatching(/last question/) },
    });
    const stranger = await app.person({ tenantId: user.tenantId, slug: user.slug });
    for (const [conversation, turn, token] of [
      [first.conversation, first.turn, stranger.token],
      [first.conversation, crypto.randomUUID(), user.token],
      [crypto.randomUUID(), first.turn, user.token],
    ] as const)
      expect((await again(conversation, turn, { token })).status).toBe(404);
    const foreign = await app.chat(stranger);
    foreign.send({ type: 'regenerate', turn_id: first.turn, ref: 'x' });
    expect(await foreign.next('error')).toMatchObject({ code: 'NOT_FOUND', scope: 'frame', ref: 'x' });
    await foreign.close();

    const client = await app.chat(user);
    client.send({ type: 'user_message', content: 'hold on' });
    const ack = await client.next('ack');
    await client.next('token');
    client.send({ type: 'regenerate', turn_id: ack['turn_id'], ref: 'y' });
    expect(await client.next('error')).toMatchObject({ code: 'CONFLICT', retryable: true, ref: 'y' });
    app.runtime.release();
    await client.next('done');
    await client.close();
    expect(await messages(String(ack['conversation_id']))).toHaveLength(2);

    await app.database.uow.query(user, "UPDATE app.conversation SET owner = 'human' WHERE tenant_id = $1 AND id = $2", [
      user.tenantId,
      ack['conversation_id'],
    ]);
    expect((await again(String(ack['conversation_id']), String(ack['turn_id']))).status).toBe(409);
    await call(`conversations/${first.conversation}`, { method: 'PATCH', body: { status: 'ended' } });
    const [, turn] = (await call(`conversations/${first.conversation}/turns`)).body['data'] as unknown as {
      id: string;
    }[];
    expect((await again(first.conversation, String(turn?.id))).body['code']).toBe('CONVERSATION_CLOSED');
  });

  it('is one new attempt, however many ask at once; and streams as events', async () => {
    const { conversation, turn } = await say('echo race');
    const answers = await Promise.all([1, 2, 3].map(() => again(conversation, turn)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
    expect(statuses.filter((status) => ![200, 409].includes(status))).toEqual([]);
    expect(await messages(conversation)).toHaveLength(2);
    const events = await again(conversation, turn, { headers: { accept: 'text/event-stream' } });
    expect(events.text).toMatch(/event: ack[^]*event: turn[^]*"attempt":[^]*event: message[^]*event: done/);
  });
});

const ANSWER = {
  agents: ['echo'],
  intent: 'qa',
  intents: [],
  language: 'en',
  citations: [],
  sourceChunks: [],
  payloads: [],
  degraded: false,
  awaiting: [],
  humanRequested: null,
};
