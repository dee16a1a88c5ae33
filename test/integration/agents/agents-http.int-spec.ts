import { AgentDirectoryCache, AgentsModule } from '#agents';
import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { AuthApp } from '../auth/auth-app.js';

const AGENTS = '/api/admin/agents';
const TOOLS = '/api/admin/tools';
const UNKNOWN = '01900000-0000-7000-8000-000000000000';

const TOOL = {
  key: 'get_weather',
  name: 'Weather',
  description: 'The weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  config: { url: 'https://weather.example/v1?city={{city}}', headers: { 'x-shop': 'north' } },
  read_only: true,
};

let app: AuthApp;
let admin: Awaited<ReturnType<AuthApp['signedIn']>>;
let other: Awaited<ReturnType<AuthApp['signedIn']>>;

beforeAll(async () => {
  app = await AuthApp.start({}, { imports: [OutboundModule, QueueModule, AgentsModule] });
  admin = await app.signedIn('tenant_admin');
  other = await app.signedIn('tenant_admin');
}, 60_000);
afterAll(() => app.stop());

const send = (path: string, body: unknown, method = 'POST', token = admin.token) =>
  app.call(path, { method, body, token });

describe('agents and tools over HTTP', () => {
  it('gives a new tenant an agent with a knowledge base, which its next turn sees', async () => {
    const base = await send('/api/admin/knowledge-bases', { name: 'Menu' });
    const made = await send(AGENTS, {
      key: 'support',
      kind: 'knowledge',
      name: 'Support',
      description: 'Answers from the documents',
      knowledge_base_ids: [base.body['id']],
    });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`${AGENTS}/${String(made.body['id'])}`);
    expect(made.body).toMatchObject({ key: 'support', enabled: true, tool_ids: [], answer_template: null });
    const scope = { tenantId: admin.tenantId };
    const { agents } = await app.app.get(AgentDirectoryCache).directory(scope);
    expect(agents).toMatchObject([{ key: 'support', knowledgeBaseIds: [base.body['id']] }]);

    const path = `${AGENTS}/${String(made.body['id'])}`;
    const changed = await send(path, { name: 'Help', enabled: false }, 'PATCH');
    expect(changed.body).toMatchObject({ name: 'Help', enabled: false, description: 'Answers from the documents' });
    expect((await app.app.get(AgentDirectoryCache).directory(scope)).agents).toEqual([]);
    const stale = await app.call(path, {
      method: 'PATCH',
      token: admin.token,
      body: { name: 'Late' },
      headers: { 'if-match': made.headers.get('etag') ?? '"none"' },
    });
    expect(stale.body).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });

    expect((await send(AGENTS, { key: 'support', kind: 'knowledge', name: 'Twice' })).status).toBe(409);
    expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
    expect((await app.call(path, { token: admin.token })).status).toBe(404);
  });

  it('gives an agent its tools', async () => {
    const tool = await send(TOOLS, TOOL);
    expect(tool.status).toBe(201);
    expect(tool.body).toMatchObject({ kind: 'http', config: { headers: { 'x-shop': 'north' } } });
    const agent = await send(AGENTS, { key: 'weather', kind: 'domain', name: 'Weather', tool_ids: [tool.body['id']] });
    expect(agent.body).toMatchObject({ tool_ids: [tool.body['id']] });
    const { agents } = await app.app.get(AgentDirectoryCache).directory({ tenantId: admin.tenantId });
    expect(agents.find(({ key }) => key === 'weather')?.tools).toMatchObject([{ key: 'get_weather' }]);

    expect((await send(TOOLS, TOOL)).status).toBe(409);
    const path = `${TOOLS}/${String(tool.body['id'])}`;
    expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
    const after = await app.call(`${AGENTS}/${String(agent.body['id'])}`, { token: admin.token });
    expect(after.body).toMatchObject({ tool_ids: [] });
  });

  it.each([
    ['an unknown tool', AGENTS, { key: 'a', kind: 'domain', name: 'A', tool_ids: [UNKNOWN] }, 422, 'tool_ids'],
    [
      'an unknown base',
      AGENTS,
      { key: 'a', kind: 'knowledge', name: 'A', knowledge_base_ids: [UNKNOWN] },
      422,
      UNKNOWN,
    ],
    [
      'a broken template',
      AGENTS,
      { key: 'a', kind: 'domain', name: 'A', answer_template: '{% if %}' },
      422,
      'template',
    ],
    ['a key that cannot be one', AGENTS, { key: 'A b', kind: 'domain', name: 'A' }, 422, 'key'],
    ['an unknown field', AGENTS, { key: 'a', kind: 'domain', name: 'A', prompt: 'x' }, 400, 'prompt'],
    [
      'a secret in plain text',
      TOOLS,
      { ...TOOL, config: { url: 'https://weather.example/x', headers: { authorization: 'Bearer very-secret' } } },
      422,
      'credential_id',
    ],
    ['a private address', TOOLS, { ...TOOL, config: { url: 'http://127.0.0.1:1/x' } }, 422, 'config'],
    ['a broken schema', TOOLS, { ...TOOL, input_schema: { type: 'string' } }, 422, 'input_schema'],
  ])('refuses %s, and makes nothing', async (_what, path, body, status, word) => {
    const count = async () => (await app.call(path, { token: admin.token })).body['data'] as unknown as unknown[];
    const before = await count();
    const answer = await send(path, body);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(word);
    expect(await count()).toEqual(before);
  });

  it("keeps tenants and roles apart: another's agent, tool and base are not there, end users may not look", async () => {
    const tool = await send(TOOLS, { ...TOOL, key: 'private' });
    const agent = await send(AGENTS, { key: 'private', kind: 'domain', name: 'Private' });
    for (const [path, made] of [
      [TOOLS, tool],
      [AGENTS, agent],
    ] as const) {
      const own = `${path}/${String(made.body['id'])}`;
      expect((await app.call(own, { token: other.token })).status).toBe(404);
      expect((await app.call(own, { method: 'DELETE', token: other.token })).status).toBe(404);
      expect((await app.call(path, { token: other.token })).body).toMatchObject({ data: [] });
    }
    const foreign = { key: 'thief', kind: 'domain', name: 'Thief', tool_ids: [tool.body['id']] };
    expect((await send(AGENTS, foreign, 'POST', other.token)).status).toBe(422);
    const base = await send('/api/admin/knowledge-bases', { name: 'Private' });
    const reader = { key: 'reader', kind: 'knowledge', name: 'Reader', knowledge_base_ids: [base.body['id']] };
    expect((await send(AGENTS, reader, 'POST', other.token)).status).toBe(422);
    expect((await app.call(AGENTS, { token: other.token })).body).toMatchObject({ data: [] });
    const user = await app.signedIn('end_user', admin);
    expect((await app.call(AGENTS, { token: user.token })).status).toBe(403);
    const supporter = await app.signedIn('supporter', admin);
    expect((await app.call(AGENTS, { token: supporter.token })).status).toBe(200);
    expect((await send(AGENTS, { key: 'x', kind: 'domain', name: 'X' }, 'POST', supporter.token)).status).toBe(403);
  });
});
