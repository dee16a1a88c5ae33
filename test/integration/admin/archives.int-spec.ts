import { AdminModule } from '#admin';
import { TenantService } from '#tenants';
import { AgentsModule } from '#agents';
import { ConversationsModule } from '#conversations';
import { LlmModule } from '#llm';
import { QueueModule } from '#platform/queue';
import { RagModule } from '#rag';
import { AuthApp } from '../auth/auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

describe('archives are for those who may read what is in them', () => {
  let app: AuthApp;
  let root: Person;
  let platformAdmin: Person;
  let customer: Person;
  let other: Person;

  beforeAll(async () => {
    app = await AuthApp.start(
      { REQUESTS_PER_MINUTE: '0' },
      { imports: [QueueModule, LlmModule, RagModule, AgentsModule, ConversationsModule, AdminModule] },
    );
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    const platform = { tenantId: id, slug: 'platform' };
    root = await app.signedIn('platform_admin', platform);
    platformAdmin = await app.signedIn('tenant_admin', platform);
    customer = await app.signedIn('tenant_admin');
    other = await app.signedIn('tenant_admin');
  }, 60_000);
  afterAll(() => app.stop());

  const post = (path: string, token: string, body?: object) => app.call(path, { method: 'POST', token, body });
  async function done(id: string, token: string): Promise<void> {
    for (;;) {
      const { body } = await app.call(`/api/admin/jobs/${id}`, { token });
      if (body['status'] === ('succeeded' as never)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  async function keyWith(scopes: readonly string[]): Promise<string> {
    const made = await post('/api/admin/api-keys', customer.token, { name: 'k', role: 'tenant_admin', scopes });
    expect(made.status).toBe(201);
    return String(made.body['key']);
  }
  async function expectUnseen(id: string, token: string): Promise<void> {
    const list = await app.call('/api/admin/jobs', { token });
    expect(JSON.stringify(list.body['data'])).not.toContain(id);
    for (const rest of ['', '/file'])
      expect((await app.call(`/api/admin/jobs/${id}${rest}`, { token })).status).toBe(404);
    expect((await post(`/api/admin/jobs/${id}/cancel`, token)).status).toBe(404);
  }

  it('of a customer stay with platform admins: other staff of the platform do not find them', async () => {
    const asked = await post(`/api/admin/tenants/${customer.tenantId}/export`, root.token);
    expect(asked.status).toBe(202);
    const id = String(asked.body['id']);
    await done(id, root.token);
    expect((await app.call(`/api/admin/jobs/${id}/file`, { token: root.token })).status).toBe(200);
    await expectUnseen(id, platformAdmin.token);
  });

  it('of a customer are not ordered from within another one: a visit leaves nothing of others there', async () => {
    const visit = await post(`/api/admin/tenants/${other.tenantId}/tokens`, root.token, {});
    expect(visit.status).toBe(200);
    const token = String(visit.body['access_token']);
    for (const [method, path] of [
      ['POST', `tenants/${customer.tenantId}/export`],
      ['POST', `tenants/${customer.tenantId}/suspend`],
      ['DELETE', `tenants/${customer.tenantId}`],
      ['GET', 'tenants'],
    ] as const) {
      const body = method === 'DELETE' ? { confirm: 'x' } : undefined;
      expect([path, (await app.call(`/api/admin/${path}`, { method, token, body })).status]).toEqual([path, 403]);
    }
    // What a visit is for goes on.
    expect((await app.call('/api/admin/agents', { token })).status).toBe(200);
  });

  it('of a tenant or a user are not for keys that may read less', async () => {
    const key = await keyWith(['settings.write', 'users.write', 'users.read']);
    expect((await post('/api/admin/export', key)).status).toBe(403);
    expect((await post(`/api/admin/users/${customer.id}/export`, key)).status).toBe(403);
    const asked = await post('/api/admin/export', customer.token);
    const id = String(asked.body['id']);
    await done(id, customer.token);
    await expectUnseen(id, key);
    const reader = await keyWith(['users.write', 'conversations.read_all']);
    const mine = await post(`/api/admin/users/${customer.id}/export`, reader);
    expect(mine.status).toBe(202);
    await done(String(mine.body['id']), reader);
  });
});
