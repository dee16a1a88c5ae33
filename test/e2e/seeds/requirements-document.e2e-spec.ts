import { WebSocket } from 'ws';
import { TestServer } from '../../support/test-server.js';

/**
 * The first requirements document's dialect, with a client that knows nothing else: it sends `session_id: "abc123"`, appends the
 * `content` of every frame that has one, and waits for `{"type":"done"}`.
 */
describe('the requirements document', () => {
  let server: TestServer;
  let token: string;
  beforeAll(async () => {
    server = await TestServer.start();
    ({ token } = await server.login('user@acme.test'));
  }, 180_000);
  afterAll(() => server.stop());

  function converse(...frames: object[]): Promise<{ text: string; frames: Record<string, unknown>[] }> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/chat?token=${token}`);
      const seen: Record<string, unknown>[] = [];
      let text = '';
      let open = frames.length;
      socket.on('open', () => frames.forEach((frame) => socket.send(JSON.stringify(frame))));
      socket.on('error', reject);
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString());
        seen.push(frame);
        if (frame.role === 'assistant' && typeof frame.content === 'string') text += frame.content;
        if (frame.type === 'done' && --open === 0) {
          socket.close();
          resolve({ text, frames: seen });
        }
      });
    });
  }

  it('streams {role, content} and ends with done', async () => {
    const { text, frames } = await converse({
      type: 'user_message',
      content: 'What is your returns policy?',
      session_id: 'abc123',
    });
    const tokens = frames.filter((frame) => frame['role'] === 'assistant');
    expect(tokens.length).toBeGreaterThan(3);
    expect(text).toMatch(/return/i);
    // Nothing was shown twice: the final message is left out for a client that appends.
    expect(frames.filter((frame) => frame['type'] === 'message')).toEqual([]);
    expect(
      frames.filter((frame) => 'conversation_id' in frame).every((frame) => frame['session_id'] === 'abc123'),
    ).toBe(true);
  });

  it('remembers the conversation of a session id', async () => {
    await converse({ type: 'user_message', content: 'Where is my order?', session_id: 'memory' });
    const { frames } = await converse({ type: 'user_message', content: '1042', session_id: 'memory' });
    const { body } = await server.api('/api/acme/conversations', { token });
    const mine = body.data.filter((conversation: { client_key: string }) => conversation.client_key === 'memory');
    expect(mine).toHaveLength(1);
    expect(mine[0].message_count).toBe(4);
    expect(frames.at(-1)).toMatchObject({ type: 'done', status: 'completed' });
  });

  it('stops on /abort', async () => {
    const slow = await TestServer.start({ env: { LLM_PROVIDER: 'echo' } });
    try {
      const login = await slow.login('user@acme.test');
      const client = await slow.chat(login.token);
      client.send({ content: 'word '.repeat(3000), session_id: 'abc123' });
      await client.next('ack');
      client.send({ type: '/abort', session_id: 'abc123' });
      const done = await client.next('done');
      expect(['cancelled', 'completed']).toContain(done['status']);
      await client.close();
    } finally {
      await slow.stop();
    }
  });
});
