import { ApiKeyService, SessionRevoked } from '#auth';
import type { RequestContext } from '#platform/context';
import { UnauthorizedError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { PERMISSIONS } from '#platform/http';
import { TenantService } from '#tenants';
import { AuthApp, type Call, PASSWORD } from './auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

describe('API keys', () => {
  let app: AuthApp;
  beforeAll(async () => {
    app = await AuthApp.start();
  });
  afterAll(() => app.stop());

  const keys = (token: string, path = '', call: Call = {}) =>
    app.call(`/api/admin/api-keys${path}`, { token, ...call });
  const make = async (token: string, body: object = {}) => {
    const made = await keys(token, '', { body: { name: 'program', ...body } });
    if (made.status !== 201) throw new Error(made.text);
    return { id: String(made.body['id']), key: String(made.body['key']), body: made.body };
  };
  const me = async (token: string) => (await app.call('/api/auth/me', { token })).status;
  const patchUser = (by: Person, id: string, body: object) =>
    app.call(`/api/admin/users/${id}`, { method: 'PATCH', token: by.token, body });
  const mint = async (key: string, externalId: string) => {
    const answer = await app.call('/api/auth/end-user-tokens', { token: key, body: { external_id: externalId } });
    return { status: answer.status, token: String(answer.body['access_token']), body: answer.body };
  };
  /** An admin who made a key, and another one who stays. */
  const team = async () => {
    const stays = await app.signedIn('tenant_admin');
    return { stays, leaves: await app.signedIn('tenant_admin', stays) };
  };

  it('are by default an end user’s, may chat and vouch, and end in a year', async () => {
    const admin = await app.signedIn('tenant_admin');
    const { body, key, id } = await make(admin.token);
    expect(body).toMatchObject({
      name: 'program',
      role: 'end_user',
      scopes: ['chat', 'end_user_tokens.create'],
      created_by: { id: admin.id, name: 'tenant_admin' },
      status: 'active',
      last4: key.slice(-4),
      last_used_at: null,
    });
    const days = (Date.parse(String(body['expires_at'])) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(365);
    expect((await make(admin.token, { expires_at: null })).body['expires_at']).toBeNull();
    expect((await app.call('/api/admin/users', { token: key })).status).toBe(403);
    expect((await app.call(`/api/${admin.slug}/probe`, { token: key })).status).toBe(200);
    expect((await keys(admin.token, `/${id}`)).body['last_used_at']).not.toBeNull();
  });

  it('may do what their scopes say and nothing else', async () => {
    const admin = await app.signedIn('tenant_admin');
    const { key } = await make(admin.token, { role: 'tenant_admin', scopes: ['users.read'] });
    expect((await app.call('/api/admin/users', { token: key })).status).toBe(200);
    const body = { email: 'x@example.test', password: 'long enough to be one' };
    expect((await app.call('/api/admin/users', { token: key, body })).status).toBe(403);
    expect((await app.call(`/api/${admin.slug}/probe`, { token: key })).status).toBe(403);
    expect((await mint(key, 'u1')).status).toBe(403);
    expect((await keys(key)).status).toBe(403);
  });

  it.each([
    [{ scopes: ['users.read'] }, 422],
    [{ role: 'supporter', scopes: ['users.write'] }, 422],
    [{ role: 'tenant_admin', scopes: ['tenants.manage'] }, 422],
    [{ scopes: ['everything'] }, 422],
    [{ scopes: [] }, 422],
    [{ scopes: null }, 422],
    [{ scopes: 'chat' }, 422],
    [{ role: 'platform_admin' }, 422],
    [{ role: 'visitor' }, 422],
    [{ expires_at: '2001-01-01T00:00:00Z' }, 422],
    [{ created_by: 'somebody' }, 400],
    [{ tenant_id: 'other' }, 400],
  ])('that ask for %j are refused with %i', async (body, status) => {
    const admin = await app.signedIn('tenant_admin');
    expect((await keys(admin.token, '', { body: { name: 'x', ...body } })).status).toBe(status);
  });

  it('that make keys give no more than they have, and end them with themselves', async () => {
    const admin = await app.signedIn('tenant_admin');
    const parent = await make(admin.token, {
      role: 'tenant_admin',
      scopes: ['api_keys.manage', 'chat'],
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const refused = await keys(parent.key, '', { body: { name: 'x', role: 'tenant_admin', scopes: ['users.write'] } });
    expect(refused.status).toBe(403);
    const child = await make(parent.key, { expires_at: null });
    expect(child.body).toMatchObject({ scopes: ['chat'], created_by: { id: admin.id } });
    expect(Date.parse(String(child.body['expires_at']))).toBeLessThan(Date.now() + 3_700_000);
    const grandchild = await make((await make(parent.key, { role: 'tenant_admin' })).key);
    expect(await me(grandchild.key)).toBe(200);
    expect((await keys(admin.token, `/${parent.id}`, { method: 'DELETE' })).status).toBe(204);
    for (const key of [parent.key, child.key, grandchild.key]) expect(await me(key)).toBe(401);
  });

  it('that have ended make no key, also when they end while they make it', async () => {
    const admin = await app.signedIn('tenant_admin');
    const parent = await make(admin.token, { role: 'tenant_admin', scopes: ['api_keys.manage', 'chat'] });
    const ctx: RequestContext = {
      tenantId: admin.tenantId,
      correlationId: 'c',
      principal: {
        id: parent.id,
        role: 'tenant_admin',
        persona: null,
        sessionId: null,
        scopes: ['api_keys.manage', 'chat'],
      },
    };
    const create = () =>
      app.app.get(ApiKeyService).create(ctx, { name: 'child', role: 'end_user', scopes: ['chat'], expiresAt: null });
    const onParent = (change: string) =>
      app.database.uow.query(admin, `UPDATE app.api_key SET ${change} WHERE tenant_id = $1 AND id = $2`, [
        admin.tenantId,
        parent.id,
      ]);
    await onParent(`expires_at = now() - interval '1 second'`);
    await expect(create()).rejects.toThrow(UnauthorizedError);
    await onParent('expires_at = NULL');
    // As a leaked key would: it makes keys, and keys with these, as fast as it can, while it is revoked.
    const made = await make(parent.key, { role: 'tenant_admin', scopes: ['api_keys.manage', 'chat'] });
    let revoked = false;
    const loop = async (token: string) => {
      const children: string[] = [];
      for (let after = 0; after < 2; after += revoked ? 1 : 0) {
        const answer = await keys(token, '', { body: { name: 'x', role: 'end_user', scopes: ['chat'] } });
        if (answer.status === 201) children.push(String(answer.body['key']));
      }
      return children;
    };
    const loops = [parent.key, parent.key, made.key, made.key].map(loop);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await keys(admin.token, `/${parent.id}`, { method: 'DELETE' })).status).toBe(204);
    revoked = true;
    const children = (await Promise.all(loops)).flat();
    expect(children.length).toBeGreaterThan(0);
    const [left] = await app.database.uow.query<{ alive: number }>(
      admin,
      'SELECT count(*)::int AS alive FROM app.api_key WHERE tenant_id = $1 AND revoked_at IS NULL',
      [admin.tenantId],
    );
    expect(left?.alive).toBe(0);
    await expect(create()).rejects.toThrow(UnauthorizedError);
  });

  it('with users.write make and let in nobody who may do more than they', async () => {
    const admin = await app.signedIn('tenant_admin');
    const { key } = await make(admin.token, { role: 'tenant_admin', scopes: ['users.read', 'users.write'] });
    const users = (path: string, call: Call) => app.call(`/api/admin/users${path}`, { token: key, ...call });
    const password = 'long enough to be one';
    for (const role of ['tenant_admin', 'supporter', 'platform_admin']) {
      const body = { email: `${role}@example.test`, password, role };
      expect((await users('', { body })).status).toBe(403);
      const invitation = { token: key, body: { email: body.email, role } };
      expect((await app.call('/api/admin/invitations', invitation)).status).toBe(403);
    }
    const made = await users('', { body: { email: 'end@example.test', password } });
    expect(made.status).toBe(201);
    const path = `/${String(made.body['id'])}`;
    expect((await users(path, { method: 'PATCH', body: { role: 'tenant_admin' } })).status).toBe(403);
    expect((await users(`/${admin.id}`, { method: 'PATCH', body: { name: 'x' } })).status).toBe(403);
    expect((await users(`/${admin.id}`, { method: 'DELETE' })).status).toBe(403);
    expect((await users(path, { method: 'DELETE' })).status).toBe(204);
  });

  it('with users.write sign out nobody who may do more than they', async () => {
    const admin = await app.signedIn('tenant_admin');
    const [supporter, end] = [await app.signedIn('supporter', admin), await app.signedIn('end_user', admin)];
    const { key } = await make(admin.token, { role: 'tenant_admin', scopes: ['users.read', 'users.write'] });
    const sessions = (path: string, method = 'DELETE') =>
      app.call(`/api/admin/sessions${path}`, { token: key, method });
    const sessionOf = async (id: string) => {
      const { data } = (await sessions(`?user_id=${id}`, 'GET')).body as unknown as { data: { id: string }[] };
      return String(data[0]?.id);
    };
    for (const { id, token } of [admin, supporter]) {
      expect((await sessions(`?user_id=${id}`)).status).toBe(403);
      expect((await sessions(`/${await sessionOf(id)}`)).status).toBe(403);
      expect(await me(token)).toBe(200);
    }
    expect((await sessions(`/${await sessionOf(end.id)}`)).status).toBe(204);
    expect(await me(end.token)).toBe(401);
    expect((await sessions(`?user_id=${end.id}`)).status).toBe(204);
    const whole = await make(admin.token, { role: 'tenant_admin' });
    const ended = await app.call(`/api/admin/sessions?user_id=${supporter.id}`, { token: whole.key, method: 'DELETE' });
    expect(ended.status).toBe(204);
    // One's own are one's own.
    expect((await app.call('/api/auth/sessions', { token: key, method: 'DELETE' })).status).toBeLessThan(300);
  });

  it.each([
    ['disabled', (by: Person, id: string) => patchUser(by, id, { disabled: true })],
    ['demoted below them', (by: Person, id: string) => patchUser(by, id, { role: 'end_user' })],
    ['deleted', (by: Person, id: string) => app.call(`/api/admin/users/${id}`, { method: 'DELETE', token: by.token })],
  ])('end when their maker is %s, with what they minted, until somebody else answers for them', async (_how, leave) => {
    const { stays, leaves } = await team();
    const { key, id } = await make(leaves.token, { role: 'supporter', scopes: ['chat', 'end_user_tokens.create'] });
    const user = await mint(key, 'u1');
    expect(await me(user.token)).toBe(200);
    const heard: SessionRevoked[] = [];
    const off = app.app.get(EventBus).on(SessionRevoked, (event) => void heard.push(event));
    expect((await leave(stays, leaves.id)).status).toBeLessThan(300);
    off();
    expect(await me(key)).toBe(401);
    expect(await me(user.token)).toBe(401);
    expect((await mint(key, 'u2')).status).toBe(401);
    expect(heard.map((event) => event.principalId)).toEqual(
      expect.arrayContaining([leaves.id, id, (user.body['user'] as { id?: string } | undefined)?.id]),
    );
    expect((await keys(stays.token, `/${id}`)).body).toMatchObject({ status: 'orphaned' });
    const end = await app.signedIn('end_user', stays);
    const transfer = (userId: string) => keys(stays.token, `/${id}/transfer`, { body: { user_id: userId } });
    expect((await transfer(end.id)).status).toBe(422);
    expect((await transfer((await app.signedIn('tenant_admin')).id)).status).toBe(422);
    const transferred = await transfer(stays.id);
    expect(transferred.body).toMatchObject({ status: 'active', created_by: { id: stays.id } });
    expect(await me(key)).toBe(200);
    expect(await me(user.token)).toBe(401);
    const audit = await app.database.uow.query(
      stays,
      `SELECT 1 FROM app.audit_event WHERE tenant_id = $1 AND action = 'api_key.transfer' AND target_id = $2`,
      [stays.tenantId, id],
    );
    expect(audit).toHaveLength(1);
  });

  it('shrink with a maker who may less now', async () => {
    const { stays, leaves } = await team();
    const { key, id } = await make(leaves.token);
    expect((await mint(key, 'u1')).status).toBe(200);
    expect((await patchUser(stays, leaves.id, { role: 'supporter' })).status).toBe(200);
    expect((await mint(key, 'u2')).status).toBe(403);
    expect(await me(key)).toBe(200);
    expect((await keys(stays.token, `/${id}`)).body).toMatchObject({ status: 'active' });
  });

  it('mint tokens that end with them: revoked, and when they run out', async () => {
    const admin = await app.signedIn('tenant_admin');
    const { key, id } = await make(admin.token, { expires_at: new Date(Date.now() + 120_000).toISOString() });
    const user = await mint(key, 'u1');
    expect(Number(user.body['expires_in'])).toBeLessThanOrEqual(120);
    expect((await keys(admin.token, `/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await me(user.token)).toBe(401);
    expect((await keys(admin.token, `/${id}/transfer`, { body: { user_id: admin.id } })).status).toBe(409);
  });

  it('of another tenant are not found', async () => {
    const [a, b] = [await app.signedIn('tenant_admin'), await app.signedIn('tenant_admin')];
    const { id, key } = await make(b.token);
    expect((await keys(a.token, `/${id}`)).status).toBe(404);
    expect((await keys(a.token, `/${id}`, { method: 'DELETE' })).status).toBe(404);
    expect((await keys(a.token, `/${id}/transfer`, { body: { user_id: a.id } })).status).toBe(404);
    expect(await me(key)).toBe(200);
  });

  it('of a platform admin’s visit end when the platform admin leaves, wherever it was', async () => {
    const { id: platformId } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    const platform = { tenantId: platformId, slug: 'platform' };
    const [root, leaves] = [
      await app.signedIn('platform_admin', platform),
      await app.signedIn('platform_admin', platform),
    ];
    const tenant = await app.signedIn('tenant_admin');
    const visit = async (by: Person) =>
      String(
        (await app.call(`/api/admin/tenants/${tenant.tenantId}/tokens`, { method: 'POST', token: by.token })).body[
          'access_token'
        ],
      );
    const token = await visit(leaves);
    const { key } = await make(token, { role: 'tenant_admin', scopes: ['users.read'] });
    expect(await me(key)).toBe(200);
    expect((await patchUser(root, leaves.id, { disabled: true })).status).toBe(200);
    expect(await me(token)).toBe(401);
    expect(await me(key)).toBe(401);
    expect(await me(await visit(root))).toBe(200);
  });

  it.each<[string, (root: Person) => Promise<{ status: number }>]>([
    [
      'another password',
      (root) => {
        const body = { current_password: PASSWORD, new_password: 'another long password' };
        return app.call('/api/auth/password/change', { token: root.token, body });
      },
    ],
    [
      'a password by a link',
      async (root) => {
        const path = `/api/admin/users/${root.id}/reset-password`;
        const { text } = await app.call(path, { method: 'POST', token: root.token });
        const token = /token=([\w-]+)/.exec(text)?.[1];
        return app.call('/api/auth/password/reset', { body: { token, password: 'another long password' } });
      },
    ],
    ['a sign-out everywhere', (root) => app.call('/api/auth/sessions', { method: 'DELETE', token: root.token })],
  ])('of a platform admin’s visit outlast %s, which the visit itself does not', async (_what, sign) => {
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    const root = await app.signedIn('platform_admin', { tenantId: id, slug: 'platform' });
    const tenant = await app.signedIn('tenant_admin');
    const path = `/api/admin/tenants/${tenant.tenantId}/tokens`;
    const visit = String((await app.call(path, { method: 'POST', token: root.token })).body['access_token']);
    const { key } = await make(visit, { role: 'tenant_admin', scopes: ['users.read'] });
    expect((await sign(root)).status).toBe(204);
    expect(await me(visit)).toBe(401);
    expect(await me(key)).toBe(200);
  });

  it('of a platform admin’s visit stay ended for one who begins another while leaving', async () => {
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    const platform = { tenantId: id, slug: 'platform' };
    const [root, leaves] = [
      await app.signedIn('platform_admin', platform),
      await app.signedIn('platform_admin', platform),
    ];
    const tenant = await app.signedIn('tenant_admin');
    const path = `/api/admin/tenants/${tenant.tenantId}/tokens`;
    const visit = (on: AuthApp) => on.call(path, { method: 'POST', token: leaves.token });
    const { key } = await make(String((await visit(app)).body['access_token']), {
      role: 'tenant_admin',
      scopes: ['users.read'],
    });
    const { uow } = app.database;
    let left = false;
    const unitOfWork = Object.create(uow) as typeof uow;
    unitOfWork.run = async (scope, ...rest) => {
      if (scope.tenantId === tenant.tenantId && !left) {
        left = true;
        expect((await patchUser(root, leaves.id, { disabled: true })).status).toBe(200);
      }
      return uow.run(scope, ...rest);
    };
    const slow = await AuthApp.start({}, { beside: app, unitOfWork });
    try {
      expect((await visit(slow)).status).toBe(401);
      expect(left).toBe(true);
      expect(await me(key)).toBe(401);
    } finally {
      await slow.stop(true);
    }
  });

  it('given everything have what a tenant’s admin has', async () => {
    const admin = await app.signedIn('tenant_admin');
    const { body } = await make(admin.token, { role: 'tenant_admin' });
    expect(body['scopes']).toEqual(PERMISSIONS.filter((scope) => scope !== 'tenants.manage'));
  });
});
