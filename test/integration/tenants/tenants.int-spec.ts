import { EventBus } from '#platform/events';
import { Limiters } from '#platform/limits';
import { MessageRateLimiter, OriginDirectory, TenantService, TenantSettingsCache, TenantSuspended } from '#tenants';
import { AuthApp, PASSWORD } from '../auth/auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

describe('tenants', () => {
  let app: AuthApp;
  let root: Person;
  beforeAll(async () => {
    app = await AuthApp.start();
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    root = await app.signedIn('platform_admin', { tenantId: id, slug: 'platform' });
  });
  afterAll(() => app.stop());

  const tenants = (path = '', call = {}) => app.call(`/api/admin/tenants${path}`, { token: root.token, ...call });
  const slug = () => `s${Math.random().toString(36).slice(2, 12)}`;

  it('are made by platform admins, with a slug of their own', async () => {
    const wanted = slug();
    const made = await tenants('', { body: { slug: wanted, name: 'Shop', settings: { language: 'de' } } });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`/api/admin/tenants/${String(made.body['id'])}`);
    expect(made.body).toMatchObject({ slug: wanted, name: 'Shop', status: 'active' });
    expect((await tenants('', { body: { slug: wanted, name: 'Again' } })).status).toBe(409);
    expect((await tenants(`/${String(made.body['id'])}`)).body).toEqual(made.body);
    expect((await tenants('/01890000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  it.each(['admin', 'platform', 'ws', 'v1', 'A', 'a', '1abc', 'with space', 'x'.repeat(40), 'späti', ''])(
    'cannot have the slug "%s"',
    async (wrong) => {
      const answer = await tenants('', { body: { slug: wrong, name: 'X' } });
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ errors: [{ path: 'slug' }] });
    },
  );

  it('are listed page by page, newest first', async () => {
    for (let i = 0; i < 3; i++) await tenants('', { body: { slug: slug(), name: `T${i}` } });
    const first = (await tenants('?limit=2')).body as unknown as { data: { id: string }[]; next_cursor: string };
    const second = (await tenants(`?limit=2&cursor=${first.next_cursor}`)).body as unknown as typeof first;
    const ids = [...first.data, ...second.data].map((tenant) => tenant.id);
    expect(new Set(ids).size).toBe(4);
    expect(ids).toEqual([...ids].sort().reverse());
  });

  it('shut their people out when they are suspended', async () => {
    const user = await app.signedIn('end_user');
    const heard: TenantSuspended[] = [];
    const off = app.app.get(EventBus).on(TenantSuspended, (event) => void heard.push(event));
    const change = (status: string) => tenants(`/${user.tenantId}`, { method: 'PATCH', body: { status } });
    expect((await change('suspended')).body).toMatchObject({ status: 'suspended' });
    expect((await app.call('/api/auth/me', { token: user.token })).body).toMatchObject({
      status: 403,
      code: 'SUSPENDED',
    });
    expect(heard).toEqual([new TenantSuspended(user.tenantId)]);
    await change('active');
    off();
    expect((await app.call('/api/auth/me', { token: user.token })).status).toBe(200);
  });

  it('are suspended and resumed by a command that may come twice, each on record once in both tenants', async () => {
    const admin = await app.signedIn('tenant_admin');
    const command = (verb: string, id = admin.tenantId) => tenants(`/${id}/${verb}`, { method: 'POST' });
    for (const verb of ['suspend', 'suspend', 'resume', 'resume']) {
      const status = verb === 'suspend' ? 'suspended' : 'active';
      expect([(await command(verb)).status, (await tenants(`/${admin.tenantId}`)).body['status']]).toEqual([
        200,
        status,
      ]);
    }
    for (const tenantId of [admin.tenantId, root.tenantId]) {
      const rows = await app.database.uow.query<{ action: string; details: unknown }>(
        { tenantId },
        `SELECT action, details FROM app.audit_event WHERE tenant_id = $1 AND target_id = $2 AND action IN ('tenant.suspend', 'tenant.resume')
         ORDER BY id`,
        [tenantId, admin.tenantId],
      );
      expect(rows).toEqual([
        {
          action: 'tenant.suspend',
          details: { changes: [{ field: 'status', before: 'active', after: 'suspended' }] },
        },
        { action: 'tenant.resume', details: { changes: [{ field: 'status', before: 'suspended', after: 'active' }] } },
      ]);
    }
    expect((await command('suspend', '01890000-0000-7000-8000-000000000000')).status).toBe(404);
    const own = await app.call(`/api/admin/tenants/${admin.tenantId}/resume`, { method: 'POST', token: admin.token });
    expect(own.status).toBe(403);
  });

  it('shut out their programs and end users too, and let them in again', async () => {
    const admin = await app.signedIn('tenant_admin');
    const { key } = (await app.call('/api/admin/api-keys', { token: admin.token, body: { name: 'site' } })).body;
    const minted = await app.call('/api/auth/end-user-tokens', { token: key, body: { external_id: 'shopper' } });
    const tokens = [admin.token, key ?? '', String(minted.body['access_token'])];
    const statuses = () =>
      Promise.all(tokens.map(async (token) => (await app.call(`/api/${admin.slug}/probe`, { token })).status));
    expect(await statuses()).toEqual([200, 200, 200]);
    await tenants(`/${admin.tenantId}/suspend`, { method: 'POST' });
    expect(await statuses()).toEqual([403, 403, 403]);
    const answers = await Promise.all([
      app.call('/api/auth/login', { body: { tenant: admin.slug, email: admin.email, password: PASSWORD } }),
      app.call('/api/auth/refresh', { body: { refresh_token: admin.refresh } }),
      app.call('/api/auth/end-user-tokens', { token: key, body: { external_id: 'shopper' } }),
    ]);
    expect(answers.map(({ body }) => body['code'])).toEqual(['SUSPENDED', 'SUSPENDED', 'SUSPENDED']);
    await tenants(`/${admin.tenantId}/resume`, { method: 'POST' });
    expect(await statuses()).toEqual([200, 200, 200]);
  });

  it('of the platform cannot be suspended', async () => {
    for (const call of [
      () => tenants(`/${root.tenantId}/suspend`, { method: 'POST' }),
      () => tenants(`/${root.tenantId}`, { method: 'PATCH', body: { status: 'suspended' } }),
    ]) {
      expect((await call()).body).toMatchObject({ status: 409, code: 'CONFLICT' });
    }
    expect((await tenants(`/${root.tenantId}`)).body).toMatchObject({ status: 'active' });
  });

  it('that exist already are left alone by the seed, but for the operator’s part', async () => {
    const service = app.app.get(TenantService);
    const wanted = slug();
    const settings = { language: 'de' };
    const first = await service.ensure({ slug: wanted, name: 'Demo', settings, operator: { outbound_allow: ['a:1'] } });
    expect(first.created).toBe(true);
    const again = await service.ensure({ slug: wanted, name: 'Other', operator: { outbound_allow: ['b:2'] } });
    expect(again).toEqual({ id: first.id, created: false });
    const now = await app.app.get(TenantSettingsCache).get({ tenantId: first.id });
    expect(now).toMatchObject({ language: 'de', outboundAllow: ['b:2'], tenant: { name: 'Demo' } });
    const both = await Promise.all([1, 2].map(() => service.ensure({ slug: `${wanted}2`, name: 'Race' })));
    expect(both[0]?.id).toBe(both[1]?.id);
  });
});

describe('settings', () => {
  let app: AuthApp;
  beforeAll(async () => {
    app = await AuthApp.start({ MESSAGES_PER_MINUTE: '7' });
  });
  afterAll(() => app.stop());

  const settings = (by: Person, body?: unknown, headers: Record<string, string> = {}) =>
    app.call('/api/admin/settings', {
      token: by.token,
      headers,
      ...(body === undefined ? {} : { method: 'PATCH', body }),
    });

  it('follow the operator’s configuration until the tenant says otherwise', async () => {
    const admin = await app.signedIn('tenant_admin');
    expect((await settings(admin)).body).toMatchObject({
      messages_per_minute: 7,
      language: 'en',
      timezone: 'UTC',
      queue_mode: 'queue',
      on_provider_failure: 'fail',
      websocket: { stream: true, final: true, format: 'markdown', on_disconnect: 'continue' },
      status_messages: { routing: 'Classifying your query...' },
    });
    const body = {
      messages_per_minute: 3,
      timezone: 'America/Bogota',
      texts: { greeting: 'Hallo!' },
      status_messages: { routing: 'Moment…' },
    };
    const changed = await settings(admin, body);
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject(body);
    expect(changed.body).toMatchObject({ status_messages: { retrieving: 'Searching knowledge base...' } });
    const back = await settings(admin, { messages_per_minute: null, timezone: null, texts: { greeting: null } });
    expect(back.body).toMatchObject({
      timezone: 'UTC',
      messages_per_minute: 7,
      texts: { greeting: expect.stringMatching(/^Hello/) },
    });
    expect(back.body).toMatchObject({ status_messages: { routing: 'Moment…' } });
  });

  it('show at once on the path of a turn', async () => {
    const admin = await app.signedIn('tenant_admin');
    const cache = app.app.get(TenantSettingsCache);
    expect((await cache.get(admin)).queueMode).toBe('queue');
    await settings(admin, { queue_mode: 'reject' });
    expect((await cache.get(admin)).queueMode).toBe('reject');
  });

  it.each([
    [{ operator: { outbound_allow: ['127.0.0.1:22'] } }, 400],
    [{ outbound_allow: ['127.0.0.1:22'] }, 400],
    [{ texts: { welcome: 'x' } }, 400],
    [{ messages_per_minute: -1 }, 422],
    [{ allowed_origins: ['https://a.example/path'] }, 422],
    [{ allowed_origins: ['javascript:alert(1)'] }, 422],
    [{ llm: { temperature: 3 } }, 422],
    [{ llm: { provider: 'groq' } }, 422],
    [{ llm: { model: 'gpt-4o' } }, 422],
    [{ language: 'english please' }, 422],
    [{ timezone: 'Europe/Atlantis' }, 422],
    [{ timezone: '+02:00' }, 422],
  ])('refuse %j with %i, and keep what only the operator sets', async (body, status) => {
    const admin = await app.signedIn('tenant_admin');
    await app.app.get(TenantService).setOperatorSettings(admin, { outbound_allow: ['127.0.0.1:4010'] });
    expect((await settings(admin, body)).status).toBe(status);
    await settings(admin, { top_k: 9 });
    expect((await settings(admin)).text).not.toContain('4010');
    const now = await app.app.get(TenantSettingsCache).get(admin);
    expect(now).toMatchObject({ topK: 9, outboundAllow: ['127.0.0.1:4010'] });
  });

  it('say why a model cannot be had here, and take one that can', async () => {
    const admin = await app.signedIn('tenant_admin');
    const refused = await settings(admin, { llm: { provider: 'groq', temperature: 1 } });
    expect(refused.text).toContain('GROQ_API_KEY');
    expect((await settings(admin)).body).toMatchObject({ llm: { provider: null, temperature: null } });
    expect((await settings(admin, { llm: { provider: 'offline', max_tokens: 300 } })).body).toMatchObject({
      llm: { provider: 'offline', max_tokens: 300 },
    });
  });

  it('change only for who has read the last version', async () => {
    const admin = await app.signedIn('tenant_admin');
    const tag = (await settings(admin)).headers.get('etag') ?? '';
    expect((await settings(admin, { top_k: 3 }, { 'if-match': tag })).status).toBe(200);
    expect((await settings(admin, { top_k: 4 }, { 'if-match': tag })).status).toBe(412);
  });

  it('tell which browser origins some tenant serves', async () => {
    const admin = await app.signedIn('tenant_admin');
    const directory = app.app.get(OriginDirectory);
    await settings(admin, { allowed_origins: ['https://shop.example'] });
    expect(await directory.isKnown('https://shop.example')).toBe(true);
    expect(await directory.isKnown('https://shop.example.evil')).toBe(false);
  });

  it('limit the messages of each person, and give one back for a repeat', async () => {
    const limiter = new MessageRateLimiter(new Limiters(null));
    const ctx = (id: string) => ({
      tenantId: 'tenant',
      correlationId: 'test',
      principal: { id, role: 'end_user' as const, persona: null, sessionId: null },
    });
    const seven = { messagesPerMinute: 7 };
    for (let i = 0; i < 7; i++) await limiter.consume(ctx('a'), seven);
    await expect(limiter.consume(ctx('a'), seven)).rejects.toMatchObject({
      code: 'RATE_LIMIT',
      retryAfterMs: expect.any(Number),
    });
    await expect(limiter.consume(ctx('b'), seven)).resolves.toBeUndefined();
    await limiter.refund(ctx('b'), seven);
    for (let i = 0; i < 7; i++) await limiter.consume(ctx('b'), seven);
    for (let i = 0; i < 20; i++) await limiter.consume(ctx('a'), { messagesPerMinute: 0 });
  });
});
