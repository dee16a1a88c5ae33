import { AdminModule } from '#admin';
import { AgentsModule } from '#agents';
import { recordUsage, usageRow } from '#llm';
import { BlobStore, FileBlobStore } from '#platform/blobs';
import { childrenFirst, newId, tenantTables } from '#platform/database';
import { OutboundModule } from '#platform/outbound';
import { JobQueue, QueueModule } from '#platform/queue';
import { SHARED_REDIS, type SharedRedis } from '#platform/redis';
import { TenantService } from '#tenants';
import { WidgetModule } from '#widget';
import { strFromU8, unzipSync } from 'fflate';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { Client } from 'pg';
import { z } from 'zod';
import { JobRepository } from '../../../src/admin/jobs/job.repository.js';
import { JobRunner } from '../../../src/admin/jobs/job-runner.js';
import { AuthApp } from '../auth/auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

const PAGE = 'https://shop.example.com';
/** Stands in everything that is written here: none of it may be left. */
const CANARY = 'kanarienvogel';
const redis = process.env['REDIS_URL'] ?? '';
const UNKNOWN = '01890000-0000-7000-8000-000000000000';

describe('all data of a tenant', () => {
  let app: AuthApp;
  let root: Person;
  let admin: Person;
  let seen = 0;
  const secrets: string[] = [];
  beforeAll(async () => {
    app = await AuthApp.start(redis === '' ? {} : { REDIS_URL: redis }, {
      imports: [OutboundModule, QueueModule, AgentsModule, WidgetModule, AdminModule],
    });
    const { id } = await app.app.get(TenantService).ensure({ slug: 'platform', name: 'Platform' });
    root = await app.signedIn('platform_admin', { tenantId: id, slug: 'platform' });
  }, 60_000);
  beforeEach(async () => {
    admin = await planted();
  });
  afterAll(() => app.stop());

  const call = (by: Person, path: string, body?: unknown, method?: string) =>
    app.call(`/api/admin/${path}`, { token: by.token, body, method });

  async function owner<R extends object>(sql: string, values: unknown[] = []): Promise<R[]> {
    const client = new Client({ connectionString: app.database.ownerUrl });
    await client.connect();
    try {
      return (await client.query<R>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** A tenant with something in every module. */
  async function planted(): Promise<Person> {
    const slug = `s${Math.random().toString(36).slice(2, 12)}`;
    const made = await call(root, 'tenants', { slug, name: CANARY, settings: { texts: { greeting: CANARY } } });
    const tenantId = String(made.body['id']);
    await call(root, `tenants/${tenantId}`, { name: `${CANARY} 2` }, 'PATCH');
    const person = await app.signedIn('tenant_admin', { tenantId, slug });
    const base = await call(person, 'knowledge-bases', { name: CANARY });
    const documents = `knowledge-bases/${String(base.body['id'])}/documents`;
    await call(person, documents, { title: CANARY, text: `${CANARY} sings` });
    const read = async () => ((await call(person, documents)).body as unknown as { data: { status: string }[] }).data;
    while ((await read())[0]?.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 50));
    await call(person, 'agents', { key: 'bird', kind: 'domain', name: CANARY, description: CANARY });
    await call(person, 'tools', {
      ...{ key: 'song', name: CANARY, description: CANARY, read_only: true },
      config: { url: `https://${CANARY}.example/` },
    });
    await call(person, 'api-keys', { name: CANARY });
    secrets.push(...(await visited(person)));
    const [conversation, message, turn] = [newId(), newId(), newId()];
    const scope = { tenantId };
    await app.database.uow.run(scope, async (tx) => {
      await tx.query('INSERT INTO app.conversation (tenant_id, id, principal_id, title) VALUES ($1, $2, $3, $4)', [
        ...[tenantId, conversation, person.id, CANARY],
      ]);
      await tx.query(
        `INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, principal_id, seq, role, content)
         VALUES ($1, $2, $3, $4, $5, 1, 'user', $6)`,
        [tenantId, message, conversation, turn, person.id, CANARY],
      );
      await tx.query(
        `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, status, content, accepted_by, seq)
         VALUES ($1, $2, $3, $4, $5, $6, 'failed', $7, $2, 1)`,
        [tenantId, turn, conversation, person.id, message, newId(), CANARY],
      );
    });
    await recordUsage(app.database.uow, { tenantId, turnId: turn, principalId: person.id }, [
      usageRow({
        ...{
          kind: 'chat',
          purpose: CANARY,
          model: CANARY,
          inputTokens: 1,
          outputTokens: 1,
          costUsd: 1,
          estimated: false,
        },
      }),
    ]);
    const blob = { tenantId, purpose: 'document' as const, id: newId() };
    await app.app.get(BlobStore).put(blob, Buffer.from(`${CANARY} in a file`));
    await app.app.get(BlobStore).keep(blob);
    return person;
  }

  /** A widget with its own words, a stranger's visit and one by name. @returns what opens it and them */
  async function visited(person: Person): Promise<string[]> {
    const texts = { greeting: CANARY, title: CANARY };
    const { body: widget } = await call(person, 'widgets', {
      name: CANARY,
      origins: [PAGE],
      texts,
      questions: [CANARY],
    });
    const secret = String(widget['secret']);
    const enter = async (body: object) => {
      const path = `/api/public/widgets/${String(widget['public_key'])}/sessions`;
      const answer = await app.call(path, { body, headers: { origin: PAGE } });
      expect([answer.status, answer.text]).toEqual([200, answer.text]);
      return answer.body;
    };
    const { visitor_token: visitorToken } = await enter({});
    const claims = { sub: `c-${person.id}`, name: CANARY, email: `${CANARY}@${person.slug}.example` };
    await enter({ identity_token: jwt.sign(claims, secret, { algorithm: 'HS256', expiresIn: 300 }) });
    return [secret, String(visitorToken)];
  }

  async function ended(by: Person, id: unknown): Promise<Record<string, unknown>> {
    for (let tries = 0; tries < 300; tries++) {
      const { body } = await call(by, `jobs/${String(id)}`);
      if (!['queued', 'running'].includes(String(body['status']))) return body;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('The job did not end');
  }

  /** How many rows of a tenant each table has that an erasure can empty; the record goes with the tenant's own row. */
  async function rowsByTable({ tenantId }: Person): Promise<Record<string, number>> {
    const tables = (await app.database.uow.run({ tenantId }, tenantTables)).filter(({ deletable }) => deletable);
    const counts: Record<string, number> = {};
    for (const { name } of tables) {
      const [row] = await owner<{ rows: number }>(
        `SELECT count(*)::int AS rows FROM app.${name} WHERE tenant_id = $1`,
        [tenantId],
      );
      if (row !== undefined && row.rows > 0) counts[name] = row.rows;
    }
    return counts;
  }

  /** Where in the whole database the text stands, table by table. */
  async function tablesWith(text: string): Promise<string[]> {
    const tables = await owner<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('app', 'pgboss') AND c.relkind = 'r' ORDER BY 1`,
    );
    seen = tables.length;
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await owner(`SELECT 1 FROM ${name} t WHERE t::text ILIKE $1 LIMIT 1`, [`%${text}%`]);
      if (rows.length > 0) found.push(name);
    }
    return found;
  }

  async function keysWith(text: string): Promise<string[]> {
    const shared = app.app.get<SharedRedis | null>(SHARED_REDIS);
    return shared === null ? [] : shared.client.keys(`*${text}*`);
  }

  function filesWith(text: string): string[] {
    return readdirSync(app.config.dataDir, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
      .filter((path) => path.includes(text) || readFileSync(path).includes(text));
  }

  it('comes as one archive: rows of every table, and files, without secrets', async () => {
    const operator = { outbound_allow: ['inside.operator.example:443'] };
    await app.app.get(TenantService).setOperatorSettings(admin, operator);
    const asked = await call(admin, 'export', {});
    expect([asked.status, asked.body]).toEqual([202, expect.objectContaining({ kind: 'tenant.export', error: null })]);
    const job = await ended(admin, asked.body['id']);
    expect(job).toMatchObject({
      status: 'succeeded',
      progress: 1,
      result: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const response = await fetch(`${app.url}/api/admin/jobs/${String(job['id'])}/file`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    expect(response.headers.get('content-type')).toBe('application/zip');
    const entries = unzipSync(new Uint8Array(await response.arrayBuffer()));
    const names = Object.keys(entries);
    const tables = await app.database.uow.run(admin, tenantTables);
    for (const { name } of tables) if (name !== 'blob_chunk') expect(names).toContain(`tables/${name}.jsonl`);
    const text = (name: string) => strFromU8(entries[name] ?? new Uint8Array());
    for (const table of [
      'tenant',
      'message',
      'conversation',
      'agent',
      'tool',
      'document',
      'chunk',
      'usage_record',
      'widget',
      'principal',
    ])
      expect([table, text(`tables/${table}.jsonl`).includes(CANARY)]).toEqual([table, true]);
    expect(names.filter((name) => name.startsWith('files/document/'))).toHaveLength(2);
    const all = names.map(text).join('\n');
    // Neither secrets nor their digests, nor what is the operator's.
    expect(all).not.toMatch(/"[a-z_]*(hash|sealed)[a-z_]*":/);
    expect(all).not.toContain('operator');
    expect(secrets.length).toBeGreaterThan(1);
    for (const secret of secrets) expect(all).not.toContain(secret.split('_').at(-1));
    expect(text('tables/visitor.jsonl').trim().split('\n')).toHaveLength(1);
    expect(all).not.toContain(root.tenantId);
    expect(job['result']).toMatchObject({
      counts: { agent: 2, message: 1, files: 2, widget: 1, visitor: 1, session: 3 },
    });
    // Only whoever asked for it can have it.
    const other = await app.signedIn('tenant_admin');
    expect((await call(other, `jobs/${String(job['id'])}/file`)).status).toBe(404);
    expect((await call(root, `jobs/${String(job['id'])}`)).status).toBe(404);
  });

  it('goes without a trace when it is erased, but for a receipt with the platform', async () => {
    expect(await tablesWith(CANARY)).toEqual(
      expect.arrayContaining(['app.agent', 'app.chunk', 'app.message', 'app.tenant']),
    );
    const archive = (await call(root, `tenants/${admin.tenantId}/export`, {})).body['id'];
    await ended(root, archive);
    const archives = async () => (await app.app.get(BlobStore).ofTenant(root)).map(({ id }) => id);
    expect(await archives()).toContain(archive);
    expect((await keysWith(admin.tenantId)).length > 0).toBe(redis !== '');
    const queue = app.app.get(JobQueue);
    await queue.add('later.work', { tenant_id: admin.tenantId });
    await queue.add('later.work', { tenant_id: root.tenantId });
    const rows = await rowsByTable(admin);
    expect(rows).toMatchObject({ widget: 1, visitor: 1, session: 3, message: 1 });
    const asked = await call(root, `tenants/${admin.tenantId}`, { confirm: admin.slug }, 'DELETE');
    expect(asked.status).toBe(202);
    const job = await ended(root, asked.body['id']);
    // Each table by itself, children first: what goes with another one's row is in no receipt.
    expect(job['result']).toMatchObject({ counts: rows });
    expect(job).toMatchObject({
      ...{ kind: 'tenant.erase', target_id: admin.tenantId, status: 'succeeded', progress: 1 },
      result: { counts: { agent: 2, message: 1, files: 2, usage_record: 1 } },
    });
    expect((await call(root, `tenants/${admin.tenantId}`)).status).toBe(404);
    expect((await call(admin, 'agents')).status).toBe(401);
    // The other tenants of this spec hold the same words; this one's id stands for what was its own.
    expect(await tablesWith(admin.tenantId)).toEqual(['app.audit_event', 'app.job']);
    expect(seen).toBeGreaterThan(30);
    const record = await owner<{ tenant_id: string; details: unknown; action: string }>(
      `SELECT tenant_id, action, details FROM app.audit_event WHERE target_id = $1 ORDER BY id`,
      [admin.tenantId],
    );
    expect(new Set(record.map((row) => row.tenant_id))).toEqual(new Set([root.tenantId]));
    expect(JSON.stringify(record)).not.toContain(CANARY);
    expect(JSON.stringify(record)).not.toContain(admin.slug);
    expect(record.at(-1)).toMatchObject({ action: 'tenant.erase', details: { counts: { agent: 2 } } });
    expect(filesWith(admin.tenantId)).toEqual([]);
    expect(await keysWith(admin.tenantId)).toEqual([]);
    expect(await archives()).not.toContain(archive);
    const waiting: unknown[] = [];
    const handle = async (payload: object) => void waiting.push(payload);
    await queue.work({ queue: 'later.work', concurrency: 1, schema: z.looseObject({}), handle });
    while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(waiting).toEqual([{ tenant_id: root.tenantId }]);
  });

  it('leaves no word of it anywhere, when all tenants that held it are gone', async () => {
    const { data } = (await call(root, 'tenants?limit=100')).body as unknown as {
      data: { id: string; slug: string }[];
    };
    for (const { id, slug } of data.filter(({ id: tenant }) => tenant !== root.tenantId)) {
      const asked = await call(root, `tenants/${id}`, { confirm: slug }, 'DELETE');
      expect(await ended(root, asked.body['id'])).toMatchObject({ status: 'succeeded' });
    }
    expect(await tablesWith(CANARY)).toEqual([]);
    expect(filesWith(CANARY)).toEqual([]);
    // Archives that the platform's admins had asked for are gone as well.
    expect(await app.app.get(BlobStore).ofTenant(root)).toEqual([]);
  }, 120_000);

  it('is erased only when its slug is said, and never the platform’s', async () => {
    const erase = (id: string, body: unknown, by = root) => call(by, `tenants/${id}`, body, 'DELETE');
    expect((await erase(admin.tenantId, { confirm: 'another' })).status).toBe(422);
    expect((await erase(admin.tenantId, {})).status).toBe(422);
    expect((await erase(UNKNOWN, { confirm: 'x' })).status).toBe(404);
    expect((await erase(root.tenantId, { confirm: 'platform' })).status).toBe(409);
    expect((await erase(admin.tenantId, { confirm: admin.slug }, admin)).status).toBe(403);
    expect((await call(root, `tenants/${admin.tenantId}`)).body).toMatchObject({ status: 'active' });
  });

  it('is asked for once, however often, and may be stopped before it begins', async () => {
    const jobs = app.app.get(JobRepository);
    const claim = jest.spyOn(jobs, 'claim').mockResolvedValue(null);
    const first = await call(root, `tenants/${admin.tenantId}`, { confirm: admin.slug }, 'DELETE');
    const again = await call(root, `tenants/${admin.tenantId}`, { confirm: admin.slug }, 'DELETE');
    expect(again.body['id']).toBe(first.body['id']);
    const path = `jobs/${String(first.body['id'])}/cancel`;
    expect((await call(root, path, {})).body).toMatchObject({ status: 'cancelled', ended_at: expect.any(String) });
    expect((await call(root, path, {})).status).toBe(409);
    claim.mockRestore();
    await app.app.get(JobRunner).sweep();
    expect((await call(root, `tenants/${admin.tenantId}`)).body).toMatchObject({ status: 'active' });
  });

  it('goes on being erased when the process was killed in the middle', async () => {
    const jobs = app.app.get(JobRepository);
    const beat = jobs.beat.bind(jobs);
    let beats = 0;
    // As a kill: nothing more is written, not even that it failed.
    const killed = jest.spyOn(jobs, 'beat').mockImplementation(async (job, at) => {
      if (job.kind === 'tenant.erase' && at !== undefined && ++beats > 6) throw new Error('killed');
      return beat(job, at);
    });
    const end = jest.spyOn(jobs, 'end').mockResolvedValue();
    const asked = await call(root, `tenants/${admin.tenantId}`, { confirm: admin.slug }, 'DELETE');
    while (beats <= 6) await new Promise((resolve) => setTimeout(resolve, 50));
    await app.app.get(JobRunner).sweep();
    killed.mockRestore();
    end.mockRestore();
    expect((await call(root, `jobs/${String(asked.body['id'])}`)).body).toMatchObject({ status: 'running' });
    await owner(`UPDATE app.job SET heartbeat_at = now() - interval '1 minute' WHERE id = $1`, [asked.body['id']]);
    await app.app.get(JobRunner).sweep();
    const job = await ended(root, asked.body['id']);
    expect(job).toMatchObject({ status: 'succeeded', result: { counts: { agent: 2, files: 2 } } });
    expect(await tablesWith(admin.tenantId)).toEqual(['app.audit_event', 'app.job']);
  });

  it('is in the tables that the catalog names, each of which an erasure empties itself or by the tenant’s row', async () => {
    const tables = await app.database.uow.run(admin, tenantTables);
    const owned = await owner<{ name: string; cascades: boolean }>(
      `SELECT c.relname AS name, EXISTS (SELECT 1 FROM pg_constraint f WHERE f.conrelid = c.oid
          AND f.confrelid = 'app.tenant'::regclass AND f.confdeltype = 'c') AS cascades
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'tenant' ORDER BY 1`,
    );
    expect(tables.map(({ name }) => name)).toEqual(owned.map(({ name }) => name));
    for (const { deletable, name } of tables) if (!deletable) expect(owned).toContainEqual({ name, cascades: true });
    const order = childrenFirst(tables).map(({ name }) => name);
    for (const { name, parents } of tables)
      for (const parent of parents) expect([name, order.indexOf(name) < order.indexOf(parent)]).toEqual([name, true]);
  });

  it('waits in no queue any more', async () => {
    const queue = app.app.get(JobQueue);
    await queue.add('nobody.works', { tenant_id: admin.tenantId, words: CANARY });
    await queue.forget(admin.tenantId);
    expect(await tablesWith(CANARY)).not.toContain('pgboss.job');
    expect(app.app.get(BlobStore) instanceof FileBlobStore || app.config.env.DATABASE_URL === undefined).toBe(true);
  });
});
