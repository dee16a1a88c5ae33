import { setTimeout as sleep } from 'node:timers/promises';
import { TenantService, TenantSettingsCache } from '#tenants';
import { acquainted, until } from '../../support/bus.conformance.js';
import { SeverableProxy } from '../../support/severable-proxy.js';
import { ChatApp, type Person } from './chat-app.js';

const postgres = process.env['DATABASE_URL'] ?? '';
const redis = process.env['REDIS_URL'] ?? '';

interface Pair {
  readonly a: ChatApp;
  readonly b: ChatApp;
  /** Takes b off the bus until what it returns is called. */
  cut(): () => void;
  stop(): Promise<void>;
}

async function inMemory(): Promise<Pair> {
  const a = await ChatApp.start();
  const b = await ChatApp.start({}, a);
  return { a, b, cut: () => a.hub.cut(b.bus.instance), stop: () => stopBoth(a, b) };
}

async function onPostgres(): Promise<Pair> {
  // Its database is known once it runs.
  const first = await ChatApp.start();
  const { url } = first.database;
  const proxy = await SeverableProxy.before(url, 5432);
  const a = await ChatApp.start({ DATABASE_URL: url }, first);
  const b = await ChatApp.start({ DATABASE_URL: proxy.through(url) }, first);
  return { a, b, cut: () => severed(proxy), stop: () => stopBoth(first, a, b, proxy) };
}

async function onRedis(): Promise<Pair> {
  const first = await ChatApp.start();
  const env = { DATABASE_URL: first.database.url };
  const proxy = await SeverableProxy.before(redis, 6379);
  const a = await ChatApp.start({ ...env, REDIS_URL: redis }, first);
  const b = await ChatApp.start({ ...env, REDIS_URL: proxy.through(redis) }, first);
  return { a, b, cut: () => severed(proxy), stop: () => stopBoth(first, a, b, proxy) };
}

function severed(proxy: SeverableProxy): () => void {
  proxy.sever();
  return () => proxy.restore();
}

/** The one that owns the database last. */
async function stopBoth(owner: ChatApp, ...others: { stop(): Promise<void> }[]): Promise<void> {
  for (const other of others) await other.stop();
  await owner.stop();
}

const buses = [
  ['in memory', inMemory] as const,
  ...(postgres === '' ? [] : [['on Postgres', onPostgres] as const]),
  ...(postgres === '' || redis === '' ? [] : [['on Redis', onRedis] as const]),
];

describe.each(buses)('two instances with a bus %s', (_name, start) => {
  let pair: Pair;
  let a: ChatApp;
  let b: ChatApp;
  beforeAll(async () => {
    pair = await start();
    ({ a, b } = pair);
    await acquainted([a.bus, b.bus]);
  }, 120_000);
  afterAll(() => pair.stop());

  const logOut = (at: ChatApp, person: Person) => at.call('/api/auth/logout', { method: 'POST', token: person.token });
  const admin = async () => {
    const tenant = await a.tenant();
    return { tenant, admin: await a.person(tenant, 'tenant_admin') };
  };

  it('close the silent socket of a session that was ended on the other one', async () => {
    const person = await a.person();
    const socket = await b.chat(person);
    const other = await b.chat(await a.person());
    expect((await logOut(a, person)).status).toBeLessThan(300);
    expect(await socket.end(2000)).toMatchObject({ code: 4401 });
    expect(other.closed).toBeNull();
    await other.close();
  });

  it('close the silent socket of an API key that was revoked on the other one', async () => {
    const { admin: by } = await admin();
    const made = await a.call('/api/admin/api-keys', {
      token: by.token,
      body: { name: 'robot', role: 'supporter' },
    });
    expect(made.status).toBe(201);
    const socket = await b.socket('/ws/chat', { headers: { authorization: `Bearer ${String(made.body['key'])}` } });
    await socket.next('ready');
    const path = `/api/admin/api-keys/${String(made.body['id'])}`;
    expect((await a.call(path, { method: 'DELETE', token: by.token })).status).toBe(204);
    expect(await socket.end(2000)).toMatchObject({ code: 4401 });
  });

  it('close everything of a tenant that was suspended on the other one, and no other’s', async () => {
    const { admin: by, tenant } = await admin();
    const socket = await b.chat(await a.person(tenant));
    const other = await b.chat(await a.person());
    const ctx = {
      tenantId: by.tenantId,
      correlationId: 'test',
      principal: { id: by.id, role: 'platform_admin' as const, persona: null, sessionId: null },
    };
    await a.app.get(TenantService).update(ctx, by.tenantId, { status: 'suspended' });
    expect(await socket.end(2000)).toMatchObject({ code: 4403 });
    expect(other.closed).toBeNull();
    await other.close();
  });

  it('end the event stream of a session that was ended on the other one', async () => {
    const person = await a.person();
    const chat = await a.chat(person);
    chat.send({ type: 'user_message', content: 'hello' });
    const ack = await chat.next('ack');
    const events = `/api/${person.slug}/conversations/${String(ack['conversation_id'])}/events`;
    const stream = await b.fetch(events, { token: person.token });
    expect(stream.status).toBe(200);
    const ended = stream.text();
    expect((await logOut(a, person)).status).toBeLessThan(300);
    await Promise.race([
      ended,
      sleep(2000, undefined, { ref: false }).then(() => Promise.reject(new Error('still open'))),
    ]);
    await chat.end(2000);
  });

  it('close it within five seconds after the bus is back, when it was away meanwhile', async () => {
    const person = await a.person();
    const socket = await b.chat(person);
    const other = await b.chat(await a.person());
    const restore = pair.cut();
    expect((await logOut(a, person)).status).toBeLessThan(300);
    await sleep(300);
    expect(socket.closed).toBeNull();
    restore();
    expect(await socket.end(5000)).toMatchObject({ code: 4401 });
    expect(other.closed).toBeNull();
    await other.close();
    await acquainted([a.bus, b.bus]);
  }, 20_000);

  it('see a change of settings at once', async () => {
    const { admin: by } = await admin();
    const cache = b.app.get(TenantSettingsCache);
    expect((await cache.get(by)).queueMode).toBe('queue');
    const patched = await a.call('/api/admin/settings', {
      method: 'PATCH',
      token: by.token,
      body: { queue_mode: 'reject' },
    });
    expect(patched.status).toBe(200);
    const began = performance.now();
    while ((await cache.get(by)).queueMode !== 'reject') await sleep(5);
    // Without the news it would be five seconds.
    expect(performance.now() - began).toBeLessThan(2500);
  });

  it('forget what they remember when news were missed', async () => {
    const { admin: by } = await admin();
    const cache = b.app.get(TenantSettingsCache);
    const restore = pair.cut();
    const readAt = performance.now();
    expect((await cache.get(by)).queueMode).toBe('queue');
    await a.call('/api/admin/settings', { method: 'PATCH', token: by.token, body: { queue_mode: 'reject' } });
    expect((await cache.get(by)).queueMode).toBe('queue');
    restore();
    while ((await cache.get(by)).queueMode !== 'reject') await sleep(5);
    // After five seconds it would have been read again anyway.
    expect(performance.now() - readAt).toBeLessThan(4500);
    await acquainted([a.bus, b.bus]);
  }, 20_000);

  it('count a person’s sockets together', async () => {
    const person = await a.person();
    const sockets = [await a.chat(person), await b.chat(person), await b.chat(person)];
    const status = async (at: ChatApp) =>
      (await at.call(`/ws/users/${person.id}/status`, { token: person.token })).body['connections'];
    expect([await status(a), await status(b)]).toEqual([3, 3]);
    for (const socket of sockets) await socket.close();
    await until(() => sockets.every(({ closed }) => closed !== null));
    expect(await status(a)).toBe(0);
  });

  it('count a person’s sockets where the other one does not answer', async () => {
    const person = await a.person();
    const socket = await a.chat(person);
    const restore = pair.cut();
    const began = performance.now();
    const answer = await a.call(`/ws/users/${person.id}/status`, { token: person.token });
    expect(answer.body['connections']).toBe(1);
    expect(performance.now() - began).toBeLessThan(1000);
    restore();
    await socket.close();
    await acquainted([a.bus, b.bus]);
  }, 20_000);
});

if (postgres !== '' && redis !== '') {
  describe('two instances with one Redis', () => {
    it('share the limits of messages, of requests and of wrong passwords', async () => {
      const first = await ChatApp.start();
      const env = { DATABASE_URL: first.database.url, REDIS_URL: redis };
      const a = await ChatApp.start({ ...env, MESSAGES_PER_MINUTE: '4', REQUESTS_PER_MINUTE: '30' }, first);
      const b = await ChatApp.start({ ...env, MESSAGES_PER_MINUTE: '4', REQUESTS_PER_MINUTE: '30' }, first);
      try {
        const person = await first.person();
        const outcomes: string[] = [];
        for (const at of [a, b]) {
          const client = await at.chat(person);
          for (let n = 0; n < 4; n++) {
            client.send({ type: 'user_message', content: `message ${n}`, conversation_id: 'new' });
            await client.until(() => client.of('ack').length + client.of('error').length > n, 'an answer');
          }
          outcomes.push(...[...client.of('ack'), ...client.of('error')].map((frame) => String(frame['code'] ?? 'ack')));
          await client.close();
        }
        expect(outcomes.filter((outcome) => outcome === 'ack')).toHaveLength(4);
        expect(outcomes.filter((outcome) => outcome === 'RATE_LIMIT')).toHaveLength(4);

        const reader = await first.person();
        const statuses: number[] = [];
        for (let n = 0; n < 40; n++) {
          statuses.push((await (n % 2 === 0 ? a : b).call('/api/auth/me', { token: reader.token })).status);
        }
        expect(statuses.filter((status) => status === 429)).toHaveLength(10);

        const guesses: number[] = [];
        for (let n = 0; n < 12; n++) {
          const body = { tenant: person.slug, email: person.email, password: `wrong ${n}` };
          guesses.push((await (n % 2 === 0 ? a : b).call('/api/auth/login', { body })).status);
        }
        expect(guesses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
      } finally {
        await stopBoth(first, a, b);
      }
    }, 60_000);
  });
}
