import { forgetSupporter } from '#conversations';
import { AnalyticsRepository } from '../../../src/admin/analytics/analytics.repository.js';
import { ChatApp, type Person } from '../channels/chat-app.js';

describe('a supporter’s desk', () => {
  let app: ChatApp;
  let tenant: { tenantId: string; slug: string };
  let user: Person;
  let maria: Person;
  let stranger: Person;

  beforeAll(async () => {
    app = await ChatApp.start();
    tenant = await app.tenant();
    [user, maria, stranger] = [
      await app.person(tenant),
      await app.person(tenant, 'supporter'),
      await app.person(undefined, 'supporter'),
    ];
  }, 60_000);
  afterAll(() => app?.stop());

  const at = (path: string) => `/api/${tenant.slug}/${path}`;
  const call = (path: string, by: Person, body?: unknown, method?: string) =>
    app.call(at(path), { token: by.token, method, ...(body === undefined ? {} : { body }) });

  async function escalated(content = 'want a person'): Promise<{ conversationId: string; id: string }> {
    const { body } = await call('chat', user, { content });
    const escalation = body['escalation'] as unknown as { escalation_id: string };
    return { conversationId: String(body['conversation_id']), id: escalation.escalation_id };
  }

  it('has notes that neither the user nor the agent is shown', async () => {
    const { conversationId, id } = await escalated();
    const noted = await call(`supporter/escalations/${id}/notes`, maria, { content: 'Called the courier' });
    expect(noted).toMatchObject({ status: 201, body: { escalation_id: id, author_id: maria.id } });
    const listed = await call(`supporter/escalations/${id}/notes`, maria);
    expect(listed.body['data']).toMatchObject([{ content: 'Called the courier' }]);
    const messages = await call(`conversations/${conversationId}/messages`, user);
    expect(JSON.stringify(messages.body)).not.toContain('courier');
    expect((await call(`supporter/escalations/${id}/notes`, user)).status).toBe(403);
    const foreign = `/api/${stranger.slug}/supporter/escalations/${id}/notes`;
    expect((await app.call(foreign, { token: stranger.token })).status).toBe(404);
    expect((await app.call(foreign, { token: stranger.token, body: { content: 'x' } })).status).toBe(404);
  });

  it('has words ready, each title once, and its changes on record', async () => {
    const body = { title: 'Hello', content: 'Hello, I have your conversation in front of me.' };
    const made = await call('supporter/canned-replies', maria, body);
    expect(made).toMatchObject({ status: 201, body: { ...body, language: null } });
    expect(made.headers.get('location')).toBe(at(`supporter/canned-replies/${String(made.body['id'])}`));
    expect((await call('supporter/canned-replies', maria, body)).status).toBe(409);
    expect((await call('supporter/canned-replies', maria)).body['data']).toMatchObject([body]);
    const path = `supporter/canned-replies/${String(made.body['id'])}`;
    expect((await call(path, maria)).body).toMatchObject(body);
    expect((await call(path, maria, undefined, 'DELETE')).status).toBe(204);
    expect((await call(path, maria)).status).toBe(404);
    const [{ count }] = (await app.database.uow.query<{ count: number }>(
      tenant,
      `SELECT count(*)::int AS count FROM app.audit_event WHERE tenant_id = $1 AND action LIKE 'canned_reply.%'`,
      [tenant.tenantId],
    )) as [{ count: number }];
    expect(count).toBe(2);
  });

  it('is told what the agent would say, and nothing of it is kept', async () => {
    const { conversationId, id } = await escalated();
    await call(`supporter/escalations/${id}/accept`, maria, {});
    await call('chat', user, { content: 'echo where is it', conversation_id: conversationId });
    const before = await call(`conversations/${conversationId}/messages`, user);
    const suggested = await call(`supporter/escalations/${id}/suggest`, maria, {});
    expect(suggested).toMatchObject({ status: 200, body: { content: 'echo where is it', citations: [{ n: 1 }] } });
    const seen = app.runtime.inputs.at(-1);
    expect(seen?.history.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect((await call(`conversations/${conversationId}/messages`, user)).body).toEqual(before.body);
    expect((await call(`conversations/${conversationId}/turns`, user)).body['data']).toHaveLength(1);
  });

  it('is no more named in what was said when its supporter is erased; the words stay', async () => {
    const { conversationId, id } = await escalated();
    await call(`supporter/escalations/${id}/accept`, maria, {});
    await call(`supporter/escalations/${id}/reply`, maria, { content: 'Here I am' });
    const said = async () => {
      const { body } = await call(`conversations/${conversationId}/messages`, user);
      return (body['data'] as unknown as { role: string; metadata: object }[]).at(-1);
    };
    expect(await said()).toMatchObject({ role: 'supporter', metadata: { supporter: { name: 'supporter' } } });
    await forgetSupporter(app.database.uow, tenant, maria.id);
    expect(await said()).toMatchObject({ role: 'supporter', content: 'Here I am', metadata: {} });
    expect(JSON.stringify(await said())).not.toContain('"name"');
    await call(`supporter/escalations/${id}/return-to-agent`, maria, {});
  });

  it('is rated by the user after the end, and counted', async () => {
    const { conversationId, id } = await escalated('want somebody');
    const path = `conversations/${conversationId}/rating`;
    expect((await call(path, user, { score: 5 })).status).toBe(409);
    await call(`supporter/escalations/${id}/accept`, maria, {});
    await call(`supporter/escalations/${id}/reply`, maria, { content: 'Here I am' });
    await call(`supporter/escalations/${id}/close`, maria, {});
    expect(await call(path, user, { score: 2 })).toMatchObject({ status: 200, body: { score: 2, escalation_id: id } });
    expect(await call(path, user, { score: 4, comment: 'Quick' })).toMatchObject({
      body: { score: 4, comment: 'Quick' },
    });
    for (const body of [{ score: 6 }, { score: 0 }, { score: 4.5 }, {}, { score: 3, more: 1 }])
      expect([400, 422]).toContain((await call(path, user, body)).status);
    expect((await call(path, maria, { score: 1 })).status).toBe(404);
    await call('chat', user, { content: 'unclear what' });

    const figures = new AnalyticsRepository(app.database.uow);
    const time = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 60_000) };
    const read = await figures.read(tenant, time);
    expect(read).toMatchObject({
      conversations: 5,
      turns: { completed: 5, failed: 0, cancelled: 0, handed_off: 0 },
      containment: 0.4,
      resolution: 0.5,
      csat: 1,
      escalations: { total: 4, waiting: 1, assigned: 1, returned: 1, closed: 1 },
      unanswered: [{ question: 'unclear what', count: 1 }],
    });
    expect(read.first_reply_s.p50).toBeGreaterThanOrEqual(0);
    expect(read.first_token_ms.p50).toBeGreaterThanOrEqual(0);
    expect(await figures.read(tenant, { ...time, channel: 'carrier pigeon' })).toMatchObject({
      conversations: 0,
      containment: null,
      csat: null,
    });
    expect(await figures.read(stranger, time)).toMatchObject({ conversations: 0, escalations: { total: 0 } });
  });
});
