import { AgentDirectoryCache, AgentsModule } from '#agents';
import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { TenantService, TenantSettingsCache } from '#tenants';
import { AuthApp } from '../auth/auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

const OPERATOR = {
  MESSAGES_PER_MINUTE: '20',
  LLM_MAX_TOKENS: '1000',
  LLM_MODELS: 'small, groq/fast',
  OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
  LLM_MODEL: 'small',
  GROQ_API_KEY: 'gsk_x',
};
const LIMITS = {
  messages_per_minute: null,
  requests_per_minute: null,
  tokens_per_minute: null,
  user_tokens_per_minute: null,
  max_tokens: null,
  history_messages: null,
  budget_day_usd: null,
  budget_month_usd: null,
  users: null,
  storage_mb: null,
};

describe('entitlements', () => {
  let app: AuthApp;
  let root: Person;
  let admin: Person;
  beforeAll(async () => {
    app = await AuthApp.start(OPERATOR, { imports: [OutboundModule, QueueModule, AgentsModule] });
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    root = await app.signedIn('platform_admin', { tenantId: id, slug: 'platform' });
  });
  beforeEach(async () => {
    admin = await app.signedIn('tenant_admin');
  });
  afterAll(() => app.stop());

  const entitlements = (by: Person, body?: unknown, headers: Record<string, string> = {}, tenant = admin.tenantId) =>
    app.call(`/api/admin/tenants/${tenant}/entitlements`, {
      token: by.token,
      headers,
      ...(body === undefined ? {} : { method: 'PUT', body }),
    });
  const settings = (body?: unknown) =>
    app.call('/api/admin/settings', {
      token: admin.token,
      ...(body === undefined ? {} : { method: 'PATCH', body }),
    });

  it('follow the operator’s defaults until a platform admin replaces them, all at once', async () => {
    const none = { agents: null, tools: null, models: null, features: null, limits: LIMITS };
    expect((await entitlements(root)).body).toEqual(none);
    const body = { agents: ['support'], models: ['*'], limits: { budget_day_usd: 2.5, messages_per_minute: 0 } };
    const put = await entitlements(root, body);
    const expected = { ...none, ...body, limits: { ...LIMITS, ...body.limits } };
    expect([put.status, put.body]).toEqual([200, expected]);
    expect((await entitlements(root)).body).toEqual(expected);
    expect((await entitlements(root, {})).body).toEqual(none);
  });

  it('are the platform admins’ alone, and of a tenant that there is', async () => {
    for (const role of ['tenant_admin', 'supporter', 'end_user'] as const) {
      const own = await app.signedIn(role, admin);
      expect((await entitlements(own)).status).toBe(403);
      expect((await entitlements(own, {})).status).toBe(403);
    }
    const unknown = '01890000-0000-7000-8000-000000000000';
    expect((await entitlements(root, undefined, {}, unknown)).status).toBe(404);
    expect((await entitlements(root, {}, {}, unknown)).status).toBe(404);
  });

  it.each([
    [{ agents: 'support' }, 422],
    [{ agents: [''] }, 422],
    [{ limits: { max_tokens: 0 } }, 422],
    [{ limits: { budget_day_usd: -1 } }, 422],
    [{ limits: { messages: 1 } }, 400],
    [{ tenant_id: '01890000-0000-7000-8000-000000000000' }, 400],
  ])('refuse %j with %i', async (body, status) => {
    expect((await entitlements(root, body)).status).toBe(status);
    expect((await entitlements(root)).body).toMatchObject({ agents: null, limits: LIMITS });
  });

  it('change only for who has read the last version', async () => {
    const tag = (await entitlements(root)).headers.get('etag') ?? '';
    expect((await entitlements(root, { features: ['widgets'] }, { 'if-match': tag })).status).toBe(200);
    expect((await entitlements(root, { features: [] }, { 'if-match': tag })).status).toBe(412);
    expect((await entitlements(root)).body).toMatchObject({ features: ['widgets'] });
  });

  it('are on record in both tenants, with what was before and after', async () => {
    await entitlements(root, { limits: { max_tokens: 10 } });
    await entitlements(root, { limits: { max_tokens: 20 }, tools: [] });
    for (const tenantId of [admin.tenantId, root.tenantId]) {
      const rows = await app.database.uow.query(
        { tenantId },
        `SELECT actor_id, details FROM app.audit_event
          WHERE tenant_id = $1 AND action = 'entitlements.update' AND target_id = $2 ORDER BY id`,
        [tenantId, admin.tenantId],
      );
      expect(rows[1]).toEqual({
        actor_id: root.id,
        details: {
          changes: [
            { field: 'tools', before: null, after: [] },
            { field: 'limits.max_tokens', before: 10, after: 20 },
          ],
        },
      });
    }
  });

  it.each([
    [{ messages_per_minute: 21 }, /messages_per_minute.*20/],
    [{ messages_per_minute: 0 }, /messages_per_minute.*20/],
    [{ llm: { max_tokens: 1001 } }, /max_tokens.*1000/],
    [{ llm: { model: 'dear' } }, /dear.*small, groq\/fast/],
    [{ llm: { provider: 'groq' } }, /llama.*small, groq\/fast/],
    [{ llm: { provider: 'groq', model: 'small' } }, null],
    [{ messages_per_minute: 20, llm: { model: 'small', max_tokens: 1000 } }, null],
    [{ llm: { provider: 'groq', model: 'fast' } }, null],
  ])('of the operator’s environment are a ceiling for the settings %j', async (body, refusal) => {
    const answer = await settings(body);
    expect(answer.status).toBe(refusal === null ? 200 : 422);
    if (refusal !== null) expect(answer.body['detail']).toMatch(refusal);
  });

  it('raise and lower a ceiling, and hold at once over settings that were higher', async () => {
    const limits = { messages_per_minute: 50, max_tokens: 2000, history_messages: 3 };
    await entitlements(root, { limits, models: ['*'] });
    expect((await settings({ history_messages: 4 })).status).toBe(422);
    const high = { messages_per_minute: 50, history_messages: 3, llm: { max_tokens: 2000, model: 'dear' } };
    expect((await settings(high)).body).toMatchObject(high);
    await entitlements(root, { limits: { messages_per_minute: 5, max_tokens: 100, history_messages: 1 } });
    expect((await settings()).body).toMatchObject({
      messages_per_minute: 5,
      history_messages: 1,
      llm: { max_tokens: 100 },
    });
    expect(await app.app.get(TenantSettingsCache).get(admin)).toMatchObject({
      messagesPerMinute: 5,
      historyMessages: 1,
      llm: { maxTokens: 100 },
      ceilings: { maxTokens: 100, models: ['small', 'groq/fast'] },
    });
    // Another setting can be changed while one stands above its ceiling.
    expect((await settings({ top_k: 3 })).status).toBe(200);
  });

  it('say which agents and tools a tenant may make, and which of them a turn is shown', async () => {
    const post = (path: string, body: unknown) => app.call(`/api/admin/${path}`, { token: admin.token, body });
    const tool = (key: string) =>
      post('tools', { key, name: key, description: 'd', config: { url: 'https://a.example/x' }, read_only: true });
    const agent = (key: string, toolIds: unknown[] = []) =>
      post('agents', { key, kind: 'domain', name: key, description: 'd', tool_ids: toolIds });
    const ids = [(await tool('track')).body['id'], (await tool('pay')).body['id']];
    expect((await agent('orders', ids)).status).toBe(201);
    const shown = async () => {
      const { agents } = await app.app.get(AgentDirectoryCache).directory(admin);
      return agents.map(({ key, tools }) => [key, tools.map((each) => each.key)]);
    };
    expect(await shown()).toEqual([['orders', ['track', 'pay']]]);

    await entitlements(root, { agents: ['orders'], tools: ['track'] });
    expect(await shown()).toEqual([['orders', ['track']]]);
    expect((await agent('sales')).body).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await tool('refund')).body).toMatchObject({ status: 403, code: 'FORBIDDEN' });

    await entitlements(root, { agents: ['knowledge'], tools: ['http'] });
    expect(await shown()).toEqual([]);
    await entitlements(root, { agents: ['domain'], tools: ['http'] });
    expect(await shown()).toEqual([['orders', ['track', 'pay']]]);
    expect((await tool('refund')).status).toBe(201);
  });
});
