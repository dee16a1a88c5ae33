import { Client } from 'pg';
import { TestDatabase } from '../support/test-database.js';

/**
 * The rules of the design that the database itself can prove, on whichever engine the tests run.
 * Exceptions to "the tenant leads every key" have names: the tenant itself, the migrations table, the queue's own schema.
 */
const WITHOUT_TENANT = ['app.tenant', 'public.schema_migration'];
const WORKING_ROLES = ['switchboard_none', 'switchboard_app', 'switchboard_lookup', 'switchboard_queue'];

describe('the catalog of a migrated database', () => {
  let database: Awaited<ReturnType<typeof TestDatabase.create>>;
  let owner: Client;

  beforeAll(async () => {
    database = await TestDatabase.create();
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
  });

  afterAll(async () => {
    await owner?.end();
    await database?.dispose();
  });

  async function names(sql: string, values: unknown[] = []): Promise<string[]> {
    const { rows } = await owner.query<{ name: string }>(sql, values);
    return rows.map((row) => row.name).sort();
  }

  it('holds the tables of the design, so that the rules below have something to judge', async () => {
    const tables = await names(
      `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    );
    for (const table of ['tenant', 'principal', 'session', 'conversation', 'message', 'turn', 'chunk', 'chunk_vector'])
      expect(tables).toContain(table);
  });

  it('keeps tables only in app, but for the migrations table', async () => {
    expect(
      await names(
        `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('app', 'pgboss', 'information_schema')
           AND n.nspname NOT LIKE 'pg\\_%'`,
      ),
    ).toEqual(['public.schema_migration']);
  });

  it('forces row level security on every table of app, partitions included', async () => {
    expect(
      await names(
        `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
      ),
    ).toEqual([]);
  });

  it('lets the working role see rows of the current tenant only', async () => {
    const policies = await owner.query<{ name: string; using: string; check: string; column: string }>(
      `SELECT p.tablename::text AS name, p.qual AS using, p.with_check AS check,
              CASE WHEN p.tablename = 'tenant' THEN 'id' ELSE 'tenant_id' END AS column
       FROM pg_policies p WHERE p.schemaname = 'app' AND p.roles && ARRAY['switchboard_app', 'public']::name[]`,
    );
    const tables = await names(
      `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p')`,
    );
    // Policies are alternatives: one more for the same role would widen what it sees.
    expect(policies.rows.map((policy) => policy.name).sort()).toEqual(tables);
    for (const { using, check, column } of policies.rows) {
      expect(using).toBe(`(${column} = app.current_tenant())`);
      expect(check).toBe(`(${column} = app.current_tenant())`);
    }
  });

  it('lets the look-up role read named columns of few tables and change only leases, and what an erasure takes out of the record', async () => {
    expect(
      await names(
        `SELECT format('%s.%s %s', c.relname, a.attname, g.privilege_type) AS name
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid CROSS JOIN LATERAL aclexplode(a.attacl) g
         WHERE g.grantee = 'switchboard_lookup'::regrole AND g.privilege_type <> 'SELECT'`,
      ),
    ).toEqual([
      'audit_event.address UPDATE',
      'audit_event.details UPDATE',
      'outbox.claimed_until UPDATE',
      'turn.lease_until UPDATE',
      'webhook_delivery.next_attempt_at UPDATE',
    ]);
    const tables = await names(
      `SELECT DISTINCT table_name::text AS name FROM information_schema.column_privileges WHERE grantee = 'switchboard_lookup'`,
    );
    expect(tables).toEqual([
      ...[
        'audit_event',
        'blob',
        'conversation',
        'credential',
        'document',
        'escalation',
        'idempotency_key',
        'job',
        'outbox',
        'principal',
        'session',
        'tenant',
      ],
      ...[
        'tenant_origin',
        'tool_call',
        'trusted_issuer',
        'turn',
        'turn_live',
        'visitor',
        'webhook',
        'webhook_delivery',
        'widget',
      ],
    ]);
    expect(
      await names(
        `SELECT c.relname::text AS name FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) g
         WHERE g.grantee IN ('switchboard_lookup'::regrole, 'switchboard_none'::regrole)`,
      ),
    ).toEqual([]);
  });

  it('begins every primary and unique key with the tenant', async () => {
    expect(
      await names(
        `SELECT i.indexrelid::regclass::text AS name
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
         WHERE n.nspname IN ('app', 'public') AND i.indisunique AND a.attname IS DISTINCT FROM 'tenant_id'
           AND n.nspname || '.' || c.relname <> ALL ($1)`,
        [WITHOUT_TENANT],
      ),
    ).toEqual([]);
  });

  it('begins every foreign key with the tenant, on both sides', async () => {
    const keys = await names(
      `SELECT k.conname::text AS name FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
       WHERE n.nspname = 'app' AND k.contype = 'f' AND k.conparentid = 0`,
    );
    expect(keys.length).toBeGreaterThan(20);
    expect(
      await names(
        `SELECT format('%s %s', k.conrelid::regclass, k.conname) AS name
         FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
         JOIN pg_attribute near ON near.attrelid = k.conrelid AND near.attnum = k.conkey[1]
         JOIN pg_attribute far ON far.attrelid = k.confrelid AND far.attnum = k.confkey[1]
         WHERE n.nspname IN ('app', 'public') AND k.contype = 'f' AND NOT (
           near.attname = 'tenant_id'
           AND (far.attname = 'tenant_id' OR (k.confrelid = 'app.tenant'::regclass AND far.attname = 'id')))`,
      ),
    ).toEqual([]);
  });

  it('requires a tenant in every row', async () => {
    expect(
      await names(
        `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p') AND c.relname <> 'tenant' AND NOT EXISTS (
           SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull
             AND a.atttypid = 'uuid'::regtype)`,
      ),
    ).toEqual([]);
  });

  it('covers every foreign key with an index, so that deleting a tenant does not scan', async () => {
    expect(
      await names(
        `SELECT format('%s %s', k.conrelid::regclass, k.conname) AS name
         FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
         WHERE n.nspname = 'app' AND k.contype = 'f' AND k.conparentid = 0 AND NOT EXISTS (
           SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid
             AND (i.indpred IS NULL OR array_length(k.conkey, 1) > 1)
             AND (SELECT array_agg(x) FROM unnest((i.indkey::int2[])[0:array_length(k.conkey, 1) - 1]) x) @> k.conkey)`,
      ),
    ).toEqual(['app.knowledge_base knowledge_base_tenant_id_space_id_fkey'].sort());
  });

  it('gives the working roles no power: no login, no superuser, no bypass, nothing owned', async () => {
    const { rows } = await owner.query(
      `SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1) AND NOT (rolsuper OR rolbypassrls OR rolcanlogin
         OR rolinherit OR rolcreaterole OR rolcreatedb OR rolreplication) ORDER BY 1`,
      [WORKING_ROLES],
    );
    expect(rows.map((row: { name: string }) => row.name)).toEqual([...WORKING_ROLES].sort());
    expect(
      await names(
        `SELECT c.oid::regclass::text AS name FROM pg_class c
         WHERE pg_get_userbyid(c.relowner) = ANY ($1)
         UNION ALL SELECT n.nspname FROM pg_namespace n WHERE pg_get_userbyid(n.nspowner) = ANY ($1)
         UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p
         WHERE pg_get_userbyid(p.proowner) = ANY ($1) AND pg_get_userbyid(p.proowner) <> 'switchboard_lookup'`,
        [WORKING_ROLES],
      ),
    ).toEqual([]);
    // A member could become another role that sees more.
    expect(
      await names(
        `SELECT m.member::regrole::text AS name FROM pg_auth_members m WHERE m.member::regrole::text = ANY ($1)`,
        [WORKING_ROLES],
      ),
    ).toEqual([]);
  });

  it('has no view that shows more than its reader may see, and nothing computed ahead for all tenants', async () => {
    expect(
      await names(
        `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('app', 'public') AND (c.relkind IN ('m', 'f') OR (c.relkind = 'v' AND NOT EXISTS (
           SELECT 1 FROM pg_options_to_table(c.reloptions) o
           WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)))`,
      ),
    ).toEqual([]);
  });

  it('lets the powerless role use no schema of ours', async () => {
    const { rows } = await owner.query<{ app: boolean; queue: boolean; create: boolean }>(
      `SELECT has_schema_privilege('switchboard_none', 'app', 'USAGE') AS app,
              has_schema_privilege('switchboard_none', 'pgboss', 'USAGE') AS queue,
              has_schema_privilege('switchboard_app', 'app', 'CREATE')
                OR has_schema_privilege('switchboard_app', 'public', 'CREATE') AS create`,
    );
    expect(rows).toEqual([{ app: false, queue: false, create: false }]);
  });

  it('runs what looks past the tenant as the look-up role, with a pinned search path', async () => {
    const functions = await owner.query<{ name: string; owner: string; config: string[] }>(
      `SELECT p.proname::text AS name, p.proowner::regrole::text AS owner, p.proconfig AS config
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgboss')`,
    );
    expect(functions.rows.length).toBeGreaterThan(4);
    for (const { owner: role, config } of functions.rows) {
      expect(role).toBe('switchboard_lookup');
      expect(config).toEqual(['search_path=pg_catalog, pg_temp']);
    }
  });

  it('returns ids only, where a function looks past the tenant', async () => {
    const { rows } = await owner.query<{ name: string; result: string }>(
      `SELECT p.proname::text AS name, pg_get_function_result(p.oid) AS result
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'app' AND p.prosecdef`,
    );
    for (const { result } of rows)
      expect(result).toMatch(/^(uuid|boolean|TABLE\((task app\.turn_task, )?(\w+_id uuid(, )?)+\))$/);
  });

  it('grants nothing to everybody', async () => {
    expect(
      await names(
        `SELECT 'table ' || c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           CROSS JOIN LATERAL aclexplode(c.relacl) g WHERE n.nspname IN ('app', 'pgboss') AND g.grantee = 0
         UNION ALL
         SELECT 'function ' || p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
           WHERE n.nspname = 'app' AND g.grantee = 0
         UNION ALL
         SELECT 'schema ' || n.nspname FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) g
           WHERE n.nspname IN ('app', 'public', 'pgboss') AND g.grantee = 0`,
      ),
    ).toEqual([]);
  });
});
