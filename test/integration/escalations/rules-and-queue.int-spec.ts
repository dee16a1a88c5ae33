import { setTimeout as sleep } from 'node:timers/promises';
import { TenantService } from '#tenants';
import { SmtpStandin } from '../../support/smtp-standin.js';
import { ChatApp, type Person } from '../channels/chat-app.js';
import type { ChatClient } from '../channels/chat-client.js';

describe('when a person is called, and who comes', () => {
  let app: ChatApp;
  let mail: SmtpStandin;
  let tenant: { tenantId: string; slug: string };
  let user: Person;
  let admin: Person;
  let maria: Person;
  let boris: Person;

  beforeAll(async () => {
    mail = await SmtpStandin.start();
    app = await ChatApp.start({ SMTP_URL: mail.url });
  }, 60_000);
  beforeEach(async () => {
    tenant = await app.tenant();
    [user, admin, maria, boris] = await Promise.all([
      app.person(tenant),
      app.person(tenant, 'tenant_admin'),
      app.person(tenant, 'supporter'),
      app.person(tenant, 'supporter'),
    ]);
  });
  afterAll(async () => {
    await app?.stop();
    await mail?.stop();
  });

  const rules = async (body: object) => {
    const answer = await app.call('/api/admin/escalation-rules', { token: admin.token, method: 'PUT', body });
    expect(answer.status).toBe(200);
    return answer;
  };
  const here = (person: Person, body: object = {}) =>
    app.call(`/api/${tenant.slug}/supporter/availability`, {
      token: person.token,
      method: 'PUT',
      body: { status: 'online', ...body },
    });
  const desk = (path: string, by: Person, body?: unknown) =>
    app.call(`/api/${tenant.slug}/supporter/${path}`, { token: by.token, ...(body === undefined ? {} : { body }) });
  const settings = (body: object) => app.call('/api/admin/settings', { token: admin.token, method: 'PATCH', body });
  async function ask(client: ChatClient, content: string, conversation?: string): Promise<string> {
    client.send({ content, ...(conversation === undefined ? {} : { conversation_id: conversation }) });
    return String((await client.next('done'))['conversation_id']);
  }

  it('is in the commit of the answer that says so, with the place in line', async () => {
    await here(maria, { capacity: 1 });
    const client = await app.chat(user);
    const conversation = await ask(client, 'want a person');
    const frame = client.of('escalation')[0];
    expect(frame).toMatchObject({ status: 'waiting', position: 1, contact_form: false, eta_s: 30 });
    expect(client.frames.findIndex(({ type }) => type === 'escalation')).toBeLessThan(
      client.frames.findIndex(({ type }) => type === 'done'),
    );
    const answer = client.of('message').find(({ role }) => role === 'assistant');
    expect(answer?.['content']).toContain('You are number 1 in line.');
    expect(client.text(answer?.['turn_id'])).toBe(answer?.['content']);
    expect(answer?.['metadata']).toMatchObject({ escalated: 'requested' });
    // Said again it is the same one, and the answer says so.
    await ask(client, 'want a person now', conversation);
    const listed = await desk('escalations', maria);
    expect(listed.body['data']).toHaveLength(1);
    // Over HTTP it stands beside the answer.
    const rest = await app.call(`/api/${tenant.slug}/chat`, { token: user.token, body: { content: 'want somebody' } });
    expect(rest.body).toMatchObject({ status: 'completed', escalation: { status: 'waiting', position: 2 } });
    await client.close();
  });

  it('says that nobody is there, takes an address, and writes to the team', async () => {
    await rules({ notify_emails: ['team@example.test'] });
    const before = mail.received.length;
    const client = await app.chat(user);
    const conversation = await ask(client, 'want a person');
    expect(client.of('escalation')[0]).toMatchObject({ contact_form: true, eta_s: null });
    expect(client.of('message').at(-1)?.['content']).toContain('Leave your email address');
    const letter = await mail.letter(before);
    expect(letter.to).toEqual(['team@example.test']);
    expect(letter.text).not.toContain('want a person');
    const path = `/api/${tenant.slug}/conversations/${conversation}/escalate`;
    const left = await app.call(path, { token: user.token, body: { email: 'ann@example.test' } });
    expect(left.body).toMatchObject({ email: 'ann@example.test', status: 'waiting', contact_form: true });
    expect((await app.call(path, { token: user.token, body: { email: 'nobody' } })).status).toBe(422);
    const shown = await desk(`escalations/${String(left.body['id'])}`, maria);
    expect(shown.body).toMatchObject({ email: 'ann@example.test' });
    await client.close();
  });

  it('keeps hours by the wall clock there', async () => {
    await here(maria);
    const at = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kathmandu', weekday: 'short' });
    const today = at.format(new Date()).toLowerCase();
    const other = today === 'mon' ? 'tue' : 'mon';
    const week = (day: string) => ({
      hours: { time_zone: 'Asia/Kathmandu', week: [{ day, from: '00:00', to: '24:00' }] },
    });
    expect(await settings(week(other))).toMatchObject({ status: 200, body: { hours: week(other).hours } });
    const client = await app.chat(user);
    await ask(client, 'want a person');
    expect(client.of('escalation').at(-1)).toMatchObject({ contact_form: true });
    await settings(week(today));
    await ask(client, 'want a person, please');
    expect(client.of('escalation').at(-1)).toMatchObject({ contact_form: false });
    for (const hours of [
      { time_zone: 'Mars/Base', week: [] },
      { time_zone: 'Europe/Madrid', week: [{ day: 'mon', from: '17:00', to: '09:00' }] },
      { time_zone: 'Europe/Madrid', week: [{ day: 'mon', from: '9', to: '17:00' }] },
    ])
      expect((await settings({ hours })).status).toBe(422);
    expect((await settings({ hours: null })).body).toMatchObject({ hours: null });
    await client.close();
  });

  it('follows failures, poor sources, words and tools, by the tenant’s rules', async () => {
    await rules({
      failures: 2,
      min_confidence: 0.5,
      keywords: [{ word: 'lawyer', skill: 'law' }],
      tools: ['refund'],
    });
    const client = await app.chat(user);
    const causes: [string[], object][] = [
      [['unclear a', 'unclear b'], { cause: 'failure' }],
      [['weak words'], { cause: 'low_confidence' }],
      [['echo my lawyer says no'], { cause: 'keyword', skill: 'law' }],
      [['call refund'], { cause: 'agent', skill: 'refunds', reason: 'Above the limit' }],
    ];
    for (const [messages, expected] of causes) {
      let conversation: string | undefined;
      for (const content of messages) conversation = await ask(client, content, conversation ?? 'new');
      const { body } = await desk(`escalations?conversation_id=${String(conversation)}`, maria);
      expect(body['data']).toMatchObject([expected]);
    }
    const quiet = await ask(client, 'call other', 'new');
    expect((await desk(`escalations?conversation_id=${quiet}`, maria)).body['data']).toEqual([]);
    // What other rules would have done with the same conversations.
    const time = {
      from: new Date(Date.now() - 3_600_000).toISOString(),
      to: new Date(Date.now() + 60_000).toISOString(),
    };
    const dry = await app.call('/api/admin/escalation-rules/dry-run', {
      token: admin.token,
      body: { ...time, rules: { keywords: [{ word: 'words' }], failures: 1 } },
    });
    expect(dry).toMatchObject({ status: 200, body: { conversations: 5, truncated: false } });
    const would = dry.body['data'] as unknown as { cause: string; reason: string }[];
    expect(would.map(({ cause }) => cause).sort()).toEqual(['failure', 'keyword']);
    const log = await app.call('/api/admin/audit-log?action=escalation_rules.update', { token: admin.token });
    expect(log.body['data']).toHaveLength(1);
    await client.close();
  });

  it.each([{ failures: 0 }, { assignment: 'fate' }, { max_wait_s: 1 }, { keywords: [{ word: '' }] }, { other: 1 }])(
    'refuses rules such as %j, and keeps those that hold',
    async (body) => {
      await rules({ failures: 4 });
      const answer = await app.call('/api/admin/escalation-rules', { token: admin.token, method: 'PUT', body });
      expect([400, 422]).toContain(answer.status);
      expect((await app.call('/api/admin/escalation-rules', { token: admin.token })).body).toMatchObject({
        failures: 4,
      });
    },
  );

  it('gives what waits to whose turn it is, as long as they have room, and to who has the skill', async () => {
    await rules({ assignment: 'round_robin', keywords: [{ word: 'lawyer', skill: 'law' }] });
    await here(maria, { capacity: 1 });
    await here(boris, { capacity: 2, skills: ['law'] });
    const client = await app.chat(user);
    const has: string[] = [];
    for (const content of ['want one', 'want two', 'want three', 'want four']) {
      const conversation = await ask(client, content, 'new');
      await client
        .next('escalation', (frame) => frame['conversation_id'] === conversation && frame['status'] !== 'waiting')
        .catch(() => null);
      const { body } = await desk(`escalations?conversation_id=${conversation}`, maria);
      const [found] = body['data'] as unknown as { supporter: { id: string } | null }[];
      has.push(found?.supporter?.id ?? 'nobody');
    }
    expect(has.slice(0, 2).sort()).toEqual([boris.id, maria.id].sort());
    expect(has.slice(2)).toEqual([boris.id, 'nobody']);
    // Room comes free: the one that waits moves on.
    const theirs = (await desk(`escalations?supporter_id=${maria.id}`, maria)).body['data'] as unknown as {
      id: string;
    }[];
    await desk(`escalations/${String(theirs[0]?.id)}/resolve`, maria, {});
    expect(await client.next('escalation', ({ status }) => status === 'assigned', 5000)).toMatchObject({});
    await client.close();
  }, 40_000);

  it('ends a wait that is too long, at the agent or with a form, and tells those behind their new places', async () => {
    await rules({ max_wait_s: 10 });
    await here(maria);
    const client = await app.chat(user);
    const [first, second] = [await ask(client, 'want one', 'new'), await ask(client, 'want two', 'new')];
    expect(client.of('escalation').find((frame) => frame['conversation_id'] === second)).toMatchObject({ position: 2 });
    await app.database.uow.query(
      tenant,
      `UPDATE app.escalation SET waiting_since = waiting_since - interval '1 minute', updated_at = updated_at - interval '1 minute' WHERE tenant_id = $1 AND conversation_id = $2`,
      [tenant.tenantId, first],
    );
    expect(
      await client.next(
        'escalation',
        (frame) => frame['conversation_id'] === first && frame['status'] === 'returned',
        9000,
      ),
    ).toMatchObject({});
    expect(
      await client.next('escalation', (frame) => frame['conversation_id'] === second && frame['position'] === 1, 9000),
    ).toMatchObject({ status: 'waiting' });
    await rules({ max_wait_s: 10, on_timeout: 'contact_form' });
    await app.database.uow.query(
      tenant,
      `UPDATE app.escalation SET waiting_since = waiting_since - interval '1 minute', updated_at = updated_at - interval '1 minute' WHERE tenant_id = $1 AND conversation_id = $2`,
      [tenant.tenantId, second],
    );
    expect(
      await client.next(
        'escalation',
        (frame) => frame['conversation_id'] === second && frame['contact_form'] === true,
        9000,
      ),
    ).toMatchObject({ status: 'waiting' });
    await client.close();
  }, 40_000);

  it('counts nobody as there who was not seen for a while', async () => {
    await here(maria, { languages: ['en'] });
    const path = `/api/${tenant.slug}/supporter/availability`;
    expect((await app.call(path, { token: maria.token })).body).toMatchObject({ status: 'online', languages: ['en'] });
    await app.database.uow.query(
      tenant,
      `UPDATE app.supporter_presence SET seen_at = now() - interval '5 minutes' WHERE tenant_id = $1`,
      [tenant.tenantId],
    );
    expect((await app.call(path, { token: maria.token })).body).toMatchObject({ status: 'offline' });
    const client = await app.chat(user);
    await ask(client, 'want a person');
    expect(client.of('escalation')[0]).toMatchObject({ contact_form: true });
    // A socket of hers is enough to be seen again.
    const there = await app.chat(maria);
    await sleep(100);
    expect((await app.call(path, { token: maria.token })).body).toMatchObject({ status: 'online' });
    for (const one of [client, there]) await one.close();
  });

  it('is refused to a suspended tenant', async () => {
    const client = await app.chat(user);
    const conversation = await ask(client, 'want a person');
    await client.close();
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    const root = await app.person({ tenantId: id, slug: 'platform' }, 'platform_admin');
    const done = await app.call(`/api/admin/tenants/${tenant.tenantId}/suspend`, { method: 'POST', token: root.token });
    expect(done.status).toBe(200);
    const path = `/api/${tenant.slug}/conversations/${conversation}/escalate`;
    expect((await app.call(path, { token: user.token, body: {} })).body).toMatchObject({ code: 'SUSPENDED' });
    expect((await desk('queue', maria)).body).toMatchObject({ code: 'SUSPENDED' });
  });
});
