import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { HealthService } from '#platform/health';
import { Client } from 'pg';
import { ChatApp, type Person } from '../channels/chat-app.js';

const ANY_ID = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/i;
const FROM_ELSEWHERE = { 'x-forwarded-for': '127.0.0.1' };

/** What operators see of an instance: `/metrics` and `/health`, by people who may and people who may not. */
describe('the pages of operators', () => {
  let app: ChatApp;
  let person: Person;
  let keys: Record<string, string>;
  beforeAll(async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    keys = {
      JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      SECRETS_KEY: randomBytes(32).toString('base64'),
    };
    app = await ChatApp.start(keys);
    person = await app.person();
  }, 60_000);
  afterAll(() => app.stop());

  const figures = async (of = app): Promise<Map<string, number>> => {
    const { headers, status, text } = await of.call('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  };
  const turns = (outcome: string, code: string, begun: string): string =>
    `switchboard_turns_total{outcome="${outcome}",code="${code}",begun="${begun}"}`;

  it('count how turns end, and name nobody', async () => {
    const client = await app.chat(person);
    client.send({ content: 'good morning' });
    await client.next('done');
    client.send({ content: 'fail' });
    await client.next('done');
    client.send({ content: 'hang' });
    await client.next('token');
    expect((await figures()).get('switchboard_turns_running')).toBe(1);
    client.send({ type: 'abort' });
    await client.next('done');
    client.send({ type: 'no such frame' });
    await client.next('error', ({ scope }) => scope === 'frame');
    await app.call(`/api/${person.slug}/conversations/${crypto.randomUUID()}`, { token: person.token });
    await app.call(`/nowhere/${person.tenantId}`);

    const known = await figures();
    expect(known.get(turns('completed', 'none', 'first'))).toBe(1);
    expect(known.get(turns('failed', 'LLM_ERROR', 'first'))).toBe(1);
    expect(known.get(turns('cancelled', 'none', 'first'))).toBe(1);
    expect(known.get('switchboard_turn_first_token_seconds_count')).toBe(3);
    expect(known.get('switchboard_turn_seconds_count{outcome="completed"}')).toBe(1);
    expect(known.get('switchboard_turns_running')).toBe(0);
    expect(known.get('switchboard_sockets_open')).toBe(1);
    expect(known.get('switchboard_frames_refused_total{code="INVALID_INPUT"}')).toBe(1);
    const notFound = [...known].find(([name]) => /http_requests_total\{.*conversations\/:\w+".*4xx/.test(name));
    expect(notFound?.[1]).toBe(1);
    expect(known.get('switchboard_http_requests_total{method="GET",route="none",status="4xx"}')).toBe(1);
    expect(known.get('switchboard_database_connections{state="total"}')).toBeGreaterThan(0);
    expect(known.get('switchboard_database_connections{state="waiting"}')).toBe(0);
    expect([...known.keys()].some((name) => name.startsWith('switchboard_bus_connected{driver='))).toBe(true);

    const { text } = await app.call('/metrics');
    expect(text).not.toMatch(ANY_ID);
    for (const secret of [person.tenantId, person.slug, person.email, person.id, 'good morning']) {
      expect(text).not.toContain(secret);
    }
    await client.close();
  });

  it('count a turn that another process took, and its take-over', async () => {
    const before = await figures();
    const client = await app.chat(person);
    client.send({ content: 'hang' });
    const { turn_id } = await client.next('ack');
    await client.next('token');
    await app.database.uow.query(
      person,
      `UPDATE app.turn SET lease_owner = gen_random_uuid(), lease_until = now() - interval '1 second', fence = fence + 1
        WHERE tenant_id = $1 AND id = $2`,
      [person.tenantId, turn_id],
    );
    await client.next('turn', ({ start }) => Number(start) === 2);
    client.send({ type: 'abort' });
    await client.next('done');
    const after = await figures();
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(grown(turns('elsewhere', 'none', 'first'))).toBe(1);
    expect(grown('switchboard_turn_take_overs_total')).toBe(1);
    expect(grown(turns('cancelled', 'none', 'taken_over'))).toBe(1);
    expect(grown('switchboard_turn_wait_seconds_count')).toBe(1);
    await client.close();
  });

  it('show how many turns wait in the installation', async () => {
    const small = await ChatApp.start({ ...keys, MAX_RUNNING_TURNS: '1' }, app);
    try {
      const client = await small.chat(person);
      client.send({ content: 'hang', conversation_id: 'new' });
      await client.next('token');
      client.send({ content: 'hello', conversation_id: 'new' });
      await client.next('ack');
      expect((await figures(small)).get('switchboard_turns_waiting')).toBe(1);
      client.send({ type: 'abort' });
      await client.next('done');
      await client.close();
    } finally {
      await small.stop();
    }
  });

  it('tell the whole health outside production', async () => {
    const { body, status } = await app.call('/health', { headers: FROM_ELSEWHERE });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'up',
      overall: 'ok',
      draining: false,
      instance: app.bus.instance,
      node: process.version,
      checks: {
        database: { status: 'up', latency_ms: expect.any(Number), migrations: expect.any(Number) },
        bus: { status: 'up', connected: true, peers: expect.any(Number) },
        disk: { status: 'up', free_percent: expect.any(Number), database_full: false },
      },
    });
    expect(body['version']).toMatch(/^\d+\.\d+\.\d+/);
    expect(body['uptime_seconds']).toEqual(expect.any(Number));
  });

  it('send nobody to a server whose database lacks a migration', async () => {
    const owner = new Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    try {
      await owner.query('ALTER TABLE public.schema_migration RENAME TO schema_migration_away');
      expect((await app.call('/health/ready')).status).toBe(503);
      await owner.query('ALTER TABLE public.schema_migration_away RENAME TO schema_migration');
      expect((await app.call('/health/ready')).status).toBe(200);
      const { rows } = await owner.query<Record<string, unknown>>('DELETE FROM public.schema_migration RETURNING *');
      const { body, status } = await app.call('/health');
      expect([status, body]).toMatchObject([503, { overall: 'down', checks: { database: { status: 'down' } } }]);
      expect((await app.call('/health/live')).status).toBe(200);
      for (const { name, timestamp } of rows) {
        await owner.query('INSERT INTO public.schema_migration (name, timestamp) VALUES ($1, $2)', [name, timestamp]);
      }
      expect((await app.call('/health/ready')).status).toBe(200);
    } finally {
      await owner.end();
    }
  });

  describe('in production', () => {
    let guarded: ChatApp;
    beforeAll(async () => {
      guarded = await ChatApp.start(
        {
          ...keys,
          NODE_ENV: 'production',
          // Named, since production asks for it; the tests' own pool is used, and the bus finds nobody there.
          DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        },
        app,
      );
    }, 60_000);
    afterAll(() => guarded.stop());

    it('are for staff and for this machine', async () => {
      const elsewhere = (token?: string) => guarded.call('/metrics', { token, headers: FROM_ELSEWHERE });
      const anonymous = await elsewhere();
      expect(anonymous.status).toBe(401);
      expect(anonymous.text).not.toContain('switchboard_');
      expect((await elsewhere('not.a.token')).status).toBe(401);
      expect((await elsewhere(person.token)).status).toBe(403);
      const tenant = await guarded.tenant();
      for (const role of ['tenant_admin', 'supporter'] as const) {
        expect((await elsewhere((await guarded.person(tenant, role)).token)).status).toBe(200);
      }
      expect((await guarded.call('/metrics')).status).toBe(200);
    });

    it('say no more than whether it works to everybody else', async () => {
      const elsewhere = (token?: string) => guarded.call('/health', { token, headers: FROM_ELSEWHERE });
      for (const token of [undefined, 'not.a.token', person.token]) {
        const { body, status } = await elsewhere(token);
        expect([status, body]).toEqual([200, { status: 'up', overall: 'degraded' }]);
      }
      const staff = await elsewhere((await guarded.person(await guarded.tenant(), 'tenant_admin')).token);
      expect(staff.body).toMatchObject({ status: 'up', checks: { bus: { driver: 'postgres', connected: false } } });
      expect((await guarded.call('/health')).body).toMatchObject({ checks: { database: { status: 'up' } } });
    });

    it('send nobody to a server that stops', async () => {
      guarded.app.get(HealthService).startDraining();
      expect((await guarded.call('/health/ready')).status).toBe(503);
      const { body, status } = await guarded.call('/health', { headers: FROM_ELSEWHERE });
      expect([status, body]).toEqual([503, { status: 'down', overall: 'down' }]);
      expect((await guarded.call('/health/live')).status).toBe(200);
      expect((await guarded.call('/health')).body).toMatchObject({ draining: true, checks: { shutdown: {} } });
    });
  });
});
