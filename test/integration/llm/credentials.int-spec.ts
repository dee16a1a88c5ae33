import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentsModule } from '#agents';
import { newId, UnitOfWork } from '#platform/database';
import { OutboundModule, TenantAllowList } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { HttpTool, type ToolCallContext, type ToolDefinition } from '#tools';
import { AuthApp } from '../auth/auth-app.js';

const PATH = '/api/admin/credentials';
const SECRET = 'sk-canary-secret-4711';

let app: AuthApp;
let admin: Awaited<ReturnType<AuthApp['signedIn']>>;
let other: Awaited<ReturnType<AuthApp['signedIn']>>;
let server: Server;
let origin: string;
let requests: IncomingMessage[];
let answer: (request: IncomingMessage) => { status: number; body: unknown; location?: string };
let made = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    const { body, location, status } = answer(request);
    const headers = { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) };
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  app = await AuthApp.start({}, { imports: [OutboundModule, QueueModule, AgentsModule] });
  admin = await app.signedIn('tenant_admin');
  other = await app.signedIn('tenant_admin');
  for (const { tenantId } of [admin, other]) app.app.get(TenantAllowList).set(tenantId, [`127.0.0.1:${port}`]);
}, 60_000);

afterAll(async () => {
  await app.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  requests = [];
  answer = () => ({ status: 200, body: { stock: 3 } });
});

const header = (rest: object = {}) => ({
  kind: 'header',
  name: `Shop ${made++}`,
  base_url: `${origin}/api`,
  header: 'X-Api-Key',
  secret: SECRET,
  ...rest,
});
const create = (body: object, token = admin.token) => app.call(PATH, { token, body });
const patch = (id: string, body: object, headers: Record<string, string> = {}) =>
  app.call(`${PATH}/${id}`, { method: 'PATCH', token: admin.token, body, headers });

async function created(rest: object = {}): Promise<string> {
  const made = await create(header(rest));
  expect([made.text, made.status]).toEqual([made.text, 201]);
  return String(made.body['id']);
}

async function newTool(config: object, credentialId: string | null, token = admin.token) {
  const body = { key: `t${made++}`, name: 'Stock', description: 'How many', config, credential_id: credentialId };
  return app.call('/api/admin/tools', { token, body });
}

const everythingOf = (table: string) =>
  app.app
    .get(UnitOfWork)
    .query(admin, `SELECT to_jsonb(t)::text AS row FROM app.${table} t WHERE tenant_id = $1`, [admin.tenantId]);

describe('credentials', () => {
  it('are written, shown by their last four characters, and read back by nobody', async () => {
    const made = await create(header());
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ kind: 'header', header: 'X-Api-Key', last4: '4711', used_by: [], error: null });
    const id = String(made.body['id']);
    const seen = [
      made,
      await app.call(PATH, { token: admin.token }),
      await app.call(`${PATH}/${id}`, { token: admin.token }),
      await patch(id, { name: `renamed ${made}` }),
      await app.call(`${PATH}/${id}/test`, { method: 'POST', token: admin.token }),
    ];
    for (const { text } of seen) expect(text).not.toContain('canary');
    for (const table of ['credential', 'audit_event'])
      expect(JSON.stringify(await everythingOf(table))).not.toContain('canary');
  });

  it('are changed under If-Match; a new secret replaces the old, and the test of the old is forgotten', async () => {
    const id = await created();
    await app.call(`${PATH}/${id}/test`, { method: 'POST', token: admin.token });
    const read = await app.call(`${PATH}/${id}`, { token: admin.token });
    expect(read.body['tested_at']).not.toBeNull();
    const ifMatch = { 'if-match': read.headers.get('etag') ?? '' };
    const changed = await patch(id, { secret: 'another-secret-0815' }, ifMatch);
    expect(changed.body).toMatchObject({ last4: '0815', tested_at: null });
    expect((await patch(id, { name: 'late' }, ifMatch)).status).toBe(412);
  });

  it('go to another address only with the secret again: who cannot read it must not be able to send it away', async () => {
    const id = await created();
    for (const base_url of ['https://thief.example/api', `${origin}/`, `${origin}/ap`])
      expect([base_url, (await patch(id, { base_url })).status]).toEqual([base_url, 422]);
    // Narrower is no other address.
    expect((await patch(id, { base_url: `${origin}/api/v2` })).status).toBe(200);
    expect((await patch(id, { base_url: 'https://shop.example/api', secret: 'sent-once-more-1' })).status).toBe(200);
  });

  it('let a tool’s requests in, as a header, a parameter or Basic', async () => {
    const http = app.app.get(HttpTool);
    const cases = [
      { body: header(), sees: { 'x-api-key': SECRET } },
      { body: header({ header: 'Authorization', scheme: 'Bearer' }), sees: { authorization: `Bearer ${SECRET}` } },
      { body: header({ header: undefined, query: 'api_key' }), url: `/api/x?a=1&api_key=${SECRET}` },
      {
        body: { kind: 'basic', name: `b${made++}`, base_url: origin, username: 'shop', secret: SECRET },
        sees: { authorization: `Basic ${Buffer.from(`shop:${SECRET}`).toString('base64')}` },
      },
    ];
    for (const { body, sees = {}, url = '/api/x?a=1' } of cases) {
      const { body: stored } = await create(body);
      const result = await http.execute(definition(`${origin}/api/x?a=1`, String(stored['id'])), {}, context());
      expect(result).toMatchObject({ ok: true, data: { stock: 3 } });
      expect(requests.at(-1)).toMatchObject({ url, headers: sees });
    }
  });

  it('are taken out of what the other side says', async () => {
    const id = await created();
    answer = () => ({ status: 400, body: { message: `bad key ${SECRET}` } });
    const result = await app.app.get(HttpTool).execute(definition(`${origin}/api/x`, id), {}, context());
    expect(result).toMatchObject({ ok: false });
    expect(JSON.stringify(result)).not.toContain('canary');
    const tested = await app.call(`${PATH}/${id}/test`, { method: 'POST', token: admin.token });
    expect(tested.text).not.toContain('canary');
  });

  it('are not sent where their address does not cover it, nor when they are gone', async () => {
    const id = await created();
    for (const path of ['/other', '/apiary', '/api/../other']) {
      const result = await app.app.get(HttpTool).execute(definition(`${origin}${path}`, id), {}, context());
      expect(result).toMatchObject({ ok: false, code: 'TOOL_ERROR' });
    }
    const gone = await app.app.get(HttpTool).execute(definition(`${origin}/api/x`, newId()), {}, context());
    expect(gone).toMatchObject({ ok: false, message: expect.stringContaining('credential') });
    expect(requests).toEqual([]);
  });

  it('are named by tools of their own tenant for their own address, and not deleted while they are', async () => {
    const id = await created();
    const tool = await newTool({ url: `${origin}/api/items` }, id);
    expect(tool.status).toBe(201);
    expect(tool.body).toMatchObject({ credential_id: id });
    const { body } = await app.call(`${PATH}/${id}`, { token: admin.token });
    expect(body['used_by']).toEqual([{ type: 'tool', id: tool.body['id'], name: 'Stock' }]);
    const refused = await app.call(`${PATH}/${id}`, { method: 'DELETE', token: admin.token });
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('Stock')]);
    expect((await newTool({ url: `${origin}/elsewhere` }, id)).status).toBe(422);
    const theirs = await create(header(), other.token);
    for (const foreign of [newId(), String(theirs.body['id'])])
      expect((await newTool({ url: `${origin}/api/items` }, foreign)).status).toBe(422);
    const path = `/api/admin/tools/${String(tool.body['id'])}`;
    const without = await app.call(path, { method: 'PATCH', token: admin.token, body: { credential_id: null } });
    expect(without.body).toMatchObject({ credential_id: null });
    expect((await app.call(`${PATH}/${id}`, { method: 'DELETE', token: admin.token })).status).toBe(204);
    expect((await app.call(`${PATH}/${id}`, { token: admin.token })).status).toBe(404);
  });

  it('of a provider are tested by asking for its models', async () => {
    const { body } = await create({
      kind: 'provider',
      name: `p${made++}`,
      provider: 'openai',
      base_url: `${origin}/v1`,
      secret: SECRET,
    });
    const test = () => app.call(`${PATH}/${String(body['id'])}/test`, { method: 'POST', token: admin.token });
    answer = () => ({ status: 200, body: { data: [{ id: 'gpt-4o-mini' }, { id: 'o3' }] } });
    expect((await test()).body).toEqual({ ok: true, error: null, models: ['gpt-4o-mini', 'o3'] });
    expect(requests.at(-1)).toMatchObject({ url: '/v1/models', headers: { authorization: `Bearer ${SECRET}` } });
    for (const [status, said] of [
      [401, /refused/],
      [403, /refused/],
      [500, /problem/],
      [404, /status 404/],
    ] as const) {
      answer = () => ({ status, body: { error: { message: `no ${SECRET}` } } });
      expect((await test()).body).toEqual({ ok: false, error: expect.stringMatching(said), models: [] });
    }
    answer = () => ({ status: 200, body: ['a page'] });
    expect((await test()).body).toMatchObject({ ok: false, error: expect.stringContaining('base_url') });
    const read = await app.call(`${PATH}/${String(body['id'])}`, { token: admin.token });
    expect(read.body).toMatchObject({ error: expect.stringContaining('base_url'), tested_at: expect.any(String) });
  });

  it('are not shown by a test whose other side repeats them', async () => {
    const { body } = await create({
      kind: 'provider',
      name: `p${made++}`,
      provider: 'openai',
      base_url: origin,
      secret: SECRET,
    });
    answer = ({ headers }) => ({
      status: 200,
      body: { data: [{ id: `not ${headers.authorization}` }, { id: Buffer.from(SECRET).toString('base64') }] },
    });
    const tested = await app.call(`${PATH}/${String(body['id'])}/test`, { method: 'POST', token: admin.token });
    expect(tested.body).toMatchObject({ ok: true, models: ['not Bearer [secret]', '[secret]'] });
  });

  it.each([301, 302, 303, 307, 308])(
    'stay where their address covers it when a test is sent elsewhere (%s)',
    async (status) => {
      const id = await created();
      const test = async (location: string) => {
        requests = [];
        answer = ({ url }) => ({ status: url === '/api' ? status : 200, body: {}, location });
        return (await app.call(`${PATH}/${id}/test`, { method: 'POST', token: admin.token })).body;
      };
      const keys = () => requests.map(({ headers }) => headers['x-api-key']);
      expect(await test('/api/v2')).toMatchObject({ ok: true });
      expect(keys()).toEqual([SECRET, SECRET]);
      // Out of its path, and to another name of the same server.
      await test('/other');
      expect(keys()).toEqual([SECRET, undefined]);
      app.app.get(TenantAllowList).set(admin.tenantId, [new URL(origin).host, `localhost:${new URL(origin).port}`]);
      await test(origin.replace('127.0.0.1', 'localhost'));
      expect(keys()).toEqual([SECRET, undefined]);
      // This machine, and what else is not for tenants, is not asked.
      app.app.get(TenantAllowList).set(admin.tenantId, [new URL(origin).host]);
      for (const to of ['localhost', '127.0.0.2', '[::ffff:127.0.0.1]', '2130706433', '0.0.0.0']) {
        expect(await test(origin.replace('127.0.0.1', to))).toMatchObject({
          ok: to === '2130706433',
          error: to === '2130706433' ? null : expect.stringContaining('not allowed'),
        });
        expect([to, requests.length]).toEqual([to, to === '2130706433' ? 2 : 1]);
      }
    },
  );

  it('are of one tenant: another’s are like none', async () => {
    const id = await created();
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/test'],
    ] as const)
      expect((await app.call(`${PATH}/${id}${path}`, { method, token: other.token })).status).toBe(404);
    const { status } = await app.call(`${PATH}/${id}`, { method: 'PATCH', token: other.token, body: { name: 'x' } });
    expect(status).toBe(404);
    // The row of one under the id of another opens nowhere (its tenant and id are part of the seal).
    const theirs = await create(header(), other.token);
    const stolen = String(theirs.body['id']);
    const [row] = await app.app
      .get(UnitOfWork)
      .query<{ sealed: Buffer }>(admin, 'SELECT sealed FROM app.credential WHERE tenant_id = $1 AND id = $2', [
        admin.tenantId,
        id,
      ]);
    await app.app
      .get(UnitOfWork)
      .query(other, 'UPDATE app.credential SET sealed = $3 WHERE tenant_id = $1 AND id = $2', [
        other.tenantId,
        stolen,
        row?.sealed,
      ]);
    const call = { ...context(), ctx: { ...context().ctx, tenantId: other.tenantId } };
    const result = await app.app.get(HttpTool).execute(definition(`${origin}/api/x`, stolen), {}, call);
    expect(result).toMatchObject({ ok: false });
    expect(requests).toEqual([]);
  });

  it('are refused where they do not fit, and nothing is stored', async () => {
    const count = async () => (await everythingOf('credential')).length;
    const before = await count();
    const bad: object[] = [
      header({ secret: '' }),
      header({ secret: ' padded-secret' }),
      header({ secret: 'line\r\nbreak-secret' }),
      header({ header: 'host' }),
      header({ header: 'bad header' }),
      header({ query: 'both' }),
      header({ header: undefined }),
      header({ base_url: 'http://169.254.169.254/latest' }),
      header({ base_url: 'http://10.0.0.1/' }),
      header({ base_url: 'ftp://x.example/' }),
      header({ base_url: 'https://a:b@x.example/' }),
      header({ base_url: 'https://x.example/?q=1' }),
      { kind: 'provider', name: 'p', provider: 'nobody', secret: SECRET },
      { kind: 'basic', name: 'b', base_url: origin, username: 'a:b', secret: SECRET },
      { kind: 'oauth', name: 'o', secret: SECRET },
    ];
    for (const body of bad) {
      const refused = await create(body);
      expect([JSON.stringify(body), refused.status]).toEqual([JSON.stringify(body), 422]);
      expect(refused.text).not.toContain('canary');
    }
    expect((await create(header({ tenant_id: other.tenantId }))).status).toBe(400);
    const name = `taken ${made++}`;
    const both = await Promise.all([create(header({ name })), create(header({ name }))]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await count()).toBe(before + 1);
  });
});

function definition(url: string, credentialId: string): ToolDefinition {
  return {
    id: 'id',
    key: 'stock',
    name: 'Stock',
    description: '',
    kind: 'http',
    inputSchema: { type: 'object', properties: {} },
    idempotent: false,
    readOnly: true,
    personas: [],
    config: { url },
    credentialId,
  };
}

function context(): ToolCallContext {
  return {
    ctx: {
      tenantId: admin.tenantId,
      principal: { id: 'user', role: 'end_user', persona: null, sessionId: null },
      correlationId: 'c',
    },
    turnId: 'turn',
    conversationId: 'conversation',
    run: { messageId: 'question', attempt: 1, start: 1 },
    agentKey: 'stock',
    grants: { tools: ['stock'], entitlements: [] },
    idempotencyKey: 'key',
    signal: new AbortController().signal,
  };
}
