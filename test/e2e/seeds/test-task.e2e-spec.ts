import { ChatClient } from '../../support/chat-client.js';
import { TestServer } from '../../support/test-server.js';

/** The test task's dialect: `/ws/{user_id}`, `{message, conversation_id}` with a number, and the status of a user. */
describe('the test task', () => {
  let server: TestServer;
  let user: { token: string; userId: string };
  beforeAll(async () => {
    server = await TestServer.start();
    user = await server.login('user@acme.test');
  }, 180_000);
  afterAll(() => server.stop());

  it('serves /ws/{user_id} with a message and a numeric conversation id', async () => {
    const client = await server.chat(user.token, '', `/ws/${user.userId}`);
    client.send({ message: 'Hello!', conversation_id: 123 });
    const done = await client.next('done');
    expect(done['status']).toBe('completed');
    const again = client.frames.length;
    client.send({ message: 'Thanks', conversation_id: 123 });
    await client.next('done', { from: again });
    const ids = new Set(
      client.frames.filter((frame) => frame['type'] === 'ack').map((frame) => frame['conversation_id']),
    );
    expect(ids.size).toBe(1);
    await client.close();
  });

  it('starts a new conversation without an id', async () => {
    const client = await server.chat(user.token, '', `/ws/${user.userId}`);
    const first = await client.ask('Hello!');
    const second = await client.ask('Hello again!');
    expect(first.ack['conversation_id']).not.toBe(second.ack['conversation_id']);
    await client.close();
  });

  it("does not serve another user's path", async () => {
    const client = ChatClient.connect(`${server.url.replace('http', 'ws')}/ws/01900000-0000-7000-8000-000000000000`, {
      authorization: `Bearer ${user.token}`,
    });
    await expect(client.next('ready')).rejects.toThrow(/refused|closed/);
    expect(client.frames.some((frame) => frame['type'] === 'ready')).toBe(false);
  });

  it('tells whether a user is connected', async () => {
    const path = `/ws/users/${user.userId}/status`;
    const client = await server.chat(user.token);
    expect((await server.api(path, { token: user.token })).body).toEqual({
      user_id: user.userId,
      connected: true,
      connections: 1,
    });
    await client.close();
    const staff = await server.login('admin@acme.test');
    const stranger = await server.login('seeker@jobs.test');
    expect((await server.api(path, { token: staff.token })).body).toMatchObject({ connected: false, connections: 0 });
    expect((await server.api(path, { token: stranger.token })).status).toBe(404);
  });
});
