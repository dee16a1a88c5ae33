import { ChatClient } from '../support/chat-client.js';
import { TestServer } from '../support/test-server.js';

const UNKNOWN = '01900000-0000-7000-8000-0000000000ff';

/** Two tenants and two users of one server: what is the one's answers to the other exactly as what does not exist. */
describe('isolation', () => {
  let server: TestServer;
  let acme: string;
  let acmeUser: string;
  let jobs: string;
  let conversation: { id: string; messageId: string; turnId: string };
  let base: { id: string; documentId: string };

  beforeAll(async () => {
    server = await TestServer.start();
    acme = (await server.login('admin@acme.test')).token;
    acmeUser = (await server.login('user@acme.test')).token;
    jobs = (await server.login('admin@jobs.test')).token;
    const client = await server.chat(acmeUser);
    const { ack } = await client.ask('What is your returns policy?');
    await client.close();
    conversation = { id: ack['conversation_id'], messageId: ack['message_id'], turnId: ack['turn_id'] };
    const bases = await server.api('/api/admin/knowledge-bases', { token: acme });
    const documents = await server.api(`/api/admin/knowledge-bases/${bases.body.data[0].id}/documents`, {
      token: acme,
    });
    base = { id: bases.body.data[0].id, documentId: documents.body.data[0].id };
  }, 180_000);
  afterAll(() => server.stop());

  const comparable = (answer: { status: number; body: Record<string, unknown> }) => {
    const { trace_id: _trace, instance: _instance, ...body } = answer.body ?? {};
    return { status: answer.status, body };
  };

  it.each([
    ['GET', (id: string) => `/api/acme/conversations/${id}`],
    ['GET', () => '/api/acme/conversations'],
    ['POST', () => '/api/acme/chat'],
  ])("answers %s in another tenant's path as in an unknown tenant's", async (method, path) => {
    const body = method === 'POST' ? { content: 'x' } : undefined;
    const theirs = await server.api(path(conversation.id), { method, token: jobs, body });
    const nowhere = await server.api(path(UNKNOWN).replace('/acme/', '/nowhere/'), { method, token: jobs, body });
    expect(theirs.status).toBe(404);
    expect(comparable(theirs)).toEqual(comparable(nowhere));
  });

  it.each([
    ['GET', (c: string) => `/conversations/${c}`],
    ['PATCH', (c: string) => `/conversations/${c}`],
    ['DELETE', (c: string) => `/conversations/${c}`],
    ['GET', (c: string) => `/conversations/${c}/messages`],
    ['GET', (c: string) => `/conversations/${c}/turns`],
    ['GET', (c: string) => `/conversations/${c}/events`],
  ])("answers %s %p for another user's id as for an unknown one", async (method, path) => {
    for (const [token, tenant] of [
      [jobs, 'jobs'],
      [acme, 'acme'],
    ] as const) {
      const body = method === 'PATCH' ? { title: 'mine now' } : undefined;
      const theirs = await server.api(`/api/${tenant}${path(conversation.id)}`, { method, token, body });
      const unknown = await server.api(`/api/${tenant}${path(UNKNOWN)}`, { method, token, body });
      expect(theirs.status).toBe(404);
      expect(comparable(theirs)).toEqual(comparable(unknown));
    }
    const mine = await server.api(`/api/acme/conversations/${conversation.id}`, { token: acmeUser });
    expect(mine.status).toBe(200);
    expect(mine.body.title).not.toBe('mine now');
  });

  it.each([
    ['GET', (b: string, d: string) => `/knowledge-bases/${b}/documents/${d}`],
    ['GET', (b: string, d: string) => `/knowledge-bases/${b}/documents/${d}/content`],
    ['GET', (b: string, d: string) => `/knowledge-bases/${b}/documents/${d}/chunks`],
    ['DELETE', (b: string, d: string) => `/knowledge-bases/${b}/documents/${d}`],
    ['DELETE', (b: string) => `/knowledge-bases/${b}`],
    ['POST', (b: string) => `/knowledge-bases/${b}/search`],
  ])("answers %s on another tenant's knowledge as on unknown knowledge", async (method, path) => {
    const body = method === 'POST' ? { query: 'returns' } : undefined;
    const theirs = await server.api(`/api/admin${path(base.id, base.documentId)}`, { method, token: jobs, body });
    const unknown = await server.api(`/api/admin${path(UNKNOWN, UNKNOWN)}`, { method, token: jobs, body });
    expect(theirs.status).toBe(404);
    expect(comparable(theirs)).toEqual(comparable(unknown));
    expect((await server.api(`/api/admin/knowledge-bases/${base.id}`, { token: acme })).status).toBe(200);
  });

  it('keeps the admin API from end users', async () => {
    expect((await server.api('/api/admin/knowledge-bases', { token: acmeUser })).status).toBe(403);
    expect((await server.api('/api/admin/knowledge-bases')).status).toBe(401);
  });

  it('answers every frame about a foreign conversation with NOT_FOUND and nothing else', async () => {
    const client = await server.chat(jobs);
    const from = client.frames.length;
    const id = conversation.id;
    const frames = [
      { type: 'user_message', content: 'x', conversation_id: id },
      { type: 'resume', conversation_id: id },
      { type: 'abort', conversation_id: id },
      { type: 'abort', turn_id: conversation.turnId },
    ];
    for (const [index, frame] of frames.entries()) {
      client.send({ ...frame, ref: `r${index}` });
      expect(await client.next('error', { from, where: (seen) => seen['ref'] === `r${index}` })).toMatchObject({
        code: 'NOT_FOUND',
      });
    }
    expect(client.frames.slice(from).every((frame) => frame['type'] === 'error')).toBe(true);
    await client.close();
  });

  it('ignores tenants named in headers and bodies', async () => {
    const spoofed = await server.api('/api/admin/knowledge-bases', { token: jobs, headers: { 'x-tenant-id': 'acme' } });
    expect(spoofed.body.data.map((row: { id: string }) => row.id)).not.toContain(base.id);
    const extra = await server.api('/api/jobs/chat', { token: jobs, body: { content: 'x', tenant_id: 'acme' } });
    expect(extra.status).toBe(400);
  });

  it("never answers from another tenant's documents", async () => {
    const client = await server.chat(jobs);
    const { text, message } = await client.ask('What is the ACME returns policy for gift cards?');
    const sources: string[] = message?.['metadata'].source_chunks ?? [];
    for (const chunk of sources) {
      const search = await server.api(`/api/admin/knowledge-bases/${base.id}/documents/${base.documentId}/chunks`, {
        token: acme,
      });
      expect(search.body.data.map((row: { id: string }) => row.id)).not.toContain(chunk);
    }
    expect(text).not.toMatch(/30 days|refund within/i);
    await client.close();
  });

  it('refuses a foreign page as an origin, and lets its own in', async () => {
    const url = `${server.url.replace('http', 'ws')}/ws/chat`;
    const evil = ChatClient.connect(url, { origin: 'https://evil.example', authorization: `Bearer ${jobs}` });
    await expect(evil.next('ready')).rejects.toThrow(/refused with 403/);
    const own = ChatClient.connect(url, { origin: server.url, authorization: `Bearer ${jobs}` });
    expect(await own.next('ready')).toBeDefined();
    await own.close();
  });
});
