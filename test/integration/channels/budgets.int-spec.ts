import { EntitlementService, OPERATOR_DEFAULTS } from '#tenants';
import { ChatApp, type Person } from './chat-app.js';

/** Budgets and tokens a minute, as people meet them. */
describe('a tenant with a budget', () => {
  let app: ChatApp;
  let beside: ChatApp;
  beforeAll(async () => {
    app = await ChatApp.start();
    beside = await ChatApp.start({}, app);
  }, 60_000);
  afterAll(async () => {
    await beside.stop();
    await app.stop();
  });

  const limited = async (limits: (typeof OPERATOR_DEFAULTS)['limits']): Promise<Person> => {
    const tenant = await app.tenant();
    await app.app.get(EntitlementService).ensure(tenant, { ...OPERATOR_DEFAULTS, limits });
    return app.person(tenant);
  };
  const rows = (person: Person, sql: string) =>
    app.database.uow.query<{ n: string }>(person, sql, [person.tenantId]).then(([row]) => Number(row?.n));
  const turns = (person: Person) => rows(person, 'SELECT count(*) AS n FROM app.turn WHERE tenant_id = $1');
  const reserved = (person: Person) =>
    rows(person, 'SELECT count(*) AS n FROM app.budget_reservation WHERE tenant_id = $1');

  it.each([
    ['completed', 'spend 0.02', 'completed'],
    ['failed', 'spend 0.02 fail', 'failed'],
    ['cancelled', 'spend 0.02 hang', 'cancelled'],
  ])('spends it by a turn that was %s, and is refused before the ack then', async (_how, content, status) => {
    const person = await limited({ budget_day_usd: 0.015 });
    const socket = await app.chat(person);
    socket.send({ content });
    const { turn_id: turn } = await socket.next('ack');
    if (status === 'cancelled') {
      await socket.next('token');
      socket.send({ type: 'abort', turn_id: turn });
    }
    expect(await socket.next('done')).toMatchObject({ status });
    expect(await reserved(person)).toBe(0);
    socket.send({ content: 'echo more', ref: 'r' });
    expect(await socket.next('error', ({ ref }) => ref === 'r')).toMatchObject({
      scope: 'frame',
      code: 'QUOTA_EXCEEDED',
      retry_after_ms: expect.any(Number),
    });
    const other = await beside.call(`/api/${person.slug}/chat`, { token: person.token, body: { content: 'echo x' } });
    expect(other).toMatchObject({ status: 429, body: { code: 'QUOTA_EXCEEDED' } });
    expect(Number(other.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await turns(person)).toBe(1);
    await socket.close();
  });

  it('gets a repeat answered for nothing, also when the budget is spent', async () => {
    const person = await limited({ budget_month_usd: 0.015 });
    const socket = await app.chat(person);
    const message = { content: 'spend 0.02', client_message_id: '0190b8a0-0000-7000-8000-00000000abcd' };
    socket.send(message);
    const first = await socket.next('ack');
    await socket.next('done');
    socket.send(message);
    expect(await socket.next('ack')).toMatchObject({ turn_id: first['turn_id'] });
    expect(await reserved(person)).toBe(0);
    await socket.close();
  });

  it('begins no more turns at once, over two instances, than what was left allows', async () => {
    const person = await limited({ budget_day_usd: 0.035 });
    const asked = Array.from({ length: 30 }, (_, n) =>
      (n % 2 === 0 ? app : beside).call(`/api/${person.slug}/chat`, {
        token: person.token,
        body: { content: 'spend 0.01 hold' },
      }),
    );
    const refused = await Promise.race([
      Promise.all(asked.map((answer) => answer.then(({ status }) => status))),
      new Promise<null>((resolve) => setTimeout(() => resolve(null), 2500)),
    ]);
    expect(refused).toBeNull();
    expect(await turns(person)).toBe(4);
    app.runtime.release();
    beside.runtime.release();
    const statuses = await Promise.all(asked.map((answer) => answer.then(({ status }) => status)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(4);
    expect(statuses.filter((status) => status === 429)).toHaveLength(26);
  });

  it('in tokens is told RATE_LIMIT', async () => {
    const person = await limited({ tokens_per_minute: 7 });
    const socket = await app.chat(person);
    socket.send({ content: 'spend 0' });
    await socket.next('done');
    socket.send({ content: 'echo', ref: 'r' });
    expect(await socket.next('error', ({ ref }) => ref === 'r')).toMatchObject({ code: 'RATE_LIMIT' });
    await socket.close();
  });

  it('in tokens of each user refuses that user, and no other', async () => {
    const person = await limited({ user_tokens_per_minute: 7 });
    const ask = (by: Person) => app.call(`/api/${person.slug}/chat`, { token: by.token, body: { content: 'spend 0' } });
    expect((await ask(person)).status).toBe(200);
    const refused = await ask(person);
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMIT' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(await app.person(person))).status).toBe(200);
  });
});
