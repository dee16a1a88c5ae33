import { newId } from '#platform/database';
import { ApiKeyService } from '#auth';
import { AuthApp, PASSWORD } from './auth-app.js';

/** A whole office behind one address: what one of them sends keeps nobody else out. */
describe('people who share an address with somebody hostile', () => {
  let app: AuthApp;
  beforeAll(async () => {
    app = await AuthApp.start({ REQUESTS_PER_MINUTE: '0', TRUST_PROXY: '1' });
  });
  afterAll(() => app.stop());

  const from = (address: string) => ({ 'x-forwarded-for': address });
  const login = async (address: string, body: { tenant: string; email: string; password: string }) =>
    app.call('/api/auth/login', { body, headers: from(address) });

  it('are served with good tokens and keys, however many bad ones come from there', async () => {
    const user = await app.signedIn('tenant_admin');
    const ctx = {
      tenantId: user.tenantId,
      correlationId: 'test',
      principal: { id: user.id, role: 'tenant_admin', persona: null, sessionId: null },
    } as const;
    const made = await app.app.get(ApiKeyService).create(ctx, { name: 'k', role: 'tenant_admin', expiresAt: null });
    const me = (token: string, address: string) => app.call('/api/auth/me', { token, headers: from(address) });
    const forged = `sk_${user.tenantId}_${'x'.repeat(43)}`;
    const statuses: number[] = [];
    for (let i = 0; i < 125; i++) {
      statuses.push((await me([`bad${i}`, forged, `${user.token}x`][i % 3] ?? '', '10.1.0.1')).status);
    }
    expect(statuses.slice(0, 120)).toEqual(Array(120).fill(401));
    expect(statuses.slice(120)).toEqual(Array(5).fill(429));
    const flood = Promise.all(Array.from({ length: 40 }, (_, i) => me(i % 2 === 0 ? forged : `bad${i}`, '10.1.0.1')));
    const good = await Promise.all([
      me(user.token, '10.1.0.1'),
      me(made.secret.reveal(), '10.1.0.1'),
      app.call('/api/admin/users', { token: user.token, headers: from('10.1.0.1') }),
    ]);
    expect(good.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await flood;
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    // Whoever sends no token at all is told to sign in, and elsewhere a bad one is just a bad one.
    expect((await app.call('/api/auth/me', { headers: from('10.1.0.1') })).status).toBe(401);
    expect((await me('bad', '10.1.0.2')).status).toBe(401);
  });

  it('sign in, also for the first time, while passwords of many accounts are tried from there', async () => {
    const { tenantId, slug } = await app.database.tenant();
    const [known, fresh] = [await app.person(tenantId, 'end_user'), await app.person(tenantId, 'end_user')];
    expect((await login('10.2.0.1', { tenant: slug, email: known.email, password: PASSWORD })).status).toBe(200);
    const guess = (i: number) =>
      login('10.2.0.1', { tenant: slug, email: `somebody${i}@example.test`, password: 'wrong' });
    const statuses: number[] = [];
    for (let i = 0; i < 100; i += 10) {
      const some = await Promise.all(Array.from({ length: 10 }, (_, next) => guess(i + next)));
      statuses.push(...some.map(({ status }) => status));
    }
    expect(statuses).toEqual(Array(100).fill(401));
    const startedAt = performance.now();
    const late = await Promise.all(Array.from({ length: 4 }, (_, i) => guess(200 + i)));
    expect(late.map(({ status }) => status)).toEqual(Array(4).fill(429));
    // One after the other, with a pause each.
    expect(performance.now() - startedAt).toBeGreaterThan(390);
    for (const { email } of [known, fresh]) {
      expect((await login('10.2.0.1', { tenant: slug, email, password: PASSWORD })).status).toBe(200);
      expect((await login('10.2.0.1', { tenant: slug, email, password: 'wrong' })).status).toBe(429);
    }
  }, 30_000);

  it('are not locked out of their own account where they signed in lately, and the guesses stop elsewhere', async () => {
    const { tenantId, slug } = await app.database.tenant();
    const { email } = await app.person(tenantId, 'tenant_admin');
    const sign = async (address: string, password: string) =>
      (await login(address, { tenant: slug, email, password })).status;
    expect(await sign('10.3.0.1', PASSWORD)).toBe(200);
    for (const address of ['10.3.0.1', '10.3.0.2']) {
      for (let i = 0; i < 10; i++) expect(await sign(address, 'wrong')).toBe(401);
      expect(await sign(address, 'wrong')).toBe(429);
    }
    expect(await sign('10.3.0.1', PASSWORD)).toBe(200);
    expect(await sign('10.3.0.2', PASSWORD)).toBe(429);
    expect(await sign('10.3.0.3', PASSWORD)).toBe(200);
  });

  it('does not guess the password of a session that was taken over, wherever its owner signed in', async () => {
    const { tenantId, slug } = await app.database.tenant();
    const { email } = await app.person(tenantId, 'end_user');
    const signed = await login('10.4.0.1', { tenant: slug, email, password: PASSWORD });
    const change = async (current_password: string) =>
      (
        await app.call('/api/auth/password/change', {
          token: String(signed.body['access_token']),
          headers: from('10.4.0.1'),
          body: { current_password, new_password: `${newId()}` },
        })
      ).status;
    for (let i = 0; i < 10; i++) expect(await change('wrong')).toBe(422);
    expect(await change(PASSWORD)).toBe(429);
  });
});
