import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SessionRevoked } from '#auth';
import { EventBus } from '#platform/events';
import { EntitlementService, OPERATOR_DEFAULTS } from '#tenants';
import { SignJWT } from 'jose';
import { PrincipalRepository } from '../../../src/auth/principals/principal.repository.js';
import { AuthApp, type Call } from './auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;
interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const PAIRS: Record<string, Pair> = {
  RS256: rsa(),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
const pem = (pair: Pair | undefined) => String(pair?.publicKey.export({ type: 'spki', format: 'pem' }));
const now = () => Math.floor(Date.now() / 1000);
const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An issuer's key address that says what it is told to. */
class KeyServer {
  hits = 0;
  answer: (response: ServerResponse) => void = (response) => response.end('{"keys":[]}');

  private constructor(private readonly server: Server) {}

  static async start(): Promise<KeyServer> {
    const server = createServer();
    const keys = new KeyServer(server);
    server.on('request', (_request, response) => {
      keys.hits++;
      keys.answer(response.on('error', () => undefined));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return keys;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}/jwks.json`;
  }

  serve(...keys: [kid: string, pair: Pair][]): void {
    const jwks = keys.map(([kid, pair]) => ({ ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig' }));
    this.answer = (response) => response.end(JSON.stringify({ keys: jwks }));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('trusted issuers', () => {
  let app: AuthApp;
  let keyServer: KeyServer;
  let number = 0;
  beforeAll(async () => {
    keyServer = await KeyServer.start();
    app = await AuthApp.start({ OUTBOUND_ALLOW: keyServer.host, TRUST_PROXY: '1', REQUESTS_PER_MINUTE: '0' });
  });
  afterAll(async () => {
    await app.stop();
    await keyServer.stop();
  });

  const issuers = (token: string, path = '', call: Call = {}) =>
    app.call(`/api/admin/trusted-issuers${path}`, { token, ...call });
  const bodyOf = (change: object = {}) => ({
    issuer: `https://login${number++}.example.com/`,
    audience: ['switchboard-test'],
    public_key: pem(PAIRS['RS256']),
    ...change,
  });
  /** A tenant that trusts an issuer, and what signs its tokens. */
  const trusting = async (change: object = {}, by?: Person) => {
    const admin = by ?? (await app.signedIn('tenant_admin'));
    const body = bodyOf(change);
    const made = await issuers(admin.token, '', { body });
    if (made.status !== 201) throw new Error(made.text);
    const sign = (
      claims: Record<string, unknown> = {},
      key: KeyObject = PAIRS['RS256']!.privateKey,
      header: Record<string, unknown> = {},
    ) => {
      const payload = {
        iss: body.issuer,
        aud: 'switchboard-test',
        sub: 'u1',
        iat: now() - 5,
        exp: now() + 600,
        ...claims,
      };
      const present = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
      return new SignJWT(present).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
    };
    return { admin, sign, id: String(made.body['id']), body: made.body, issuer: body.issuer };
  };
  /** Each from an address of its own: so many bad tokens from one are another matter. */
  const me = (token: string) => {
    number++;
    const headers = { 'x-forwarded-for': `10.0.${number >> 8}.${number & 255}` };
    return app.call('/api/auth/me', { token, headers });
  };

  it.each(['RS256', 'ES256', 'EdDSA'])('open the door with %s, and make one person on first use', async (alg) => {
    const pair = PAIRS[alg]!;
    const { admin, sign } = await trusting({ public_key: pem(pair), algorithms: [alg] });
    const token = await sign({ name: 'Ann', email: 'Ann@Example.test' }, pair.privateKey, { alg });
    const first = await Promise.all([me(token), me(token), me(token)]);
    expect(first.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(first.map(({ body }) => body['id'])).size).toBe(1);
    expect(first[0]?.body).toMatchObject({
      name: 'Ann',
      email: 'ann@example.test',
      role: 'end_user',
      tenant: { id: admin.tenantId },
    });
    const later = await me(await sign({ name: 'Anna' }, pair.privateKey, { alg }));
    expect(later.body).toMatchObject({ id: first[0]?.body['id'], name: 'Anna' });
    const listed = await app.call('/api/admin/users?q=u1', { token: admin.token });
    expect(listed.body['data']).toMatchObject([{ external_id: 'u1', kind: 'end_user' }]);
    expect((await app.call(`/api/${admin.slug}/probe`, { token })).status).toBe(200);
    expect((await app.call('/api/admin/users', { token })).status).toBe(403);
  });

  it('are refused what was forged, bent or is out of time', async () => {
    const { admin, issuer, sign } = await trusting();
    const good = await sign();
    const claims = { iss: issuer, aud: 'switchboard-test', sub: 'u1', exp: now() + 600 };
    const head = `${b64({ alg: 'HS256', typ: 'JWT' })}.${b64(claims)}`;
    const ours = (await app.signedIn('end_user', admin)).token;
    const forged = [
      `${b64({ alg: 'none' })}.${b64(claims)}.`,
      `${b64({ alg: 'nOnE' })}.${b64(claims)}.`,
      `${head}.${createHmac('sha256', pem(PAIRS['RS256'])).update(head).digest('base64url')}`,
      await sign({}, rsa().privateKey),
      await sign({}, PAIRS['ES256']!.privateKey, { alg: 'ES256' }),
      await sign({}, PAIRS['RS256']!.privateKey, { alg: 'RS512' }),
      await sign({}, PAIRS['RS256']!.privateKey, { alg: 'PS256' }),
      await sign({ exp: undefined }),
      await sign({ exp: 'tomorrow' }),
      await sign({ exp: 1e300 }),
      await sign({ exp: now() - 61 }),
      await sign({ nbf: now() + 65 }),
      await sign({ iat: now() + 3600 }),
      await sign({ aud: 'elsewhere' }),
      await sign({ aud: undefined }),
      await sign({ aud: [] }),
      await sign({ iss: 'https://evil.example.com/' }),
      await sign({ iss: undefined }),
      await sign({ sub: undefined }),
      await sign({ sub: '' }),
      await sign({ sub: { id: 'u1' } }),
      await sign({ sub: 'a\0b' }),
      await sign({ sub: `api_key:${admin.id}` }),
      await sign({ sub: `platform:${admin.id}` }),
      await sign({ sub: 'x'.repeat(201) }),
      await sign({}, PAIRS['RS256']!.privateKey, { crit: ['x'], x: 1 }).catch(() => 'a.b.c'),
      good.replace(/\.[^.]+\./, `.${b64({ ...claims, sub: 'admin' })}.`),
      ours.replace(/^[^.]+/, good.split('.')[0] ?? ''),
    ];
    for (const token of forged) expect({ token, status: (await me(token)).status }).toEqual({ token, status: 401 });
    expect((await me(await sign({ exp: now() - 50 }))).status).toBe(200);
    expect((await me(await sign({ nbf: now() + 50 }))).status).toBe(200);
    expect((await me(await sign({ aud: ['elsewhere', 'switchboard-test'] }))).status).toBe(200);
    expect((await me(await sign({ sub: 4711 }))).status).toBe(200);
    expect((await me(good)).status).toBe(200);
  });

  it('never make the server ask where a token says', async () => {
    const evil = await KeyServer.start();
    try {
      const stranger = rsa();
      evil.serve(['evil', stranger]);
      const { sign } = await trusting();
      const jwk = stranger.publicKey.export({ format: 'jwk' });
      for (const header of [{ jku: evil.url, kid: 'evil' }, { x5u: evil.url }, { jwk }])
        expect((await me(await sign({}, stranger.privateKey, header))).status).toBe(401);
      expect((await me(await sign({ iss: evil.url }, stranger.privateKey, { kid: 'evil' }))).status).toBe(401);
      expect(evil.hits).toBe(0);
    } finally {
      await evil.stop();
    }
  });

  describe('with a key address', () => {
    const byAddress = async () => {
      keyServer.hits = 0;
      return trusting({ public_key: null, jwks_url: keyServer.url, algorithms: ['RS256', 'ES256'] });
    };

    it('are asked once, again for a new key, and not for every made-up one', async () => {
      const [a, b] = [rsa(), rsa()];
      keyServer.serve(['a', a]);
      const { sign } = await byAddress();
      const tokens = await Promise.all(Array.from({ length: 5 }, () => sign({}, a.privateKey, { kid: 'a' })));
      for (const { status } of await Promise.all(tokens.map(me))) expect(status).toBe(200);
      expect(keyServer.hits).toBe(1);
      for (let n = 0; n < 20; n++)
        expect((await me(await sign({}, b.privateKey, { kid: `made up ${n}` }))).status).toBe(401);
      expect(keyServer.hits).toBe(1);
      keyServer.serve(['a', a], ['b', b]);
      const clock = jest
        .spyOn(Date, 'now')
        .mockImplementation(() => performance.timeOrigin + performance.now() + 31_000);
      try {
        expect((await me(await sign({}, b.privateKey, { kid: 'b' }))).status).toBe(200);
        expect((await me(await sign({}, rsa().privateKey, { kid: 'b' }))).status).toBe(401);
        expect((await me(await sign({}, rsa().privateKey, { kid: 'c' }))).status).toBe(401);
      } finally {
        clock.mockRestore();
      }
      expect(keyServer.hits).toBe(2);
    });

    it.each<[string, (response: ServerResponse) => void]>([
      ['away', (response) => response.destroy()],
      ['broken', (response) => response.writeHead(500).end()],
      ['talking nonsense', (response) => response.end('<html>')],
      ['answering with no keys', (response) => response.end('{"keys":null}')],
      ['silent', () => undefined],
      [
        'sending 100 MB',
        (response) => {
          const chunk = Buffer.alloc(1024 * 1024, ' ');
          let left = 100;
          const more = () => {
            while (left-- > 0) if (!response.write(chunk)) return void response.once('drain', more);
            response.end();
          };
          more();
        },
      ],
    ])('that is %s refuse its tokens, quickly, and are not hammered', async (_how, answer) => {
      const { sign } = await byAddress();
      keyServer.answer = answer;
      const memory = process.memoryUsage().rss;
      const token = await sign({}, PAIRS['RS256']!.privateKey, { kid: 'a' });
      expect((await me(token)).status).toBe(401);
      const start = Date.now();
      const rest = await Promise.all(Array.from({ length: 20 }, () => me(token)));
      expect(new Set(rest.map(({ status }) => status))).toEqual(new Set([401]));
      expect(Date.now() - start).toBeLessThan(3000);
      expect(keyServer.hits).toBe(1);
      expect(process.memoryUsage().rss - memory).toBeLessThan(64 * 1024 * 1024);
    });

    it.each([
      'http://127.0.0.1:1/jwks.json',
      'http://localhost/jwks.json',
      'https://[::1]/jwks.json',
      'http://169.254.169.254/latest',
      'https://metadata.google.internal/',
      'http://login.example.com/jwks.json',
      'file:///etc/passwd',
      'https://login.example.com:22/jwks.json',
      'not an address',
      '',
    ])('at %s are refused when they are saved', async (url) => {
      const admin = await app.signedIn('tenant_admin');
      const refused = await issuers(admin.token, '', { body: bodyOf({ public_key: null, jwks_url: url }) });
      expect(refused.status).toBe(422);
    });
  });

  it.each<[string, object, number]>([
    ["{ algorithms: ['HS256'] }", { algorithms: ['HS256'] }, 422],
    ["{ algorithms: ['none'] }", { algorithms: ['none'] }, 422],
    ['{ algorithms: [] }', { algorithms: [] }, 422],
    ["{ algorithms: ['ES256'] }", { algorithms: ['ES256'] }, 422],
    ["{ algorithms: ['RS256', 'ES256'] }", { algorithms: ['RS256', 'ES256'] }, 422],
    ['{ audience: [] }', { audience: [] }, 422],
    ["{ audience: 'one' }", { audience: 'one' }, 422],
    ["{ issuer: '' }", { issuer: '' }, 422],
    ["{ issuer: 'switchboard' }", { issuer: 'switchboard' }, 422],
    ["{ public_key: 'no key' }", { public_key: 'no key' }, 422],
    ['a private key', { public_key: String(rsa().privateKey.export({ type: 'pkcs8', format: 'pem' })) }, 422],
    ['an RSA key of 1024 bits', { public_key: pem(generateKeyPairSync('rsa', { modulusLength: 1024 })) }, 422],
    [
      'a key of another curve',
      { public_key: pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), algorithms: ['ES256'] },
      422,
    ],
    ['{ public_key: null }', { public_key: null }, 422],
    ["{ jwks_url: 'https://login.example.com/jwks.json' }", { jwks_url: 'https://login.example.com/jwks.json' }, 422],
    ["{ roles: ['platform_admin'] }", { roles: ['platform_admin'] }, 422],
    ['{ roles: [] }', { roles: [] }, 422],
    ["{ claims: { user_id: '' } }", { claims: { user_id: '' } }, 422],
    ["{ claims: { tenant_id: 'tid' } }", { claims: { tenant_id: 'tid' } }, 400],
    ["{ tenant_id: 'x' }", { tenant_id: 'x' }, 400],
    ["{ id: 'x' }", { id: 'x' }, 400],
  ])('with %s are refused', async (_what, change, status) => {
    const admin = await app.signedIn('tenant_admin');
    const refused = await issuers(admin.token, '', { body: bodyOf(change) });
    expect(refused.status).toBe(status);
    expect(refused.text).not.toContain('PRIVATE KEY');
    expect((await issuers(admin.token)).body['data']).toEqual([]);
  });

  it('map claims by name and by path, and give no role that was not named for them', async () => {
    const { sign, admin } = await trusting({
      claims: { user_id: 'https://example.com/uid', persona: 'app.persona', role: 'realm_access.roles', name: null },
      roles: ['end_user', 'supporter'],
    });
    const claims = {
      sub: undefined,
      'https://example.com/uid': 'crm-7',
      name: 'left out',
      app: { persona: 'employer' },
      realm_access: { roles: ['offline_access', 'supporter'] },
    };
    const staff = await me(await sign(claims));
    expect(staff.body).toMatchObject({ role: 'supporter', persona: 'employer', name: '' });
    expect((await me(await sign({ ...claims, realm_access: { roles: ['tenant_admin'] } }))).status).toBe(401);
    expect((await me(await sign({ ...claims, realm_access: { roles: 'platform_admin' } }))).status).toBe(401);
    expect((await me(await sign({ ...claims, app: { persona: "x'; DROP" } }))).status).toBe(401);
    const demoted = await me(await sign({ ...claims, realm_access: { roles: ['end_user'] } }));
    expect(demoted.body).toMatchObject({ id: staff.body['id'], role: 'end_user' });
    const other = await me(await sign({ 'https://example.com/uid': 'crm-8', sub: 'crm-7' }));
    expect(other.body).toMatchObject({ role: 'end_user', tenant: { id: admin.tenantId } });
    expect(other.body['id']).not.toBe(staff.body['id']);
  });

  describe('say what holds from their issue on', () => {
    const WITH_ROLES = {
      claims: { persona: 'persona', role: 'role' },
      roles: ['end_user', 'supporter', 'tenant_admin'],
    };
    const patch = (admin: Person, id: unknown, body: object) =>
      app.call(`/api/admin/users/${String(id)}`, { method: 'PATCH', token: admin.token, body });

    it('so that an older token undoes nothing of a newer one', async () => {
      const { sign } = await trusting(WITH_ROLES);
      const old = await sign({ iat: now() - 40, role: 'supporter', persona: 'night', name: 'Old' });
      expect((await me(old)).body).toMatchObject({ role: 'supporter', persona: 'night' });
      const newer = await sign({ iat: now() - 20, role: 'end_user', persona: 'day', name: 'New' });
      expect((await me(newer)).body).toMatchObject({ role: 'end_user', persona: 'day' });
      expect((await me(old)).body).toMatchObject({ role: 'end_user', persona: 'day', name: 'New' });
      // Also when the newer one had changed nothing.
      const same = await sign({ iat: now() - 10, role: 'end_user', persona: 'day' });
      expect((await me(same)).status).toBe(200);
      const between = await sign({ iat: now() - 15, role: 'tenant_admin', persona: 'night' });
      expect((await me(between)).body).toMatchObject({ role: 'end_user', persona: 'day' });
      expect((await me(await sign({ role: 'supporter' }))).body).toMatchObject({ role: 'supporter' });
    });

    it('also at once: of two, the newer holds', async () => {
      const { admin, sign } = await trusting(WITH_ROLES);
      const user = await me(await sign({ iat: now() - 60 }));
      const tokens = await Promise.all([
        ...[40, 39, 38, 37].map((age) => sign({ iat: now() - age, role: 'supporter' })),
        sign({ iat: now() - 20, role: 'end_user', persona: 'day' }),
      ]);
      await Promise.all([...tokens, ...tokens].map(me));
      const stored = await app.call(`/api/admin/users/${String(user.body['id'])}`, { token: admin.token });
      expect(stored.body).toMatchObject({ role: 'end_user', persona: 'day' });
    });

    it('also when an older one gives a role while the newer one is being read', async () => {
      const { sign } = await trusting(WITH_ROLES);
      const user = await me(await sign({ iat: now() - 60 }));
      const token = await sign({ iat: now() - 20, role: 'end_user', persona: 'day' });
      const people = app.app.get(PrincipalRepository);
      const lockUser = people.lockUser.bind(people);
      jest.spyOn(people, 'lockUser').mockImplementationOnce(async (tx, id) => {
        const older = { name: '', persona: 'night', disabledAt: null, claimsAsOf: new Date((now() - 40) * 1000) };
        await people.update(tx, id, { ...older, role: 'supporter' });
        return lockUser(tx, id);
      });
      expect((await me(token)).body).toMatchObject({ id: user.body['id'], role: 'end_user', persona: 'day' });
    });

    it('and one from before an admin’s change undoes nothing of it', async () => {
      const { admin, sign } = await trusting(WITH_ROLES);
      const token = await sign({ role: 'supporter', persona: 'night' });
      const user = await me(token);
      await patch(admin, user.body['id'], { role: 'end_user', persona: null });
      await app.database.uow.query(admin, `DELETE FROM app.session WHERE tenant_id = $1 AND issuer_id IS NOT NULL`, [
        admin.tenantId,
      ]);
      expect((await me(token)).body).toMatchObject({ role: 'end_user', persona: null });
      // Also by a clock that is ahead.
      const ahead = await sign({ iat: now() + 40, role: 'supporter' });
      expect((await me(ahead)).body).toMatchObject({ role: 'supporter' });
      await patch(admin, user.body['id'], { role: 'end_user' });
      await app.database.uow.query(admin, `DELETE FROM app.session WHERE tenant_id = $1 AND issuer_id IS NOT NULL`, [
        admin.tenantId,
      ]);
      expect((await me(ahead)).body).toMatchObject({ role: 'end_user' });
    });

    it('and one from before a deletion brings nobody back', async () => {
      const { admin, sign } = await trusting();
      const token = await sign();
      const user = await me(token);
      const path = `/api/admin/users/${String(user.body['id'])}`;
      expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
      expect((await me(token)).status).toBe(401);
      expect((await me(await sign({ iat: undefined }))).status).toBe(401);
      const rows = await app.database.uow.query(
        admin,
        `SELECT e::text FROM app.ended_identity e WHERE tenant_id = $1`,
        [admin.tenantId],
      );
      expect(rows).toHaveLength(2);
      expect(JSON.stringify(rows)).not.toContain(String(user.body['id']));
      // Somebody new of this name is let in, and is not whom the old token means.
      const fresh = await me(await sign({ iat: now() + 2 }));
      expect(fresh.status).toBe(200);
      expect(fresh.body['id']).not.toBe(user.body['id']);
      expect((await me(token)).status).toBe(401);
    });

    it('and keep the last admin', async () => {
      const { admin, sign } = await trusting(WITH_ROLES);
      const first = await me(await sign({ iat: now() - 20, role: 'tenant_admin' }));
      const second = await me(await sign({ iat: now() - 20, role: 'tenant_admin', sub: 'u2' }));
      expect((await patch(admin, admin.id, { role: 'supporter' })).status).toBe(200);
      const demotions = await Promise.all([sign({ role: 'end_user' }), sign({ role: 'end_user', sub: 'u2' })]);
      await Promise.all(demotions.map(me));
      const rows = await app.database.uow.query<{ id: string }>(
        admin,
        `SELECT id FROM app.principal WHERE tenant_id = $1 AND role = 'tenant_admin' AND disabled_at IS NULL`,
        [admin.tenantId],
      );
      expect(rows).toHaveLength(1);
      expect([first.body['id'], second.body['id']]).toContain(rows[0]?.id);
    });
  });

  it('make nobody of an address that is somebody else’s, and let nobody in who is disabled', async () => {
    const { admin, sign } = await trusting();
    const guest = await me(await sign({ sub: 'u2', email: admin.email }));
    expect(guest.body).toMatchObject({ email: null });
    expect(guest.body['id']).not.toBe(admin.id);
    const path = `/api/admin/users/${String(guest.body['id'])}`;
    await app.call(path, { method: 'PATCH', token: admin.token, body: { disabled: true } });
    expect((await me(await sign({ sub: 'u2' }))).status).toBe(401);
    // Nor with one that was issued after it.
    expect((await me(await sign({ sub: 'u2', iat: now() + 5 }))).status).toBe(401);
  });

  it('let nobody back in with a token from before a sign-out', async () => {
    const { admin, sign } = await trusting();
    const token = await sign();
    const user = await me(token);
    expect((await app.call('/api/auth/logout', { method: 'POST', token })).status).toBe(204);
    expect((await me(token)).status).toBe(401);
    await app.database.uow.query(
      admin,
      `UPDATE app.session SET revoked_at = now() - interval '3 seconds' WHERE tenant_id = $1 AND revoked_at IS NOT NULL`,
      [admin.tenantId],
    );
    const fresh = await sign({ iat: now() });
    expect((await me(fresh)).body['id']).toBe(user.body['id']);
    expect((await me(token)).status).toBe(401);
    const sessions = `/api/admin/sessions?user_id=${String(user.body['id'])}`;
    expect((await app.call(sessions, { method: 'DELETE', token: admin.token })).status).toBe(204);
    expect((await me(fresh)).status).toBe(401);
  });

  it('that are disabled or deleted end what they opened', async () => {
    const { admin, id, sign } = await trusting();
    const token = await sign();
    const user = await me(token);
    const heard: SessionRevoked[] = [];
    const off = app.app.get(EventBus).on(SessionRevoked, (event) => void heard.push(event));
    expect((await issuers(admin.token, `/${id}`, { method: 'PATCH', body: { enabled: false } })).body).toMatchObject({
      enabled: false,
    });
    off();
    expect(heard).toMatchObject([{ principalId: user.body['id'] }]);
    expect((await me(token)).status).toBe(401);
    await issuers(admin.token, `/${id}`, { method: 'PATCH', body: { enabled: true } });
    await app.database.uow.query(admin, `DELETE FROM app.session WHERE tenant_id = $1 AND issuer_id IS NOT NULL`, [
      admin.tenantId,
    ]);
    expect((await me(token)).status).toBe(200);
    expect((await issuers(admin.token, `/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await me(token)).status).toBe(401);
    const audit = await app.database.uow.query<{ action: string }>(
      admin,
      `SELECT action FROM app.audit_event WHERE tenant_id = $1 AND target_type = 'trusted_issuer' ORDER BY id`,
      [admin.tenantId],
    );
    expect(audit.map(({ action }) => action.split('.')[1])).toEqual(['create', 'update', 'update', 'delete']);
  });

  it('belong to one tenant: no other sees them, nor takes their tokens', async () => {
    const a = await trusting();
    const b = await app.signedIn('tenant_admin');
    for (const call of [{}, { method: 'DELETE' }, { method: 'PATCH', body: { enabled: false } }] as Call[])
      expect((await issuers(b.token, `/${a.id}`, call)).status).toBe(404);
    const same = bodyOf({ issuer: a.issuer });
    expect((await issuers(b.token, '', { body: same })).status).toBe(409);
    expect((await issuers(a.admin.token, '', { body: same })).status).toBe(409);
    const [c, d] = [bodyOf({ audience: ['both'] }), b];
    const raced = await Promise.all([issuers(a.admin.token, '', { body: c }), issuers(d.token, '', { body: c })]);
    expect(raced.map(({ status }) => status).sort()).toEqual([201, 409]);
    const own = await issuers(b.token, '', { body: { ...same, audience: ['b'], public_key: pem(PAIRS['RS256']) } });
    expect(own.status).toBe(201);
    expect((await me(await a.sign())).body).toMatchObject({ tenant: { id: a.admin.tenantId } });
    expect((await me(await a.sign({ aud: 'b' }))).body).toMatchObject({ tenant: { id: b.tenantId } });
    // Of whom it is for nothing can be said.
    expect((await me(await a.sign({ aud: ['b', 'switchboard-test'] }))).status).toBe(401);
    expect((await me(await a.sign({ tenant_id: b.tenantId }))).body).toMatchObject({
      tenant: { id: a.admin.tenantId },
    });
  });

  it('that are disabled keep nobody else from theirs, and wait for it', async () => {
    const a = await trusting({ enabled: false });
    const b = await trusting({ issuer: a.issuer, public_key: pem(PAIRS['EdDSA']), algorithms: ['EdDSA'] });
    const token = await b.sign({}, PAIRS['EdDSA']!.privateKey, { alg: 'EdDSA' });
    expect((await me(token)).body).toMatchObject({ tenant: { id: b.admin.tenantId } });
    const patch = ({ admin, id }: typeof a, enabled: boolean) =>
      issuers(admin.token, `/${id}`, { method: 'PATCH', body: { enabled } });
    expect((await patch(a, true)).status).toBe(409);
    // Nobody's way is barred to what is off: changed, or made.
    expect((await issuers(a.admin.token, `/${a.id}`, { method: 'PATCH', body: { roles: ['supporter'] } })).status).toBe(
      200,
    );
    await trusting({ issuer: a.issuer, enabled: false });
    expect((await patch(b, false)).status).toBe(200);
    const raced = await Promise.all([patch(a, true), patch(b, true)]);
    expect(raced.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('are for admins, and for keys that may all that they give', async () => {
    const { admin, id } = await trusting();
    const supporter = await app.signedIn('supporter', admin);
    expect((await issuers(supporter.token)).status).toBe(403);
    const keyOf = async (...scopes: string[]) => {
      const body = { name: 'k', role: 'tenant_admin', scopes };
      return String((await app.call('/api/admin/api-keys', { token: admin.token, body })).body['key']);
    };
    const patch = (key: string, body: object) => issuers(key, `/${id}`, { method: 'PATCH', body });
    // Its issuer would sign for any end user, which is to vouch for them.
    const key = await keyOf('credentials.manage');
    for (const refused of [
      await issuers(key, '', { body: bodyOf() }),
      await patch(key, { public_key: pem(rsa()) }),
      await patch(key, { claims: { user_id: 'email' } }),
      await patch(key, { enabled: true }),
    ]) {
      expect(refused.status).toBe(403);
      expect(refused.text).toContain('end_user_tokens.create');
    }
    const vouches = await keyOf('credentials.manage', 'end_user_tokens.create');
    expect((await issuers(vouches, '', { body: bodyOf({ roles: ['tenant_admin'] }) })).status).toBe(403);
    expect((await patch(vouches, { roles: ['tenant_admin'] })).status).toBe(403);
    expect((await issuers(vouches, '', { body: bodyOf() })).status).toBe(201);
    expect((await patch(vouches, { public_key: pem(rsa()) })).status).toBe(200);
  });

  it('change from a key to an address and back', async () => {
    const { admin, body, id } = await trusting();
    expect(body).toMatchObject({ jwks_url: null, algorithms: ['RS256'], roles: ['end_user'], enabled: true });
    const patch = (change: object) => issuers(admin.token, `/${id}`, { method: 'PATCH', body: change });
    expect((await patch({ jwks_url: keyServer.url })).body).toMatchObject({
      jwks_url: keyServer.url,
      public_key: null,
    });
    const key = await patch({ public_key: pem(PAIRS['EdDSA']), algorithms: ['EdDSA'] });
    expect(key.body).toMatchObject({ jwks_url: null, algorithms: ['EdDSA'] });
    expect((await patch({ public_key: null })).status).toBe(422);
    expect((await patch({ algorithms: ['RS256'] })).status).toBe(422);
  });
});

describe('the installation’s issuer', () => {
  it('signs for every tenant: by its keys’ address, with the tenant in its tokens', async () => {
    const keys = await KeyServer.start();
    const pair = rsa();
    keys.serve(['k', pair]);
    const app = await AuthApp.start({
      JWT_JWKS_URL: keys.url,
      JWT_ISSUER: 'https://sso.example.com',
      JWT_AUDIENCE: 'all',
    });
    try {
      const sign = (claims: object) =>
        new SignJWT({ iss: 'https://sso.example.com', aud: 'all', iat: now() - 5, exp: now() + 600, ...claims })
          .setProtectedHeader({ alg: 'RS256', kid: 'k' })
          .sign(pair.privateKey);
      const me = async (claims: object) => app.call('/api/auth/me', { token: await sign(claims) });
      const [a, b] = [await app.signedIn('tenant_admin'), await app.signedIn('tenant_admin')];
      const made = await me({ sub: 'u1', tenant_id: a.slug, persona: 'employer' });
      expect(made.body).toMatchObject({ role: 'end_user', persona: 'employer', tenant: { id: a.tenantId } });
      expect((await me({ sub: 'u1', tenant_id: b.tenantId })).body['id']).not.toBe(made.body['id']);
      expect((await me({ sub: a.id, tenant_id: a.tenantId })).body).toMatchObject({ id: a.id, role: 'tenant_admin' });
      expect((await me({ sub: a.id, tenant_id: b.tenantId })).body['id']).not.toBe(a.id);
      expect((await me({ sub: 'u1', tenant_id: a.slug, role: 'platform_admin' })).status).toBe(401);
      for (const tenant of [undefined, 'nobody', '01890000-0000-7000-8000-000000000000', 7, `${a.slug}\0`])
        expect((await me({ sub: 'u1', tenant_id: tenant })).status).toBe(401);
      // It is the operator's: no feature that a tenant has or has not.
      await app.app.get(EntitlementService).ensure(b, { ...OPERATOR_DEFAULTS, features: [] });
      expect((await me({ sub: 'u1', tenant_id: b.tenantId })).status).toBe(200);
      const body = { issuer: 'https://sso.example.com', audience: ['all'], public_key: pem(pair) };
      expect((await app.call('/api/admin/trusted-issuers', { token: a.token, body })).status).toBe(422);
      expect((await app.call('/api/auth/me', { token: a.token })).status).toBe(200);
    } finally {
      await app.stop();
      await keys.stop();
    }
  });
});
