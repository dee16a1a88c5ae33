import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionService, TokenService } from '#auth';
import { UnavailableError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { TenantSuspended } from '#tenants';
import { ChatApp, type Person } from './chat-app.js';

/** Who may open a socket, and how long it stays theirs. */
describe('the caller of a socket', () => {
  let app: ChatApp;
  let person: Person;
  beforeAll(async () => {
    app = await ChatApp.start({ WS_MAX_PER_USER: '3', WS_HEARTBEAT_SECONDS: '1' });
    person = await app.person();
  }, 60_000);
  afterAll(() => app.stop());

  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  describe('presents a token', () => {
    it.each(['/ws/chat', '/api/chat/ws'])('in a header, on %s', async (path) => {
      const client = await app.socket(path, bearer(person.token));
      expect(await client.next('ready')).toEqual({
        type: 'ready',
        protocol: 1,
        connection_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        user: { id: person.id, role: 'end_user', persona: null },
        tenant: { id: person.tenantId, slug: person.slug },
        heartbeat_s: 1,
        limits: { content: 16_000, frame_bytes: 65_536, messages_per_minute: 0, queue: 5 },
      });
      await client.close();
    });

    it('in the address', async () => {
      const client = await app.socket(`/ws/chat?token=${person.token}`);
      await client.next('ready');
      await client.close();
    });

    it('in a first frame, with the frames before and after it held in order', async () => {
      const client = await app.socket();
      client.send({ type: 'ping', ref: '1' });
      await sleep(50);
      expect(client.frames).toEqual([]);
      client.send({ type: 'auth', token: person.token, ref: 'me' });
      client.send({ content: 'echo held', ref: '2' });
      client.send({ type: 'ping', ref: '3' });
      await client.next('pong', (frame) => frame['ref'] === '3');
      const answers = client.frames.filter((frame) => 'ref' in frame).map((frame) => [frame.type, frame['ref']]);
      expect(answers).toEqual([
        ['ready', 'me'],
        ['pong', '1'],
        ['ack', '2'],
        ['pong', '3'],
      ]);
      await client.close();
    });

    it('twice when it is the same one', async () => {
      const client = await app.socket(`/ws/chat?token=${person.token}`, bearer(person.token));
      await client.next('ready');
      await client.close();
    });

    it.each<[string, (other: Person) => Promise<Awaited<ReturnType<ChatApp['socket']>>>]>([
      ['in header and address', (other) => app.socket(`/ws/chat?token=${other.token}`, bearer(person.token))],
      ['twice in the address', (other) => app.socket(`/ws/chat?token=${other.token}&token=${person.token}`)],
      [
        'in header and first frame',
        async (other) => {
          const client = await app.socket('/ws/chat', bearer(person.token));
          client.send({ type: 'auth', token: other.token });
          return client;
        },
      ],
    ])('and another one %s: nobody can say which was meant', async (_where, open) => {
      const client = await open(await app.person());
      expect(await client.next('error')).toMatchObject({ code: 'INVALID_INPUT' });
      expect(await client.end()).toMatchObject({ code: 4400 });
    });

    it.each([
      ['forged', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.'],
      ['nonsense', 'nonsense'],
      ['an unknown API key', 'sk_0190b8a0-0000-7000-8000-000000000001_abcdefghijklmnopqrstuvwxyz'],
    ])('that is %s, and receives nothing but the refusal', async (_what, token) => {
      for (const client of [
        await app.socket('/ws/chat', bearer(token)),
        await app.socket(`/ws/chat?token=${token}`),
        await app.socket().then((opened) => (opened.send({ type: 'auth', token }), opened)),
      ]) {
        client.send({ content: 'echo secret' });
        expect(await client.end()).toMatchObject({ code: 4401 });
        expect(client.frames).toMatchObject([{ type: 'error', scope: 'connection', code: 'UNAUTHORIZED' }]);
        expect(JSON.stringify(client.frames)).not.toContain(token);
      }
    });

    it('in a header of another kind', async () => {
      const client = await app.socket('/ws/chat', { headers: { authorization: 'Basic dTpw' } });
      expect(await client.end()).toMatchObject({ code: 4401 });
    });

    it('too late', async () => {
      const openedAt = Date.now();
      const client = await app.socket();
      client.send({ content: 'echo too early' });
      expect(await client.end(8000)).toMatchObject({ code: 4401 });
      expect(client.frames).toMatchObject([{ type: 'error', code: 'UNAUTHORIZED' }]);
      expect(Date.now() - openedAt).toBeGreaterThan(4500);
    }, 15_000);
  });

  describe('on /ws/{user_id}', () => {
    it('is the user named there', async () => {
      const client = await app.socket(`/ws/${person.id.toUpperCase()}?token=${person.token}`);
      await client.next('ready');
      client.send({ message: 'Hello!' });
      expect(await client.next('done')).toMatchObject({ status: 'completed' });
      await client.close();
    });

    it('also by the name that the tenant’s own server has for them, with its issuer’s token', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const admin = await app.person(undefined, 'tenant_admin');
      const body = {
        issuer: 'https://login.example.com/sockets',
        audience: ['sockets'],
        public_key: publicKey.export({ type: 'spki', format: 'pem' }),
        algorithms: ['EdDSA'],
      };
      const made = await app.call('/api/admin/trusted-issuers', { token: admin.token, body });
      expect(made.status).toBe(201);
      const sign = (sub: string) =>
        new SignJWT({ iss: body.issuer, aud: 'sockets', sub, iat: Math.floor(Date.now() / 1000) - 5 })
          .setProtectedHeader({ alg: 'EdDSA' })
          .setExpirationTime('5m')
          .sign(privateKey);
      const name = 'crm/Änn 7';
      const token = await sign(name);
      const client = await app.socket(`/ws/${encodeURIComponent(name)}?token=${token}`);
      const { user } = await client.next('ready');
      expect(user).toMatchObject({ role: 'end_user' });
      client.send({ message: 'Hello!' });
      expect(await client.next('done')).toMatchObject({ status: 'completed' });
      const status = await app.call(`/ws/users/${encodeURIComponent(name)}/status`, { token });
      expect(status.body).toEqual({ user_id: (user as unknown as { id: string }).id, connected: true, connections: 1 });
      const other = await sign('somebody else');
      expect((await app.socket(`/ws/${encodeURIComponent(name)}?token=${other}`)).refused?.status).toBe(404);
      expect((await app.call(`/ws/users/${encodeURIComponent(name)}/status`, { token: other })).status).toBe(404);
      const path = `/api/admin/trusted-issuers/${String(made.body['id'])}`;
      expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
      expect(await client.end(2000)).toMatchObject({ code: 4401 });
    });

    it.each(['/ws/%00', '/ws/%E0%A4', `/ws/${'x'.repeat(201)}`, '/ws/'])('is not served at %s', async (path) => {
      const client = await app.socket(`${path}?token=${person.token}`);
      expect(client.refused?.status).toBe(404);
    });

    it('or gets the same 404 as for a user that does not exist', async () => {
      const stranger = await app.person();
      const answers = [];
      for (const path of [`/ws/${stranger.id}`, `/ws/${crypto.randomUUID()}`, '/ws/17']) {
        const client = await app.socket(`${path}?token=${person.token}`);
        const { trace_id: _, ...document } = JSON.parse(client.refused?.body ?? '{}') as Record<string, unknown>;
        answers.push({ status: client.refused?.status, document });
      }
      expect(answers[0]).toMatchObject({ status: 404, document: { code: 'NOT_FOUND' } });
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[2]).toEqual(answers[0]);
    });

    it('is told so on the socket when the token comes in a frame', async () => {
      const stranger = await app.person();
      for (const path of [`/ws/${stranger.id}`, '/ws/other']) {
        const client = await app.socket(path);
        client.send({ type: 'auth', token: person.token });
        expect(await client.next('error')).toMatchObject({ code: 'NOT_FOUND' });
        expect((await client.end()).code).toBe(4404);
      }
    });
  });

  describe('comes from a page', () => {
    const from = (origin: string, token?: string) =>
      app.socket(`/ws/chat${token === undefined ? '' : `?token=${token}`}`, { headers: { origin } });

    it.each(['https://evil.test', 'null', 'https://app.example.com.evil', 'http://localhost.evil.test', 'file://'])(
      'of another site (%s): refused before the upgrade',
      async (origin) => {
        const client = await from(origin, person.token);
        expect(client.refused?.status).toBe(403);
        expect(client.frames).toEqual([]);
      },
    );

    it.each(['http://localhost:5173', 'http://127.0.0.1:3000'])('of this machine (%s)', async (origin) => {
      const client = await from(origin, person.token);
      await client.next('ready');
      await client.close();
    });

    it("of some tenant: admitted to that one's people and to nobody else's", async () => {
      const origin = `https://${Math.random().toString(36).slice(2)}.example.com`;
      const own = await app.person(await app.tenant({ allowed_origins: [origin] }));
      const client = await from(origin, own.token);
      await client.next('ready');
      await client.close();
      const foreign = await from(origin, person.token);
      expect(await foreign.next('error')).toMatchObject({ code: 'FORBIDDEN' });
      expect(await foreign.end()).toMatchObject({ code: 4403 });
    });
  });

  it('has no more connections than allowed', async () => {
    const someone = await app.person();
    const clients = [await app.chat(someone), await app.chat(someone), await app.chat(someone)];
    const status = () => app.call(`/ws/users/${someone.id}/status`, { token: someone.token });
    expect((await status()).body).toEqual({ user_id: someone.id, connected: true, connections: 3 });
    const fourth = await app.socket(`/ws/chat?token=${someone.token}`);
    expect(await fourth.next('error')).toMatchObject({ code: 'RATE_LIMIT', retryable: true });
    expect(await fourth.end()).toMatchObject({ code: 4429 });
    await clients[0]?.close();
    const fifth = await app.chat(someone);
    await Promise.all([fifth, ...clients.slice(1)].map((client) => client.close()));
    await sleep(50);
    expect((await status()).body).toEqual({ user_id: someone.id, connected: false, connections: 0 });
  });

  it("has its presence shown to itself and its tenant's staff alone", async () => {
    const tenant = { tenantId: person.tenantId, slug: person.slug };
    const [staff, colleague, foreigner] = [
      await app.person(tenant, 'supporter'),
      await app.person(tenant),
      await app.person(undefined, 'tenant_admin'),
    ];
    const ask = async (by: Person) => (await app.call(`/ws/users/${person.id}/status`, { token: by.token })).status;
    expect([await ask(person), await ask(staff), await ask(colleague), await ask(foreigner)]).toEqual([
      200, 200, 404, 404,
    ]);
  });

  describe('with an API key', () => {
    const keyed = async () => {
      const stays = await app.person(undefined, 'tenant_admin');
      const leaves = await app.person({ tenantId: stays.tenantId, slug: stays.slug }, 'tenant_admin');
      const made = await app.call('/api/admin/api-keys', { token: leaves.token, body: { name: 'robot' } });
      const socket = await app.socket('/ws/chat', { headers: { authorization: `Bearer ${String(made.body['key'])}` } });
      await socket.next('ready');
      return { stays, leaves, socket, keyId: String(made.body['id']), key: String(made.body['key']) };
    };

    it('of staff sees whether others are there only where its scopes say that it sees them', async () => {
      const { leaves, stays } = await keyed();
      const seen = async (scopes: string[]) => {
        const body = { name: 'staff', role: 'tenant_admin', scopes };
        const made = await app.call('/api/admin/api-keys', { token: leaves.token, body });
        return (await app.call(`/ws/users/${stays.id}/status`, { token: String(made.body['key']) })).status;
      };
      expect(await seen(['chat'])).toBe(404);
      expect(await seen(['chat', 'conversations.read_all'])).toBe(200);
    });

    it('is cut off when whoever made the key is disabled, and so are those it vouched for', async () => {
      const { key, leaves, socket, stays } = await keyed();
      const body = { external_id: 'u1' };
      const token = String((await app.call('/api/auth/end-user-tokens', { token: key, body })).body['access_token']);
      const user = await app.socket(`/ws/u1?token=${token}`);
      await user.next('ready');
      const path = `/api/admin/users/${leaves.id}`;
      await app.call(path, { method: 'PATCH', token: stays.token, body: { disabled: true } });
      expect(await socket.end(2000)).toMatchObject({ code: 4401 });
      expect(await user.end(2000)).toMatchObject({ code: 4401 });
    });

    it('is cut off by its next frame when nobody announced that the maker left', async () => {
      const { leaves, socket, stays } = await keyed();
      await app.database.uow.query(
        stays,
        `UPDATE app.principal SET disabled_at = now() WHERE tenant_id = $1 AND id = $2`,
        [stays.tenantId, leaves.id],
      );
      socket.send({ message: 'Hello!' });
      expect(await socket.end(2000)).toMatchObject({ code: 4401 });
    });
  });

  describe('whose session ends', () => {
    it('is cut off at once, on every socket of that session and on no other', async () => {
      const someone = await app.person();
      const again = { ...someone, ...(await app.signIn(someone.slug, someone.email)) };
      const [ending, staying] = [await app.chat(someone), await app.chat(again)];
      const answer = await app.call('/api/auth/logout', {
        token: someone.token,
        body: { refresh_token: someone.refresh },
      });
      expect(answer.status).toBe(204);
      expect(await ending.next('error')).toMatchObject({ code: 'UNAUTHORIZED' });
      expect(await ending.end(1000)).toMatchObject({ code: 4401 });
      staying.send({ type: 'ping' });
      await staying.next('pong');
      await staying.close();
    });

    it.each<[string, (conversation: string) => object]>([
      ['a late message', () => ({ content: 'echo still here?' })],
      ['a late resume', (conversation_id) => ({ type: 'resume', conversation_id })],
      ['a late abort', (conversation_id) => ({ type: 'abort', conversation_id })],
      ['a late unsubscribe', (conversation_id) => ({ type: 'unsubscribe', conversation_id })],
      ['a late rating', () => ({ type: 'feedback', message_id: crypto.randomUUID(), rating: 'up' })],
      ['its old token', () => ({ type: 'auth', token: 'old' })],
    ])('is cut off by its next frame, %s, when nobody announced the end', async (_what, frame) => {
      const someone = await app.person();
      const client = await app.chat(someone);
      client.send({ content: 'echo hello' });
      const { conversation_id: conversation } = await client.next('done');
      await app.database.uow.query(
        { tenantId: someone.tenantId },
        'UPDATE app.session SET revoked_at = now() WHERE tenant_id = $1 AND principal_id = $2',
        [someone.tenantId, someone.id],
      );
      const last = frame(String(conversation));
      client.send('token' in last ? { ...last, token: someone.token } : last);
      expect(await client.next('error')).toMatchObject({ code: 'UNAUTHORIZED' });
      expect(await client.end()).toMatchObject({ code: 4401 });
    });

    const untilSocketCloses = async (someone: Person, conversation: string) => {
      const client = await app.socket(`/ws/chat?conversation_id=${conversation}`, bearer(someone.token));
      return (await client.end(6000)).code;
    };
    const untilStreamEnds = async (someone: Person, conversation: string) => {
      const path = `/api/${someone.slug}/conversations/${conversation}/events`;
      const stream = await app.fetch(path, { token: someone.token, signal: AbortSignal.timeout(8000) });
      return (await stream.text()).includes('context_restored');
    };
    const logOut = async ({ token }: Person) => {
      expect((await app.call('/api/auth/logout', { method: 'POST', token })).status).toBe(204);
    };
    const suspend = async ({ tenantId }: Person) => {
      await app.database.uow.query({ tenantId }, `UPDATE app.tenant SET status = 'suspended' WHERE id = $1`, [
        tenantId,
      ]);
      await app.app.get(EventBus).publish(new TenantSuspended(tenantId));
    };

    it.each([
      ['socket is let in', untilSocketCloses, logOut, 4401],
      ['stream is let in', untilStreamEnds, logOut, true],
      ['socket is let in, with its tenant,', untilSocketCloses, suspend, 4403],
    ])(
      'while its %s is cut off all the same',
      async (_what, closing, end, closed) => {
        const someone = await app.person();
        const client = await app.chat(someone);
        client.send({ content: 'echo hello' });
        const { conversation_id: conversation } = await client.next('done');
        await client.close();
        const sessions = app.app.get(SessionService);
        const asked = sessions.assertAlive.bind(sessions);
        let letIn = (): void => undefined;
        const ended = new Promise<void>((resolve) => (letIn = resolve));
        // It is alive when the database is asked, and has ended before the answer is used.
        const slow = jest.spyOn(sessions, 'assertAlive').mockImplementationOnce(async (...call) => {
          const alive = await asked(...call);
          await ended;
          return alive;
        });
        const told = closing(someone, String(conversation));
        while (slow.mock.calls.length === 0) await sleep(10);
        await end(someone);
        letIn();
        expect(await told).toBe(closed);
        slow.mockRestore();
      },
      20_000,
    );

    it('through another password is cut off, and the one that changed it goes on', async () => {
      const someone = await app.person();
      const again = { ...someone, ...(await app.signIn(someone.slug, someone.email)) };
      const [staying, ending] = [await app.chat(someone), await app.chat(again)];
      const changed = await app.call('/api/auth/password/change', {
        token: someone.token,
        body: { current_password: 'correct horse battery', new_password: 'another horse battery' },
      });
      expect(changed.status).toBe(204);
      expect(await ending.end(1000)).toMatchObject({ code: 4401 });
      staying.send({ content: 'echo still here' });
      await staying.next('done');
      await staying.close();
    });
  });

  describe('who becomes another', () => {
    const changes: [string, string, object][] = [
      ['is disabled', 'disabled_at = now()', { disabled: true }],
      ['has another role', `role = 'supporter'`, { role: 'supporter' }],
      ['has another persona', `persona = 'employer'`, { persona: 'employer' }],
    ];

    it.each(changes)('and %s is cut off at once', async (_what, _change, body) => {
      const admin = await app.person(undefined, 'tenant_admin');
      const someone = await app.person({ tenantId: admin.tenantId, slug: admin.slug });
      const client = await app.chat(someone);
      const path = `/api/admin/users/${someone.id}`;
      expect((await app.call(path, { method: 'PATCH', token: admin.token, body })).status).toBe(200);
      expect(await client.end(2000)).toMatchObject({ code: 4401 });
      expect((await app.call('/api/auth/me', { token: someone.token })).status).toBe(401);
    });

    it.each(changes)('and %s is cut off by the next frame when nobody announced it', async (_what, change) => {
      const someone = await app.person();
      const client = await app.chat(someone);
      await app.database.uow.query(
        { tenantId: someone.tenantId },
        `UPDATE app.principal SET ${change} WHERE tenant_id = $1 AND id = $2`,
        [someone.tenantId, someone.id],
      );
      client.send({ content: 'echo still here?' });
      expect(await client.next('error')).toMatchObject({ code: 'UNAUTHORIZED' });
      expect(await client.end()).toMatchObject({ code: 4401 });
    });
  });

  it('of a tenant that is suspended is told so and shut out: at once, by the next frame, and at the door', async () => {
    const tenant = await app.tenant();
    const someone = await app.person(tenant);
    const announced = await app.chat(someone);
    const suspend = (status: string) =>
      app.database.uow.query(tenant, 'UPDATE app.tenant SET status = $2 WHERE id = $1', [tenant.tenantId, status]);
    await app.app.get(EventBus).publish(new TenantSuspended(tenant.tenantId));
    expect(await announced.next('error')).toMatchObject({ scope: 'connection', code: 'SUSPENDED' });
    expect(await announced.end()).toMatchObject({ code: 4403 });
    const asking = await app.chat(someone);
    await suspend('suspended');
    asking.send({ content: 'echo still here?', ref: 'r' });
    const knocking = await app.socket(`/ws/chat?token=${someone.token}`);
    for (const client of [asking, knocking]) {
      expect(await client.next('error')).toMatchObject({ scope: 'connection', code: 'SUSPENDED', retryable: false });
      expect(await client.end()).toMatchObject({ code: 4403 });
    }
    const answer = await app.call(`/api/${tenant.slug}/conversations`, { token: someone.token });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SUSPENDED' } });
  });

  it('is asked to come again when the database cannot say who it is', async () => {
    const away = new UnavailableError('The database is not reachable: try again in a moment');
    const broken = jest.spyOn(app.app.get(SessionService), 'assertAlive').mockRejectedValueOnce(away);
    const client = await app.socket(`/ws/chat?token=${person.token}`);
    expect(await client.next('error')).toMatchObject({ scope: 'connection', code: 'UNAVAILABLE', retryable: true });
    expect(await client.end()).toMatchObject({ code: 1013 });
    broken.mockRestore();
  });

  describe('whose token ends', () => {
    const shortLived = (someone: Person, seconds: number): string => {
      const [, payload = ''] = someone.token.split('.');
      const { sid } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid: string };
      const subject = { tenantId: someone.tenantId, principalId: someone.id, role: 'end_user', persona: null } as const;
      return app.app.get(TokenService).issue({ ...subject, sessionId: sid }, seconds);
    };

    it('is warned, and may go on with a new one of the same person', async () => {
      const someone = await app.person();
      const client = await app.socket(`/ws/chat?token=${shortLived(someone, 1)}`);
      await client.next('ready');
      expect(await client.next('error')).toMatchObject({
        scope: 'connection',
        code: 'TOKEN_EXPIRED',
        retryable: true,
      });
      client.send({ type: 'auth', token: someone.token, ref: 'new' });
      expect(await client.next('ready')).toMatchObject({ ref: 'new' });
      await sleep(1200);
      expect(client.of('error')).toHaveLength(1);
      await client.close();
    });
  });

  it('may renew its token, but not become somebody else', async () => {
    const someone = await app.person();
    const again = await app.signIn(someone.slug, someone.email);
    const client = await app.chat(someone);
    client.send({ type: 'ping' });
    client.send({ type: 'auth', token: again.token, ref: 'r' });
    expect(await client.next('ready')).toMatchObject({ ref: 'r', user: { id: someone.id } });
    client.send({ type: 'auth', token: person.token });
    expect(await client.next('error')).toMatchObject({ code: 'FORBIDDEN' });
    expect(await client.end()).toMatchObject({ code: 4403 });
  });
});

describe('the addresses that sockets come from', () => {
  it('have a limit each, said before the upgrade', async () => {
    const app = await ChatApp.start({ WS_MAX_PER_ADDRESS: '2' });
    try {
      const [one] = [await app.socket(), await app.socket()];
      const third = await app.socket();
      expect(third.refused).toMatchObject({ status: 429, body: expect.stringContaining('RATE_LIMIT') });
      await one.close();
      await sleep(50);
      const fourth = await app.socket();
      expect(fourth.opened).toBe(true);
    } finally {
      await app.stop();
    }
  }, 60_000);

  it('have others for people who are signed in, so that silent sockets keep nobody out', async () => {
    const app = await ChatApp.start({ WS_MAX_PER_ADDRESS: '40' });
    try {
      const person = await app.person();
      const silent = await Promise.all(Array.from({ length: 60 }, () => app.socket()));
      const open = () => silent.filter(({ closed, opened }) => opened && closed === null);
      expect(open().length).toBeLessThanOrEqual(32);
      expect(open().length).toBeGreaterThan(25);
      const refused = silent.filter((client) => client.refused !== null);
      expect(refused.map((client) => client.refused?.status)).toEqual(refused.map(() => 429));
      for (const token of ['wrong', `${person.token}x`]) {
        const bad = await app.socket(`/ws/chat?token=${token}`);
        // Where a second has gone by it is let in, to be told so.
        if (bad.opened) expect((await bad.end()).code).toBe(4401);
        else expect(bad.refused?.status).toBe(429);
      }
      const header = await app.socket('/ws/chat', { headers: { authorization: `Bearer ${person.token}` } });
      const address = await app.socket(`/ws/${person.id}?token=${person.token}`);
      for (const client of [header, address]) await client.next('ready');
      // Whoever says so in a first frame gets the place of the one that has said nothing for longest.
      await sleep(1050);
      const frame = await app.socket();
      frame.send({ type: 'auth', token: person.token });
      await frame.next('ready');
      const oldest = silent.find(({ opened }) => opened);
      expect(await oldest?.end()).toMatchObject({ code: 4401 });
      // Signed in, it takes none of the places of those who are not.
      expect((await app.socket()).opened).toBe(true);
    } finally {
      await app.stop();
    }
  }, 60_000);

  it('count people who are signed in, also those who said so after they were let in', async () => {
    const app = await ChatApp.start({ WS_MAX_PER_ADDRESS: '2' });
    try {
      const person = await app.person();
      const token = `/ws/chat?token=${person.token}`;
      const clients = [await app.chat(person), await app.chat(person)];
      expect((await app.socket(token)).refused?.status).toBe(429);
      await clients[0]?.close();
      await sleep(50);
      const late = await app.socket();
      const early = await app.chat(person);
      late.send({ type: 'auth', token: person.token });
      expect(await late.next('error')).toMatchObject({ code: 'RATE_LIMIT' });
      expect(await late.end()).toMatchObject({ code: 4429 });
      await early.close();
    } finally {
      await app.stop();
    }
  }, 60_000);

  it('count a network of IPv6 as one, as a proxy names it', async () => {
    const app = await ChatApp.start({ WS_MAX_PER_ADDRESS: '2', TRUST_PROXY: '1' });
    try {
      const from = (address: string) => app.socket('/ws/chat', { headers: { 'x-forwarded-for': address } });
      expect((await from('2001:db8:1:2::1')).opened).toBe(true);
      expect((await from('2001:db8:1:2::2')).opened).toBe(true);
      expect((await from('2001:db8:1:2:ffff::3')).refused?.status).toBe(429);
      expect((await from('2001:db8:1:3::1')).opened).toBe(true);
    } finally {
      await app.stop();
    }
  }, 60_000);
});

describe('AUTH_BYPASS', () => {
  it('signs in who brings no token from this machine, and still believes a token', async () => {
    const app = await ChatApp.start({ AUTH_BYPASS: 'true' });
    try {
      const acme = await app.tenant();
      await app.database.uow.query({ tenantId: acme.tenantId }, "UPDATE app.tenant SET slug = 'acme' WHERE id = $1", [
        acme.tenantId,
      ]);
      const admin = await app.person({ ...acme, slug: 'acme' }, 'tenant_admin');
      await app.database.uow.query(
        { tenantId: acme.tenantId },
        "UPDATE app.principal SET email = 'admin@acme.test' WHERE tenant_id = $1 AND id = $2",
        [acme.tenantId, admin.id],
      );
      const other = await app.person();
      const silent = await app.socket();
      expect(await silent.next('ready')).toMatchObject({ user: { id: admin.id } });
      const talking = await app.socket();
      talking.send({ content: 'echo hi' });
      expect(await talking.next('done')).toMatchObject({ status: 'completed' });
      const named = await app.socket();
      named.send({ type: 'auth', token: other.token });
      expect(await named.next('ready')).toMatchObject({ user: { id: other.id } });
      const anybody = await app.socket('/ws/17');
      const { user } = await anybody.next('ready');
      expect(user).toMatchObject({ role: 'end_user' });
      expect((await (await app.socket('/ws/17')).next('ready'))['user']).toEqual(user);
      expect((await app.call('/ws/users/17/status', {})).body).toMatchObject({ connected: true, connections: 2 });
      expect((await app.call('/ws/users/18/status', {})).body).toMatchObject({ connected: false, connections: 0 });
      const rebound = await app.socket('/ws/chat', { headers: { host: 'evil.test' } });
      expect(await rebound.end(8000)).toMatchObject({ code: 4401 });
    } finally {
      await app.stop();
    }
  }, 60_000);
});
