import { setTimeout as sleep } from 'node:timers/promises';
import { SmtpStandin } from '../../support/smtp-standin.js';
import { AuthApp, PASSWORD } from './auth-app.js';
import { expectAlike } from './timing.js';

const NEXT = 'another long password';
const tokenIn = (text: string) => /[?&]token=([\w-]+)/.exec(text)?.[1] ?? '';

describe('password recovery', () => {
  let app: AuthApp;
  let mail: SmtpStandin;
  beforeAll(async () => {
    mail = await SmtpStandin.start();
    app = await AuthApp.start({ SMTP_URL: mail.url, PUBLIC_URL: 'https://app.example.com', TRUST_PROXY: '1' });
  });
  afterAll(async () => {
    await app.stop();
    await mail.stop();
  });

  const forgot = (body: unknown) => app.call('/api/auth/password/forgot', { body });
  const reset = (token: string, password = NEXT) => app.call('/api/auth/password/reset', { body: { token, password } });
  const byAdmin = (token: string, id: string) =>
    app.call(`/api/admin/users/${id}/reset-password`, { method: 'POST', token });
  const me = async (token: string) => (await app.call('/api/auth/me', { token })).status;
  const mailed = async (user: { slug: string; email: string }) => {
    const next = mail.received.length;
    expect((await forgot({ tenant: user.slug, email: user.email })).status).toBe(202);
    return mail.letter(next);
  };

  it('sends a link that sets a password once and ends every session', async () => {
    const user = await app.signedIn('end_user');
    const letter = await mailed(user);
    expect(letter).toMatchObject({ to: [user.email], from: 'no-reply@app.example.com' });
    expect(letter.text).toContain('https://app.example.com/reset-password?token=pr_');
    const token = tokenIn(letter.text);
    expect((await reset(token)).status).toBe(204);
    expect(await me(user.token)).toBe(401);
    expect((await app.call('/api/auth/refresh', { body: { refresh_token: user.refresh } })).status).toBe(401);
    await expect(app.login(user.slug, user.email, PASSWORD)).rejects.toThrow('wrong');
    await app.login(user.slug, user.email, NEXT);
    expect((await reset(token, 'a third long password')).status).toBe(422);
    await app.login(user.slug, user.email, NEXT);
    const actions = await app.database.uow.query<{ action: string }>(
      user,
      `SELECT action FROM app.audit_event WHERE tenant_id = $1 AND target_id = $2 ORDER BY id`,
      [user.tenantId, user.id],
    );
    expect(actions.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['password.request_reset', 'password.reset']),
    );
  });

  it('lets one of two at once set it', async () => {
    const user = await app.signedIn('end_user');
    const token = tokenIn((await mailed(user)).text);
    const answers = await Promise.all([reset(token, 'password number one'), reset(token, 'password number two')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 422]);
  });

  it.each([
    ['after thirty minutes', `UPDATE app.recovery SET expires_at = now() - interval '1 second' WHERE tenant_id = $1`],
    ['once the person is disabled', `UPDATE app.principal SET disabled_at = now() WHERE tenant_id = $1`],
  ])('refuses a link %s', async (_when, sql) => {
    const user = await app.signedIn('end_user');
    const token = tokenIn((await mailed(user)).text);
    const [row] = await app.database.uow.query<{ seconds: number }>(
      user,
      `SELECT extract(epoch FROM expires_at - now())::int AS seconds FROM app.recovery WHERE tenant_id = $1`,
      [user.tenantId],
    );
    expect(row?.seconds).toBeGreaterThan(1790);
    expect(row?.seconds).toBeLessThanOrEqual(1801);
    await app.database.uow.query(user, sql, [user.tenantId]);
    expect((await reset(token)).status).toBe(422);
  });

  it('refuses a link that another one, or another password, has overtaken', async () => {
    const user = await app.signedIn('end_user');
    const first = tokenIn((await mailed(user)).text);
    const second = tokenIn((await mailed(user)).text);
    expect((await reset(first)).status).toBe(422);
    const body = { current_password: PASSWORD, new_password: NEXT };
    expect((await app.call('/api/auth/password/change', { token: user.token, body })).status).toBe(204);
    expect((await reset(second)).status).toBe(422);
  });

  it('refuses what was invented, bent or meant for something else', async () => {
    const [user, other] = [await app.signedIn('end_user'), await app.signedIn('end_user')];
    const token = tokenIn((await mailed(user)).text);
    const bad = [
      token.replace(user.tenantId, other.tenantId),
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      token.replace('pr_', 'in_'),
      user.refresh,
      user.token.slice(0, 300),
      'pr_x',
    ];
    for (const wrong of bad) expect((await reset(wrong)).status).toBe(422);
    expect(await me(token)).toBe(401);
    expect((await reset(token, 'short')).status).toBe(422);
    expect((await app.call('/api/auth/password/reset', { body: { token, password: NEXT, tenant: 'x' } })).status).toBe(
      400,
    );
    expect((await reset(token)).status).toBe(204);
  });

  it('answers everybody alike, and writes only to who is there', async () => {
    const user = await app.signedIn('end_user');
    const disabled = await app.signedIn('end_user', user);
    await app.database.uow.query(
      user,
      `UPDATE app.principal SET disabled_at = now() WHERE id = $2 AND tenant_id = $1`,
      [user.tenantId, disabled.id],
    );
    const before = mail.received.length;
    const answers = await Promise.all([
      forgot({ tenant: user.slug, email: 'nobody@example.test' }),
      forgot({ tenant: 'no-such-tenant', email: user.email }),
      forgot({ tenant: user.slug, email: disabled.email }),
      forgot({ tenant: user.slug, email: user.email.toUpperCase() }),
    ]);
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect((await mail.letter(before)).to).toEqual([user.email]);
    expect(mail.received).toHaveLength(before + 1);
  });

  it('takes the same time for everybody', async () => {
    const { tenantId, slug: tenant } = await app.database.tenant();
    // Beyond three letters to somebody, and thirty for an address, nobody is looked up.
    const people: string[] = [];
    for (let i = 0; i < 20; i++) people.push((await app.person(tenantId, 'end_user')).email);
    const ask = async (email: string, round: number) => {
      const headers = { 'x-forwarded-for': `10.8.0.${round}` };
      const answer = await app.call('/api/auth/password/forgot', { body: { tenant, email }, headers });
      expect(answer.status).toBe(202);
    };
    await ask('nobody@example.test', 0);
    const before = mail.received.length;
    await expectAlike(60, [
      (round) => ask(people[round % 20] ?? '', round),
      (round) => ask(`nobody${round}@example.test`, round),
    ]);
    // Everybody was written to each time, which is what takes longer.
    while (mail.received.length < before + 60) await sleep(20);
  }, 30_000);

  it('buries nobody’s mailbox', async () => {
    const user = await app.signedIn('end_user');
    const before = mail.received.length;
    for (let n = 0; n < 8; n++) expect((await forgot({ tenant: user.slug, email: user.email })).status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(mail.received.length - before).toBeLessThanOrEqual(3);
  });

  it.each([
    [{ tenant: 'a', email: ['victim@example.test', 'evil@example.test'] }, 422],
    [{ tenant: 'a', email: 'victim@example.test,evil@example.test' }, 422],
    [{ tenant: 'a', email: 'victim@example.test\r\nbcc: evil@example.test' }, 422],
    [{ tenant: 'a', email: '' }, 422],
    [{ tenant: 'a', email: null }, 422],
    [{ email: 'victim@example.test' }, 422],
    [{ tenant: 'a', email: 'victim@example.test', cc: 'evil@example.test' }, 400],
  ])('refuses %j with %i', async (body, status) => {
    expect((await forgot(body)).status).toBe(status);
  });

  describe('by an admin', () => {
    it('shows the link once and mails it', async () => {
      const admin = await app.signedIn('tenant_admin');
      const user = await app.signedIn('end_user', admin);
      const next = mail.received.length;
      const issued = await byAdmin(admin.token, user.id);
      expect(issued.status).toBe(200);
      expect(Object.keys(issued.body).sort()).toEqual(['expires_at', 'reset_url']);
      expect(issued.headers.get('cache-control')).toContain('no-store');
      const token = tokenIn(String(issued.body['reset_url']));
      expect(tokenIn((await mail.letter(next)).text)).toBe(token);
      expect(await me(user.token)).toBe(200);
      expect((await reset(token)).status).toBe(204);
      await app.login(user.slug, user.email, NEXT);
      const dump = await app.database.uow.query<{ text: string }>(
        admin,
        `SELECT a::text AS text FROM app.audit_event a WHERE tenant_id = $1 UNION ALL SELECT r::text FROM app.recovery r WHERE tenant_id = $1`,
        [admin.tenantId],
      );
      expect(JSON.stringify(dump)).not.toContain(token.slice(-43));
    });

    it('is refused for other tenants’ users, for those who may more, and where it would open nothing', async () => {
      const admin = await app.signedIn('tenant_admin');
      const stranger = await app.signedIn('end_user');
      expect((await byAdmin(admin.token, stranger.id)).status).toBe(404);
      const supporter = await app.signedIn('supporter', admin);
      expect((await byAdmin(supporter.token, admin.id)).status).toBe(403);
      const body = { name: 'k', role: 'tenant_admin', scopes: ['users.write'] };
      const { key } = (await app.call('/api/admin/api-keys', { token: admin.token, body })).body;
      expect((await byAdmin(String(key), admin.id)).status).toBe(403);
      const user = await app.signedIn('end_user', admin);
      await app.call(`/api/admin/users/${user.id}`, { method: 'PATCH', token: admin.token, body: { disabled: true } });
      expect((await byAdmin(admin.token, user.id)).status).toBe(409);
    });
  });

  describe('with a hash that came from elsewhere', () => {
    // bcrypt of `PASSWORD`, cost 4.
    const imported = async (prefix: string) => {
      const user = await app.signedIn('end_user');
      const { default: bcrypt } = await import('bcryptjs');
      const hash = (await bcrypt.hash(PASSWORD, 4)).replace(/^\$2b/, prefix);
      await app.database.uow.query(
        user,
        `UPDATE app.principal SET password_hash = $3 WHERE tenant_id = $1 AND id = $2`,
        [user.tenantId, user.id, hash],
      );
      const stored = async () =>
        (
          await app.database.uow.query<{ hash: string }>(
            user,
            `SELECT password_hash AS hash FROM app.principal WHERE tenant_id = $1 AND id = $2`,
            [user.tenantId, user.id],
          )
        )[0]?.hash;
      return { user, stored, hash };
    };

    it.each(['$2a', '$2b', '$2y'])('signs in once with %s, and has one of ours from then on', async (prefix) => {
      const { hash, stored, user } = await imported(prefix);
      await expect(app.login(user.slug, user.email, 'not the password')).rejects.toThrow('wrong');
      expect(await stored()).toBe(hash);
      await app.login(user.slug, user.email);
      expect(await stored()).toMatch(/^\$argon2id\$/);
      await app.login(user.slug, user.email);
      await expect(app.login(user.slug, user.email, 'not the password')).rejects.toThrow('wrong');
    });

    it('that would take seconds to check is refused', async () => {
      const { user } = await imported('$2b');
      await app.database.uow.query(
        user,
        `UPDATE app.principal SET password_hash = regexp_replace(password_hash, '^\\$2b\\$04', '$2b$31') WHERE tenant_id = $1 AND id = $2`,
        [user.tenantId, user.id],
      );
      const start = Date.now();
      await expect(app.login(user.slug, user.email)).rejects.toThrow('wrong');
      expect(Date.now() - start).toBeLessThan(2000);
    });
  });
});
