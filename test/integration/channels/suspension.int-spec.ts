import { EventBus, NewsMissed } from '#platform/events';
import { TenantService } from '#tenants';
import { ChatApp, type Person } from './chat-app.js';

/** A tenant that is suspended, as its people see it, on the instance where that was done and on another one. */
describe('a suspended tenant', () => {
  let a: ChatApp;
  let b: ChatApp;
  let root: Person;
  beforeAll(async () => {
    a = await ChatApp.start();
    b = await ChatApp.start({}, a);
    const { id } = await a.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    root = await a.person({ tenantId: id, slug: 'platform' }, 'platform_admin');
  }, 60_000);
  afterAll(async () => {
    await b.stop();
    await a.stop();
  });

  const command = (tenantId: string, verb: 'suspend' | 'resume') =>
    a.call(`/api/admin/tenants/${tenantId}/${verb}`, { method: 'POST', token: root.token });
  const stored = (person: Person) =>
    a.database.uow.query<{ status: string; code: string | null }>(
      person,
      `SELECT status, error->>'code' AS code FROM app.turn WHERE tenant_id = $1 ORDER BY id`,
      [person.tenantId],
    );

  it.each(['here', 'on the other instance'])(
    'has its running turns ended %s, and told before the end',
    async (place) => {
      const person = await a.person();
      const app = place === 'here' ? a : b;
      const socket = await app.chat(person);
      socket.send({ content: 'hang' });
      await socket.next('token');
      const suspendedAt = Date.now();
      expect((await command(person.tenantId, 'suspend')).body).toMatchObject({ status: 'suspended' });
      expect(await socket.next('error')).toMatchObject({ scope: 'turn', code: 'SUSPENDED' });
      expect(await socket.next('done')).toMatchObject({ status: 'failed', error: { code: 'SUSPENDED' } });
      expect(await socket.next('error')).toMatchObject({ scope: 'connection', code: 'SUSPENDED' });
      expect(await socket.end(5000)).toMatchObject({ code: 4403 });
      expect(Date.now() - suspendedAt).toBeLessThan(5000);
      expect(await stored(person)).toEqual([{ status: 'failed', code: 'SUSPENDED' }]);
    },
  );

  it.each(['here', 'on the other instance'])(
    'has the sockets of its visitors closed %s, idle and busy ones, and lets none back in',
    async (place) => {
      const admin = await a.person(undefined, 'tenant_admin');
      const page = 'https://shop.example.com';
      const body = { name: 'Chat', origins: [page] };
      const { body: widget } = await a.call('/api/admin/widgets', { token: admin.token, body });
      const sessions = `/api/public/widgets/${String(widget['public_key'])}/sessions`;
      const headers = { origin: page };
      const enter = (known: object = {}) => a.call(sessions, { body: known, headers });
      const app = place === 'here' ? a : b;
      const visits = await Promise.all(
        ['idle', 'busy'].map(async () => {
          const { body: session } = await enter();
          const bearer = { ...headers, authorization: `Bearer ${String(session['access_token'])}` };
          const socket = await app.socket('/ws/chat', { headers: bearer });
          expect(await socket.next('ready')).toMatchObject({ user: { role: 'visitor' } });
          return { session, socket };
        }),
      );
      const [idle, busy] = visits;
      busy?.socket.send({ content: 'hang' });
      await busy?.socket.next('token');
      const suspendedAt = Date.now();
      await command(admin.tenantId, 'suspend');
      for (const { socket } of visits) {
        expect(await socket.next('error', ({ scope }) => scope === 'connection')).toMatchObject({ code: 'SUSPENDED' });
        expect(await socket.end(5000)).toMatchObject({ code: 4403 });
      }
      expect(Date.now() - suspendedAt).toBeLessThan(5000);
      const token = String(idle?.session['access_token']);
      const known = { visitor_token: idle?.session['visitor_token'] };
      for (const refused of [await a.call('/api/auth/me', { token, headers }), await enter(known), await enter()])
        expect([refused.status, refused.body['code']]).toEqual([403, 'SUSPENDED']);
      // The page is nobody's while its tenant is suspended.
      const again = await app.socket('/ws/chat', { headers: { ...headers, authorization: `Bearer ${token}` } });
      expect(again.refused).toMatchObject({ status: 403 });
    },
  );

  it('begins nothing that waits until it is resumed, and then all of it', async () => {
    const person = await a.person();
    const socket = await a.chat(person);
    socket.send({ content: 'hang', conversation_id: 'k' });
    await socket.next('token');
    socket.send({ content: 'echo later', conversation_id: 'k' });
    await socket.next('turn', ({ status }) => status === 'queued');
    await command(person.tenantId, 'suspend');
    await socket.end(5000);
    // More than a tick of each instance.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await stored(person)).map(({ status }) => status)).toEqual(['failed', 'queued']);
    expect((await command(person.tenantId, 'resume')).body).toMatchObject({ status: 'active' });
    const again = await a.chat(person);
    again.send({ type: 'resume', conversation_id: 'k', after_seq: 0 });
    // Whoever uses keys of its own reads tokens.
    expect(await again.next('token')).toMatchObject({ content: 'echo later', offset: 0 });
    await again.close();
  });

  it('has a turn ended that was begun while nobody looked', async () => {
    const person = await a.person();
    const socket = await a.chat(person);
    socket.send({ content: 'hang' });
    await socket.next('token');
    await a.database.uow.query(person, `UPDATE app.tenant SET status = 'suspended' WHERE id = $1`, [person.tenantId]);
    expect(await socket.next('done')).toMatchObject({ status: 'failed', error: { code: 'SUSPENDED' } });
    // The socket learns of it when news may have been missed.
    await a.app.get(EventBus).publish(new NewsMissed());
    expect(await socket.end(5000)).toMatchObject({ code: 4403 });
  });

  it('answers whoever waits for an answer over HTTP', async () => {
    const person = await a.person();
    const answer = a.call(`/api/${person.slug}/chat`, { token: person.token, body: { content: 'hang' } });
    while ((await stored(person)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await command(person.tenantId, 'suspend');
    expect((await answer).body).toMatchObject({ status: 403, code: 'SUSPENDED' });
    expect((await a.call(`/api/${person.slug}/conversations`, { token: person.token })).status).toBe(403);
  });

  it('answers also who waits behind a turn, which goes on with its tenant', async () => {
    const person = await a.person();
    const say = (content: string) =>
      b.call(`/api/${person.slug}/chat`, { token: person.token, body: { content, session_id: 'k' } });
    const first = say('hang');
    while ((await stored(person)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = say('echo behind');
    while ((await stored(person)).length === 1) await new Promise((resolve) => setTimeout(resolve, 20));
    await command(person.tenantId, 'suspend');
    for (const answer of [first, second]) expect((await answer).body).toMatchObject({ status: 403, code: 'SUSPENDED' });
    expect((await stored(person)).map(({ status }) => status)).toEqual(['failed', 'queued']);
  });
});
