import { SmtpStandin } from '../../support/smtp-standin.js';
import { AuthApp, type Call, PASSWORD } from './auth-app.js';

const tokenIn = (text: unknown) => /[?&]token=([\w-]+)/.exec(String(text))?.[1] ?? '';

describe('invitations', () => {
  let app: AuthApp;
  let mail: SmtpStandin;
  let number = 0;
  beforeAll(async () => {
    mail = await SmtpStandin.start();
    app = await AuthApp.start({ SMTP_URL: mail.url });
  });
  afterAll(async () => {
    await app.stop();
    await mail.stop();
  });

  const invitations = (token: string, path = '', call: Call = {}) =>
    app.call(`/api/admin/invitations${path}`, { token, ...call });
  const address = () => `guest${number++}@example.test`;
  const invite = async (token: string, body: object = {}) => {
    const answer = await invitations(token, '', { body: { email: address(), ...body } });
    if (answer.status !== 201) throw new Error(answer.text);
    const { accept_url: url, email, id } = answer.body;
    return { id: String(id), email: String(email), token: tokenIn(url), body: answer.body, headers: answer.headers };
  };
  const accept = (token: string, more: object = {}) =>
    app.call('/api/auth/invitations/accept', { body: { token, name: 'Guest', password: PASSWORD, ...more } });

  it('are mailed, accepted once, and sign in with the role that was given', async () => {
    const admin = await app.signedIn('tenant_admin');
    const next = mail.received.length;
    const { body, email, headers, id, token } = await invite(admin.token, {
      role: 'supporter',
      persona: 'night_shift',
    });
    expect(body).toMatchObject({ role: 'supporter', persona: 'night_shift', status: 'pending' });
    expect(headers.get('location')).toBe(`/api/admin/invitations/${id}`);
    const letter = await mail.letter(next);
    expect(letter.to).toEqual([email]);
    expect(tokenIn(letter.text)).toBe(token);
    expect((await invitations(admin.token, `/${id}`)).text).not.toContain('accept_url');
    const accepted = await accept(token);
    expect(accepted.status).toBe(200);
    expect(accepted.body).toMatchObject({
      token_type: 'Bearer',
      user: { email, name: 'Guest', role: 'supporter', persona: 'night_shift', tenant: { slug: admin.slug } },
    });
    expect((await app.call('/api/auth/me', { token: String(accepted.body['access_token']) })).status).toBe(200);
    await app.login(admin.slug, email);
    expect((await accept(token)).status).toBe(422);
    expect((await invitations(admin.token, `/${id}`)).body).toMatchObject({ status: 'accepted' });
    expect((await invitations(admin.token, `/${id}/resend`, { method: 'POST' })).status).toBe(409);
    expect((await invitations(admin.token, `/${id}`, { method: 'DELETE' })).status).toBe(409);
    const rows = await app.database.uow.query<{ text: string }>(
      admin,
      `SELECT a.action || a::text AS text FROM app.audit_event a WHERE tenant_id = $1
       UNION ALL SELECT i::text FROM app.invitation i WHERE tenant_id = $1`,
      [admin.tenantId],
    );
    expect(JSON.stringify(rows)).toContain('invitation.accept');
    expect(JSON.stringify(rows)).not.toContain(token.slice(-43));
  });

  it('tell nothing any more of somebody who was deleted', async () => {
    const admin = await app.signedIn('tenant_admin');
    const { email, token } = await invite(admin.token);
    const { user } = (await accept(token)).body as unknown as { user: { id: string } };
    const path = `/api/admin/users/${user.id}`;
    expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
    expect((await invitations(admin.token)).text).not.toContain(email);
  });

  it('are accepted by one of two at once', async () => {
    const { token } = await invite((await app.signedIn('tenant_admin')).token);
    const answers = await Promise.all([accept(token, { name: 'One' }), accept(token, { name: 'Two' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
  });

  it('end when they are revoked, replaced or too old', async () => {
    const admin = await app.signedIn('tenant_admin');
    const revoked = await invite(admin.token);
    expect((await invitations(admin.token, `/${revoked.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await accept(revoked.token)).status).toBe(422);
    const replaced = await invite(admin.token);
    const again = await invitations(admin.token, `/${replaced.id}/resend`, { method: 'POST' });
    expect((await accept(replaced.token)).status).toBe(422);
    const old = await invite(admin.token);
    await app.database.uow.query(
      admin,
      `UPDATE app.invitation SET expires_at = now() - interval '1 second' WHERE tenant_id = $1 AND id = $2`,
      [admin.tenantId, old.id],
    );
    expect((await accept(old.token)).status).toBe(422);
    const statuses = async (status: string) =>
      ((await invitations(admin.token, `?status=${status}`)).body['data'] as unknown as { id: string }[]).map(
        ({ id }) => id,
      );
    expect(await statuses('revoked')).toEqual([revoked.id]);
    expect(await statuses('expired')).toEqual([old.id]);
    expect(await statuses('pending')).toEqual([replaced.id]);
    expect((await accept(tokenIn(again.body['accept_url']))).status).toBe(200);
    // An address whose invitation has run out can be invited anew.
    await invite(admin.token, { email: old.email });
  });

  it('are worth no more than whoever invited is today', async () => {
    const stays = await app.signedIn('tenant_admin');
    const leaves = await app.signedIn('tenant_admin', stays);
    const [admin, guest] = [await invite(leaves.token, { role: 'tenant_admin' }), await invite(leaves.token)];
    const patch = (body: object) =>
      app.call(`/api/admin/users/${leaves.id}`, { method: 'PATCH', token: stays.token, body });
    expect((await patch({ role: 'supporter' })).status).toBe(200);
    expect((await accept(admin.token)).status).toBe(422);
    expect((await patch({ disabled: true })).status).toBe(200);
    expect((await accept(guest.token)).status).toBe(422);
  });

  describe('by a key', () => {
    const byKey = async () => {
      const stays = await app.signedIn('tenant_admin');
      const leaves = await app.signedIn('tenant_admin', stays);
      const made = await app.call('/api/admin/api-keys', {
        token: leaves.token,
        body: { name: 'program', role: 'tenant_admin' },
      });
      const [key, id] = [String(made.body['key']), String(made.body['id'])];
      const sent = [await invite(key, { role: 'tenant_admin' }), await invite(key)] as const;
      return { stays, leaves, id, key, sent };
    };
    type World = Awaited<ReturnType<typeof byKey>>;
    const users = ({ leaves, stays }: World, call: Call) =>
      app.call(`/api/admin/users/${leaves.id}`, { token: stays.token, ...call });
    const onKey = ({ id, stays }: World, change: string) =>
      app.database.uow.query(stays, `UPDATE app.api_key SET ${change} WHERE tenant_id = $1 AND id = $2`, [
        stays.tenantId,
        id,
      ]);

    it('are accepted while the key and its maker hold', async () => {
      const { sent } = await byKey();
      expect((await accept(sent[0].token)).body).toMatchObject({ user: { role: 'tenant_admin' } });
      expect((await accept(sent[1].token)).body).toMatchObject({ user: { role: 'end_user' } });
    });

    it.each<[string, (world: World) => Promise<unknown>]>([
      ['its maker is disabled', (world) => users(world, { method: 'PATCH', body: { disabled: true } })],
      ['its maker is demoted', (world) => users(world, { method: 'PATCH', body: { role: 'supporter' } })],
      ['its maker is deleted', (world) => users(world, { method: 'DELETE' })],
      ['it has expired', (world) => onKey(world, `expires_at = now() - interval '1 second'`)],
      [
        'it was revoked',
        ({ id, stays }) => app.call(`/api/admin/api-keys/${id}`, { method: 'DELETE', token: stays.token }),
      ],
    ])('end when %s, and are not sent again', async (_how, end) => {
      const world = await byKey();
      await end(world);
      expect((await app.call('/api/admin/users', { token: world.key })).status).toBe(401);
      for (const { id, token } of world.sent) {
        expect((await accept(token)).status).toBe(422);
        const again = await invitations(world.stays.token, `/${id}/resend`, { method: 'POST' });
        expect(again.status).toBe(409);
      }
    });

    it('give no role that its scopes do not cover', async () => {
      const world = await byKey();
      await onKey(world, `scopes = '{users.write}'`);
      expect((await accept(world.sent[0].token)).status).toBe(422);
      expect((await accept(world.sent[1].token)).status).toBe(200);
    });
  });

  it('are not sent again for somebody who left', async () => {
    const stays = await app.signedIn('tenant_admin');
    const leaves = await app.signedIn('tenant_admin', stays);
    const { id } = await invite(leaves.token);
    const resend = () => invitations(stays.token, `/${id}/resend`, { method: 'POST' });
    expect((await resend()).status).toBe(200);
    const gone = await app.call(`/api/admin/users/${leaves.id}`, { method: 'DELETE', token: stays.token });
    expect(gone.status).toBe(204);
    expect((await resend()).body).toMatchObject({ status: 409 });
  });

  it('are accepted on a page of their tenant, and stay open after another', async () => {
    const admin = await app.signedIn('tenant_admin');
    await app.database.uow.query(
      admin,
      `UPDATE app.tenant SET settings = '{"allowed_origins":["https://own.example.com"]}' WHERE id = $1`,
      [admin.tenantId],
    );
    const { token } = await invite(admin.token);
    const from = (origin: string) =>
      app.call('/api/auth/invitations/accept', {
        body: { token, name: 'Guest', password: PASSWORD },
        headers: { origin },
      });
    expect((await from('https://foreign.example.com')).status).toBe(403);
    expect((await from('https://own.example.com')).status).toBe(200);
  });

  it('of another tenant are not found, and no token opens another', async () => {
    const [a, b] = [await app.signedIn('tenant_admin'), await app.signedIn('tenant_admin')];
    const { id, token } = await invite(b.token);
    for (const call of [{}, { method: 'DELETE' }] as Call[])
      expect((await invitations(a.token, `/${id}`, call)).status).toBe(404);
    expect((await invitations(a.token, `/${id}/resend`, { method: 'POST' })).status).toBe(404);
    for (const wrong of [
      token.replace(b.tenantId, a.tenantId),
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      token.replace('in_', 'pr_'),
      `${token}x`,
      'in_',
      a.token.slice(0, 300),
    ])
      expect((await accept(wrong)).status).toBe(422);
    expect((await accept(token, { email: a.email })).status).toBe(400);
    expect((await accept(token, { role: 'tenant_admin' })).status).toBe(400);
    expect((await accept(token)).body).toMatchObject({ user: { tenant: { id: b.tenantId } } });
  });

  it.each([
    [{ email: 'not an address' }, 422],
    [{ email: ['a@example.test', 'b@example.test'] }, 422],
    [{ email: null }, 422],
    [{ role: 'visitor' }, 422],
    [{ role: 'platform_admin' }, 403],
    [{ tenant_id: 'x' }, 400],
    [{ status: 'accepted' }, 400],
  ])('with %j are refused with %i', async (body, status) => {
    const admin = await app.signedIn('tenant_admin');
    expect((await invitations(admin.token, '', { body: { email: address(), ...body } })).status).toBe(status);
  });

  it('are not sent twice, nor to somebody who is there', async () => {
    const admin = await app.signedIn('tenant_admin');
    const { email } = await invite(admin.token);
    const repeat = (to: string) => invitations(admin.token, '', { body: { email: to } });
    expect((await repeat(email.toUpperCase())).status).toBe(409);
    expect((await repeat(admin.email)).status).toBe(409);
    const supporter = await app.signedIn('supporter', admin);
    expect((await invitations(supporter.token, '', { body: { email: address() } })).status).toBe(403);
  });
});
