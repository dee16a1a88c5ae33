import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { RagModule } from '#rag';
import { TenantService } from '#tenants';
import { AuthApp } from '../auth/auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

describe('what a tenant may have at a time', () => {
  let app: AuthApp;
  let root: Person;
  let admin: Person;
  beforeAll(async () => {
    app = await AuthApp.start({ REQUESTS_PER_MINUTE: '0' }, { imports: [OutboundModule, QueueModule, RagModule] });
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    root = await app.signedIn('platform_admin', { tenantId: id, slug: 'platform' });
  }, 60_000);
  beforeEach(async () => {
    admin = await app.signedIn('tenant_admin');
  });
  afterAll(() => app.stop());

  const post = (path: string, body: object) => app.call(`/api/admin/${path}`, { token: admin.token, body });
  const limit = async (limits: object) => {
    const path = `/api/admin/tenants/${admin.tenantId}/entitlements`;
    expect((await app.call(path, { token: root.token, method: 'PUT', body: { limits } })).status).toBe(200);
  };
  const many = <T>(times: number, work: (index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: times }, (_, index) => work(index)));
  const person = (name: string | number, role = 'supporter') => ({
    email: `p${name}@example.test`,
    name: 'P',
    role,
    password: 'a long enough password',
  });
  const rows = async (sql: string) => {
    const [row] = await app.database.uow.query<{ n: number }>({ tenantId: admin.tenantId }, sql, [admin.tenantId]);
    return row?.n;
  };
  const staff = () =>
    rows(`SELECT count(*)::int AS n FROM app.principal WHERE tenant_id = $1 AND kind = 'staff' AND deleted_at IS NULL`);

  it('counts staff: of 20 made at once as many as there is room for', async () => {
    await limit({ users: 5 });
    const statuses = (await many(20, (index) => post('users', person(index)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(4);
    expect(statuses.filter((status) => status === 429)).toHaveLength(16);
    expect(await staff()).toBe(5);
    const refused = await post('users', person('more'));
    expect(refused.body).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(refused.text).toContain('5 users of staff');
    // End users are not staff, until they become so.
    const user = await post('users', person('end', 'end_user'));
    expect(user.status).toBe(201);
    const path = `/api/admin/users/${String(user.body['id'])}`;
    const raised = await app.call(path, { token: admin.token, method: 'PATCH', body: { role: 'supporter' } });
    expect(raised.body).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  it('keeps the places of those who are invited, and lets nobody in where the limit went down', async () => {
    await limit({ users: 3 });
    const sent = await many(20, (index) => post('invitations', { email: `i${index}@example.test`, role: 'supporter' }));
    const open = sent.filter(({ status }) => status === 201);
    expect(open).toHaveLength(2);
    expect((await post('users', person('late'))).body).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await limit({ users: 2 });
    const accepted = await many(2, (index) =>
      app.call('/api/auth/invitations/accept', {
        body: {
          token: new URL(String(open[index]?.body['accept_url'])).searchParams.get('token'),
          name: 'I',
          password: 'a long enough password',
        },
      }),
    );
    expect(accepted.map(({ body }) => body['code']).filter((code) => code !== undefined)).toEqual(['QUOTA_EXCEEDED']);
    expect(await staff()).toBe(2);
  });

  it('is shown beside the limits of a minute, with what is used of it', async () => {
    const current = async () => {
      const { body } = await app.call('/api/admin/usage/current', { token: admin.token });
      const { limits } = body as unknown as { limits: { name: string }[] };
      return limits.filter(({ name }) => name === 'users' || name === 'storage_mb');
    };
    expect(await current()).toEqual([]);
    await limit({ users: 5, storage_mb: 2 });
    await post('invitations', { email: 'i@example.test', role: 'supporter' });
    await post('users', person('end', 'end_user'));
    const base = await post('knowledge-bases', { name: 'Files' });
    const path = `knowledge-bases/${String(base.body['id'])}/documents`;
    expect((await post(path, { title: 'T', text: 'x'.repeat(2 ** 19) })).status).toBe(202);
    expect(await current()).toEqual([
      { name: 'users', limit: 5, used: 2, reset_at: null },
      { name: 'storage_mb', limit: 2, used: 0.5, reset_at: null },
    ]);
    // A limit that went down below what is there shows it.
    await limit({ users: 1 });
    expect(await current()).toEqual([{ name: 'users', limit: 1, used: 2, reset_at: null }]);
  });

  it.each([
    ['users', '/api/admin/users', 'post'],
    ['users', '/api/admin/users/{id}', 'patch'],
    ['users', '/api/admin/invitations', 'post'],
    ['users', '/api/admin/invitations/{id}/resend', 'post'],
    ['users', '/api/auth/invitations/accept', 'post'],
    ['storage_mb', '/api/admin/knowledge-bases/{knowledgeBaseId}/documents', 'post'],
  ])('of %s is told of by the API’s document at %s (%s)', async (quota, path, method) => {
    const { body } = await app.call('/docs-json');
    type Operation = { responses: Record<string, { description: string; content: object }> };
    const { paths } = body as unknown as { paths: Record<string, Record<string, Operation>> };
    const { content, description } = paths[path]?.[method]?.responses['429'] ?? { content: {}, description: '' };
    expect(description).toMatch(new RegExp(`QUOTA_EXCEEDED.*limits\\.${quota}`));
    expect(content).toHaveProperty('application/problem+json');
    expect(paths['/api/admin/users']?.['get']?.responses['429']?.description).not.toContain('QUOTA_EXCEEDED');
  });

  it('counts bytes: 50 uploads at once do not exceed them, and the refusal says how much there is', async () => {
    const base = await post('knowledge-bases', { name: 'Files' });
    await limit({ storage_mb: 1 });
    const text = 'word '.repeat(20_000);
    const path = `knowledge-bases/${String(base.body['id'])}/documents`;
    const answers = await many(50, (index) => post(path, { title: `T${index}`, text }));
    const refused = answers.filter(({ body }) => body['code'] === ('QUOTA_EXCEEDED' as never));
    const bytes = await rows('SELECT coalesce(sum(size), 0)::int AS n FROM app.document WHERE tenant_id = $1');
    expect(answers.length - refused.length).toBe(10);
    expect(bytes).toBe(10 * text.length);
    expect(refused[0]?.status).toBe(429);
    expect(refused[0]?.text).toContain('use 0.95 of 1 MiB');
    const records = await post('knowledge-bases', { name: 'Records', kind: 'records' });
    const record = { name: 'x'.repeat(60_000) };
    const added = await post(`knowledge-bases/${String(records.body['id'])}/documents`, { record });
    expect(added.body).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  }, 60_000);
});
