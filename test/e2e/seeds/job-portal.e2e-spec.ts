import { TestServer } from '../../support/test-server.js';

/** The job portal's plan: an agent per persona, matches as a payload, context restored on connect. */
describe('the job portal', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  }, 180_000);
  afterAll(() => server.stop());

  it.each([
    ['seeker@jobs.test', 'Find jobs that match my profile', 'jobs'],
    ['employer@jobs.test', 'Which candidates fit my open vacancy?', 'candidates'],
  ])('answers %s with text and a payload of matches', async (email, question, payloadType) => {
    const { token } = await server.login(email);
    const client = await server.chat(token, '', '/api/chat/ws');
    const { frames, message } = await client.ask(question);
    const payload = frames.find((frame) => frame['type'] === 'payload');
    expect(payload?.['payload_type']).toBe(payloadType);
    expect(payload?.['items'].length).toBeGreaterThan(0);
    const scores = payload?.['items'].map((item: { score: number }) => item.score);
    expect(scores).toEqual([...scores].sort((a: number, b: number) => b - a));
    expect(payload?.['items'][0].reasons.length).toBeGreaterThan(0);
    expect(message).toMatchObject({ payload_type: payloadType, payloads: [{ payload_type: payloadType }] });
    expect(message?.['content'].length).toBeGreaterThan(20);
    await client.close();
  });

  it('keeps an agent from personas that it is not for', async () => {
    const { token } = await server.login('employer@jobs.test');
    const client = await server.chat(token);
    const { frames } = await client.ask('Find jobs that match my profile');
    expect(frames.filter((frame) => frame['payload_type'] === 'jobs')).toEqual([]);
    await client.close();
  });

  it('restores the context on connect', async () => {
    const { token } = await server.login('seeker@jobs.test');
    const first = await server.chat(token);
    const { ack } = await first.ask('Find jobs that match my profile');
    await first.close();
    const second = await server.chat(token, 'resume=latest');
    const restored = await second.next('context_restored');
    expect(restored['conversation_id']).toBe(ack['conversation_id']);
    expect(restored['messages'].map((message: { role: string }) => message.role)).toEqual(['user', 'assistant']);
    expect(restored['turn']).toMatchObject({ turn_id: ack['turn_id'], status: 'completed' });
    await second.close();
  });
});
