import { AgentsModule } from '#agents';
import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { AuthApp } from '../auth/auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;
interface Entry {
  readonly id: string;
  readonly action: string;
  readonly actor: { readonly id: string; readonly email: string };
  readonly target: { readonly type: string; readonly id: string };
  readonly changes: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
}

describe('the audit log', () => {
  let app: AuthApp;
  let admin: Person;
  let stranger: Person;

  beforeAll(async () => {
    app = await AuthApp.start({}, { imports: [OutboundModule, QueueModule, AgentsModule] });
    admin = await app.signedIn('tenant_admin');
    stranger = await app.signedIn('tenant_admin');
  }, 60_000);
  afterAll(() => app.stop());

  const read = async (query = '', token = admin.token) => {
    const { body, status } = await app.call(`/api/admin/audit-log${query}`, { token });
    return {
      status,
      next: body['next_cursor'] as unknown as string,
      entries: (body['data'] ?? []) as unknown as Entry[],
    };
  };
  const agent = async (key: string) => {
    const made = await app.call('/api/admin/agents', {
      token: admin.token,
      body: { key, kind: 'domain', name: 'First' },
    });
    return String(made.body['id']);
  };

  it('tells who changed what, from what to what, from where, and under which trace', async () => {
    const id = await agent('audited');
    const path = `/api/admin/agents/${id}`;
    const patch = { method: 'PATCH', token: admin.token, body: { name: 'Second', examples: ['a'] } };
    const { headers } = await app.call(path, patch);
    await app.call(path, { method: 'DELETE', token: admin.token });
    const { entries } = await read(`?target_id=${id}`);
    expect(entries.map(({ action }) => action)).toEqual(['agent.delete', 'agent.update', 'agent.create']);
    expect(entries[1]).toEqual({
      id: expect.any(String),
      actor: { id: admin.id, role: 'tenant_admin', email: admin.email },
      action: 'agent.update',
      target: { type: 'agent', id },
      changes: [
        { field: 'name', before: 'First', after: 'Second' },
        { field: 'examples', before: [], after: ['a'] },
      ],
      details: {},
      address: expect.stringMatching(/127\.0\.0\.1|::1/),
      trace_id: headers.get('x-request-id') ?? expect.any(String),
      created_at: expect.any(String),
    });
    expect(entries[0]?.changes).toContainEqual({ field: 'name', before: 'Second', after: null });
    expect(entries[2]?.changes).toContainEqual({ field: 'key', before: null, after: 'audited' });
  });

  it('has settings, tools, bases and credentials with what changed, and never a secret', async () => {
    await app.call('/api/admin/settings', { method: 'PATCH', token: admin.token, body: { language: 'de' } });
    const credential = {
      kind: 'header',
      name: 'Shop',
      base_url: 'https://shop.example/',
      header: 'x-key',
      secret: 'canary-secret-1234',
    };
    const made = await app.call('/api/admin/credentials', { token: admin.token, body: credential });
    const path = `/api/admin/credentials/${String(made.body['id'])}`;
    await app.call(path, { method: 'PATCH', token: admin.token, body: { secret: 'canary-secret-5678' } });
    const settings = await read('?action=settings.update');
    expect(settings.entries[0]?.changes).toEqual([{ field: 'language', before: null, after: 'de' }]);
    const all = await app.call('/api/admin/audit-log?limit=100', { token: admin.token });
    expect(all.text).not.toContain('canary');
    const [updated] = (await read('?action=credential.update')).entries;
    expect(updated).toMatchObject({
      details: { secret_replaced: true },
      changes: [{ field: 'last4', before: '1234', after: '5678' }],
    });
  });

  it('is found by actor, action, target and time, page by page, newest first', async () => {
    for (let index = 0; index < 3; index++) await agent(`paged_${index}`);
    const whole = (await read('?limit=100&action=agent.create')).entries.map(({ id }) => id);
    const first = await read('?limit=2&action=agent.create');
    const second = await read(`?limit=100&action=agent.create&cursor=${first.next}`);
    expect([...first.entries, ...second.entries].map(({ id }) => id)).toEqual(whole);
    expect([...whole].sort().reverse()).toEqual(whole);
    expect((await read(`?actor=${stranger.id}`)).entries).toEqual([]);
    expect((await read(`?actor=${admin.id}&target_type=agent`)).entries.length).toBeGreaterThan(2);
    expect((await read('?to=2020-01-01T00:00:00Z')).entries).toEqual([]);
    for (const bad of ['actor=me', 'from=today', 'limit=0', 'action='])
      expect((await read(`?${bad}`)).status).toBe(422);
    expect((await read('?order=asc')).status).toBe(400);
  });

  it('comes as CSV too, in which nothing is run', async () => {
    const body = { key: 'csv', kind: 'domain', name: '=HYPERLINK("http://evil")' };
    await app.call('/api/admin/agents', { token: admin.token, body });
    const csv = await app.call('/api/admin/audit-log?limit=1', { token: admin.token, headers: { accept: 'text/csv' } });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('x-next-cursor')).not.toBeNull();
    const [head, row] = csv.text.split('\r\n');
    expect(head).toMatch(/^created_at,action,actor_id/);
    expect(row).toContain('agent.create');
    expect(csv.text).not.toMatch(/(^|,)=/m);
  });

  it('is for admins of the tenant: others’ is not seen, and nobody else may look', async () => {
    expect((await read('?limit=100', stranger.token)).entries.every(({ actor }) => actor.id !== admin.id)).toBe(true);
    for (const role of ['supporter', 'end_user'] as const)
      expect((await read('', (await app.signedIn(role, admin)).token)).status).toBe(403);
    for (const method of ['POST', 'DELETE', 'PATCH'])
      expect((await app.call('/api/admin/audit-log', { method, token: admin.token })).status).toBe(404);
  });
});
