import { TenantService, TenantSettingsCache } from '#tenants';
import { type Answer, ChatApp, type Person } from './chat-app.js';

const PASSWORD = 'correct horse battery';

/** Pages of a tenant's own site: they sign in, chat and read over REST and SSE, and no other page does. */
describe('a page of a tenant’s site', () => {
  let app: ChatApp;
  let shop: { tenantId: string; slug: string };
  let buyer: Person;
  let stranger: Person;
  const OWN = 'https://shop.example.com';
  const BELOW = 'https://eu.shop.example.net';
  const OTHERS = 'https://other.example.com';
  const EVIL = 'https://evil.example';

  beforeAll(async () => {
    app = await ChatApp.start();
    shop = await app.tenant({ allowed_origins: [OWN, 'https://*.shop.example.net'] });
    buyer = await app.person(shop);
    stranger = await app.person(await app.tenant({ allowed_origins: [OTHERS] }));
  }, 60_000);
  afterAll(() => app.stop());

  const preflight = (origin: string, path: string, method = 'POST') =>
    app.call(path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    });
  const cors = ({ headers }: Answer) => ({
    origin: headers.get('access-control-allow-origin'),
    credentials: headers.get('access-control-allow-credentials'),
    vary: /\borigin\b/i.test(headers.get('vary') ?? ''),
  });
  const open = (origin: string) => ({ origin, credentials: 'true', vary: true });
  const SHUT = { origin: null, credentials: null, vary: true };

  it.each([OWN, BELOW, OTHERS, 'http://localhost:5173'])('gets its preflight answered (%s)', async (origin) => {
    for (const [path, method] of [
      ['/api/auth/login', 'POST'],
      [`/api/${shop.slug}/chat`, 'POST'],
      [`/api/${shop.slug}/conversations`, 'DELETE'],
      ['/api/admin/settings', 'PATCH'],
    ] as const) {
      const answer = await preflight(origin, path, method);
      expect(answer.status).toBe(204);
      expect(cors(answer)).toEqual(open(origin));
      expect(answer.headers.get('access-control-allow-methods')).toContain(method);
      expect(answer.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    }
  });

  it.each([
    EVIL,
    'null',
    'https://shop.example.com.evil',
    'https://evilshop.example.com',
    'http://shop.example.com',
    'https://shop.example.com:8443',
    'https://shop.example.net',
    'https://a.b.shop.example.net',
    'https://evilshop.example.net',
    'https://*.shop.example.net',
    '*',
    'file://',
  ])('is no page of anybody’s: %s', async (origin) => {
    const answer = await preflight(origin, '/api/auth/login');
    expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(cors(answer)).toEqual(SHUT);
    // Also where it did not ask before.
    const read = await app.call('/api/auth/me', { token: buyer.token, headers: { origin } });
    expect(read).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(cors(read)).toEqual(SHUT);
    expect(cors(await app.call('/.well-known/jwks.json', { headers: { origin } }))).toEqual(SHUT);
  });

  it('says with every answer that it depends on the page', async () => {
    expect(cors(await app.call('/.well-known/jwks.json'))).toEqual(SHUT);
    expect(cors(await app.call('/api/auth/me', { token: buyer.token }))).toEqual(SHUT);
  });

  it.each([OWN, BELOW])('signs its people in and renews them (%s)', async (origin) => {
    const body = { tenant: shop.slug, email: buyer.email, password: PASSWORD };
    const answer = await app.call('/api/auth/login', { body, headers: { origin } });
    expect(answer.status).toBe(200);
    expect(cors(answer)).toEqual(open(origin));
    const refresh = { refresh_token: String(answer.body['refresh_token']) };
    const renewed = await app.call('/api/auth/refresh', { body: refresh, headers: { origin } });
    expect(renewed.status).toBe(200);
    expect(cors(renewed)).toEqual(open(origin));
    // A wrong password is said to the page too.
    const wrong = await app.call('/api/auth/login', { body: { ...body, password: 'x' }, headers: { origin } });
    expect(wrong.status).toBe(401);
    expect(cors(wrong)).toEqual(open(origin));
  });

  it('talks over REST and server-sent events', async () => {
    const headers = { origin: OWN };
    const answer = await app.call(`/api/${shop.slug}/chat`, {
      token: buyer.token,
      body: { content: 'echo hi' },
      headers,
    });
    expect(answer.status).toBe(200);
    expect(cors(answer)).toEqual(open(OWN));
    const stream = await app.call(`/api/${shop.slug}/chat`, {
      token: buyer.token,
      body: { content: 'echo hi' },
      headers: { ...headers, accept: 'text/event-stream' },
    });
    expect(stream.text).toContain('event: done');
    expect(cors(stream)).toEqual(open(OWN));
    expect(stream.headers.get('vary')).toMatch(/origin/i);
  });

  it('of the server itself is served, whatever name a proxy calls the server by', async () => {
    const headers = { origin: 'https://chat.example.com', 'sec-fetch-site': 'same-origin' };
    expect((await app.call('/api/auth/me', { token: buyer.token, headers })).status).toBe(200);
    const elsewhere = { ...headers, 'sec-fetch-site': 'same-site' };
    expect((await app.call('/api/auth/me', { token: buyer.token, headers: elsewhere })).status).toBe(403);
  });

  it('does nothing for people of another tenant, though its preflight passes', async () => {
    const body = { tenant: shop.slug, email: buyer.email, password: PASSWORD };
    for (const [what, call] of [
      ['/api/auth/me', { token: buyer.token }],
      [`/api/${shop.slug}/chat`, { token: buyer.token, body: { content: 'echo hi' } }],
      [
        `/api/${shop.slug}/chat`,
        { token: buyer.token, body: { content: 'echo hi' }, headers: { accept: 'text/event-stream' } },
      ],
      ['/api/auth/login', { body }],
      ['/api/auth/refresh', { body: { refresh_token: buyer.refresh } }],
    ] as const) {
      const headers = { origin: OTHERS, ...('headers' in call ? call.headers : {}) };
      const answer = await app.call(what, { ...call, headers });
      expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
      expect(cors(answer)).toEqual(SHUT);
    }
    // Only those who know the password learn that the page is not the tenant's, and nothing was used up.
    const wrong = await app.call('/api/auth/login', {
      body: { ...body, password: 'x' },
      headers: { origin: OTHERS },
    });
    expect(wrong.status).toBe(401);
    expect(
      (await app.call('/api/auth/refresh', { body: { refresh_token: buyer.refresh }, headers: { origin: OWN } }))
        .status,
    ).toBe(200);
    expect((await app.call('/api/auth/me', { token: stranger.token, headers: { origin: OTHERS } })).status).toBe(200);
  });

  it('is served as soon as it is listed, and no longer than that', async () => {
    const admin = await app.person(await app.tenant(), 'tenant_admin');
    const origin = 'https://late.example.org';
    const list = async (allowed_origins: string[]) =>
      (
        await app.call('/api/admin/settings', {
          method: 'PATCH',
          token: admin.token,
          body: { allowed_origins },
        })
      ).status;
    const served = async () => [
      (await preflight(origin, '/api/auth/login')).status,
      (await app.call('/api/auth/me', { token: admin.token, headers: { origin } })).status,
    ];
    expect(await served()).toEqual([403, 403]);
    expect(await list(['https://*.example.org'])).toBe(200);
    expect(await served()).toEqual([204, 200]);
    expect(await list([origin, origin])).toBe(200);
    expect(await served()).toEqual([204, 200]);
    expect(await list([])).toBe(200);
    expect(await served()).toEqual([403, 403]);
    for (const wrong of ['https://*.com', 'https://a.*.example.org', 'https://x*.example.org', '*']) {
      expect(await list([wrong])).toBe(422);
    }
  });

  it('opens sockets by the same list', async () => {
    const socket = (origin: string, token: string) => app.socket(`/ws/chat?token=${token}`, { headers: { origin } });
    const own = await socket(BELOW, buyer.token);
    await own.next('ready');
    await own.close();
    expect((await (await socket(BELOW, stranger.token)).end()).code).toBe(4403);
    expect((await socket('https://a.b.shop.example.net', buyer.token)).refused?.status).toBe(403);
  });

  it('is not served for a tenant that is suspended', async () => {
    const origin = 'https://closed.example.org';
    const tenant = await app.tenant({ allowed_origins: [origin] });
    const root = await app.person(await app.tenant(), 'platform_admin');
    const ctx = {
      tenantId: root.tenantId,
      correlationId: 'test',
      principal: { id: root.id, role: 'platform_admin', persona: null, sessionId: null },
    } as const;
    expect((await preflight(origin, '/api/auth/login')).status).toBe(204);
    await app.app.get(TenantService).update(ctx, tenant.tenantId, { status: 'suspended' });
    expect((await preflight(origin, '/api/auth/login')).status).toBe(403);
  });

  it('is found by an index, one row an origin and tenant, kept with the settings', async () => {
    const rows = await app.database.uow.query<{ origin: string }>(
      shop,
      'SELECT origin FROM app.tenant_origin WHERE tenant_id = $1 ORDER BY origin',
      [shop.tenantId],
    );
    expect(rows.map(({ origin }) => origin)).toEqual(['https://*.shop.example.net', OWN]);
    const elsewhere = await app.database.uow.query(stranger, 'SELECT 1 FROM app.tenant_origin WHERE origin = $1', [
      OWN,
    ]);
    expect(elsewhere).toEqual([]);
    const settings = await app.app.get(TenantSettingsCache).get(shop);
    expect(settings.allowedOrigins).toHaveLength(2);
  });
});
