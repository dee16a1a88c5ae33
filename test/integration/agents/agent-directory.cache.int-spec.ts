import type { TenantScope } from '#platform/context';
import { newId } from '#platform/database';
import { AgentDirectoryCache } from '#agents';
import { AgentRepository } from '../../../src/agents/catalog/agent.repository.js';
import { CallerRepository } from '../../../src/agents/kinds/domain/caller.repository.js';
import { ProfileRepository } from '../../../src/agents/kinds/matching/profile.repository.js';
import { TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let a: TenantScope;
let b: TenantScope;

beforeAll(async () => {
  database = await TestDatabase.start();
  a = await database.tenant();
  b = await database.tenant();
});
afterAll(() => database.stop());

async function addAgent(scope: TenantScope, key: string, rest: { enabled?: boolean; position?: number } = {}) {
  const id = newId();
  await database.uow.query(
    scope,
    `INSERT INTO app.agent (tenant_id, id, key, kind, name, examples, personas, settings, enabled, position)
     VALUES ($1, $2, $3, 'domain', $3, '{"Where is it?"}', '{customer}', '{"top_k": 3}', $4, $5)`,
    [scope.tenantId, id, key, rest.enabled ?? true, rest.position ?? 0],
  );
  return id;
}

async function addTool(
  scope: TenantScope,
  agentId: string,
  key: string,
  rest: { enabled?: boolean; position?: number } = {},
) {
  const id = newId();
  await database.uow.run(scope, async (tx) => {
    await tx.query(
      `INSERT INTO app.tool (tenant_id, id, key, kind, name, config, read_only, enabled)
       VALUES ($1, $2, $3, 'http', $3, '{"method": "GET"}', true, $4)`,
      [scope.tenantId, id, key, rest.enabled ?? true],
    );
    await tx.query('INSERT INTO app.agent_tool (tenant_id, agent_id, tool_id, position) VALUES ($1, $2, $3, $4)', [
      scope.tenantId,
      agentId,
      id,
      rest.position ?? 0,
    ]);
  });
}

describe('AgentDirectoryCache', () => {
  it('reads a tenant’s enabled agents in their order, each with its enabled tools in theirs', async () => {
    const first = await addAgent(a, 'second', { position: 2 });
    await addAgent(a, 'first', { position: 1 });
    await addAgent(a, 'off', { enabled: false });
    await addTool(a, first, 'late', { position: 2 });
    await addTool(a, first, 'early', { position: 1 });
    await addTool(a, first, 'disabled', { enabled: false });
    await database.uow.query(a, `INSERT INTO app.entitlement (tenant_id, tools) VALUES ($1, '{http,search}')`, [
      a.tenantId,
    ]);

    const { agents, entitlements } = await new AgentDirectoryCache(new AgentRepository(database.uow)).directory(a);

    expect(agents.map(({ key }) => key)).toEqual(['first', 'second']);
    expect(agents[1]).toMatchObject({
      kind: 'domain',
      examples: ['Where is it?'],
      personas: ['customer'],
      settings: { top_k: 3 },
      answerTemplate: null,
      knowledgeBaseIds: [],
    });
    expect(agents[1]?.tools).toEqual([
      expect.objectContaining({
        key: 'early',
        kind: 'http',
        readOnly: true,
        idempotent: false,
        personas: [],
        config: { method: 'GET' },
      }),
      expect.objectContaining({ key: 'late' }),
    ]);
    expect(entitlements).toEqual(['http', 'search']);
  });

  it('sees nothing of another tenant', async () => {
    const cache = new AgentDirectoryCache(new AgentRepository(database.uow));
    await addAgent(a, 'mine');
    expect((await cache.directory(b)).agents).toEqual([]);
  });

  it('remembers for a while, and forgets when told', async () => {
    const cache = new AgentDirectoryCache(new AgentRepository(database.uow));
    const before = await cache.directory(b);
    await addAgent(b, 'new');
    expect(await cache.directory(b)).toBe(before);
    cache.invalidate(b.tenantId);
    expect((await cache.directory(b)).agents.map(({ key }) => key)).toEqual(['new']);
  });
});

describe('AgentRepository, for a knowledge agent', () => {
  it('tells the languages of the documents that it searches, and of no others', async () => {
    const c = await database.tenant();
    const d = await database.tenant();
    for (const scope of [c, d]) {
      await database.uow.query(
        scope,
        `INSERT INTO app.embedding_space (tenant_id, id, provider, model, dimensions) VALUES ($1, $2, 'local', 'm', 8)`,
        [scope.tenantId, scope.tenantId],
      );
    }
    const base = async (scope: TenantScope, name: string, kind: string, language: string): Promise<string> => {
      const id = newId();
      await database.uow.query(
        scope,
        `INSERT INTO app.knowledge_base (tenant_id, id, kind, name, language, space_id) VALUES ($1, $2, $3, $4, $5, $1)`,
        [scope.tenantId, id, kind, name, language],
      );
      return id;
    };
    const german = await base(c, 'Seiten', 'documents', 'de');
    await base(c, 'Pages', 'documents', 'en');
    await base(c, 'Mehr Seiten', 'documents', 'de');
    await base(c, 'Empleos', 'records', 'es');
    await base(d, 'Sivut', 'documents', 'fi');
    const add = (key: string, kind: string, bases: readonly string[]) =>
      database.uow.query(
        c,
        `INSERT INTO app.agent (tenant_id, id, key, kind, name, knowledge_base_ids) VALUES ($1, $2, $3, $4, $3, $5)`,
        [c.tenantId, newId(), key, kind, bases],
      );
    await add('all', 'knowledge', []);
    await add('one', 'knowledge', [german]);
    await add('post', 'writer', []);
    const { agents } = await new AgentRepository(database.uow).directory(c);
    expect(agents.map(({ key, languages }) => [key, languages])).toEqual([
      ['all', ['de', 'en']],
      ['one', ['de']],
      ['post', []],
    ]);
  });
});

describe('ProfileRepository', () => {
  it('reads the caller’s own profile, and none where there is none', async () => {
    const profiles = new ProfileRepository(database.uow);
    const id = await database.principal(a.tenantId);
    const context = (scope: TenantScope) => ({
      tenantId: scope.tenantId,
      principal: { id, role: 'end_user' as const, persona: null, sessionId: null },
      correlationId: 'spec',
    });
    expect(await profiles.ofCaller(context(a))).toEqual({});
    await database.uow.query(
      a,
      `UPDATE app.principal SET attributes = '{"profile": {"skills": ["SQL"]}}' WHERE tenant_id = $1 AND id = $2`,
      [a.tenantId, id],
    );
    expect(await profiles.ofCaller(context(a))).toEqual({ skills: ['SQL'] });
    expect(await profiles.ofCaller(context(b))).toEqual({});
  });
});

describe('CallerRepository', () => {
  it('knows the address that the tenant has stored for the caller, and no other tenant’s', async () => {
    const callers = new CallerRepository(database.uow);
    const id = await database.principal(a.tenantId);
    const context = (scope: TenantScope) => ({
      tenantId: scope.tenantId,
      principal: { id, role: 'end_user' as const, persona: null, sessionId: null },
      correlationId: 'spec',
    });
    const email = `${id}@example.com`;
    await database.uow.query(a, 'UPDATE app.principal SET email = $3 WHERE tenant_id = $1 AND id = $2', [
      a.tenantId,
      id,
      email,
    ]);
    expect(await callers.addressesOf(context(a))).toEqual([email]);
    expect(await callers.addressesOf(context(b))).toEqual([]);
    await database.uow.query(a, 'UPDATE app.principal SET email = NULL WHERE tenant_id = $1 AND id = $2', [
      a.tenantId,
      id,
    ]);
    expect(await callers.addressesOf(context(a))).toEqual([]);
  });
});
