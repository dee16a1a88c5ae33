import { OpenAiStandIn, type StandInFault } from '../support/openai-standin.js';
import { TestServer } from '../support/test-server.js';

/** What a provider may do, seen from the socket: the turn ends within its deadline, says so, and can be sent again. */
describe('a model provider', () => {
  let standIn: OpenAiStandIn;
  let server: TestServer;
  let token: string;
  beforeAll(async () => {
    standIn = await OpenAiStandIn.start();
    server = await TestServer.start({
      env: {
        OPENAI_BASE_URL: standIn.url,
        OPENAI_API_KEY: 'sk-canary-key-of-the-operator',
        LLM_FIRST_BYTE_TIMEOUT_MS: '1500',
        LLM_IDLE_TIMEOUT_MS: '1500',
        MAX_TURN_SECONDS: '15',
      },
    });
    ({ token } = await server.login('user@acme.test'));
  }, 180_000);
  beforeEach(() => standIn.reset());
  afterAll(async () => {
    await server.stop();
    await standIn.stop();
  });

  const faults: [string, StandInFault, string][] = [
    ['refuses', { kind: 'status', status: 500 }, 'LLM_ERROR'],
    ['rejects the key and repeats it', { kind: 'echo-key' }, 'LLM_ERROR'],
    ['hangs before its headers', { kind: 'hang' }, 'LLM_TIMEOUT'],
    ['hangs in the middle of its stream', { kind: 'hang-mid' }, 'LLM_TIMEOUT'],
    ['resets the connection', { kind: 'reset', after: 2 }, 'LLM_ERROR'],
    ['sends garbage', { kind: 'bad-json' }, 'LLM_ERROR'],
    ['answers with a web page', { kind: 'html' }, 'LLM_ERROR'],
  ];
  it.each(faults)('that %s ends the turn in failed', async (_name, fault, code) => {
    const client = await server.chat(token);
    standIn.script({ match: { path: '/chat/completions', stream: true }, fault });
    const failed = await client.ask('What is your returns policy?');
    expect(failed.done['status']).toBe('failed');
    expect(failed.frames.find((frame) => frame['type'] === 'error')).toMatchObject({ code });
    expect(failed.message).toBeUndefined();
    expect(JSON.stringify(failed.frames)).not.toContain('canary');
    expect(standIn.openRequests).toBe(0);
    standIn.reset();
    const conversation_id = failed.ack['conversation_id'];
    const again = await client.ask('What is your returns policy?', { conversation_id });
    expect(again.done['status']).toBe('completed');
    await client.close();
  });

  it('hears within a second that a turn was stopped', async () => {
    const client = await server.chat(token);
    standIn.script({ match: { path: '/chat/completions', stream: true }, tokens: 2000, tokenDelayMs: 20 });
    const from = client.frames.length;
    client.send({ content: 'What is your returns policy?' });
    await client.next('token', { from });
    client.send({ type: 'abort' });
    const stopped = Date.now();
    expect(await client.next('done', { from })).toMatchObject({ status: 'cancelled' });
    while (standIn.openRequests > 0 && Date.now() - stopped < 3000)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(Date.now() - stopped).toBeLessThan(1000);
    await client.close();
  });

  it('hears within a second that the last reader of a turn has gone, where that was asked for', async () => {
    const client = await server.chat(token, 'on_disconnect=cancel');
    standIn.script({ match: { path: '/chat/completions', stream: true }, tokens: 2000, tokenDelayMs: 20 });
    client.send({ content: 'What is your returns policy?' });
    await client.next('token');
    await client.close();
    const left = Date.now();
    while (standIn.openRequests > 0 && Date.now() - left < 3000)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(Date.now() - left).toBeLessThan(1000);
  });

  it('is read to the end when its reader leaves otherwise, and the answer is there for the one that returns', async () => {
    const client = await server.chat(token);
    standIn.script({ match: { path: '/chat/completions', stream: true }, tokens: 40, tokenDelayMs: 20 });
    client.send({ content: 'What is your returns policy?' });
    const ack = await client.next('ack');
    await client.next('token');
    client.socket.terminate();
    const back = await server.chat(token);
    back.send({ type: 'resume', conversation_id: ack['conversation_id'], after_seq: ack['seq'] });
    await back.next('done');
    const message = await back.next('message', { where: (frame) => frame['role'] === 'assistant' });
    const text = back.frames.reduce(
      (sum, frame) => (frame['type'] === 'token' ? sum.slice(0, frame['offset']) + frame['content'] : sum),
      '',
    );
    expect(message['content']).toBe(text);
    await back.close();
  });

  it('is asked for the tenant’s model, at its temperature, within its bound; one that is not there is refused', async () => {
    const { token: admin } = await server.login('admin@acme.test');
    const settings = (llm: object | null) =>
      server.api('/api/admin/settings', { method: 'PATCH', token: admin, body: { llm } });
    expect((await settings({ provider: 'groq' })).status).toBe(422);
    expect((await settings({ model: 'tenants-own', temperature: 0.7, max_tokens: 321 })).status).toBe(200);
    const client = await server.chat(token);
    expect((await client.ask('What is your returns policy?')).done['status']).toBe('completed');
    await client.close();
    const answer = standIn.chatCalls.findLast(({ body }) => body.stream === true && body['max_tokens'] === 321);
    expect(answer?.body).toMatchObject({ model: 'tenants-own', temperature: 0.7 });
    expect((await settings(null)).status).toBe(200);
  });

  it('never has its key in what the server prints', () => {
    expect(server.log).not.toContain('canary');
    expect(server.log).not.toContain(token);
  });
});
