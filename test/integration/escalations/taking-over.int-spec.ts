import type { ChatClient } from '../channels/chat-client.js';
import { ChatApp, type Person } from '../channels/chat-app.js';

const uuid = (): string => crypto.randomUUID();

describe('people who take over', () => {
  let app: ChatApp;
  let other: ChatApp;
  let user: Person;
  let maria: Person;
  let boris: Person;

  beforeAll(async () => {
    app = await ChatApp.start();
    other = await ChatApp.start({}, app);
    const tenant = await app.tenant();
    user = await app.person(tenant);
    [maria, boris] = [await app.person(tenant, 'supporter'), await app.person(tenant, 'supporter')];
  }, 60_000);
  afterAll(async () => {
    await other?.stop();
    await app?.stop();
  });
  afterEach(() => {
    app.runtime.release();
    other.runtime.release();
  });

  const chatPath = () => `/api/${user.slug}`;
  const desk = (path: string, by = maria, body: unknown = {}, method = 'POST') =>
    app.call(`/api/${user.slug}/supporter/${path}`, {
      token: by.token,
      method,
      ...(method === 'GET' ? {} : { body }),
    });

  /** A conversation with one question and its answer. */
  async function conversation(client: ChatClient): Promise<string> {
    client.send({ content: 'echo hello' });
    return String((await client.next('done'))['conversation_id']);
  }
  async function escalated(client: ChatClient, reason = 'I want a person') {
    const conversationId = await conversation(client);
    client.send({ type: 'escalate', conversation_id: conversationId, reason, ref: 'e' });
    const frame = await client.next('escalation');
    return { conversationId, id: String(frame['escalation_id']), frame };
  }

  it('is asked for on the socket: once, with an answer that names the frame, and the agent goes on', async () => {
    const client = await app.chat(user);
    const { conversationId, frame, id } = await escalated(client);
    expect(frame).toMatchObject({
      ref: 'e',
      status: 'waiting',
      reason: 'I want a person',
      supporter: null,
      contact_form: true,
      conversation_id: conversationId,
    });
    client.send({ type: 'escalate', conversation_id: conversationId, ref: 'again' });
    expect(await client.next('escalation')).toMatchObject({
      ref: 'again',
      escalation_id: id,
      reason: 'I want a person',
    });
    const rest = await app.call(`${chatPath()}/conversations/${conversationId}/escalate`, {
      token: user.token,
      body: {},
    });
    expect(rest).toMatchObject({ status: 200, body: { id, status: 'waiting', conversation_id: conversationId } });
    client.send({ content: 'echo still here', conversation_id: conversationId });
    expect(await client.next('done')).toMatchObject({ status: 'completed' });
    expect((await app.call(`${chatPath()}/conversations/${conversationId}`, { token: user.token })).body).toMatchObject(
      {
        owner: 'agent',
      },
    );
    await client.close();
  });

  it('takes a turn in flight and those that wait out of the agent’s hands, on another instance as well', async () => {
    const client = await app.chat(user);
    const away = await other.chat(user);
    const { conversationId, id } = await escalated(client);
    away.send({ type: 'resume', conversation_id: conversationId });
    await away.next('context_restored');
    client.send({ content: 'hang', conversation_id: conversationId });
    await client.next('token');
    client.send({ content: 'echo later', conversation_id: conversationId });
    await client.next('turn', ({ status }) => status === 'queued');
    const taken = await app.call(`/api/${user.slug}/supporter/escalations/${id}/accept`, {
      token: maria.token,
      body: {},
    });
    expect(taken).toMatchObject({ status: 200, body: { status: 'assigned', supporter: { id: maria.id } } });
    for (const reader of [client, away]) {
      expect(await reader.next('done')).toMatchObject({ status: 'handed_off' });
      expect(await reader.next('done')).toMatchObject({ status: 'handed_off' });
      // On another instance it may be heard of before the turns have ended.
      const heard = (type: string) => reader.of(type).at(-1);
      await reader.until(
        () => heard('conversation')?.['owner'] === 'human' && heard('escalation')?.['status'] === 'assigned',
        'the news of who took over',
      );
      for (const type of ['conversation', 'escalation'])
        expect(heard(type)).toMatchObject({ supporter: { name: 'supporter' } });
    }
    const withdrawn = client.of('token').at(-1);
    expect(withdrawn).toMatchObject({ offset: 0, content: '' });
    const { body } = await app.call(`${chatPath()}/conversations/${conversationId}/messages`, { token: user.token });
    const messages = body['data'] as unknown as { role: string; content: string }[];
    expect(messages.map(({ content, role }) => `${role}: ${content}`)).toEqual([
      'user: echo hello',
      'assistant: echo hello',
      'user: hang',
      'user: echo later',
    ]);
    // The other instance takes the supporter's word, and the user's reach everybody without a turn.
    const desk2 = await other.chat(maria);
    desk2.send({ type: 'resume', conversation_id: conversationId });
    await desk2.next('context_restored');
    const clientMessageId = uuid();
    desk2.send({
      content: 'Hello, this is Maria',
      conversation_id: conversationId,
      client_message_id: clientMessageId,
    });
    expect(await desk2.next('ack')).toMatchObject({ turn_id: null, client_message_id: clientMessageId });
    for (const reader of [client, away])
      expect(await reader.next('message', ({ role }) => role === 'supporter')).toMatchObject({
        content: 'Hello, this is Maria',
        turn_id: null,
      });
    desk2.send({
      content: 'Hello, this is Maria',
      conversation_id: conversationId,
      client_message_id: clientMessageId,
    });
    expect(await desk2.next('ack')).toMatchObject({ client_message_id: clientMessageId });
    client.send({ content: 'Nice to meet you', conversation_id: conversationId });
    expect(await client.next('ack')).toMatchObject({ turn_id: null });
    expect(await desk2.next('message', ({ role }) => role === 'user')).toMatchObject({ content: 'Nice to meet you' });
    expect(desk2.of('message').filter(({ role }) => role === 'supporter')).toEqual([]);
    expect(client.of('message').filter(({ role }) => role === 'supporter')).toHaveLength(1);
    for (const one of [client, away, desk2]) await one.close();
  });

  it('is taken by one of two at once, and the other is told by whom', async () => {
    const client = await app.chat(user);
    const { id } = await escalated(client);
    const [a, b] = await Promise.all([
      desk(`escalations/${id}/accept`, maria),
      other.call(`/api/${user.slug}/supporter/escalations/${id}/accept`, { token: boris.token, body: {} }),
    ]);
    expect([a.status, b.status].sort()).toEqual([200, 409]);
    const [won, lost] = a.status === 200 ? [maria, b] : [boris, a];
    expect(lost.body).toMatchObject({ code: 'CONFLICT', supporter: { id: won.id, name: 'supporter' } });
    // Again by the one who has it: nothing changes.
    expect((await desk(`escalations/${id}/accept`, won)).status).toBe(200);
    await client.close();
  });

  it('is said only by who has it, once for one client_message_id', async () => {
    const client = await app.chat(user);
    const { conversationId, id } = await escalated(client);
    expect((await desk(`escalations/${id}/reply`, maria, { content: 'Too early' })).status).toBe(409);
    await desk(`escalations/${id}/accept`);
    expect((await desk(`escalations/${id}/reply`, boris, { content: 'Not mine' })).body).toMatchObject({
      code: 'CONFLICT',
      supporter: { id: maria.id },
    });
    const body = { content: 'Here I am', client_message_id: uuid() };
    const said = await Promise.all([1, 2, 3].map(() => desk(`escalations/${id}/reply`, maria, body)));
    expect(new Set(said.map((answer) => answer.body['id'])).size).toBe(1);
    expect(said[0]?.body).toMatchObject({ role: 'supporter', content: 'Here I am', turn_id: null });
    expect((await desk(`escalations/${id}/reply`, maria, { ...body, content: 'Other' })).status).toBe(409);
    const stored = await app.call(`${chatPath()}/conversations/${conversationId}/messages`, { token: user.token });
    const words = stored.body['data'] as unknown as { role: string }[];
    expect(words.filter(({ role }) => role === 'supporter')).toHaveLength(1);
    await client.close();
  });

  it('goes back to the agent, whose next turn knows what was left for it', async () => {
    const client = await app.chat(user);
    const { conversationId, id } = await escalated(client);
    await desk(`escalations/${id}/accept`);
    await client.next('conversation', ({ owner }) => owner === 'human');
    await desk(`escalations/${id}/reply`, maria, { content: 'I have sent the label' });
    expect(await desk(`escalations/${id}/return-to-agent`, boris)).toMatchObject({ status: 409 });
    const returned = await desk(`escalations/${id}/return-to-agent`, maria, { summary: 'The label is on its way' });
    expect(returned).toMatchObject({ status: 200, body: { status: 'returned' } });
    expect(await client.next('conversation', ({ owner }) => owner === 'agent')).toMatchObject({ supporter: null });
    await client.next('escalation', ({ status }) => status === 'returned');
    client.send({ content: 'echo thanks', conversation_id: conversationId });
    expect(await client.next('done')).toMatchObject({ status: 'completed' });
    const { history } = app.runtime.inputs.at(-1) ?? { history: [] };
    expect(history.slice(-2).map(({ content, role }) => `${role}: ${content}`)).toEqual([
      'supporter: I have sent the label',
      'system: The label is on its way',
    ]);
    const { body } = await app.call(`${chatPath()}/conversations/${conversationId}/messages`, { token: user.token });
    expect(JSON.stringify(body)).not.toContain('on its way');
    await client.close();
  });

  it('ends, with the conversation or without, and is taken up again', async () => {
    const client = await app.chat(user);
    const { conversationId, id } = await escalated(client);
    await desk(`escalations/${id}/accept`);
    expect(await desk(`escalations/${id}/resolve`)).toMatchObject({ status: 200, body: { status: 'resolved' } });
    expect(await client.next('conversation', ({ owner }) => owner === 'agent')).toMatchObject({ status: 'active' });
    expect(await desk(`escalations/${id}/reopen`, boris)).toMatchObject({
      status: 200,
      body: { status: 'assigned', supporter: { id: boris.id } },
    });
    expect(await desk(`escalations/${id}/close`, boris)).toMatchObject({ status: 200, body: { status: 'closed' } });
    client.send({ content: 'echo hello?', conversation_id: conversationId });
    expect(await client.next('error')).toMatchObject({ code: 'CONVERSATION_CLOSED' });
    expect(await desk(`escalations/${id}/reopen`, maria)).toMatchObject({ status: 200 });
    client.send({ content: 'I am back', conversation_id: conversationId });
    expect(await client.next('ack')).toMatchObject({ turn_id: null });
    await client.close();
  });

  it('goes from one to another, or to those with a skill', async () => {
    const client = await app.chat(user);
    const { id } = await escalated(client);
    await desk(`escalations/${id}/accept`);
    expect(await desk(`escalations/${id}/transfer`, maria, { supporter_id: boris.id })).toMatchObject({
      status: 200,
      body: { status: 'assigned', supporter: { id: boris.id } },
    });
    expect(await desk(`escalations/${id}/transfer`, boris, { skill: 'returns' })).toMatchObject({
      status: 200,
      body: { status: 'waiting', supporter: null, skill: 'returns' },
    });
    expect(await desk(`escalations/${id}/assign`, boris, { supporter_id: maria.id })).toMatchObject({
      status: 200,
      body: { status: 'assigned', supporter: { id: maria.id } },
    });
    // What Maria has is hers to hand on.
    for (const step of ['assign', 'transfer'])
      expect(await desk(`escalations/${id}/${step}`, boris, { supporter_id: boris.id })).toMatchObject({ status: 409 });
    expect(await desk(`escalations/${id}/assign`, maria, { supporter_id: user.id })).toMatchObject({ status: 422 });
    expect(await desk(`escalations/${id}/transfer`, boris, {})).toMatchObject({ status: 422 });
    await client.close();
  });

  it('is not ended by an earlier wish of the same conversation', async () => {
    const client = await app.chat(user);
    const { conversationId, id } = await escalated(client);
    await desk(`escalations/${id}/accept`);
    await desk(`escalations/${id}/resolve`);
    client.send({ type: 'escalate', conversation_id: conversationId, reason: 'Again' });
    const again = await client.next(
      'escalation',
      (frame) => frame['status'] === 'waiting' && frame['escalation_id'] !== id,
    );
    await desk(`escalations/${String(again['escalation_id'])}/accept`);
    expect(await desk(`escalations/${id}/close`, boris)).toMatchObject({ status: 409 });
    const reply = { content: 'Still here' };
    expect(await desk(`escalations/${String(again['escalation_id'])}/reply`, maria, reply)).toMatchObject({
      status: 200,
    });
    await client.close();
  });

  it('costs no answer under way when it is given back while it waits', async () => {
    const client = await app.chat(user);
    const { conversationId, id } = await escalated(client);
    client.send({ content: 'hang', conversation_id: conversationId });
    await client.next('token');
    const returned = await desk(`escalations/${id}/return-to-agent`, maria, { summary: 'They know the answer' });
    expect(returned).toMatchObject({ status: 200, body: { status: 'returned' } });
    client.send({ type: 'abort', conversation_id: conversationId });
    expect(await client.next('done')).toMatchObject({ status: 'cancelled' });
    await client.close();
  });

  it('shows supporters the queue, and a reader who comes back where it stands', async () => {
    const watching = await other.chat(maria);
    const client = await app.chat(user);
    const { conversationId, id } = await escalated(client, 'My parcel is broken');
    expect(await watching.next('escalation', (frame) => frame['escalation_id'] === id)).toMatchObject({
      status: 'waiting',
      user: { id: user.id },
      summary: { asked: ['echo hello'] },
      skill: null,
    });
    const opened = await desk(`escalations/${id}`, maria, undefined, 'GET');
    expect(opened.body).toMatchObject({ id, summary: { asked: ['echo hello'] } });
    expect(opened.body['transcript']).toHaveLength(2);
    const listed = await desk('queue', maria, undefined, 'GET');
    expect((listed.body['data'] as unknown as { id: string }[]).map((one) => one.id)).toContain(id);
    await desk(`escalations/${id}/accept`);
    const late = await app.chat(user);
    late.send({ type: 'resume', conversation_id: conversationId });
    await late.next('conversation', ({ owner }) => owner === 'human');
    await late.next('escalation', ({ status }) => status === 'assigned');
    for (const one of [watching, client, late]) await one.close();
  });

  it('shows who is typing to the one at the other end, over instances', async () => {
    const client = await app.chat(user);
    const { conversationId, id } = await escalated(client);
    await desk(`escalations/${id}/accept`);
    await client.next('conversation');
    const there = await other.chat(maria);
    there.send({ type: 'resume', conversation_id: conversationId });
    await there.next('conversation');
    there.send({ type: 'typing', conversation_id: conversationId, on: true });
    expect(await client.next('typing')).toEqual({
      type: 'typing',
      conversation_id: conversationId,
      on: true,
      from: 'supporter',
      name: 'supporter',
    });
    client.send({ type: 'typing', conversation_id: conversationId, on: false });
    expect(await there.next('typing')).toMatchObject({ from: 'user', on: false, name: 'end_user' });
    expect(there.of('typing')).toHaveLength(1);
    for (const one of [client, there]) await one.close();
  });

  it('is nobody’s business who has no part in it', async () => {
    const client = await app.chat(user);
    const { conversationId, id } = await escalated(client);
    const stranger = await app.person();
    const [neighbour, supporterElsewhere] = [
      await app.person({ tenantId: user.tenantId, slug: user.slug }),
      await app.person({ tenantId: stranger.tenantId, slug: stranger.slug }, 'supporter'),
    ];
    const path = `/api/${user.slug}/conversations/${conversationId}/escalate`;
    expect((await app.call(path, { token: neighbour.token, body: {} })).status).toBe(404);
    expect((await desk(`escalations/${id}`, neighbour, undefined, 'GET')).status).toBe(403);
    const foreign = `/api/${stranger.slug}/supporter/escalations/${id}`;
    expect((await app.call(foreign, { token: supporterElsewhere.token })).status).toBe(404);
    for (const person of [neighbour, supporterElsewhere]) {
      const socket = await app.chat(person);
      socket.send({ type: 'resume', conversation_id: conversationId });
      expect(await socket.next('error')).toMatchObject({ code: 'NOT_FOUND' });
      socket.send({ type: 'escalate', conversation_id: conversationId });
      expect(await socket.next('error')).toMatchObject({ code: 'NOT_FOUND' });
      expect(socket.of('escalation')).toEqual([]);
      await socket.close();
    }
    // Nor may a supporter follow one in which nobody was ever called.
    client.send({ content: 'echo private' });
    const quiet = String((await client.next('done'))['conversation_id']);
    const nosy = await app.chat(maria);
    nosy.send({ type: 'resume', conversation_id: quiet });
    expect(await nosy.next('error')).toMatchObject({ code: 'NOT_FOUND' });
    for (const one of [client, nosy]) await one.close();
  });

  it('is asked for by staff as well, in anybody’s conversation of the tenant', async () => {
    const client = await app.chat(user);
    const conversationId = await conversation(client);
    const body = { conversation_id: conversationId, reason: 'A test of quality', skill: 'quality' };
    const asked = await desk('escalations', maria, body);
    expect(asked).toMatchObject({ status: 201, body: { status: 'waiting', reason: 'A test of quality' } });
    expect((await desk('escalations', maria, { ...body, conversation_id: uuid() })).status).toBe(404);
    const opened = await desk(`escalations/${String(asked.body['id'])}`, maria, undefined, 'GET');
    expect(opened.body).toMatchObject({ cause: 'staff', skill: 'quality', user: { id: user.id } });
    await client.next('escalation', ({ status }) => status === 'waiting');
    await client.close();
  });

  it('waits again when its supporter is disabled, and ends with what its user ends', async () => {
    const tenant = await app.tenant();
    const [asking, admin, helper] = [
      await app.person(tenant),
      await app.person(tenant, 'tenant_admin'),
      await app.person(tenant, 'supporter'),
    ];
    const client = await app.chat(asking);
    const { conversationId, id } = await escalated(client);
    const base = `/api/${tenant.slug}/supporter/escalations/${id}`;
    expect((await app.call(`${base}/accept`, { token: helper.token, body: {} })).status).toBe(200);
    await client.next('escalation', ({ status }) => status === 'assigned');
    await app.call(`/api/admin/users/${helper.id}`, { token: admin.token, method: 'PATCH', body: { disabled: true } });
    expect(await client.next('escalation', ({ status }) => status === 'waiting')).toMatchObject({ supporter: null });
    const path = `/api/${tenant.slug}/conversations/${conversationId}`;
    await app.call(path, { token: asking.token, method: 'PATCH', body: { status: 'ended' } });
    expect((await app.call(base, { token: admin.token })).body).toMatchObject({ status: 'closed' });
    await client.close();
  });
});
