import { ChatApp } from './chat-app.js';

describe('a conversation over a socket', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await ChatApp.start();
  }, 60_000);
  afterAll(() => app.stop());

  it('acknowledges, streams and ends a turn, in that order', async () => {
    const person = await app.person();
    const client = await app.chat(person);
    client.send({ type: 'user_message', content: 'how are you today', client_message_id: crypto.randomUUID() });
    const done = await client.next('done');
    const types = client.frames.slice(1).map((frame) => frame.type);
    expect(types).toEqual(['ack', 'status', 'status', 'token', 'token', 'token', 'token', 'message', 'done']);
    expect(done).toMatchObject({ status: 'completed' });
    expect(client.text()).toBe('how are you today');
    await client.close();
  });
});
