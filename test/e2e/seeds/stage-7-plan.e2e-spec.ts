import { ChatClient } from '../../support/chat-client.js';
import { OpenAiStandIn } from '../../support/openai-standin.js';
import { TestServer } from '../../support/test-server.js';

/** The Stage 7 plan's list of tests, one by one. */
describe('the Stage 7 plan', () => {
  let server: TestServer;
  let token: string;
  beforeAll(async () => {
    server = await TestServer.start();
    ({ token } = await server.login('user@acme.test'));
  }, 180_000);
  afterAll(() => server.stop());

  it('connects with a valid token in the query', async () => {
    const client = ChatClient.connect(`${server.url.replace('http', 'ws')}/ws/chat?token=${token}`);
    expect(await client.next('ready')).toMatchObject({ user: { role: 'end_user' }, tenant: { slug: 'acme' } });
    await client.close();
    expect(server.log).not.toContain(token);
  });

  it('rejects an invalid token with an error, and disconnects', async () => {
    const client = ChatClient.connect(`${server.url.replace('http', 'ws')}/ws/chat?token=not-a-token`);
    expect(await client.next('error')).toMatchObject({ code: 'UNAUTHORIZED' });
    expect((await client.closing()).code).toBe(4401);
  });

  it('answers a ping', async () => {
    const client = await server.chat(token);
    client.send({ type: 'ping', ref: 'p1' });
    expect(await client.next('pong')).toMatchObject({ ref: 'p1' });
    await client.close();
  });

  it('echoes with LLM_PROVIDER=echo', async () => {
    const echo = await TestServer.start({ env: { LLM_PROVIDER: 'echo' } });
    try {
      const login = await echo.login('user@acme.test');
      const client = await echo.chat(login.token);
      const { text, message } = await client.ask('Say exactly this, please');
      expect(text).toBe('Say exactly this, please');
      expect(message?.['content']).toBe(text);
      await client.close();
    } finally {
      await echo.stop();
    }
  });

  it('disconnects cleanly', async () => {
    const client = await server.chat(token);
    expect((await client.close()).code).toBe(1005);
  });

  it('answers small talk', async () => {
    const client = await server.chat(token);
    const { message } = await client.ask('Hello, how are you?');
    expect(message).toMatchObject({ role: 'assistant', metadata: { intent: 'chitchat' } });
    await client.close();
  });

  it('answers a question with its statuses, as HTML where that is asked for', async () => {
    const client = await server.chat(token, 'stream=false&format=html');
    const { frames, message } = await client.ask('How long do I have to return something?');
    const steps = frames.filter((frame) => frame['type'] === 'status').map((frame) => frame['step']);
    expect(steps).toEqual(expect.arrayContaining(['routing', 'retrieving', 'grading', 'generating']));
    expect(frames.find((frame) => frame['step'] === 'routing')?.['message']).toBe('Classifying your query...');
    expect(frames.filter((frame) => frame['type'] === 'token')).toEqual([]);
    expect(message?.['content']).toMatch(/^<(p|ul|ol)>/);
    expect(message?.['metadata']).toMatchObject({ intent: 'qa', conversation_id: message?.['conversation_id'] });
    expect(message?.['metadata'].chunks_used).toBeGreaterThan(0);
    expect(message?.['metadata'].source_chunks).toHaveLength(message?.['metadata'].chunks_used);
    await client.close();
  });

  it('writes a LinkedIn post', async () => {
    const client = await server.chat(token);
    const { message } = await client.ask('Write a LinkedIn post about our summer sale with free shipping');
    expect(message?.['metadata'].intent).toBe('linkedin');
    expect(message?.['content']).toMatch(/#\w+/);
    await client.close();
  });

  it('creates a conversation by itself, with a title', async () => {
    const client = await server.chat(token);
    const { ack } = await client.ask('What does shipping cost?', { conversation_id: 'new' });
    const { status, body } = await server.api(`/api/acme/conversations/${ack['conversation_id']}`, { token });
    expect(status).toBe(200);
    expect(body.title.length).toBeGreaterThan(3);
    await client.close();
  });

  it("does not open another user's conversation", async () => {
    const client = await server.chat(token);
    const { ack } = await client.ask('Hello!');
    const stranger = await server.chat((await server.login('supporter@acme.test')).token);
    stranger.send({ content: 'Hello!', conversation_id: ack['conversation_id'] });
    expect(await stranger.next('error')).toMatchObject({
      code: 'NOT_FOUND',
      message: 'Conversation not found or access denied',
    });
    await Promise.all([client.close(), stranger.close()]);
  });

  it('serves several connections at once', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => server.chat(token)));
    const answers = await Promise.all(clients.map((client) => client.ask('Hello!')));
    expect(answers.every((answer) => answer.done['status'] === 'completed')).toBe(true);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('limits the eleventh message of a minute', async () => {
    const limited = await TestServer.start({ env: { MESSAGES_PER_MINUTE: '10' } });
    try {
      const login = await limited.login('user@acme.test');
      const client = await limited.chat(login.token);
      for (let n = 0; n < 10; n++) await client.ask('Hello!');
      client.send({ content: 'Hello!' });
      const error = await client.next('error');
      expect(error).toMatchObject({ code: 'RATE_LIMIT', retryable: true });
      expect(error['retry_after_ms']).toBeGreaterThan(0);
      const overHttp = await limited.api('/api/acme/chat', { token: login.token, body: { content: 'Hello!' } });
      expect(overHttp.status).toBe(429);
      await client.close();
    } finally {
      await limited.stop();
    }
  });

  describe('with a model', () => {
    let standIn: OpenAiStandIn;
    let modelled: TestServer;
    let user: string;
    beforeAll(async () => {
      standIn = await OpenAiStandIn.start();
      modelled = await TestServer.start({
        env: { OPENAI_BASE_URL: standIn.url, OPENAI_API_KEY: 'sk-test-key-for-the-stand-in' },
      });
      user = (await modelled.login('user@acme.test')).token;
    }, 180_000);
    afterAll(async () => {
      await modelled.stop();
      await standIn.stop();
    });

    it('shows the model the last ten messages', async () => {
      const client = await modelled.chat(user);
      let conversation_id: unknown = 'new';
      for (let n = 0; n < 7; n++) {
        const { ack } = await client.ask(`How do I return item number ${n}?`, { conversation_id, agent: 'support' });
        conversation_id = ack['conversation_id'];
      }
      const requests = standIn.calls.filter((call) => JSON.stringify(call.body).includes('item number 6'));
      const prompts = requests.map((call) => JSON.stringify(call.body));
      expect(prompts.some((prompt) => prompt.includes('item number 2'))).toBe(true);
      expect(prompts.every((prompt) => !prompt.includes('item number 0'))).toBe(true);
      await client.close();
    });

    it('ends in failed when the model fails, saves nothing, and takes the message again', async () => {
      const client = await modelled.chat(user);
      const client_message_id = '01900000-0000-7000-8000-0000000000aa';
      standIn.script({ match: { path: '/chat/completions' }, fault: { kind: 'status', status: 500 } });
      const failed = await client.ask('What is your returns policy?', { client_message_id });
      expect(failed.done['status']).toBe('failed');
      const error = failed.frames.find((frame) => frame['type'] === 'error');
      expect(error).toMatchObject({
        code: 'LLM_ERROR',
        message: 'Something went wrong. Please try again.',
        client_message_id,
      });
      const path = `/api/acme/conversations/${failed.ack['conversation_id']}/messages`;
      expect((await modelled.api(path, { token: user })).body.data).toEqual([]);
      standIn.reset();
      const again = await client.ask('What is your returns policy?', { client_message_id });
      expect(again.done['status']).toBe('completed');
      expect(again.ack['message_id']).toBe(failed.ack['message_id']);
      await client.close();
    });
  });
});
