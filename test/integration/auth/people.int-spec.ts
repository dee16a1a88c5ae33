import { ApiKeyService, SessionRevoked } from '#auth';
import { EventBus } from '#platform/events';
import type { Role } from '#platform/context';
import { TenantService } from '#tenants';
import { AuthApp, PASSWORD } from './auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

describe('people and keys', () => {
  let app: AuthApp;
  let platform: { tenantId: string; slug: string };
  let root: Person;
  beforeAll(async () => {
    app = await AuthApp.start();
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    platform = { tenantId: id, slug: 'platform' };
    root = await app.signedIn('platform_admin', platform);
  });
  afterAll(() => app.stop());

  const users = (by: Person, path = '', call = {}) => app.call(`/api/admin/users${path}`, { token: by.token, ...call });
  const patch = (by: Person, id: string, body: unknown) => users(by, `/${id}`, { method: 'PATCH', body });

  it('are created by an admin and can then sign in with their role and persona', async () => {
    const admin = await app.signedIn('tenant_admin');
    const body = { email: 'Seeker@Example.test', password: PASSWORD, role: 'end_user', persona: 'job_seeker' };
    const made = await users(admin, '', { body });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ email: 'seeker@example.test', role: 'end_user', persona: 'job_seeker' });
    expect(made.text).not.toContain('argon2');
    const { access } = await app.login(admin.slug, 'seeker@example.test');
    expect((await app.call('/api/auth/me', { token: access })).body).toMatchObject({ persona: 'job_seeker' });
    expect((await users(admin, '', { body })).status).toBe(409);
  });

  it('of another tenant are not found, and stay as they are', async () => {
    const [a, b] = [await app.signedIn('tenant_admin'), await app.signedIn('tenant_admin')];
    const foreign = await users(a, `/${b.id}`);
    const unknown = await users(a, '/01890000-0000-7000-8000-000000000000');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, trace_id: '' }).toEqual({ ...unknown.body, trace_id: '' });
    expect((await patch(a, b.id, { disabled: true })).status).toBe(404);
    expect((await users(b, `/${b.id}`)).body).toMatchObject({ disabled: false });
    expect((await users(a)).text).not.toContain(b.id);
  });

  it.each<[Role, number, number]>([
    ['tenant_admin', 200, 403],
    ['supporter', 403, 403],
    ['end_user', 403, 403],
    ['visitor', 403, 403],
  ])('with the role %s get %i from the list of users and %i from the list of tenants', async (role, own, all) => {
    const person = await app.signedIn(role);
    expect((await users(person)).status).toBe(own);
    expect((await app.call('/api/admin/tenants', { token: person.token })).status).toBe(all);
    expect((await app.call('/api/admin/settings', { token: person.token })).status).toBe(own);
    expect((await app.call('/api/admin/api-keys', { token: person.token })).status).toBe(own);
  });

  it('lose their sessions at once when they are disabled or get another role', async () => {
    const admin = await app.signedIn('tenant_admin');
    const user = await app.signedIn('end_user', admin);
    const heard: SessionRevoked[] = [];
    const off = app.app.get(EventBus).on(SessionRevoked, (event) => void heard.push(event));
    expect((await patch(admin, user.id, { role: 'supporter' })).body).toMatchObject({ role: 'supporter' });
    expect((await app.call('/api/auth/me', { token: user.token })).status).toBe(401);
    expect((await app.call('/api/auth/refresh', { body: { refresh_token: user.refresh } })).status).toBe(401);
    const again = await app.login(admin.slug, user.email);
    expect((await patch(admin, user.id, { disabled: true })).body).toMatchObject({ disabled: true });
    expect((await app.call('/api/auth/me', { token: again.access })).status).toBe(401);
    off();
    expect(heard).toMatchObject([
      { principalId: user.id, sessionId: null },
      { principalId: user.id, sessionId: null },
    ]);
    expect((await patch(admin, user.id, { name: 'only the name' })).status).toBe(200);
  });

  it('cannot all stop being admins', async () => {
    const admin = await app.signedIn('tenant_admin');
    expect((await patch(admin, admin.id, { role: 'end_user' })).status).toBe(409);
    expect((await patch(admin, admin.id, { disabled: true })).status).toBe(409);
    const second = await app.signedIn('tenant_admin', admin);
    const both = await Promise.all([
      patch(admin, second.id, { disabled: true }),
      patch(second, admin.id, { disabled: true }),
    ]);
    const left = await app.database.uow.query(
      admin,
      `SELECT id FROM app.principal WHERE tenant_id = $1 AND disabled_at IS NULL`,
      [admin.tenantId],
    );
    expect(left).toHaveLength(1);
    expect(both.map((answer) => answer.status)).toContain(200);
  });

  it('become platform admins only by a platform admin in the platform tenant', async () => {
    const admin = await app.signedIn('tenant_admin');
    const user = await app.signedIn('end_user', admin);
    expect((await patch(admin, user.id, { role: 'platform_admin' })).status).toBe(403);
    const body = { email: 'root2@example.test', password: PASSWORD, role: 'platform_admin' };
    expect((await users(admin, '', { body })).status).toBe(403);
    const platformTenantAdmin = await app.signedIn('tenant_admin', platform);
    expect((await users(platformTenantAdmin, '', { body })).status).toBe(403);
    expect((await patch(platformTenantAdmin, root.id, { disabled: true })).status).toBe(403);
    // Of a role that a customer's tenant should not have.
    const stray = await app.signedIn('platform_admin');
    expect((await users(stray, '', { body })).status).toBe(403);
    expect((await users(root, '', { body })).status).toBe(201);
  });

  describe('API keys', () => {
    const keys = (by: Person, path = '', call = {}) =>
      app.call(`/api/admin/api-keys${path}`, { token: by.token, ...call });

    it('are shown once, work as a bearer, and stop when they are revoked', async () => {
      const admin = await app.signedIn('tenant_admin');
      const body = { name: 'ci', role: 'tenant_admin' };
      const made = await keys(admin, '', { body, headers: { 'idempotency-key': 'once' } });
      expect(made.status).toBe(201);
      const key = String(made.body['key']);
      const id = String(made.body['id']);
      expect(key.startsWith(`sk_${admin.tenantId}_`)).toBe(true);
      expect(made.body['last4']).toBe(key.slice(-4));
      const listed = await keys(admin);
      expect(listed.text).not.toContain(key);
      expect((await keys(admin, `/${id}`)).text).not.toContain(key);
      const dump = await app.database.uow.query<{ text: string }>(
        admin,
        `SELECT k::text AS text FROM app.api_key k WHERE tenant_id = $1
         UNION ALL SELECT i::text FROM app.idempotency_key i WHERE tenant_id = $1
         UNION ALL SELECT a::text FROM app.audit_event a WHERE tenant_id = $1`,
        [admin.tenantId],
      );
      expect(JSON.stringify(dump)).not.toContain(key.slice(-43));
      const me = await app.call('/api/auth/me', { token: key });
      expect(me.body).toMatchObject({ id, role: 'tenant_admin', tenant: { id: admin.tenantId } });
      expect((await app.call('/api/admin/users', { token: key })).text).not.toContain(id);
      const user = { email: 'by-key@example.test', password: PASSWORD };
      const byKey = { token: key, body: user, headers: { 'idempotency-key': 'k' } };
      expect((await app.call('/api/admin/users', byKey)).status).toBe(201);
      expect((await app.call('/api/admin/tenants', { token: key })).status).toBe(403);
      expect((await keys(admin, `/${id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await app.call('/api/auth/me', { token: key })).status).toBe(401);
    });

    it('that are bent, invented, of another tenant or too old are refused', async () => {
      const admin = await app.signedIn('tenant_admin');
      const other = await app.database.tenant();
      const ctx = {
        tenantId: admin.tenantId,
        correlationId: 'test',
        principal: { id: admin.id, role: 'tenant_admin' as const, persona: null, sessionId: null },
      };
      const service = app.app.get(ApiKeyService);
      const { secret } = await service.create(ctx, { name: 'k', role: 'tenant_admin', expiresAt: null });
      const old = await service.create(ctx, { name: 'old', role: 'end_user', expiresAt: new Date(Date.now() - 1000) });
      const bad = [
        `${secret.reveal()}x`,
        secret.reveal().replace(admin.tenantId, other.tenantId),
        `sk_${admin.tenantId}_`,
        'sk_',
        `sk_${admin.tenantId}`,
        old.secret.reveal(),
      ];
      for (const token of bad) expect((await app.call('/api/auth/me', { token })).status).toBe(401);
      expect((await app.call('/api/auth/me', { token: secret.reveal() })).status).toBe(200);
    });

    it('cannot be given a platform admin’s role', async () => {
      const admin = await app.signedIn('tenant_admin');
      expect((await keys(admin, '', { body: { name: 'x', role: 'platform_admin' } })).status).toBe(422);
    });
  });

  describe('end users of a tenant’s own application', () => {
    it('get a token for an API key, and stay the same person', async () => {
      const admin = await app.signedIn('tenant_admin');
      const key = String(
        (await app.call('/api/admin/api-keys', { token: admin.token, body: { name: 'app' } })).body['key'],
      );
      const issue = (body: object, token = key) => app.call('/api/auth/end-user-tokens', { token, body });
      const first = await issue({ external_id: 'u1', name: 'Ann', persona: 'job_seeker', attributes: { plan: 'pro' } });
      expect(first.status).toBe(200);
      const me = await app.call('/api/auth/me', { token: String(first.body['access_token']) });
      expect(me.body).toMatchObject({ name: 'Ann', role: 'end_user', persona: 'job_seeker' });
      const second = await issue({ external_id: 'u1', name: 'Anna', persona: 'employer' });
      expect((second.body['user'] as { id: string } | undefined)?.id).toBe(me.body['id']);
      expect((await app.call('/api/auth/me', { token: String(first.body['access_token']) })).status).toBe(401);
      expect((await issue({ external_id: 'u2', email: admin.email })).status).toBe(409);
      expect((await issue({ external_id: `api_key:${admin.id}` })).status).toBe(422);
      expect((await issue({ external_id: 'u3', role: 'tenant_admin' })).status).toBe(400);
      expect((await issue({ external_id: 'u3' }, admin.token)).status).toBe(403);
      await patch(admin, String(me.body['id']), { disabled: true });
      expect((await issue({ external_id: 'u1' })).status).toBe(403);
    });
  });

  describe('a platform admin’s visit', () => {
    it('gives a token of that tenant, and stands in both audit trails', async () => {
      const tenant = await app.signedIn('tenant_admin');
      const visit = await app.call(`/api/admin/tenants/${tenant.tenantId}/tokens`, {
        method: 'POST',
        token: root.token,
      });
      expect(visit.status).toBe(200);
      const token = String(visit.body['access_token']);
      expect((await app.call('/api/admin/users', { token })).text).toContain(tenant.id);
      expect((await app.call(`/api/${tenant.slug}/probe`, { token })).status).toBe(200);
      expect((await app.call('/api/admin/users', { token: tenant.token })).text).not.toContain('Platform admin');
      const repeat = await app.call(`/api/admin/tenants/${tenant.tenantId}/tokens`, {
        method: 'POST',
        token: root.token,
      });
      expect(repeat.status).toBe(200);
      for (const scope of [tenant, platform]) {
        const rows = await app.database.uow.query(
          scope,
          `SELECT 1 FROM app.audit_event WHERE tenant_id = $1 AND action = 'tenant.visit' AND actor_id = $2`,
          [scope.tenantId, root.id],
        );
        expect(rows.length).toBeGreaterThanOrEqual(2);
      }
      const further = await app.call(`/api/admin/tenants/${platform.tenantId}/tokens`, { method: 'POST', token });
      expect(further.status).toBe(403);
    });

    it('is not for tenant admins', async () => {
      const tenant = await app.signedIn('tenant_admin');
      const path = `/api/admin/tenants/${platform.tenantId}/tokens`;
      expect((await app.call(path, { method: 'POST', token: tenant.token })).status).toBe(403);
    });
  });
});

describe('the start', () => {
  it('makes the first platform admin once, and leaves a changed password alone', async () => {
    const env = { BOOTSTRAP_ADMIN_EMAIL: 'root@platform.test', BOOTSTRAP_ADMIN_PASSWORD: 'first password' };
    const first = await AuthApp.start(env);
    const { access } = await first.login('platform', env.BOOTSTRAP_ADMIN_EMAIL, env.BOOTSTRAP_ADMIN_PASSWORD);
    expect((await first.call('/api/admin/tenants', { token: access })).status).toBe(200);
    const second = await AuthApp.start({ ...env, BOOTSTRAP_ADMIN_PASSWORD: 'second password' }, { beside: first });
    await expect(second.login('platform', env.BOOTSTRAP_ADMIN_EMAIL, 'second password')).rejects.toThrow('wrong');
    await second.stop(true);
    await first.stop();
  });

  it('signs everybody in as the demo admin with AUTH_BYPASS, but no page of another site', async () => {
    const app = await AuthApp.start({ AUTH_BYPASS: 'true' });
    try {
      expect((await app.call('/api/auth/me')).status).toBe(401);
      const { id } = await app.app.get(TenantService).ensure({ slug: 'acme', name: 'Acme' });
      await app.person(id, 'tenant_admin', { email: 'admin@acme.test' });
      expect((await app.call('/api/auth/me')).body).toMatchObject({ email: 'admin@acme.test' });
      expect((await app.call('/api/auth/me', { headers: { origin: 'http://localhost:5173' } })).status).toBe(200);
      expect((await app.call('/api/auth/me', { headers: { origin: 'https://evil.example' } })).status).toBe(401);
      expect((await app.call('/api/auth/me', { token: 'wrong' })).status).toBe(401);
    } finally {
      await app.stop();
    }
  });

  it('limits a caller over all routes, and tells when to come back', async () => {
    const app = await AuthApp.start({ REQUESTS_PER_MINUTE: '5' });
    try {
      const [a, b] = [await app.signedIn('end_user'), await app.signedIn('end_user')];
      const statuses = [];
      for (let i = 0; i < 7; i++) statuses.push((await app.call('/api/auth/me', { token: a.token })).status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
      const refused = await app.call('/api/auth/me', { token: a.token });
      expect(refused.body).toMatchObject({ code: 'RATE_LIMIT', retryable: true });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await app.call('/api/auth/me', { token: b.token })).status).toBe(200);
    } finally {
      await app.stop();
    }
  });
});
