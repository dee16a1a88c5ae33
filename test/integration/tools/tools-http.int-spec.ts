import { AgentDirectoryCache, AgentsModule } from '#agents';
import { UnitOfWork } from '#platform/database';
import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { AuthApp } from '../auth/auth-app.js';

const TOOLS = '/api/admin/tools';
const URL = 'https://stock.example/v1/items/{{item}}';

let app: AuthApp;
let admin: Awaited<ReturnType<AuthApp['signedIn']>>;

beforeAll(async () => {
  app = await AuthApp.start({}, { imports: [OutboundModule, QueueModule, AgentsModule] });
  admin = await app.signedIn('tenant_admin');
}, 60_000);
afterAll(() => app.stop());

let made = 0;

async function newTool(): Promise<{ path: string; id: string; key: string }> {
  const key = `stock_${made++}`;
  const body = {
    key,
    name: 'Stock',
    description: 'How many of an item are there',
    input_schema: { type: 'object', properties: { item: { type: 'string' } }, required: ['item'] },
    config: { url: URL, headers: { 'x-shop': 'north' } },
    read_only: true,
  };
  const answer = await app.call(TOOLS, { token: admin.token, body });
  expect(answer.status).toBe(201);
  const id = String(answer.body['id']);
  expect(answer.headers.get('location')).toBe(`${TOOLS}/${id}`);
  return { path: `${TOOLS}/${id}`, id, key };
}

const patch = (path: string, body: unknown, headers: Record<string, string> = {}, token = admin.token) =>
  app.call(path, { method: 'PATCH', token, body, headers });

async function storedConfig(id: string): Promise<unknown> {
  const sql = 'SELECT config FROM app.tool WHERE tenant_id = $1 AND id = $2';
  const [row] = await app.app
    .get(UnitOfWork)
    .query<{ config: unknown }>({ tenantId: admin.tenantId }, sql, [admin.tenantId, id]);
  return row?.config;
}

describe('tools over HTTP', () => {
  it('are changed under If-Match, field by field', async () => {
    const { path, key } = await newTool();
    const read = await app.call(path, { token: admin.token });
    const ifMatch = { 'if-match': read.headers.get('etag') ?? '' };
    const changed = await patch(path, { name: 'Shelf', personas: ['buyer'] }, ifMatch);
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ key, name: 'Shelf', personas: ['buyer'], read_only: true, enabled: true });
    expect((await patch(path, { name: 'Late' }, ifMatch)).status).toBe(412);
    expect((await app.call(path, { token: admin.token })).body).toEqual(changed.body);
  });

  it('that are disabled are gone from their agents at once, and come back', async () => {
    const { path, id, key } = await newTool();
    const body = { key: `agent_${key}`, kind: 'domain', name: 'Stock', tool_ids: [id] };
    expect((await app.call('/api/admin/agents', { token: admin.token, body })).status).toBe(201);
    const toolsOfAgent = async () => {
      const { agents } = await app.app.get(AgentDirectoryCache).directory({ tenantId: admin.tenantId });
      return agents.find((agent) => agent.key === body.key)?.tools.map((tool) => tool.key);
    };
    expect(await toolsOfAgent()).toEqual([key]);
    expect((await patch(path, { enabled: false })).status).toBe(200);
    expect(await toolsOfAgent()).toEqual([]);
    expect((await patch(path, { enabled: true })).status).toBe(200);
    expect(await toolsOfAgent()).toEqual([key]);
  });

  it('are made once under one Idempotency-Key, and disabled where they are sent so', async () => {
    const config = { url: URL };
    const input_schema = { type: 'object', properties: { item: { type: 'string' } } };
    const body = { key: 'once', name: 'Once', description: 'Made once', enabled: false, input_schema, config };
    const send = () => app.call(TOOLS, { token: admin.token, body, headers: { 'idempotency-key': 'tool-once' } });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(first.body).toMatchObject({ enabled: false });
  });

  it('hold no secret: wherever one is written, it is refused and sent to a credential', async () => {
    const { path, id } = await newTool();
    const before = await storedConfig(id);
    const canary = 'sk-canary-4711';
    const configs = [
      { url: URL, headers: { authorization: `Bearer ${canary}` } },
      { url: URL, headers: { 'X-Api-Key': canary } },
      { url: URL, headers: { cookie: `session=${canary}` } },
      { url: URL, headers: { 'x-custom': `Basic ${canary}` } },
      { url: URL, headers: { 'x-shop-token': `…${canary.slice(-4)}` } },
      { url: `${URL}?api_key=${canary}` },
      { url: `${URL}?page=1&access_token=${canary}` },
      { url: URL, method: 'POST', body: { item: '{{item}}', auth: { client_secret: canary } } },
      { url: URL, method: 'POST', body: { list: [{ password: canary }] } },
    ];
    for (const config of configs) {
      const refused = await patch(path, { config });
      expect([JSON.stringify(config), refused.status]).toEqual([JSON.stringify(config), 422]);
      expect(refused.text).toContain('credential_id');
      expect(refused.text).not.toContain(canary);
    }
    expect(await storedConfig(id)).toEqual(before);
    // Names that only look alike, and values that come from elsewhere, are no secrets.
    const harmless = {
      url: `${URL}?sort_key=name&keyword={{item}}`,
      method: 'POST',
      headers: { 'x-monkey': 'yes', 'x-token': '{{item}}' },
      body: { item: '{{item}}', token: '{{item}}', keys: ['a'] },
    };
    expect((await patch(path, { config: harmless })).status).toBe(200);
  });

  it('refuse a schema that could cost everybody their time, and say what to change', async () => {
    const { path } = await newTool();
    const next = (index: number) => ({ $ref: `#/definitions/d${index + 1}` });
    const definitions = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `d${index}`,
        index === 29 ? { type: 'string' } : { anyOf: [next(index), next(index)] },
      ]),
    );
    const refused = async (properties: object, rest: object = {}): Promise<string> => {
      const answer = await patch(path, { input_schema: { type: 'object', properties, ...rest } });
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ code: 'INVALID_INPUT', errors: [{ path: 'input_schema' }] });
      return JSON.stringify(answer.body);
    };
    expect(await refused({ a: { $ref: '#/definitions/d0' } }, { definitions })).toContain('use fewer alternatives');
    expect(await refused({ a: { type: 'string', pattern: '^(?=.*x).+$' } })).toContain('look-around');
    expect(await refused({ a: { type: 'string', pattern: '^.{1,9000}$' } })).toContain('maxLength');
    // Nothing of the kind with patterns that only backtracking makes slow.
    const slow = { a: { type: 'string', pattern: '^(a|a|a)*(a+)+$' } };
    expect((await patch(path, { input_schema: { type: 'object', properties: slow } })).status).toBe(200);
  });

  it('refuse changes that do not fit, and stay as they were', async () => {
    const { path } = await newTool();
    const before = await app.call(path, { token: admin.token });
    expect((await patch(path, { key: 'other' })).status).toBe(400);
    expect((await patch(path, { name: '' })).status).toBe(422);
    expect((await patch(path, { enabled: 'yes' })).status).toBe(422);
    const schema = await patch(path, { input_schema: { type: 'string' } });
    expect(schema.status).toBe(422);
    expect(schema.body).toMatchObject({ errors: [{ path: 'input_schema' }] });
    const address = await patch(path, { config: { url: 'http://169.254.169.254/latest' } });
    expect(address.status).toBe(422);
    expect(address.body).toMatchObject({ errors: [{ path: 'config' }] });
    expect((await app.call(path, { token: admin.token })).body).toEqual(before.body);
  });

  it("are another tenant's business only, and not a supporter's", async () => {
    const { path } = await newTool();
    const other = await app.signedIn('tenant_admin');
    expect((await patch(path, { name: 'Mine' }, {}, other.token)).status).toBe(404);
    const supporter = await app.signedIn('supporter', admin);
    expect((await patch(path, { name: 'Mine' }, {}, supporter.token)).status).toBe(403);
    expect((await app.call(path, { token: supporter.token })).status).toBe(403);
  });

  it('leave a trail of who made, changed and deleted them', async () => {
    const { path, id } = await newTool();
    await patch(path, { name: 'Shelf' });
    expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
    const rows = await app.app
      .get(UnitOfWork)
      .query<{ action: string }>(
        { tenantId: admin.tenantId },
        'SELECT action FROM app.audit_event WHERE tenant_id = $1 AND target_id = $2 AND actor_id = $3 ORDER BY id',
        [admin.tenantId, id, admin.id],
      );
    expect(rows.map(({ action }) => action)).toEqual(['tool.create', 'tool.update', 'tool.delete']);
  });
});
