import { SessionRevoked } from '#auth';
import { EventBus } from '#platform/events';
import { AuthApp, PASSWORD } from './auth-app.js';

describe('signing in', () => {
  let app: AuthApp;
  beforeAll(async () => {
    app = await AuthApp.start();
  });
  afterAll(() => app.stop());

  it('gives tokens and the person for the right password, whatever the case of the address', async () => {
    const { tenantId, slug } = await app.database.tenant();
    const { email, id } = await app.person(tenantId, 'tenant_admin');
    const answer = await app.call('/api/auth/login', {
      body: { tenant: slug, email: email.toUpperCase(), password: PASSWORD },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 900,
      user: { id, email, role: 'tenant_admin', persona: null, tenant: { id: tenantId, slug } },
    });
    const me = await app.call('/api/auth/me', { token: String(answer.body['access_token']) });
    expect(me.body).toEqual(answer.body['user']);
    expect(me.headers.get('etag')).toMatch(/^"/);
  });

  it('answers an unknown tenant, an unknown address and a wrong password alike', async () => {
    const { tenantId, slug } = await app.database.tenant();
    const { email } = await app.person(tenantId, 'end_user');
    const tries = [
      { tenant: slug, email, password: 'wrong' },
      { tenant: slug, email: 'nobody@example.test', password: 'wrong' },
      { tenant: 'no-such-tenant', email, password: PASSWORD },
    ];
    const bodies = [];
    for (const body of tries) {
      const { status, body: problem } = await app.call('/api/auth/login', { body });
      expect(status).toBe(401);
      bodies.push({ ...problem, trace_id: '' });
    }
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]).toEqual(bodies[0]);
  });

  it('stops guessing from one address while the owner elsewhere still gets in, whatever X-Forwarded-For says', async () => {
    const proxied = await AuthApp.start({ TRUST_PROXY: '1' }, { beside: app });
    try {
      const { tenantId, slug } = await app.database.tenant();
      const { email } = await app.person(tenantId, 'tenant_admin');
      const guess = (on: AuthApp, from: string, password = 'wrong') =>
        on.call('/api/auth/login', {
          body: { tenant: slug, email, password },
          headers: { 'x-forwarded-for': from },
        });
      // Not behind a proxy: the header is a claim and changes nothing.
      const statuses: number[] = [];
      for (let i = 0; i < 12; i++) statuses.push((await guess(app, `10.0.0.${i}`)).status);
      expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
      expect(statuses.slice(10)).toEqual([429, 429]);
      const refused = await guess(app, '10.0.0.99', PASSWORD);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      // Behind a trusted proxy the addresses are real ones.
      for (let i = 0; i < 11; i++) await guess(proxied, '10.0.0.1');
      expect((await guess(proxied, '10.0.0.1', PASSWORD)).status).toBe(429);
      expect((await guess(proxied, '10.0.0.2', PASSWORD)).status).toBe(200);
    } finally {
      await proxied.stop(true);
    }
  });

  it('counts the guesses of one account together, however its tenant is spelt', async () => {
    const { tenantId, slug } = await app.database.tenant();
    const { email } = await app.person(tenantId, 'tenant_admin');
    const guess = async (tenant: string) =>
      (await app.call('/api/auth/login', { body: { tenant, email, password: 'wrong' } })).status;
    for (let i = 0; i < 10; i++) expect(await guess([slug, tenantId][i % 2] ?? '')).toBe(401);
    for (const tenant of [slug, tenantId, tenantId.toUpperCase()]) expect(await guess(tenant)).toBe(429);
  });

  it('counts them together however the address is spelt, and all that come at once', async () => {
    const { tenantId, slug } = await app.database.tenant();
    const { email } = await app.person(tenantId, 'tenant_admin');
    const spellings = [email, email.toUpperCase(), ` ${email}`, `${email}\t`, email.replace('tenant', 'Tenant')];
    const guess = async (i: number) => {
      const body = { tenant: slug, email: spellings[i % spellings.length], password: `wrong ${i}` };
      return (await app.call('/api/auth/login', { body })).status;
    };
    const statuses = await Promise.all(Array.from({ length: 20 }, (_, i) => guess(i)));
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  });

  it('does not let a disabled person or a suspended tenant sign in', async () => {
    const { tenantId, slug } = await app.database.tenant();
    const { email, id } = await app.person(tenantId, 'end_user');
    const scope = { tenantId };
    await app.database.uow.query(
      scope,
      'UPDATE app.principal SET disabled_at = now() WHERE tenant_id = $1 AND id = $2',
      [tenantId, id],
    );
    await expect(app.login(slug, email)).rejects.toThrow('wrong');
    const other = await app.signedIn('end_user');
    await app.database.uow.query(other, `UPDATE app.tenant SET status = 'suspended' WHERE id = $1`, [other.tenantId]);
    await expect(app.login(other.slug, other.email)).rejects.toThrow('"code":"SUSPENDED"');
    // Only those who know the password learn of it.
    await expect(app.login(other.slug, other.email, 'a wrong one')).rejects.toThrow('wrong');
    const suspended = { status: 403, code: 'SUSPENDED', retryable: false };
    expect((await app.call('/api/auth/me', { token: other.token })).body).toMatchObject(suspended);
    const refresh = () => app.call('/api/auth/refresh', { body: { refresh_token: other.refresh } });
    expect((await refresh()).body).toMatchObject(suspended);
    await app.database.uow.query(other, `UPDATE app.tenant SET status = 'active' WHERE id = $1`, [other.tenantId]);
    expect((await refresh()).status).toBe(200);
    await app.database.uow.query(other, 'UPDATE app.session SET revoked_at = now() WHERE tenant_id = $1', [
      other.tenantId,
    ]);
    expect((await app.call('/api/auth/me', { token: other.token })).status).toBe(401);
  });

  it('refuses a huge password without hashing it', async () => {
    const body = { tenant: 'acme', email: 'a@b.test', password: 'x'.repeat(1_000_000) };
    const startedAt = performance.now();
    const answer = await app.call('/api/auth/login', { body });
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain('xxx');
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect((await app.call('/api/auth/login', { body: { ...body, password: 'x'.repeat(1_100_000) } })).status).toBe(
      413,
    );
  });

  it('ends the session with logout, and says so to whoever holds its sockets', async () => {
    const user = await app.signedIn('end_user');
    const heard: SessionRevoked[] = [];
    const off = app.app.get(EventBus).on(SessionRevoked, (event) => void heard.push(event));
    expect((await app.call('/api/auth/logout', { method: 'POST', token: user.token })).status).toBe(204);
    off();
    expect((await app.call('/api/auth/me', { token: user.token })).status).toBe(401);
    expect((await app.call('/api/auth/refresh', { body: { refresh_token: user.refresh } })).status).toBe(401);
    expect(heard).toMatchObject([{ tenantId: user.tenantId, principalId: user.id }]);
    expect(heard[0]?.sessionId).toEqual(expect.any(String));
  });

  it('ends the other sessions when the password changes, and keeps this one', async () => {
    const user = await app.signedIn('end_user');
    const elsewhere = await app.login(user.slug, user.email);
    const change = (current_password: string) =>
      app.call('/api/auth/password/change', {
        token: user.token,
        body: { current_password, new_password: 'a better one' },
      });
    expect((await change('not it')).status).toBe(422);
    expect((await change(PASSWORD)).status).toBe(204);
    expect((await app.call('/api/auth/me', { token: elsewhere.access })).status).toBe(401);
    expect((await app.call('/api/auth/refresh', { body: { refresh_token: elsewhere.refresh } })).status).toBe(401);
    expect((await app.call('/api/auth/me', { token: user.token })).status).toBe(200);
    await expect(app.login(user.slug, user.email)).rejects.toThrow('wrong');
    await expect(app.login(user.slug, user.email, 'a better one')).resolves.toBeDefined();
  });

  it('answers a forgotten password always the same, and refuses a list of addresses', async () => {
    const { slug } = await app.database.tenant();
    const forgot = (email: unknown) => app.call('/api/auth/password/forgot', { body: { tenant: slug, email } });
    expect((await forgot('nobody@example.test')).status).toBe(202);
    expect((await forgot(['victim@example.test', 'evil@example.test'])).status).toBe(422);
    expect((await forgot({ 0: 'victim@example.test' })).status).toBe(422);
    // As a form would say it, where a parser makes a list of two.
    const form = `tenant=${slug}&email=victim@example.test&email=evil@example.test`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await app.call('/api/auth/password/forgot', { raw: form, headers })).status).toBe(415);
    expect((await app.call(`/api/auth/password/forgot?${form}`, { method: 'POST' })).status).toBeGreaterThanOrEqual(
      400,
    );
  });

  describe('with a password that is replaced while it is checked', () => {
    /** Does something between the look at the hash and what follows from it. */
    const meanwhile = async (what: () => Promise<unknown>) => {
      let done = false;
      const once = async () => {
        if (done) return;
        done = true;
        await what();
      };
      const { uow } = app.database;
      const unitOfWork = Object.create(uow) as typeof uow;
      const hashIn = (result: unknown) => JSON.stringify(result ?? null).includes('$argon2');
      unitOfWork.query = async (...call) => {
        const rows = await uow.query<never>(...call);
        if (hashIn(rows)) await once();
        return rows;
      };
      unitOfWork.run = async (...call) => {
        const result = await uow.run(...call);
        if (hashIn(result)) await once();
        return result as never;
      };
      return AuthApp.start({}, { beside: app, unitOfWork });
    };
    const change = (on: AuthApp, token: string, new_password: string) =>
      on.call('/api/auth/password/change', { token, body: { current_password: PASSWORD, new_password } });

    it('opens no session, which would outlast the others', async () => {
      const user = await app.signedIn('end_user');
      const slow = await meanwhile(async () =>
        expect((await change(app, user.token, 'a better one')).status).toBe(204),
      );
      try {
        const body = { tenant: user.slug, email: user.email, password: PASSWORD };
        expect((await slow.call('/api/auth/login', { body })).status).toBe(401);
        expect((await slow.call('/api/auth/login', { body: { ...body, password: 'a better one' } })).status).toBe(200);
      } finally {
        await slow.stop(true);
      }
    });

    it('replaces it no second time', async () => {
      const user = await app.signedIn('end_user');
      const elsewhere = await app.login(user.slug, user.email);
      const slow = await meanwhile(async () =>
        expect((await change(app, user.token, 'a better one')).status).toBe(204),
      );
      try {
        expect((await change(slow, elsewhere.access, 'a worse one')).status).toBe(422);
        await app.login(user.slug, user.email, 'a better one');
        await expect(app.login(user.slug, user.email, 'a worse one')).rejects.toThrow('wrong');
      } finally {
        await slow.stop(true);
      }
    });
  });

  it('leaves a row in the audit trail, without the password', async () => {
    const user = await app.signedIn('supporter');
    const rows = await app.database.uow.query<{ action: string; row: string }>(
      user,
      'SELECT action, a::text AS row FROM app.audit_event a WHERE tenant_id = $1',
      [user.tenantId],
    );
    expect(rows.map((row) => row.action)).toEqual(['session.start']);
    expect(rows[0]?.row).not.toContain(PASSWORD);
  });
});
