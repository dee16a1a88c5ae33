import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccessTokenVerifier, SessionRevoked, SessionService } from '#auth';
import { EventBus } from '#platform/events';
import { SigningKey } from '#platform/secrets';
import jwt from 'jsonwebtoken';
import { AuthApp } from './auth-app.js';

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

describe('access tokens', () => {
  let app: AuthApp;
  let good: string;
  let claims: Record<string, unknown>;
  let key: SigningKey;

  beforeAll(async () => {
    app = await AuthApp.start();
    good = (await app.signedIn('tenant_admin')).token;
    claims = jwt.decode(good) as Record<string, unknown>;
    key = app.app.get(SigningKey);
  });
  afterAll(() => app.stop());

  const sign = (change: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const payload = Object.fromEntries(
      Object.entries({ ...claims, ...change }).filter(([, value]) => value !== undefined),
    );
    return jwt.sign(payload, key.privateKey, {
      algorithm: 'RS256',
      header: { alg: 'RS256', kid: key.kid, ...header },
    });
  };
  const me = async (token: string) => (await app.call('/api/auth/me', { token })).status;
  /** As a socket does. */
  const verified = async (token: string) =>
    app.app.get(SessionService).assertAlive((await app.app.get(AccessTokenVerifier).verify(token)).ctx);

  it('carry the claims of the contract and verify with the published key', async () => {
    const { body } = await app.call('/.well-known/jwks.json');
    const [jwk] = (body as unknown as { keys: { kid: string; alg: string }[] }).keys;
    expect(jwk).toMatchObject({ alg: 'RS256', use: 'sig', kid: key.kid });
    expect(Object.keys(jwk ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    const verified = jwt.verify(good, createPublicKey({ key: jwk as never, format: 'jwk' }));
    expect(verified).toMatchObject({
      sub: claims['user_id'],
      role: 'tenant_admin',
      persona: null,
      iss: 'switchboard',
      aud: 'switchboard',
    });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(900);
    expect(jwt.decode(good, { complete: true })?.header).toMatchObject({ alg: 'RS256', kid: key.kid });
  });

  it('are accepted as issued', async () => {
    expect(await me(good)).toBe(200);
    expect(await me(sign({}))).toBe(200);
  });

  const publicPem = () => key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const hmac = (hash: 'sha256' | 'sha512', secret: string | Buffer) => {
    const head = `${b64({ alg: hash === 'sha256' ? 'HS256' : 'HS512', kid: key.kid })}.${b64(claims)}`;
    return `${head}.${createHmac(hash, secret).update(head).digest('base64url')}`;
  };
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const forged: [string, () => string][] = [
    ['alg none', () => `${b64({ alg: 'none', typ: 'JWT' })}.${b64(claims)}.`],
    ['alg nOnE with our key id', () => `${b64({ alg: 'nOnE', kid: key.kid })}.${b64(claims)}.`],
    [
      'alg none with the signature of a good one',
      () => `${b64({ alg: 'none' })}.${good.split('.').slice(1).join('.')}`,
    ],
    ['no alg', () => `${b64({ kid: key.kid })}.${good.split('.').slice(1).join('.')}`],
    ['HS256 signed with the public key', () => hmac('sha256', publicPem())],
    ['HS256 signed with the public key on one line', () => hmac('sha256', publicPem().trim())],
    [
      'HS512 signed with the public key in DER',
      () => hmac('sha512', key.publicKey.export({ type: 'spki', format: 'der' })),
    ],
    ['HS256 signed with the published modulus', () => hmac('sha256', Buffer.from(key.jwk.n, 'base64url'))],
    ['HS256 signed with nothing', () => hmac('sha256', '')],
    ['another RSA key under our key id', () => jwt.sign(claims, stranger, { algorithm: 'RS256', keyid: key.kid })],
    ['another RSA key', () => jwt.sign(claims, stranger, { algorithm: 'RS256' })],
    ['RS512 with our key', () => jwt.sign(claims, key.privateKey, { algorithm: 'RS512', keyid: key.kid })],
    ['no expiry', () => sign({ exp: undefined })],
    ['another audience', () => sign({ aud: 'elsewhere' })],
    ['no audience', () => sign({ aud: undefined })],
    ['another issuer', () => sign({ iss: 'https://evil.example' })],
    ['an expiry 61 seconds ago', () => sign({ exp: now() - 61 })],
    ['a start in more than a minute', () => sign({ nbf: now() + 65 })],
    ['no session', () => sign({ sid: undefined })],
    ['another session', () => sign({ sid: '01890000-0000-7000-8000-000000000000' })],
    ['another role', () => sign({ role: 'platform_admin' })],
    ['an invented role', () => sign({ role: 'owner' })],
    ['another persona', () => sign({ persona: 'employer' })],
    ['two subjects', () => sign({ user_id: '01890000-0000-7000-8000-000000000000' })],
    ['another tenant', () => sign({ tenant_id: '01890000-0000-7000-8000-000000000000' })],
    ['a changed payload', () => good.replace(/\.[^.]+\./, `.${b64({ ...claims, exp: now() + 9e6 })}.`)],
    ['claims that are no object', () => jwt.sign('null', key.privateKey, { algorithm: 'RS256', keyid: key.kid })],
    ['a critical extension that nobody here knows', () => sign({}, { crit: ['b64'], b64: true })],
    ['garbage', () => 'a.b.c'],
    ['nothing of the kind', () => 'undefined'],
  ];

  it.each(forged)('are refused with %s, over HTTP and by the verifier of sockets alike', async (_what, make) => {
    const token = make();
    expect(await me(token)).toBe(401);
    await expect(verified(token)).rejects.toMatchObject({ kind: 'unauthorized' });
  });

  it('have a minute of leeway for clocks that differ', async () => {
    expect(await me(sign({ exp: now() - 50 }))).toBe(200);
    expect(await me(sign({ nbf: now() + 50 }))).toBe(200);
  });

  it('say when they have merely expired', async () => {
    const { body, headers } = await app.call('/api/auth/me', { token: sign({ exp: now() - 120 }) });
    expect(body).toMatchObject({ code: 'TOKEN_EXPIRED', status: 401 });
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  it('never make the server fetch a key', async () => {
    let hits = 0;
    const evil: Server = createServer((_request, response) => {
      hits += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/jwks.json`;
    evil.unref();
    const jwk = createPublicKey(stranger).export({ format: 'jwk' });
    const x5c = [createPublicKey(stranger).export({ type: 'spki', format: 'der' }).toString('base64')];
    const kid = key.kid;
    for (const header of [
      { jku: url },
      { x5u: url },
      { jwk },
      { x5c },
      { jku: url, kid },
      { x5u: url, jwk, kid },
      { kid: url },
    ]) {
      const token = jwt.sign(claims, stranger, { algorithm: 'RS256', header: { alg: 'RS256', ...header } as never });
      expect(await me(token)).toBe(401);
      await expect(verified(token)).rejects.toMatchObject({ kind: 'unauthorized' });
    }
    expect(await me(sign({}, { jku: url, x5u: url, jwk }))).toBe(200);
    await new Promise((resolve) => evil.close(resolve));
    expect(hits).toBe(0);
  });

  it('are not replaced by tokens of another purpose', async () => {
    const admin = await app.signedIn('tenant_admin');
    const user = await app.signedIn('end_user', admin);
    const linked = async (path: string, body: object = {}) => {
      const answer = await app.call(path, { method: 'POST', token: admin.token, body });
      return /token=([\w-]+)/.exec(answer.text)?.[1] ?? '';
    };
    const others = {
      refresh: user.refresh,
      reset: await linked(`/api/admin/users/${user.id}/reset-password`),
      invitation: await linked('/api/admin/invitations', { email: 'guest@example.test' }),
    };
    expect(Object.values(others).map((token) => token.slice(0, 3))).toEqual(['rt_', 'pr_', 'in_']);
    for (const [what, token] of Object.entries(others)) {
      expect([what, await me(token)]).toEqual([what, 401]);
      await expect(verified(token)).rejects.toMatchObject({ kind: 'unauthorized' });
    }
    expect((await app.call('/api/auth/refresh', { body: { refresh_token: user.refresh } })).status).toBe(200);
  });

  it('stop working once the person is disabled or has another role', async () => {
    const demoted = await app.signedIn('tenant_admin');
    await app.database.uow.query(
      demoted,
      `UPDATE app.principal SET role = 'end_user' WHERE tenant_id = $1 AND id = $2`,
      [demoted.tenantId, demoted.id],
    );
    expect(await me(demoted.token)).toBe(401);
    const disabled = await app.signedIn('end_user');
    await app.database.uow.query(
      disabled,
      `UPDATE app.principal SET disabled_at = now() WHERE tenant_id = $1 AND id = $2`,
      [disabled.tenantId, disabled.id],
    );
    expect(await me(disabled.token)).toBe(401);
    const renewed = await app.call('/api/auth/refresh', { body: { refresh_token: disabled.refresh } });
    expect(renewed.status).toBe(401);
  });

  it('of the operator’s own issuer are taken when its key is configured', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const trusting = await AuthApp.start({ JWT_PUBLIC_KEY: pem }, { beside: app });
    try {
      const user = await trusting.signedIn('end_user');
      const { sid: _sid, ...without } = jwt.decode(user.token) as Record<string, unknown>;
      const foreign = jwt.sign(without, pair.privateKey, { algorithm: 'RS256' });
      expect((await trusting.call('/api/auth/me', { token: foreign })).status).toBe(200);
      expect((await trusting.call('/api/auth/me', { token: user.token })).status).toBe(200);
      const invented = jwt.sign({ ...without, sub: user.tenantId, user_id: user.tenantId }, pair.privateKey, {
        algorithm: 'RS256',
      });
      expect((await trusting.call('/api/auth/me', { token: invented })).status).toBe(401);
    } finally {
      await trusting.stop(true);
    }
  });

  it('of the operator’s own issuer are its own: not those of one with a name, nor of a key of ours', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const named = await AuthApp.start({ JWT_PUBLIC_KEY: pem, JWT_ISSUER: 'https://sso.example.com' }, { beside: app });
    try {
      const user = await named.signedIn('end_user');
      const { sid: _sid, ...without } = jwt.decode(user.token) as Record<string, unknown>;
      const asked = async (change: object) => {
        const token = jwt.sign({ ...without, ...change }, pair.privateKey, { algorithm: 'RS256' });
        return (await named.call('/api/auth/me', { token })).status;
      };
      expect(await asked({ iss: 'https://sso.example.com' })).toBe(200);
      expect(await asked({})).toBe(401);
    } finally {
      await named.stop(true);
    }
    await expect(AuthApp.start({ JWT_PUBLIC_KEY: publicPem() }, { beside: app })).rejects.toThrow(
      "JWT_PUBLIC_KEY: is this server's own key",
    );
  });
});

describe('refresh tokens', () => {
  let app: AuthApp;
  beforeAll(async () => {
    app = await AuthApp.start();
  });
  afterAll(() => app.stop());

  const refresh = async (token: string) => {
    const { status, body } = await app.call('/api/auth/refresh', { body: { refresh_token: token } });
    return { status, next: String(body['refresh_token']), access: String(body['access_token']) };
  };

  /** What nobody else may learn: the secret and its seal. */
  const secretsOf = (token: string) => [token.slice(-86, -43), token.slice(-43)];

  it('are replaced at each use, and the new access token works', async () => {
    const user = await app.signedIn('end_user');
    const first = await refresh(user.refresh);
    expect(first.status).toBe(200);
    expect(first.next).not.toBe(user.refresh);
    expect((await app.call('/api/auth/me', { token: first.access })).status).toBe(200);
    expect((await refresh(first.next)).status).toBe(200);
  });

  it('give the same successor when the answer was lost', async () => {
    const user = await app.signedIn('end_user');
    const answers = await Promise.all([refresh(user.refresh), refresh(user.refresh), refresh(user.refresh)]);
    expect(new Set(answers.map((answer) => answer.next)).size).toBe(1);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  });

  it('end the whole session when an old one comes back after ten seconds', async () => {
    const user = await app.signedIn('end_user');
    const next = await refresh(user.refresh);
    await app.database.uow.query(
      user,
      `UPDATE app.session SET rotated_at = now() - interval '11 seconds' WHERE tenant_id = $1`,
      [user.tenantId],
    );
    const heard: SessionRevoked[] = [];
    app.app.get(EventBus).on(SessionRevoked, (event) => void heard.push(event));
    expect((await refresh(user.refresh)).status).toBe(401);
    expect((await refresh(next.next)).status).toBe(401);
    expect((await app.call('/api/auth/me', { token: next.access })).status).toBe(401);
    expect(heard).toMatchObject([{ principalId: user.id }]);
    const audit = await app.database.uow.query<{ actor: string; row: string }>(
      user,
      `SELECT actor_id AS actor, a::text AS row FROM app.audit_event a
       WHERE tenant_id = $1 AND action = 'session.detect_reuse'`,
      [user.tenantId],
    );
    expect(audit.map(({ actor }) => actor)).toEqual([user.id]);
    for (const part of secretsOf(user.refresh)) expect(audit[0]?.row).not.toContain(part);
  });

  it('end it also when one that is two generations old comes back', async () => {
    const user = await app.signedIn('end_user');
    const second = await refresh(user.refresh);
    const third = await refresh(second.next);
    expect((await refresh(user.refresh)).status).toBe(401);
    expect((await refresh(third.next)).status).toBe(401);
  });

  it('that were invented change nothing', async () => {
    const user = await app.signedIn('end_user');
    const bent = user.refresh.slice(0, -1) + (user.refresh.endsWith('A') ? 'B' : 'A');
    const otherTenant = user.refresh.replace(user.tenantId, (await app.database.tenant()).tenantId);
    for (const token of [bent, otherTenant, 'rt_x', user.token]) expect((await refresh(token)).status).toBe(401);
    expect((await refresh(user.refresh)).status).toBe(200);
  });

  it('are not in the database', async () => {
    const user = await app.signedIn('end_user');
    const [row] = await app.database.uow.query<{ text: string }>(
      user,
      `SELECT s::text || encode(refresh_hash, 'escape') AS text FROM app.session s WHERE tenant_id = $1`,
      [user.tenantId],
    );
    for (const part of secretsOf(user.refresh)) expect(row?.text).not.toContain(part);
  });
});
