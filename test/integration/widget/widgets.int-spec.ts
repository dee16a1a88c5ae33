import { ConversationService } from '#conversations';
import { newId } from '#platform/database';
import { MessageRateLimiter } from '#tenants';
import jwt from 'jsonwebtoken';
import { type Answer, ChatApp, type Person } from '../channels/chat-app.js';

interface Made {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

/** A chat on a customer's website: who comes in through it, and what stays shut. */
describe('a widget', () => {
  let app: ChatApp;
  let shop: { tenantId: string; slug: string };
  let admin: Person;
  const PAGE = 'https://shop.example.com';
  const OTHER_PAGE = 'https://blog.example.com';

  beforeAll(async () => {
    app = await ChatApp.start({ TRUST_PROXY: '1' });
    shop = await app.tenant();
    admin = await app.person(shop, 'tenant_admin');
  }, 60_000);
  afterAll(() => app.stop());

  let made = 0;
  const widget = async (fields: object = {}, by = admin): Promise<Made> => {
    const body = { name: `Widget ${++made}`, origins: [PAGE], ...fields };
    const answer = await app.call('/api/admin/widgets', { token: by.token, body });
    expect([answer.status, answer.text]).toEqual([201, answer.text]);
    const { id, public_key: key, secret } = answer.body as Record<string, unknown>;
    return { id: String(id), key: String(key), secret: String(secret) };
  };
  const patch = (id: string, body: object, headers: Record<string, string> = {}) =>
    app.call(`/api/admin/widgets/${id}`, { method: 'PATCH', token: admin.token, body, headers });
  let address = 0;
  const enter = (key: string, body: object = {}, headers: Record<string, string> = {}) =>
    app.call(`/api/public/widgets/${key}/sessions`, {
      body,
      headers: { origin: PAGE, 'x-forwarded-for': `10.9.${++address >> 8}.${address & 255}`, ...headers },
    });
  const visitor = async (key: string, body: object = {}) => {
    const { body: session, status, text } = await enter(key, body);
    expect([status, text]).toEqual([200, text]);
    return {
      id: String(session['visitor_id']),
      token: String(session['access_token']),
      visitorToken: session['visitor_token'] as unknown as string | null,
    };
  };
  const identity = (secret: string, claims: object, options: jwt.SignOptions = { expiresIn: 300 }) =>
    jwt.sign(claims, secret, { algorithm: 'HS256', ...options });
  const converse = async (token: string, content = 'Hello there') => {
    const answer = await app.call(`/api/${shop.slug}/chat`, { token, body: { content }, headers: { origin: PAGE } });
    expect([answer.status, answer.text]).toEqual([200, answer.text]);
    return String(answer.body['conversation_id']);
  };
  const conversations = async (token: string) => {
    const answer = await app.call(`/api/${shop.slug}/conversations`, { token, headers: { origin: PAGE } });
    return (answer.body['data'] as unknown as { id: string; channel: string; user_id: string }[]) ?? [];
  };
  const allowed = ({ headers }: Answer) => headers.get('access-control-allow-origin');

  describe('in the hands of the tenant’s admins', () => {
    it('is made with a key for the page and a secret that is shown once', async () => {
      const body = {
        name: 'Shop',
        origins: [PAGE],
        questions: ['Where is my order?'],
        appearance: { accent: '#2f6fed' },
      };
      const answer = await app.call('/api/admin/widgets', { token: admin.token, body });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ ...body, enabled: true, agent: null, identity: 'optional' });
      expect(answer.body['public_key']).toMatch(/^pk_/);
      const secret = String(answer.body['secret']);
      const read = await app.call(`/api/admin/widgets/${answer.body['id']}`, { token: admin.token });
      expect(read.text).not.toContain(secret);
      expect(read.body['secret_last4']).toBe(secret.slice(-4));
      expect((await app.call('/api/admin/widgets', { token: admin.token })).text).not.toContain(secret);
      expect((await app.call('/api/admin/widgets', { token: admin.token, body })).status).toBe(409);
      const audit = await app.call('/api/admin/audit-log?action=widget.create', { token: admin.token });
      expect(audit.text).toContain(String(answer.body['id']));
      expect(audit.text).not.toContain(secret);
    });

    it('is changed, with If-Match honoured, and deleted', async () => {
      const { id } = await widget();
      const read = await app.call(`/api/admin/widgets/${id}`, { token: admin.token });
      const etag = read.headers.get('etag') ?? '';
      expect((await patch(id, { questions: ['One?'] }, { 'if-match': etag })).body['questions']).toEqual(['One?']);
      expect((await patch(id, { questions: [] }, { 'if-match': etag })).status).toBe(412);
      const gone = await app.call(`/api/admin/widgets/${id}`, { method: 'DELETE', token: admin.token });
      expect(gone.status).toBe(204);
      expect((await app.call(`/api/admin/widgets/${id}`, { token: admin.token })).status).toBe(404);
    });

    it.each([
      ['an origin with a path', { origins: ['https://shop.example.com/chat'] }],
      ['every origin', { origins: ['*'] }],
      ['an agent that is not there', { agent: 'nobody' }],
      ['a colour that is none', { appearance: { accent: 'red; background: url(x)' } }],
      ['no name', { name: ' ' }],
      ['a limit of none', { limits: { messages_per_minute: 0 } }],
    ])('is refused with %s, and nothing is stored', async (_what, fields) => {
      const count = async () =>
        ((await app.call('/api/admin/widgets?limit=100', { token: admin.token })).body['data'] as unknown as unknown[])
          .length;
      const before = await count();
      const body = { name: 'Bad', origins: [PAGE], ...fields };
      expect((await app.call('/api/admin/widgets', { token: admin.token, body })).status).toBe(422);
      expect(await count()).toBe(before);
      expect(
        (await app.call('/api/admin/widgets', { token: admin.token, body: { name: 'x', secret: 'mine' } })).status,
      ).toBe(400);
    });

    it('is nobody else’s: neither an end user’s nor another tenant’s', async () => {
      const { id } = await widget();
      const stranger = await app.person(await app.tenant(), 'tenant_admin');
      const foreign = await app.call(`/api/admin/widgets/${id}`, { token: stranger.token });
      const missing = await app.call(`/api/admin/widgets/${newId()}`, { token: stranger.token });
      expect([foreign.status, missing.status]).toEqual([404, 404]);
      expect((await app.call('/api/admin/widgets', { token: (await app.person(shop)).token })).status).toBe(403);
    });
  });

  describe('on a page', () => {
    it('tells its looks to pages on its list, and nothing that is not for them', async () => {
      const { id, key, secret } = await widget({ texts: { greeting: 'Hello!' } });
      const config = (origin: string) => app.call(`/api/public/widgets/${key}/config`, { headers: { origin } });
      const answer = await config(PAGE);
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body).sort()).toEqual(
        ['appearance', 'attachments', 'identity', 'name', 'online', 'questions', 'texts'].sort(),
      );
      expect(allowed(answer)).toBe(PAGE);
      for (const hidden of [secret, id]) expect(answer.text).not.toContain(hidden);
      for (const origin of [OTHER_PAGE, 'null', `${PAGE}.evil`, 'https://evil.example']) {
        const refused = await config(origin);
        expect([origin, refused.status, allowed(refused)]).toEqual([origin, 403, null]);
      }
    });

    it('says whether a person could answer now', async () => {
      const other = await app.tenant();
      const { key } = await widget({}, await app.person(other, 'tenant_admin'));
      const isOnline = async () =>
        (await app.call(`/api/public/widgets/${key}/config`, { headers: { origin: PAGE } })).body['online'];
      expect(await isOnline()).toBe(false);
      const { token } = await app.person(other, 'supporter');
      for (const [status, online] of [
        ['online', true],
        ['away', false],
      ] as const) {
        const body = { status, capacity: 2, skills: [], languages: [] };
        await app.call(`/api/${other.slug}/supporter/availability`, { method: 'PUT', token, body });
        expect(await isOnline()).toBe(online);
      }
    });

    it('tells no page its looks any more when it is disabled or deleted', async () => {
      const { id, key } = await widget();
      const config = async () =>
        (await app.call(`/api/public/widgets/${key}/config`, { headers: { origin: PAGE } })).status;
      expect((await patch(id, { enabled: false })).status).toBe(200);
      expect(await config()).toBe(404);
      expect((await patch(id, { enabled: true })).status).toBe(200);
      expect(await config()).toBe(200);
      await app.call(`/api/admin/widgets/${id}`, { method: 'DELETE', token: admin.token });
      expect(await config()).toBe(404);
    });

    it('opens nothing by its key alone', async () => {
      const { key } = await widget();
      for (const path of [
        `/api/${shop.slug}/conversations`,
        '/api/auth/me',
        '/api/admin/widgets',
        '/api/admin/users',
      ]) {
        expect((await app.call(path, { token: key })).status).toBe(401);
        expect((await app.call(`${path}?token=${key}`)).status).toBeGreaterThanOrEqual(400);
      }
      for (const path of ['', '/conversations', '/visitors', '/sessions', '/messages', '/users'])
        expect([path, (await app.call(`/api/public/widgets/${key}${path}`)).status]).toEqual([path, 404]);
      const socket = await app.socket(`/ws/chat?token=${key}`, { headers: { origin: PAGE } });
      expect((await socket.end()).code).toBe(4401);
    });

    it('has browsers send no address, which may hold a token, along to other sites', async () => {
      const { key } = await widget();
      const answers = [
        await app.call(`/api/public/widgets/${key}/config`, { headers: { origin: PAGE } }),
        await enter(key),
        await app.call('/nowhere'),
      ];
      for (const { headers } of answers) expect(headers.get('referrer-policy')).toBe('no-referrer');
    });

    it('shows no visitor what another one wrote, by whichever way', async () => {
      const { key } = await widget();
      const other = await widget();
      const anna = await visitor(key);
      const id = await converse(anna.token, 'canary of Anna');
      const path = `/api/${shop.slug}/conversations/${id}`;
      const [turn] = (await app.call(`${path}/turns`, { token: anna.token })).body['data'] as unknown as {
        id: string;
      }[];
      const messages = (await app.call(`${path}/messages`, { token: anna.token })).body['data'] as unknown;
      const [, answer] = messages as { id: string }[];
      for (const bob of [await visitor(key), await visitor(other.key)]) {
        const by = (method: string, where: string, body?: object) =>
          app.call(where, { method, token: bob.token, body, headers: { origin: PAGE } });
        const tries: [string, string, object?][] = [
          ['GET', path],
          ['GET', `${path}/messages`],
          ['GET', `${path}/turns`],
          ['GET', `${path}/turns/${turn?.id}`],
          ['GET', `${path}/transcript`],
          ['GET', `${path}/events`],
          ['GET', `${path}/messages/${answer?.id}/citations/1`],
          ['PATCH', path, { title: 'mine' }],
          ['DELETE', path],
          ['POST', `${path}/turns/${turn?.id}/abort`],
          ['POST', `${path}/messages/${answer?.id}/feedback`, { rating: 'up' }],
          ['POST', `/api/${shop.slug}/chat`, { content: 'hi', conversation_id: id }],
        ];
        for (const [method, where, body] of tries) {
          const refused = await by(method, where, body);
          expect([method, where, refused.status]).toEqual([method, where, 404]);
          expect(refused.text).not.toContain('canary');
          const another = newId();
          const elsewhere = body && (JSON.parse(JSON.stringify(body).replaceAll(id, another)) as object);
          const missing = await by(method, where.replaceAll(id, another), elsewhere);
          expect([method, where, missing.status]).toEqual([method, where, 404]);
        }
        const socket = await app.socket('/ws/chat', {
          headers: { authorization: `Bearer ${bob.token}`, origin: PAGE },
        });
        await socket.next('ready');
        for (const frame of [
          { type: 'resume', conversation_id: id, after_seq: 0 },
          { type: 'user_message', conversation_id: id, content: 'hi' },
          { type: 'abort', turn_id: turn?.id },
          { type: 'feedback', message_id: answer?.id, rating: 'up' },
        ]) {
          socket.send({ ...frame, ref: frame.type });
          expect(await socket.next('error', ({ ref }) => ref === frame.type)).toMatchObject({
            code: 'NOT_FOUND',
          });
        }
        expect(JSON.stringify(socket.frames)).not.toContain('canary');
        expect((await conversations(bob.token)).map((one) => one.id)).not.toContain(id);
        await socket.close();
      }
      expect((await app.call(path, { token: anna.token })).status).toBe(200);
    });

    it.each(['pk_nonsense', `pk_${newId()}_AAAAAAAAAAAAAAAA`, 'sk_x', '%00'])(
      'is unknown by another key (%s)',
      async (key) => {
        expect((await app.call(`/api/public/widgets/${key}/config`)).status).toBe(key === '%00' ? 422 : 404);
        expect([404, 422]).toContain((await enter(key)).status);
      },
    );

    it('takes neither a visitor token nor an identity token for an access token', async () => {
      const { key, secret } = await widget();
      const anna = await visitor(key);
      for (const token of [String(anna.visitorToken), identity(secret, { sub: anna.id }), secret]) {
        expect((await app.call('/api/auth/me', { token })).status).toBe(401);
        const socket = await app.socket('/ws/chat', { headers: { authorization: `Bearer ${token}`, origin: PAGE } });
        expect((await socket.end()).code).toBe(4401);
      }
    });

    it('lets a visitor chat, as a visitor of this widget', async () => {
      const { key } = await widget();
      const anna = await visitor(key);
      const id = await converse(anna.token);
      expect(await conversations(anna.token)).toEqual([
        expect.objectContaining({ id, channel: 'widget', user_id: anna.id }),
      ]);
      expect((await app.call('/api/auth/me', { token: anna.token })).body).toMatchObject({ role: 'visitor' });
      expect((await app.call('/api/admin/users', { token: anna.token })).status).toBe(403);
      const listed = await app.call('/api/admin/users?kind=visitor&limit=100', { token: admin.token });
      expect(listed.text).toContain(anna.id);
    });

    it('knows a visitor again by the token, and by nothing else', async () => {
      const { key } = await widget();
      const anna = await visitor(key);
      const id = await converse(anna.token);
      const again = await visitor(key, { visitor_token: anna.visitorToken });
      expect([again.id, again.visitorToken]).toEqual([anna.id, anna.visitorToken]);
      expect((await conversations(again.token)).map((one) => one.id)).toEqual([id]);
      const bob = await visitor(key);
      expect(bob.id).not.toBe(anna.id);
      expect((await app.call(`/api/${shop.slug}/conversations/${id}`, { token: bob.token })).status).toBe(404);
      const forged = String(anna.visitorToken).replace(/.{4}$/, 'AAAA');
      const another = await widget();
      for (const [where, token] of [
        [key, forged],
        [key, anna.id],
        [key, String(bob.visitorToken).replace(bob.id, anna.id)],
        [another.key, anna.visitorToken],
        [key, anna.token],
      ])
        expect([token, (await enter(String(where), { visitor_token: token })).status]).toEqual([token, 401]);
      expect((await enter(key, { visitor_id: anna.id })).status).toBe(400);
    });

    it('serves its own pages only, over REST, SSE and sockets', async () => {
      const { key } = await widget();
      await widget({ origins: [OTHER_PAGE] });
      const anna = await visitor(key);
      const chat = (origin: string, accept = 'application/json') =>
        app.call(`/api/${shop.slug}/chat`, { token: anna.token, body: { content: 'hi' }, headers: { origin, accept } });
      for (const accept of ['application/json', 'text/event-stream']) {
        expect((await chat(PAGE, accept)).status).toBe(200);
        // Another widget of the same tenant stands there.
        const refused = await chat(OTHER_PAGE, accept);
        expect([refused.status, allowed(refused)]).toEqual([403, null]);
        expect(refused.body['detail']).toContain('origins of the widget');
      }
      const socket = async (origin: string) => {
        const client = await app.socket('/ws/chat', { headers: { authorization: `Bearer ${anna.token}`, origin } });
        return client;
      };
      const own = await socket(PAGE);
      await own.next('ready');
      const foreign = await socket(OTHER_PAGE);
      expect((await foreign.end()).code).toBe(4403);
      // Nor does the tenant's own list let a visitor in elsewhere.
      await app.call('/api/admin/settings', {
        method: 'PATCH',
        token: admin.token,
        body: { allowed_origins: ['https://app.example.com'] },
      });
      expect((await chat('https://app.example.com')).status).toBe(403);
    });

    it('shows its visitors out when it is disabled, deleted or stands elsewhere', async () => {
      for (const end of [
        (id: string) => patch(id, { enabled: false }),
        (id: string) => patch(id, { origins: [OTHER_PAGE] }),
        (id: string) => app.call(`/api/admin/widgets/${id}`, { method: 'DELETE', token: admin.token }),
      ]) {
        const { id, key } = await widget();
        const anna = await visitor(key);
        const socket = await app.socket('/ws/chat', {
          headers: { authorization: `Bearer ${anna.token}`, origin: PAGE },
        });
        await socket.next('ready');
        expect((await end(id)).status).toBeLessThan(300);
        expect((await socket.end()).code).toBe(4401);
        expect((await app.call('/api/auth/me', { token: anna.token })).status).toBe(401);
        expect((await enter(key, { visitor_token: anna.visitorToken })).status).toBeGreaterThanOrEqual(401);
      }
    });
  });

  describe('with an identity', () => {
    it('lets in the person whom the site’s server names', async () => {
      const { key, secret } = await widget({ identity: 'required' });
      expect((await enter(key)).status).toBe(401);
      const sub = `customer-${newId()}`;
      const anna = await visitor(key, { identity_token: identity(secret, { sub, name: 'Anna', persona: 'buyer' }) });
      expect(anna.visitorToken).toBeNull();
      const me = await app.call('/api/auth/me', { token: anna.token });
      expect(me.body).toMatchObject({ name: 'Anna', role: 'end_user', persona: 'buyer' });
      const again = await visitor(key, { identity_token: identity(secret, { sub, persona: 'buyer' }) });
      expect(again.id).toBe(anna.id);
      // What is not said stays as it was.
      expect((await app.call('/api/auth/me', { token: again.token })).body).toMatchObject({ name: 'Anna' });
    });

    it('refuses what the widget’s secret did not sign, now and for this widget', async () => {
      const { id, key, secret } = await widget();
      const other = await widget();
      const stranger = await app.person(await app.tenant(), 'tenant_admin');
      const theirs = await widget({}, stranger);
      const unsigned = (header: object) =>
        [header, { sub: 'x', exp: Math.floor(Date.now() / 1000) + 60 }]
          .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
          .join('.') + '.';
      const bad: [string, string][] = [
        ['another widget’s', identity(other.secret, { sub: 'x' })],
        ['another tenant’s', identity(theirs.secret, { sub: 'x' })],
        ['expired', identity(secret, { sub: 'x' }, { expiresIn: -61 })],
        ['expired just now', identity(secret, { sub: 'x' }, { expiresIn: -2 })],
        ['good for eleven minutes', identity(secret, { sub: 'x' }, { expiresIn: 660 })],
        ['of a name that cannot be stored', identity(secret, { sub: 'x\0' })],
        ['of half a character', identity(secret, { sub: 'x\ud800' })],
        ['called what cannot be stored', identity(secret, { sub: 'x', name: 'a\0' })],
        ['good for an hour', identity(secret, { sub: 'x' }, { expiresIn: 3600 })],
        ['without an end', identity(secret, { sub: 'x' }, {})],
        ['of nobody', identity(secret, { name: 'x' })],
        ['of an empty name', identity(secret, { sub: '' })],
        ['of the platform', identity(secret, { sub: `platform:${newId()}` })],
        ['by another algorithm', identity(secret, { sub: 'x' }, { algorithm: 'HS512', expiresIn: 60 })],
        ['not signed', unsigned({ alg: 'none', typ: 'JWT' })],
        ['signed with the public key', identity(key, { sub: 'x' })],
        ['an access token', admin.token],
        ['nonsense', 'a.b.c'],
      ];
      for (const [what, token] of bad)
        expect([what, (await enter(key, { identity_token: token })).status]).toEqual([what, 401]);
      const rotated = await app.call(`/api/admin/widgets/${id}/rotate-secret`, { method: 'POST', token: admin.token });
      expect(rotated.status).toBe(200);
      expect((await enter(key, { identity_token: identity(secret, { sub: 'x' }) })).status).toBe(401);
      await visitor(key, { identity_token: identity(String(rotated.body['secret']), { sub: 'x' }) });
    });

    it('never makes somebody of the staff out of a visitor', async () => {
      const { key, secret } = await widget();
      const supporter = await app.person(shop, 'supporter');
      const [row] = await app.database.uow.query<{ id: string }>(
        { tenantId: shop.tenantId },
        `UPDATE app.principal SET external_id = 'boss' WHERE tenant_id = $1 AND id = $2 RETURNING id`,
        [shop.tenantId, supporter.id],
      );
      expect(row?.id).toBe(supporter.id);
      expect((await enter(key, { identity_token: identity(secret, { sub: 'boss' }) })).status).toBe(403);
      const named = await visitor(key, {
        identity_token: identity(secret, { sub: `c-${newId()}`, role: 'tenant_admin', tenant_id: newId() }),
      });
      expect((await app.call('/api/auth/me', { token: named.token })).body).toMatchObject({ role: 'end_user' });
      // An address that is somebody's stays theirs.
      const thief = await visitor(key, {
        identity_token: identity(secret, { sub: `c-${newId()}`, email: admin.email }),
      });
      expect((await app.call('/api/auth/me', { token: thief.token })).body).toMatchObject({ email: null });
    });

    it('moves a visitor’s conversations to the person, once', async () => {
      const { key, secret } = await widget();
      const anna = await visitor(key);
      const id = await converse(anna.token);
      const sub = `customer-${newId()}`;
      const both = { visitor_token: anna.visitorToken, identity_token: identity(secret, { sub }) };
      const sessions = await Promise.all([enter(key, both), enter(key, both), enter(key, both)]);
      expect(sessions.map(({ status }) => status)).toEqual([200, 200, 200]);
      const token = String(sessions[0]?.body['access_token']);
      expect((await conversations(token)).map((one) => one.id)).toEqual([id]);
      const path = `/api/${shop.slug}/conversations/${id}/messages`;
      expect(((await app.call(path, { token })).body['data'] as unknown as unknown[]).length).toBe(2);
      // What the visitor had open has ended, and their token opens nothing: signing out hides it.
      expect((await app.call('/api/auth/me', { token: anna.token })).status).toBe(401);
      expect((await enter(key, { visitor_token: anna.visitorToken })).status).toBe(401);
      const other = { ...both, identity_token: identity(secret, { sub: `customer-${newId()}` }) };
      const thief = await enter(key, other);
      expect(await conversations(String(thief.body['access_token']))).toEqual([]);
      expect((await conversations(token)).map((one) => one.id)).toEqual([id]);
      const audit = await app.call('/api/admin/audit-log?action=visitor.identify', { token: admin.token });
      expect(
        (audit.body['data'] as unknown as { target: { id: string } }[]).filter(({ target }) => target.id === anna.id),
      ).toHaveLength(1);
    });

    it('leaves no conversation behind that a visitor begins while they are moved', async () => {
      const { key, secret } = await widget();
      const anna = await visitor(key);
      const limiter = app.app.get(MessageRateLimiter);
      // After the sign-in, before anything is written.
      let isHeld = () => {};
      const held = new Promise<void>((resolve) => (isHeld = resolve));
      let goOn = () => {};
      const consume = jest.spyOn(limiter, 'consume').mockImplementationOnce(async () => {
        isHeld();
        await new Promise<void>((resolve) => (goOn = resolve));
      });
      const chat = app.call(`/api/${shop.slug}/chat`, { token: anna.token, body: { content: 'Late' } });
      await held;
      const both = { visitor_token: anna.visitorToken, identity_token: identity(secret, { sub: `c-${newId()}` }) };
      const person = await visitor(key, both);
      goOn();
      expect((await chat).status).toBe(401);
      consume.mockRestore();
      const late = { id: anna.id, role: 'visitor' as const, persona: null, sessionId: sessionOf(anna.token) };
      const ctx = { tenantId: shop.tenantId, principal: late, correlationId: 'late' };
      await expect(app.app.get(ConversationService).create(ctx, { channel: 'widget' })).rejects.toMatchObject({
        code: 'UNAUTHORIZED',
      });
      const left = await app.database.uow.query(
        shop,
        'SELECT 1 FROM app.conversation WHERE tenant_id = $1 AND principal_id = $2',
        [shop.tenantId, anna.id],
      );
      expect(left).toEqual([]);
      expect(await conversations(person.token)).toEqual([]);
    });

    it('moves also what both have called by one name', async () => {
      const { key, secret } = await widget();
      const sub = `customer-${newId()}`;
      const clientMessageId = newId();
      const ask = async (token: string) => {
        const made = await app.call(`/api/${shop.slug}/conversations`, { token, body: { client_key: 'main' } });
        expect(made.status).toBe(201);
        const body = { content: 'Hi', conversation_id: made.body['id'], client_message_id: clientMessageId };
        expect((await app.call(`/api/${shop.slug}/chat`, { token, body })).status).toBe(200);
      };
      const person = await visitor(key, { identity_token: identity(secret, { sub }) });
      await ask(person.token);
      const anna = await visitor(key);
      await ask(anna.token);
      const token = identity(secret, { sub });
      const joined = await visitor(key, { visitor_token: anna.visitorToken, identity_token: token });
      expect(await conversations(joined.token)).toHaveLength(2);
    });
  });

  describe('keeps to its limits', () => {
    it('of sessions from one address, and of the widget', async () => {
      const { key } = await widget({ limits: { sessions_per_address_minute: 3 } });
      const from = (address: string) => enter(key, {}, { 'x-forwarded-for': address });
      const statuses = [];
      for (let i = 0; i < 5; i++) statuses.push((await from('10.8.0.1')).status);
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
      const refused = await from('10.8.0.1');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await from('10.8.0.2')).status).toBe(200);
      const narrow = await widget({ limits: { sessions_per_minute: 2 } });
      const all = [];
      for (let i = 0; i < 3; i++) all.push((await enter(narrow.key)).status);
      expect(all).toEqual([200, 200, 429]);
    });

    it('by itself where it names none: a thousand visitors from one address do not get in', async () => {
      const { key } = await widget();
      const all = await Promise.all(
        Array.from({ length: 200 }, () => enter(key, {}, { 'x-forwarded-for': '10.8.1.1' })),
      );
      const let_in = all.filter(({ status }) => status === 200).length;
      expect(let_in).toBe(60);
      expect(all.filter(({ status }) => status === 429)).toHaveLength(140);
    });

    it('which the tenant may make narrower, and no wider', async () => {
      const { key } = await widget({ limits: { sessions_per_address_minute: 10_000 } });
      const all = await Promise.all(
        Array.from({ length: 70 }, () => enter(key, {}, { 'x-forwarded-for': '10.8.2.1' })),
      );
      expect(all.filter(({ status }) => status === 200)).toHaveLength(60);
      // All of a customer's IPv6 addresses are one.
      const narrow = await widget({ limits: { sessions_per_address_minute: 2 } });
      const statuses = [];
      for (const last of ['1', '2', '3', 'ffff:ffff:ffff:ffff'])
        statuses.push(
          (
            await enter(
              narrow.key,
              {},
              { 'x-forwarded-for': `2001:db8:0:7::${last}`.replace('::ffff:ffff', ':ffff:ffff') },
            )
          ).status,
        );
      expect(statuses).toEqual([200, 200, 429, 429]);
    });

    it('of messages, for each visitor', async () => {
      const { key } = await widget({ limits: { messages_per_minute: 2 } });
      const send = async (token: string) =>
        (await app.call(`/api/${shop.slug}/chat`, { token, body: { content: 'hi' } })).status;
      const anna = await visitor(key);
      expect([await send(anna.token), await send(anna.token), await send(anna.token)]).toEqual([200, 200, 429]);
      expect(await send((await visitor(key)).token)).toBe(200);
    });

    it('and lets nobody in who was blocked', async () => {
      const { key, secret } = await widget();
      const anna = await visitor(key);
      const block = (id: string) =>
        app.call(`/api/admin/users/${id}`, { method: 'PATCH', token: admin.token, body: { disabled: true } });
      expect((await block(anna.id)).status).toBe(200);
      expect((await app.call('/api/auth/me', { token: anna.token })).status).toBe(401);
      expect((await enter(key, { visitor_token: anna.visitorToken })).status).toBe(403);
      const renamed = { visitor_token: anna.visitorToken, identity_token: identity(secret, { sub: `c-${newId()}` }) };
      expect((await enter(key, renamed)).status).toBe(403);
      const named = { identity_token: identity(secret, { sub: 'blocked' }) };
      expect((await block((await visitor(key, named)).id)).status).toBe(200);
      expect((await enter(key, named)).status).toBe(403);
    });

    it('and lets nobody in while the tenant is suspended', async () => {
      const tenant = await app.tenant();
      const owner = await app.person(tenant, 'tenant_admin');
      const { key } = await widget({}, owner);
      await app.database.uow.query(
        { tenantId: tenant.tenantId },
        `UPDATE app.tenant SET status = 'suspended' WHERE id = $1`,
        [tenant.tenantId],
      );
      const refused = await enter(key);
      expect([refused.status, refused.body['code']]).toEqual([403, 'SUSPENDED']);
    });
  });
});

function sessionOf(token: string): string {
  return String((jwt.decode(token) as { sid: string }).sid);
}
