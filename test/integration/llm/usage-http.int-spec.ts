import { AgentsModule } from '#agents';
import { recordUsage, usageRow } from '#llm';
import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { EntitlementService, OPERATOR_DEFAULTS } from '#tenants';
import { AuthApp } from '../auth/auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

describe('usage over HTTP', () => {
  let app: AuthApp;
  let admin: Person;
  beforeAll(async () => {
    app = await AuthApp.start(
      { REQUESTS_PER_MINUTE: '1000' },
      { imports: [OutboundModule, QueueModule, AgentsModule] },
    );
  }, 60_000);
  beforeEach(async () => {
    admin = await app.signedIn('tenant_admin');
  });
  afterAll(() => app.stop());

  const usage = (query = '', by = admin) => app.call(`/api/admin/usage${query}`, { token: by.token });
  const used = (model: string, costUsd: number | null, rest: object = {}) =>
    recordUsage(app.database.uow, { tenantId: admin.tenantId, turnId: null, principalId: admin.id }, [
      usageRow({
        ...{ kind: 'chat', purpose: 'answer', provider: 'openai', inputTokens: 10, outputTokens: 5, estimated: false },
        ...{ model, costUsd },
        ...rest,
      }),
    ]);

  it('is summed, and grouped by what was asked for', async () => {
    await used('small', 0.5);
    await used('small', 0.25, { purpose: 'title' });
    await used('own', null, { provider: 'ollama' });
    const totals = { turns: 0, input_tokens: 30, output_tokens: 15, cost_usd: 0.75 };
    expect((await usage()).body).toEqual({ data: [], totals });
    expect((await usage('?group_by=model,purpose')).body).toEqual({
      data: [
        { model: 'own', purpose: 'answer', turns: 0, input_tokens: 10, output_tokens: 5, cost_usd: null },
        { model: 'small', purpose: 'answer', turns: 0, input_tokens: 10, output_tokens: 5, cost_usd: 0.5 },
        { model: 'small', purpose: 'title', turns: 0, input_tokens: 10, output_tokens: 5, cost_usd: 0.25 },
      ],
      totals,
    });
    const today = new Date().toISOString().slice(0, 10);
    expect((await usage('?group_by=day,agent,user,provider')).body['data']).toMatchObject([
      { day: today, agent: null, user: admin.id, provider: 'ollama' },
      { day: today, agent: null, user: admin.id, provider: 'openai' },
    ]);
    expect((await usage(`?to=${today}`)).body['totals']).toMatchObject({ input_tokens: 0, cost_usd: null });
    expect((await usage('', await app.signedIn('tenant_admin'))).body['totals']).toMatchObject({ input_tokens: 0 });
  });

  it.each([
    ['?group_by=tenant', 422],
    ['?group_by=day%20UNION%20SELECT', 422],
    ['?from=yesterday', 422],
    ['?from=2026-02-01&to=2026-01-01', 422],
    ['?from=2020-01-01&to=2026-01-01', 422],
    ['?limit=5', 400],
  ])('refuses %s with %i', async (query, status) => {
    expect((await usage(query)).status).toBe(status);
  });

  it('is for those who may read it', async () => {
    for (const role of ['supporter', 'end_user'] as const) {
      const person = await app.signedIn(role, admin);
      expect([(await usage('', person)).status, (await usage('/current', person)).status]).toEqual([403, 403]);
    }
  });

  it('says how far the limits are used up now', async () => {
    await app.app.get(EntitlementService).ensure(admin, {
      ...OPERATOR_DEFAULTS,
      limits: { budget_day_usd: 2, requests_per_minute: 50, messages_per_minute: 7 },
    });
    await used('small', 0.5);
    await usage('/current');
    const { limits } = (await usage('/current')).body as unknown as { limits: { name: string; reset_at: string }[] };
    expect(limits).toEqual([
      { name: 'messages_per_minute', limit: 7, used: 0, reset_at: expect.any(String) },
      { name: 'requests_per_minute', limit: 50, used: expect.any(Number), reset_at: expect.any(String) },
      { name: 'requests_per_minute_of_tenant', limit: 50, used: 2, reset_at: expect.any(String) },
      { name: 'budget_day_usd', limit: 2, used: 0.5, reset_at: expect.any(String) },
    ]);
    expect(Date.parse(limits[3]?.reset_at ?? '')).toBeGreaterThan(Date.now());
  });

  it('of requests is told by the tightest limit, which is the whole tenant’s where it has one', async () => {
    const figures = (headers: Headers) => [headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')];
    const first = await usage();
    expect(figures(first.headers)).toEqual(['1000', expect.stringMatching(/^99\d$/)]);
    expect(Number(first.headers.get('ratelimit-reset'))).toBeGreaterThan(0);
    await app.app.get(EntitlementService).ensure(admin, { ...OPERATOR_DEFAULTS, limits: { requests_per_minute: 3 } });
    const other = await app.signedIn('tenant_admin', admin);
    expect(figures((await usage()).headers)).toEqual(['3', '2']);
    expect(figures((await usage('', other)).headers)).toEqual(['3', '1']);
    expect(figures((await usage()).headers)).toEqual(['3', '0']);
    const refused = await usage('', other);
    expect(refused.body).toMatchObject({ status: 429, code: 'RATE_LIMIT' });
    expect(figures(refused.headers)).toEqual(['3', '0']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(
      (await app.call('/api/auth/login', { body: { tenant: 'x', email: 'a@b.test', password: 'p' } })).headers.get(
        'ratelimit-limit',
      ),
    ).toBe('1000');
  });
});
