import { generateKeyPairSync } from 'node:crypto';
import { AgentDirectoryCache, AgentsModule } from '#agents';
import { CredentialService } from '#llm';
import { newId } from '#platform/database';
import { FEATURES } from '#platform/http';
import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { TenantService } from '#tenants';
import { ToolService } from '#tools';
import { SignJWT } from 'jose';
import { EventFanOut } from '../../../src/webhooks/deliveries/event-fan-out.js';
import { AuthApp } from '../auth/auth-app.js';
import { type Answer, ChatApp, type Person } from '../channels/chat-app.js';

const PAGE = 'https://shop.example.com';
const ISSUER = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = String(ISSUER.publicKey.export({ type: 'spki', format: 'pem' }));
const WITHOUT = (feature: string) => FEATURES.filter((each) => each !== feature);

/** A refusal says what is missing, and who can change it. */
const refusedFor = (feature: string) => ({
  status: 403,
  body: { code: 'FORBIDDEN', detail: expect.stringMatching(new RegExp(`operator.*"${feature}"`)) },
});

describe('features of the API', () => {
  let app: AuthApp;
  let root: Awaited<ReturnType<AuthApp['signedIn']>>;
  let admin: Awaited<ReturnType<AuthApp['signedIn']>>;
  beforeAll(async () => {
    app = await AuthApp.start({ REQUESTS_PER_MINUTE: '0' }, { imports: [OutboundModule, QueueModule, AgentsModule] });
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    root = await app.signedIn('platform_admin', { tenantId: id, slug: 'platform' });
  }, 60_000);
  beforeEach(async () => {
    admin = await app.signedIn('tenant_admin');
  });
  afterAll(() => app.stop());

  const put = (features: unknown, tools: unknown = null) => {
    const body = { features, tools };
    return app.call(`/api/admin/tenants/${admin.tenantId}/entitlements`, { method: 'PUT', token: root.token, body });
  };
  const grantTools = async (tools: readonly string[], features: readonly string[] | null) =>
    expect((await put(features, tools)).status).toBe(200);
  const grant = async (features: readonly string[] | null) => expect((await put(features)).status).toBe(200);
  const call = (path: string, body?: object, method?: string) =>
    app.call(`/api/admin/${path}`, {
      token: admin.token,
      ...(body === undefined ? {} : { body }),
      ...(method && { method }),
    });
  const idOf = async (answer: Promise<Answer>) => {
    const { body, text } = await answer;
    if (body['id'] === undefined) throw new Error(text);
    return String(body['id']);
  };

  it('are those that there are: an unknown one is refused by name', async () => {
    expect(await put(['widgets', 'teleport'])).toMatchObject({
      status: 422,
      text: expect.stringContaining('features'),
    });
    expect((await put(['*'])).body).toMatchObject({ features: ['*'] });
    expect((await put([...FEATURES])).body).toMatchObject({ features: FEATURES });
  });

  it('that a row of another version names, and nobody knows, are passed over', async () => {
    await grant(['knowledge']);
    await app.database.uow.query(
      admin,
      `UPDATE app.entitlement SET features = '{knowledge,teleport}' WHERE tenant_id = $1`,
      [admin.tenantId],
    );
    const read = await app.call(`/api/admin/tenants/${admin.tenantId}/entitlements`, { token: root.token });
    expect(read.body).toMatchObject({ features: ['knowledge', 'teleport'] });
    expect((await call('knowledge-bases', { name: 'B' })).status).toBe(201);
  });

  const credential = {
    kind: 'header',
    name: 'C',
    base_url: 'https://a.example/',
    header: 'X-Key',
    secret: 'long enough',
  };
  const issuer = () => ({ issuer: `https://${newId()}.example/`, audience: ['a'], public_key: PEM });

  it.each([
    ['api_keys', 'api-keys', () => ({ name: newId() }), ['transfer'], [] as string[]],
    ['credentials', 'credentials', () => ({ ...credential, name: newId() }), ['test'], ['PATCH']],
    ['trusted_issuers', 'trusted-issuers', issuer, [], ['PATCH']],
    ['knowledge', 'knowledge-bases', () => ({ name: newId() }), ['search'], ['PATCH']],
  ])('%s: what is there can be read and deleted, and nothing else', async (feature, path, body, commands, methods) => {
    const id = await idOf(call(path, body()));
    await grant(WITHOUT(feature));
    expect(await call(path, body())).toMatchObject(refusedFor(feature));
    const sent = { user_id: admin.id, query: 'x' };
    for (const command of commands)
      expect(await call(`${path}/${id}/${command}`, sent)).toMatchObject(refusedFor(feature));
    for (const method of methods)
      expect(await call(`${path}/${id}`, { name: 'Other' }, method)).toMatchObject(refusedFor(feature));
    expect((await call(`${path}/${id}`)).status).toBe(200);
    expect((await call(path)).status).toBe(200);
    // Who has the feature only is served as before.
    await grant([feature]);
    const another = await idOf(call(path, body()));
    await grant([]);
    for (const each of [id, another]) expect((await call(`${path}/${each}`, undefined, 'DELETE')).status).toBe(204);
  });

  it('without knowledge take no documents and show a turn no agent or tool that answers from them', async () => {
    const base = await idOf(call('knowledge-bases', { name: 'B' }));
    const path = `knowledge-bases/${base}/documents`;
    const document = await idOf(call(path, { title: 'T', text: 'word' }));
    const search = { key: 'faq', name: 'F', description: 'd', kind: 'builtin' as const, personas: [] };
    const config = { builtin: 'search_knowledge', knowledge_base_ids: [base] };
    const tools = await app.app
      .get(ToolService)
      .ensure(admin, [{ ...search, config, inputSchema: { type: 'object' }, readOnly: true, idempotent: true }]);
    for (const kind of ['domain', 'knowledge'])
      await idOf(call('agents', { key: kind, kind, name: kind, description: 'd', tool_ids: [...tools.values()] }));
    const shown = async () => {
      const { agents } = await app.app.get(AgentDirectoryCache).directory(admin);
      return agents.map((agent) => [agent.key, agent.tools.map((tool) => tool.key)]);
    };
    await grantTools(['*'], null);
    expect(await shown()).toEqual([
      ['domain', ['faq']],
      ['knowledge', ['faq']],
    ]);
    await grantTools(['*'], WITHOUT('knowledge'));
    expect(await shown()).toEqual([['domain', []]]);
    const agent = { key: 'more', kind: 'knowledge', name: 'M', description: 'd' };
    expect(await call('agents', agent)).toMatchObject(refusedFor('knowledge'));
    expect(await call(path, { title: 'U', text: 'word' })).toMatchObject(refusedFor('knowledge'));
    expect(await call(`${path}/${document}/reindex`, {})).toMatchObject(refusedFor('knowledge'));
    expect(await call(`${path}/${document}`, { title: 'V' }, 'PATCH')).toMatchObject(refusedFor('knowledge'));
    expect((await call(`${path}/${document}`)).status).toBe(200);
    expect((await call(`${path}/${document}`, undefined, 'DELETE')).status).toBe(204);
  });

  it('without credentials open none for a request', async () => {
    const id = await idOf(call('credentials', { ...credential, name: 'used' }));
    const access = () => app.app.get(CredentialService).access(admin, id, 'https://a.example/x');
    expect(await access()).toMatchObject({ headers: { 'x-key': 'long enough' } });
    await grant(WITHOUT('credentials'));
    expect(await access()).toBe('not enabled');
  });
});

describe('features in use', () => {
  let app: ChatApp;
  let beside: ChatApp;
  let root: Person;
  let tenant: { tenantId: string; slug: string };
  let admin: Person;
  beforeAll(async () => {
    app = await ChatApp.start();
    beside = await ChatApp.start({}, app);
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    root = await app.person({ tenantId: id, slug: 'platform' }, 'platform_admin');
  }, 60_000);
  beforeEach(async () => {
    tenant = await app.tenant();
    admin = await app.person(tenant, 'tenant_admin');
  });
  afterAll(async () => {
    await beside.stop();
    await app.stop();
  });

  const grant = async (features: readonly string[] | null) => {
    const path = `/api/admin/tenants/${tenant.tenantId}/entitlements`;
    expect((await app.call(path, { method: 'PUT', token: root.token, body: { features } })).status).toBe(200);
  };
  const made = async (path: string, body: object) => {
    const answer = await app.call(`/api/admin/${path}`, { token: admin.token, body });
    expect([answer.status, answer.text]).toEqual([201, answer.text]);
    return answer.body;
  };
  const secretKey = async () => String((await made('api-keys', { name: newId() }))['key']);

  const WAYS: Record<string, () => Promise<string>> = {
    api_keys: secretKey,
    end_user_tokens: async () => {
      const body = { external_id: 'u1' };
      const answer = await app.call('/api/auth/end-user-tokens', { token: await secretKey(), body });
      return String(answer.body['access_token']);
    },
    trusted_issuers: async () => {
      const { issuer } = await made('trusted-issuers', {
        issuer: `https://${newId()}.example/`,
        audience: ['a'],
        public_key: PEM,
      });
      const times = { iat: Math.floor(Date.now() / 1000) - 5, exp: Math.floor(Date.now() / 1000) + 600 };
      return new SignJWT({ iss: String(issuer), aud: 'a', sub: 'u1', ...times })
        .setProtectedHeader({ alg: 'RS256' })
        .sign(ISSUER.privateKey);
    },
    widgets: async () => {
      const { public_key: key } = await made('widgets', { name: newId(), origins: [PAGE] });
      const path = `/api/public/widgets/${String(key)}/sessions`;
      const answer = await app.call(path, { body: {}, headers: { origin: PAGE } });
      return String(answer.body['access_token']);
    },
  };

  it.each(Object.keys(WAYS))(
    'without %s whoever came in by it is refused, on every instance and socket',
    async (way) => {
      const token = await WAYS[way]!();
      const headers: Record<string, string> = way === 'widgets' ? { origin: PAGE } : {};
      const ask = (on: ChatApp) => on.call(`/api/${tenant.slug}/chat`, { token, headers, body: { content: 'echo x' } });
      const open = () => app.socket('/ws/chat', { headers: { authorization: `Bearer ${token}`, ...headers } });
      expect((await ask(app)).status).toBe(200);
      expect((await ask(beside)).status).toBe(200);
      const socket = await open();
      await socket.next('ready');

      await grant(WITHOUT(way));
      expect(await ask(app)).toMatchObject(refusedFor(way));
      expect(await ask(beside)).toMatchObject(refusedFor(way));
      socket.send({ content: 'echo y', ref: 'r' });
      expect(await socket.next('error', ({ ref }) => ref === 'r')).toMatchObject({ code: 'FORBIDDEN' });
      const late = await open();
      expect(await late.next('error')).toMatchObject({ code: 'FORBIDDEN' });
      await late.until(() => late.closed !== null, 'closed');
      expect(late.closed?.code).toBe(4403);
      // Whoever signed in by a password is not concerned.
      const own = await app.person(tenant);
      const body = { content: 'echo z' };
      expect((await app.call(`/api/${tenant.slug}/chat`, { token: own.token, body })).status).toBe(200);

      await grant(null);
      expect((await ask(app)).status).toBe(200);
      expect((await ask(beside)).status).toBe(200);
      await socket.close();
    },
  );

  it('without end_user_tokens mint none', async () => {
    const key = await secretKey();
    await grant(WITHOUT('end_user_tokens'));
    const answer = await app.call('/api/auth/end-user-tokens', { token: key, body: { external_id: 'u1' } });
    expect(answer).toMatchObject(refusedFor('end_user_tokens'));
  });

  it('without trusted_issuers make nobody of a token’s person', async () => {
    const token = await WAYS['trusted_issuers']!();
    await grant(WITHOUT('trusted_issuers'));
    expect(await app.call('/api/auth/me', { token })).toMatchObject(refusedFor('trusted_issuers'));
    const users = await app.call('/api/admin/users?q=u1', { token: admin.token });
    expect(users.body['data']).toEqual([]);
    // One that is forged is told nothing.
    const forged = `${token.slice(0, -8)}AAAAAAAA`;
    expect((await app.call('/api/auth/me', { token: forged })).status).toBe(401);
  });

  it('without widgets serve none, and strangers’ pages are told no more than before', async () => {
    const { id, public_key: key } = await made('widgets', { name: 'Shop', origins: [PAGE] });
    await grant(WITHOUT('widgets'));
    const at = `/api/public/widgets/${String(key)}`;
    const headers = { origin: PAGE };
    for (const on of [app, beside]) {
      expect(await on.call(`${at}/config`, { headers })).toMatchObject(refusedFor('widgets'));
      expect(await on.call(`${at}/sessions`, { headers, body: {} })).toMatchObject(refusedFor('widgets'));
    }
    const foreign = await app.call(`${at}/config`, { headers: { origin: 'https://evil.example' } });
    expect([foreign.status, foreign.text.includes('"widgets"')]).toEqual([403, false]);
    const path = `/api/admin/widgets/${String(id)}`;
    const by = { token: admin.token };
    expect((await app.call(path, by)).status).toBe(200);
    expect(await app.call(path, { ...by, method: 'PATCH', body: { name: 'X' } })).toMatchObject(refusedFor('widgets'));
    expect(await app.call(`${path}/rotate-secret`, { ...by, body: {} })).toMatchObject(refusedFor('widgets'));
    const body = { name: 'Y', origins: [PAGE] };
    expect(await app.call('/api/admin/widgets', { ...by, body })).toMatchObject(refusedFor('widgets'));
    expect((await app.call(path, { ...by, method: 'DELETE' })).status).toBe(204);
  });

  it('without webhooks tell nobody, and make none', async () => {
    const { id } = await made('webhooks', { url: 'https://hooks.example.com/', events: ['turn.completed'] });
    const at = `/api/admin/webhooks/${String(id)}`;
    const by = { token: admin.token };
    await grant(WITHOUT('webhooks'));
    const own = await app.person(tenant);
    await app.call(`/api/${tenant.slug}/chat`, { token: own.token, body: { content: 'echo quietly' } });
    await app.app.get(EventFanOut, { strict: false }).run(() => false);
    expect((await app.call(`${at}/deliveries`, by)).body['data']).toEqual([]);
    expect((await app.call(at, by)).status).toBe(200);
    const body = { url: 'https://hooks.example.com/', events: ['turn.failed'] };
    expect(await app.call('/api/admin/webhooks', { ...by, body })).toMatchObject(refusedFor('webhooks'));
    expect(await app.call(at, { ...by, method: 'PATCH', body })).toMatchObject(refusedFor('webhooks'));
    for (const command of ['test', 'rotate-secret'])
      expect(await app.call(`${at}/${command}`, { ...by, method: 'POST' })).toMatchObject(refusedFor('webhooks'));
    expect((await app.call(at, { ...by, method: 'DELETE' })).status).toBe(204);
  });
});
