// Two walls stand between tenants, row security and each statement's own condition, so most attacks are noticed only when both
// are out; tests that see one wall alone are named where there are such.

const SCHEMA = 'migrations/1763700000000-Initial.ts';
const ROWS = 'src/platform/database/tenant-rows.ts';
const UNIT_OF_WORK = 'src/platform/database/unit-of-work.ts';
const ROUTES = 'test/e2e/every-route.e2e-spec.ts';
const WALLS = 'test/integration/admin/walls.int-spec.ts';
const CATALOG = 'test/contract/catalog.int-spec.ts';

const noRowSecurity = {
  file: SCHEMA,
  from: 'TO switchboard_app USING (%s = app.current_tenant())',
  to: 'TO switchboard_app USING (%s IS NOT NULL)',
};
const noCondition = {
  file: ROWS,
  from: 'return { ...where, tenantId: this.tenantId } as unknown as FindOptionsWhere<E>;',
  to: 'return { ...where } as unknown as FindOptionsWhere<E>;',
};
const noConditionOfSearches = {
  file: 'src/rag/retrieval/search.sql.ts',
  from: 'export function searchSql(shape: SearchShape): string {',
  to: `export function searchSql(shape: SearchShape): string {
  return bound(shape).replaceAll(/\\w+\\.tenant_id = \\$1 AND/g, '$1::uuid IS NOT NULL AND');
}
function bound(shape: SearchShape): string {`,
};

const headerNamesTenant = {
  file: 'src/auth/guards/permission.guard.ts',
  from: 'if (!mayEnter(access, request)) throw new ForbiddenError();',
  to: `const named = request.headers['x-tenant-id'];
    if (!mayEnter(access, request)) throw new ForbiddenError();
    if (request.user !== undefined && typeof named === 'string' && named.length === 36)
      request.user = { ...request.user, ctx: { ...request.user.ctx, tenantId: named } };`,
};

/** @type {readonly import('./index.mjs').Defence[]} */
export default [
  {
    attack: 'another tenant’s id on every route, behind neither wall',
    edits: [noRowSecurity, noCondition],
    test: ROUTES,
    name: 'as ids that were never given out, and changes nothing',
  },
  {
    attack: 'another tenant’s id, where statements forget the tenant and row security is out',
    edits: [noRowSecurity],
    test: WALLS,
    name: 'without any tenant predicate in the SQL, row security hides the other tenant',
  },
  {
    attack: 'another tenant’s id, where row security is out and repositories forget the tenant',
    edits: [noCondition],
    test: WALLS,
    name: 'without row security, the conditions of the SQL hide the other tenant',
  },
  {
    attack: 'another tenant’s conversations, where row security is out',
    edits: [
      {
        file: 'src/conversations/staff/staff-conversation.repository.ts',
        from: "const conditions = ['c.tenant_id = $1', LISTED,",
        to: "const conditions = ['$1::uuid IS NOT NULL', LISTED,",
      },
    ],
    test: WALLS,
    name: 'without row security, the conditions of the SQL hide the other tenant',
  },
  {
    attack: 'another user’s conversation by its id',
    edits: [
      {
        file: 'src/conversations/store/conversation.repository.ts',
        from: 'FROM app.conversation WHERE tenant_id = $1 AND principal_id = $2 AND id = $3`',
        to: 'FROM app.conversation WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND id = $3`',
      },
    ],
    test: ROUTES,
    name: 'as ids that were never given out, and changes nothing',
  },
  {
    attack: 'another tenant’s name in the path',
    edits: [
      {
        file: 'src/platform/http/tenant-path.guard.ts',
        from: 'if (wanted !== user.tenant.slug && String(wanted).toLowerCase() !== user.tenant.id) throw new NotFoundError();',
        to: 'if (wanted === null) throw new NotFoundError();',
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'are the caller’s own by slug and id; any other is as unknown as an invented one',
  },
  {
    attack: 'rows written into another tenant',
    edits: [
      {
        file: SCHEMA,
        from: 'WITH CHECK (%s = app.current_tenant())',
        to: 'WITH CHECK (%s IS NOT NULL)',
      },
    ],
    test: 'test/integration/platform/unit-of-work.int-spec.ts',
    name: 'refuses to write into another tenant',
  },
  {
    attack: 'another tenant’s tool given to one’s own agent',
    edits: [
      {
        file: 'src/agents/catalog/agent.repository.ts',
        from: 'WHERE t.tenant_id = $1 AND t.id = wanted)) AS tools',
        to: 'WHERE t.id = wanted)) AS tools',
      },
    ],
    test: WALLS,
    name: 'without row security, the conditions of the SQL hide the other tenant',
  },
  {
    attack: 'another tenant’s knowledge base given to one’s own agent',
    edits: [
      {
        file: 'src/agents/catalog/agent.repository.ts',
        from: 'WHERE b.tenant_id = $1 AND b.id = wanted)) AS bases',
        to: 'WHERE b.id = wanted)) AS bases',
      },
    ],
    test: WALLS,
    name: 'without row security, the conditions of the SQL hide the other tenant',
  },
  {
    attack: 'tools and bases that nobody looked at given to one’s own agent',
    edits: [
      {
        file: 'src/agents/catalog/agent.service.ts',
        from: 'const { bases, tools } = await this.agents.unknownReferences(tx, draft);',
        to: 'const { bases, tools } = { bases: [] as string[], tools: [] as string[] };',
      },
    ],
    test: 'test/integration/agents/agents-http.int-spec.ts',
    name: 'keeps tenants and roles apart',
  },
  {
    attack: 'another tenant’s credential sent by one’s own tool',
    edits: [
      {
        file: 'src/tools/tool.service.ts',
        from: "if (found === 'covered') return;",
        to: "if (found !== 'elsewhere') return;",
      },
      {
        file: SCHEMA,
        from: ',\n  FOREIGN KEY (tenant_id, credential_id) REFERENCES app.credential (tenant_id, id)\n',
        to: '\n',
      },
    ],
    test: 'test/integration/llm/credentials.int-spec.ts',
    name: 'are named by tools of their own tenant for their own address',
  },
  {
    attack: 'a document given to another tenant’s user',
    edits: [
      {
        file: 'src/rag/documents/document.repository.ts',
        from: 'SELECT 1 FROM app.principal WHERE tenant_id = $1 AND id = $2',
        to: 'SELECT 1 FROM app.principal WHERE $1::uuid IS NOT NULL AND id = $2',
      },
    ],
    test: WALLS,
    name: 'without row security, the conditions of the SQL hide the other tenant',
  },
  {
    attack: 'another tenant’s API key, read and given away',
    edits: [noRowSecurity, noCondition],
    test: 'test/integration/auth/keys.int-spec.ts',
    name: 'of another tenant are not found',
  },
  {
    attack: 'a tenant, an owner or a role in a body',
    edits: [
      {
        file: 'src/agents/catalog/agent.dto.ts',
        from: 'export const patchAgentBody = z\n  .strictObject(changeable)',
        to: 'export const patchAgentBody = z\n  .object(changeable)',
      },
    ],
    test: ROUTES,
    name: 'takes no word of a body for whose something is',
  },
  {
    attack: 'a tenant in the body of a new user',
    edits: [
      {
        file: 'src/auth/users/user.dto.ts',
        from: 'export const createUserBody = z\n  .strictObject({',
        to: 'export const createUserBody = z\n  .looseObject({',
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'names the unknown field',
  },
  {
    attack: 'X-Tenant-Id, on every route that lists',
    edits: [headerNamesTenant],
    test: ROUTES,
    name: 'takes no tenant and no user from a header or a parameter',
  },
  {
    attack: 'X-Tenant-Id',
    edits: [headerNamesTenant],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'are not chosen by a header',
  },
  {
    attack: '?tenant_id= on a route that takes no query',
    edits: [
      {
        file: 'src/platform/http/unknown-query.interceptor.ts',
        from: 'if (names.length > 0 && CLIENTS.test(path)',
        to: 'if (names.length > 99 && CLIENTS.test(path)',
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'answers a parameter of a single read, or of a command, that nothing defines with 400',
  },
  {
    attack: 'null, undefined or an empty text for an id',
    edits: [
      {
        file: 'src/platform/http/schemas.ts',
        from: "z.guid('must be an id (a UUID)')",
        to: "z.string('must be an id (a UUID)').transform((id) => (/^[0-9a-f-]{36}$/i.test(id) ? id : '00000000-0000-0000-0000-000000000000'))",
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'answers the id',
  },
  {
    attack: 'an id that is no id, taken for the first row',
    edits: [
      {
        file: 'src/platform/http/schemas.ts',
        from: "z.guid('must be an id (a UUID)')",
        to: "z.string('must be an id (a UUID)').transform((id) => (/^[0-9a-f-]{36}$/i.test(id) ? id : ''))",
      },
      {
        file: ROWS,
        from: 'return { ...where, tenantId: this.tenantId } as unknown as FindOptionsWhere<E>;',
        to: "return Object.fromEntries(Object.entries({ ...where, tenantId: this.tenantId }).filter(([, value]) => value !== '')) as FindOptionsWhere<E>;",
      },
    ],
    test: ROUTES,
    name: 'takes what is no id for nobody’s, never for the first row',
  },
  {
    attack: 'a value that is missing, so that all rows are meant',
    edits: [
      {
        file: 'src/platform/database/database.ts',
        from: "invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },",
        to: "invalidWhereValuesBehavior: { null: 'ignore', undefined: 'ignore' },",
      },
    ],
    test: 'test/integration/platform/tenant-rows.int-spec.ts',
    name: 'never become all rows because a value is missing',
  },
  {
    attack: 'another tenant’s cursor',
    edits: [
      {
        file: 'src/platform/http/paging.ts',
        from: 'if (!Array.isArray(content) || content[0] !== scope.tenantId) throw wrong();',
        to: 'if (!Array.isArray(content)) throw wrong();',
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'pages through a list with a cursor that is good for this tenant only',
  },
  {
    attack: 'a cursor that was made up',
    edits: [
      {
        file: 'src/platform/http/paging.ts',
        from: 'if (!position.success) throw wrong();\n  return position.data;',
        to: 'return position.success ? position.data : (content.slice(1) as T);',
      },
    ],
    test: 'test/integration/channels/forged-cursors.int-spec.ts',
    name: 'is refused',
  },
  {
    attack: 'another tenant’s file by its id',
    edits: [
      {
        file: 'src/platform/blobs/file.blob-store.ts',
        from: 'return { kept: join(root, tenant, blob), loose',
        to: "return { kept: join(root, tenant.slice(0, 0) + 'all', blob), loose",
      },
    ],
    test: 'test/integration/rag/isolation.int-spec.ts',
    name: 'finds no document and changes none',
  },
  {
    attack: 'another person’s archive',
    edits: [
      {
        file: 'src/admin/data/user-data.controller.ts',
        from: 'if (job.createdBy !== ctx.principal.id || job.targetId !== ctx.principal.id) throw new NotFoundError();',
        to: '',
      },
    ],
    test: 'test/integration/admin/user-data.int-spec.ts',
    name: 'comes as an archive to the person, and holds nobody else’s',
  },
  {
    attack: 'the connection’s last tenant stays set for the next one',
    edits: [
      {
        file: UNIT_OF_WORK,
        from: 'this.begun = client.query(scopeSql);',
        to: `const kept = client as PoolClient & { scope?: string };
    this.begun = client.query((kept.scope ??= scopeSql));`,
      },
    ],
    test: WALLS,
    name: 'hold on a single connection',
  },
  {
    attack: 'the connection’s last tenant stays set, seen from the unit of work',
    edits: [
      {
        file: UNIT_OF_WORK,
        from: 'this.begun = client.query(scopeSql);',
        to: `const kept = client as PoolClient & { scope?: string };
    this.begun = client.query((kept.scope ??= scopeSql));`,
      },
    ],
    test: 'test/integration/platform/unit-of-work.int-spec.ts',
    name: 'never mixes tenants on a small pool',
  },
  {
    attack: 'a tenant that outlives its transaction, seen by a look-up',
    edits: [
      {
        file: UNIT_OF_WORK,
        from: '`; SET LOCAL app.tenant_id =',
        to: '`; SET app.tenant_id =',
      },
    ],
    test: 'test/integration/platform/unit-of-work.int-spec.ts',
    name: 'looks up without a tenant, also on the connections that served one a moment ago',
  },
  {
    attack: 'a statement outside of a unit of work',
    edits: [
      {
        file: UNIT_OF_WORK,
        from: "'BEGIN; SET LOCAL ROLE switchboard_app'",
        to: "'BEGIN; SET ROLE switchboard_app'",
      },
    ],
    test: 'test/integration/platform/unit-of-work.int-spec.ts',
    name: 'sees nothing outside of a unit of work, and nothing after an early commit',
  },
  {
    attack: 'sessions that begin with more than no power',
    edits: [
      {
        file: 'src/platform/database/database.ts',
        from: '`-c role=${POWERLESS_ROLE}`,',
        to: "'-c role=switchboard_app',",
      },
    ],
    test: 'test/integration/platform/unit-of-work.int-spec.ts',
    name: 'sees nothing outside of a unit of work, and nothing after an early commit',
  },
  {
    attack: 'work for no tenant, or for a text that closes the quote',
    edits: [
      {
        file: UNIT_OF_WORK,
        from: "if (!isUuid(tenantId)) throw new Error('A unit of work needs the id of a tenant');",
        to: '',
      },
    ],
    test: 'test/integration/platform/unit-of-work.int-spec.ts',
    name: 'refuses a tenant id that is none',
  },
  {
    attack: 'a job that does not say whose it is, in memory',
    edits: [
      {
        file: 'src/platform/queue/in-memory.job-queue.ts',
        from: 'worker.handle(worker.schema.parse(job.payload), this.stopping.signal)',
        to: 'worker.handle(job.payload, this.stopping.signal)',
      },
    ],
    test: 'test/integration/platform/job-queue.int-spec.ts',
    name: 'hands no job over that does not say whose it is',
  },
  {
    attack: 'a job that does not say whose it is, in Postgres',
    edits: [
      {
        file: 'src/platform/queue/pg-boss.job-queue.ts',
        from: 'worker.handle(worker.schema.parse(job.data), this.stopping.signal)',
        to: 'worker.handle(job.data as T, this.stopping.signal)',
      },
    ],
    test: 'test/integration/platform/job-queue.int-spec.ts',
    name: 'hands no job over that does not say whose it is',
  },
  {
    attack: 'tables that hide nothing from their owner',
    edits: [
      {
        file: SCHEMA,
        from: "EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t.name);",
        to: '',
      },
    ],
    test: CATALOG,
    name: 'forces row level security on every table of app, partitions included',
  },
  {
    attack: 'a second policy that shows all rows',
    edits: [
      {
        file: SCHEMA,
        from: 'CREATE POLICY lookup ON app.visitor FOR SELECT TO switchboard_lookup USING (true);',
        to: 'CREATE POLICY lookup ON app.visitor FOR SELECT TO switchboard_lookup, switchboard_app USING (true);',
      },
    ],
    test: CATALOG,
    name: 'lets the working role see rows of the current tenant only',
  },
  {
    attack: 'a view that reads as its owner',
    edits: [
      {
        file: SCHEMA,
        from: 'CREATE INDEX tenant_origin_origin_idx ON app.tenant_origin (origin);',
        to: 'CREATE INDEX tenant_origin_origin_idx ON app.tenant_origin (origin);\nCREATE VIEW app.visits AS SELECT tenant_id, origin FROM app.tenant_origin;',
      },
    ],
    test: CATALOG,
    name: 'has no view that shows more than its reader may see',
  },
  {
    attack: 'a key that is unique over all tenants',
    edits: [{ file: SCHEMA, from: '  UNIQUE (tenant_id, key_hash)', to: '  UNIQUE (key_hash)' }],
    test: CATALOG,
    name: 'begins every primary and unique key with the tenant',
  },
  {
    attack: 'a foreign key that leads into another tenant',
    edits: [
      {
        file: SCHEMA,
        from: '  target_id uuid NOT NULL,\n  status text',
        to: '  target_id uuid NOT NULL REFERENCES app.tenant (id),\n  status text',
      },
    ],
    test: CATALOG,
    name: 'begins every foreign key with the tenant, on both sides',
  },
  {
    attack: 'a table without a tenant',
    edits: [
      {
        file: SCHEMA,
        from: 'CREATE TABLE app.ended_identity (',
        to: 'CREATE TABLE app.note (tenant_id uuid, id uuid, text text);\nCREATE TABLE app.ended_identity (',
      },
    ],
    test: CATALOG,
    name: 'requires a tenant in every row',
  },
  {
    attack: 'a working role that may sign in',
    edits: [
      {
        file: 'src/platform/migration/working-roles.ts',
        from: '`CREATE ROLE ${name} NOLOGIN NOINHERIT`',
        to: '`CREATE ROLE ${name} LOGIN BYPASSRLS NOINHERIT`',
      },
    ],
    test: CATALOG,
    name: 'gives the working roles no power: no login, no superuser, no bypass, nothing owned',
    embedded: true,
  },
  {
    attack: 'a function that looks past the tenant with a path of the caller’s',
    edits: [
      {
        file: SCHEMA,
        from: `CREATE FUNCTION app.tenant_ids(after uuid, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp`,
        to: `CREATE FUNCTION app.tenant_ids(after uuid, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER`,
      },
    ],
    test: CATALOG,
    name: 'runs what looks past the tenant as the look-up role, with a pinned search path',
  },
  {
    attack: 'a function that anybody may call',
    edits: [
      {
        file: SCHEMA,
        from: "EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.signature);",
        to: '',
      },
    ],
    test: CATALOG,
    name: 'grants nothing to everybody',
  },
  {
    attack: 'thousands of questions for another tenant’s words, behind neither wall',
    edits: [noRowSecurity, noConditionOfSearches],
    test: 'test/integration/rag/canaries.int-spec.ts',
    name: 'nor does a search that was handed the other tenant’s base, space and very vectors',
  },
  {
    attack: 'thousands of questions, where searches forget the tenant and row security is out',
    edits: [noConditionOfSearches],
    test: 'test/integration/rag/canaries.int-spec.ts',
    name: 'the conditions of the SQL alone',
  },
  {
    attack: 'thousands of questions, where row security is out and searches forget the tenant',
    edits: [noRowSecurity],
    test: 'test/integration/rag/canaries.int-spec.ts',
    name: 'row security alone',
  },
  {
    attack: 'bases of another tenant that a search is asked for by their ids',
    edits: [
      {
        file: 'src/rag/knowledge-bases/knowledge-base.repository.ts',
        from: '  WHERE k.tenant_id = $1`;',
        to: '  WHERE $1::uuid IS NOT NULL`;',
      },
      noRowSecurity,
    ],
    test: 'test/integration/rag/isolation.int-spec.ts',
    name: 'finds no knowledge base and changes none',
  },
  {
    attack: 'the id of somebody else’s conversation as a key of one’s own',
    edits: [
      {
        file: 'src/conversations/store/turn.repository.ts',
        from: 'WHERE tenant_id = $1 AND id = $2 AND principal_id = $3 FOR UPDATE`',
        to: 'WHERE tenant_id = $1 AND id = $2 AND $3::uuid IS NOT NULL FOR UPDATE`',
      },
    ],
    test: 'test/integration/channels/chatting.int-spec.ts',
    name: 'opens nothing by another user’s ids, used as keys of one’s own',
  },
  {
    attack: 'the id of somebody else’s message as one’s own, to get its answer',
    edits: [
      {
        file: 'src/conversations/store/turn.repository.ts',
        from: 'WHERE m.tenant_id = $1 AND m.principal_id = $2 AND m.client_message_id = $3`',
        to: 'WHERE m.tenant_id = $1 AND $2::uuid IS NOT NULL AND m.client_message_id = $3`',
      },
    ],
    test: 'test/integration/channels/chatting.int-spec.ts',
    name: 'opens nothing by another user’s ids, used as keys of one’s own',
  },
  {
    attack: 'another tenant’s tool call by its key',
    edits: [
      noRowSecurity,
      {
        file: 'src/tools/tool-call.repository.ts',
        from: 'WHERE tenant_id = $1 AND idempotency_key = $2`,',
        to: 'WHERE $1::uuid IS NOT NULL AND idempotency_key = $2`,',
      },
    ],
    test: 'test/integration/tools/tool-call.int-spec.ts',
    name: 'keeps tenants apart: the same key is another call',
  },
  {
    attack: 'a route that the role may not use',
    edits: [
      {
        file: 'src/auth/guards/permission.guard.ts',
        from: 'isAllowed(principal, access.permission) && isAtHome',
        to: 'isAtHome',
      },
    ],
    test: ROUTES,
    name: 'is refused to roles and keys without its scope, and to no others',
  },
  {
    attack: 'a route that says nothing of who may use it',
    edits: [
      {
        file: 'src/auth/guards/permission.guard.ts',
        from: 'case undefined:\n      return false;',
        to: 'case undefined:\n      return principal !== undefined;',
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'refuses a route that declares no permission, to everybody',
  },
  {
    attack: 'a role that was given one scope too many',
    edits: [
      {
        file: 'src/platform/http/permissions.ts',
        from: "visitor: new Set<Permission>(['chat']),",
        to: "visitor: new Set<Permission>(['chat', 'agents.read']),",
      },
    ],
    test: 'src/platform/http/permissions.spec.ts',
    name: 'have what the contract gives them, and nothing else',
  },
  {
    attack: 'the platform’s routes from within a customer’s tenant',
    edits: [
      {
        file: 'src/auth/guards/permission.guard.ts',
        from: "return permission !== 'tenants.manage' || user?.tenant.slug === PLATFORM_SLUG;",
        to: 'return permission !== null || user?.tenant.slug === PLATFORM_SLUG;',
      },
    ],
    test: 'test/integration/admin/archives.int-spec.ts',
    name: 'of a customer are not ordered from within another one',
  },
  {
    attack: 'an admin makes a platform admin',
    edits: [
      {
        file: 'src/auth/users/authority.ts',
        from: 'if (ctx.principal.role !== role || ctx.tenantId !== platformId) throw new PlatformAdminOnlyError();',
        to: 'if (platformId === null) throw new PlatformAdminOnlyError();',
      },
      {
        file: 'src/auth/users/authority.ts',
        from: "if (role === 'platform_admin' && principal.role !== role) throw new PlatformAdminOnlyError();",
        to: '',
      },
      {
        file: 'src/auth/users/authority.ts',
        from: 'if (outranks(role, principal.role) || !holdsAll) throw new MoreThanOwnError(role);',
        to: 'void holdsAll;',
      },
    ],
    test: 'test/integration/auth/people.int-spec.ts',
    name: 'become platform admins only by a platform admin in the platform tenant',
  },
  {
    attack: 'a platform admin is made in a customer’s tenant',
    edits: [
      {
        file: 'src/auth/users/authority.ts',
        from: 'if (ctx.principal.role !== role || ctx.tenantId !== platformId)',
        to: 'if (ctx.principal.role !== role || platformId === null)',
      },
    ],
    test: 'test/integration/auth/people.int-spec.ts',
    name: 'become platform admins only by a platform admin in the platform tenant',
  },
  {
    attack: 'a key with few scopes makes somebody who may more',
    edits: [
      {
        file: 'src/auth/users/authority.ts',
        from: 'if (outranks(role, principal.role) || !holdsAll) throw',
        to: 'if (outranks(role, principal.role)) throw',
      },
    ],
    test: 'test/integration/auth/keys.int-spec.ts',
    name: 'with users.write make and let in nobody who may do more than they',
  },
  {
    attack: 'an invitation gives a role that its key does not cover',
    edits: [
      {
        file: 'src/auth/invitations/invitation.service.ts',
        from: 'await this.authority.assertMayGrant(ctx, input.role);',
        to: '',
      },
    ],
    test: 'test/integration/auth/keys.int-spec.ts',
    name: 'with users.write make and let in nobody who may do more than they',
  },
  {
    attack: 'an issuer gives roles that its maker may not',
    edits: [
      {
        file: 'src/auth/issuers/trusted-issuer.service.ts',
        from: 'for (const role of roles) await this.authority.assertMayGrant(ctx, role);',
        to: 'void roles;',
      },
    ],
    test: 'test/integration/auth/issuers.int-spec.ts',
    name: 'are for admins, and for keys that may all that they give',
  },
  {
    attack: 'the last admin disables or demotes themselves',
    edits: [
      {
        file: 'src/auth/users/user.service.ts',
        from: 'if (disabled || next.role !== current.role) await this.assertAdminRemains(tx, current);',
        to: '',
      },
    ],
    test: 'test/integration/auth/people.int-spec.ts',
    name: 'cannot all stop being admins',
  },
  {
    attack: 'the last admin is deleted',
    edits: [
      {
        file: 'src/auth/users/user.service.ts',
        from: 'await this.assertAdminRemains(tx, current);\n      await this.principals.tombstone(tx, id);',
        to: 'await this.principals.tombstone(tx, id);',
      },
    ],
    test: 'test/integration/auth/users.int-spec.ts',
    name: 'that are the last admin stay, also when two remove each other at once',
  },
  {
    attack: 'two admins remove each other at once',
    edits: [
      {
        file: 'src/auth/users/user.service.ts',
        from: 'await this.principals.lockTenant(tx);\n    const current = await this.principals.lockUser(tx, id);',
        to: 'const current = await this.principals.lockUser(tx, id);',
      },
    ],
    test: 'test/integration/auth/last-admin.postgres-spec.ts',
    name: 'one of them stays, each time',
  },
  {
    attack: 'an issuer’s token demotes the last admin',
    edits: [
      {
        file: 'src/auth/issuers/foreign-principals.ts',
        from: 'const stays = next.role !== current.role && (await isLastAdmin(tx, this.principals, current));',
        to: 'const stays = next.role !== current.role && isLastAdmin === null;',
      },
    ],
    test: 'test/integration/auth/issuers.int-spec.ts',
    name: 'and keep the last admin',
  },
  {
    attack: 'the last admin is erased, when the others left after it was ordered',
    edits: [
      {
        file: 'src/auth/principals/principal.service.ts',
        from: 'if (isAdmin && (await this.principals.countOthersWithRole(tx, author.role, id)) === 0) throw new LastAdminError();',
        to: 'void isAdmin;',
      },
    ],
    test: 'test/integration/admin/user-data.int-spec.ts',
    name: 'stays when the person was enabled again before it began, or no admin would remain',
  },
  {
    attack: 'an erased tenant’s files are left',
    edits: [
      {
        file: 'src/admin/data/erase-tenant.ts',
        from: 'await this.blobs.delete(file);',
        to: 'void this.blobs;',
      },
    ],
    test: 'test/integration/admin/tenant-data.int-spec.ts',
    name: 'goes without a trace when it is erased',
  },
  {
    attack: 'an erased tenant’s rows are left but for those that go with its own',
    edits: [
      {
        file: 'src/admin/data/erase-tenant.ts',
        from: 'filter(({ deletable }) => deletable);',
        to: "filter(({ deletable, name }) => deletable && name !== 'visitor');",
      },
    ],
    test: 'test/integration/admin/tenant-data.int-spec.ts',
    name: 'goes without a trace when it is erased',
  },
  {
    attack: 'jobs of one tenant are not forgotten by the queue',
    edits: [
      {
        file: 'src/platform/queue/pg-boss.job-queue.ts',
        from: "await this.pool.query(`DELETE FROM ${QUEUE_SCHEMA}.job WHERE data ->> 'tenant_id' = $1`, [tenantId]);",
        to: 'void tenantId;',
      },
    ],
    test: 'test/integration/platform/job-queue.int-spec.ts',
    name: 'forgets the jobs of one tenant, and no others',
  },
  {
    attack: 'an erased tenant’s jobs are left in the queue',
    edits: [
      {
        file: 'src/admin/data/erase-tenant.ts',
        from: 'await this.queue.forget(scope.tenantId);',
        to: '',
      },
    ],
    test: 'test/integration/admin/tenant-data.int-spec.ts',
    name: 'goes without a trace when it is erased',
  },
  {
    attack: 'an erased tenant’s name is left in the platform’s record',
    edits: [
      {
        file: 'src/admin/data/erase-tenant.ts',
        from: 'await this.unitOfWork.run(job, (tx) => this.audit.redact(tx, scope.tenantId));',
        to: '',
      },
    ],
    test: 'test/integration/admin/tenant-data.int-spec.ts',
    name: 'goes without a trace when it is erased',
  },
  {
    attack: 'archives of an erased tenant are left',
    edits: [
      {
        file: 'src/admin/data/erase-tenant.ts',
        from: 'await this.archives.deleteOf(job, scope.tenantId);',
        to: '',
      },
    ],
    test: 'test/integration/admin/tenant-data.int-spec.ts',
    name: 'goes without a trace when it is erased',
  },
  {
    attack: 'a table is left out of a tenant’s archive',
    edits: [
      {
        file: 'src/admin/data/export-tenant.ts',
        from: 'tables.filter(({ name }) => !PIECES_OF_FILES.has(name))',
        to: "tables.filter(({ name }) => !PIECES_OF_FILES.has(name) && name !== 'visitor')",
      },
    ],
    test: 'test/integration/admin/tenant-data.int-spec.ts',
    name: 'comes as one archive: rows of every table, and files, without secrets',
  },
  {
    attack: 'secrets in a tenant’s archive',
    edits: [
      {
        file: 'src/platform/database/tenant-tables.ts',
        from: '.filter(({ name, type }) => !UNREADABLE.test(type) && !SECRET.test(name))',
        to: '.filter(({ name }) => name !== null)',
      },
    ],
    test: 'test/integration/admin/tenant-data.int-spec.ts',
    name: 'comes as one archive: rows of every table, and files, without secrets',
  },
  {
    attack: 'raw answers of tools and the product’s notes in a person’s archive',
    edits: [
      {
        file: 'src/admin/data/portable-data.ts',
        from: 'of.table.columns.filter(({ name }) => shown.includes(name));',
        to: 'of.table.columns;',
      },
    ],
    test: 'test/integration/admin/user-data.int-spec.ts',
    name: 'holds what was for the person, not what the product and its tools noted',
  },
  {
    attack: 'a person’s table that nobody decided on',
    edits: [
      {
        file: 'src/admin/data/portable-data.ts',
        from: "  feedback: ['message_id'",
        to: "  unknown: ['message_id'",
      },
    ],
    test: 'test/integration/admin/user-data.int-spec.ts',
    name: 'is in tables of which each is given to the person, or not for a reason',
  },
  {
    attack: 'an erased person’s name is left in the record',
    edits: [
      {
        file: SCHEMA,
        from: "      a.target_id = erased::text\n      OR (a.actor_id = erased AND a.actor_role IN ('end_user', 'visitor'))",
        to: "      false\n      OR (a.actor_id = erased AND a.actor_role IN ('end_user', 'visitor'))",
      },
    ],
    test: 'test/integration/admin/user-data.int-spec.ts',
    name: 'goes without a trace when',
  },
  {
    attack: 'visitors go on while their tenant is suspended',
    edits: [
      {
        file: 'src/channels/websocket/connection-registry.ts',
        from: 'for (const connection of this.of(tenantId)) connection.suspended();',
        to: "for (const connection of this.of(tenantId)) if (connection.identity?.ctx.principal.role !== 'visitor') connection.suspended();",
      },
      {
        file: 'src/channels/session-recheck.ts',
        from: 'this.events.on(TenantSuspended, ({ tenantId }) => this.askLater(tenantId)),',
        to: '',
      },
    ],
    test: 'test/integration/channels/suspension.int-spec.ts',
    name: 'has the sockets of its visitors closed',
  },
  {
    attack: 'visitors come in while their tenant is suspended',
    edits: [
      {
        file: 'src/widget/sessions/served-widget.ts',
        from: 'if (await this.isSuspended(scope)) throw new SuspendedError();',
        to: 'await this.isSuspended(scope);',
      },
    ],
    test: 'test/integration/channels/suspension.int-spec.ts',
    name: 'has the sockets of its visitors closed',
  },
];
