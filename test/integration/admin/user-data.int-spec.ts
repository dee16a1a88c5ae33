import { AdminModule } from '#admin';
import { AgentsModule } from '#agents';
import { recordUsage, usageRow } from '#llm';
import { type BlobKey, BlobStore } from '#platform/blobs';
import { belongingTo, newId, tenantTables } from '#platform/database';
import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { DocumentService } from '#rag';
import { AuditService } from '#tenants';
import { WidgetModule } from '#widget';
import { strFromU8, unzipSync } from 'fflate';
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { Archives } from '../../../src/admin/data/archives.js';
import { NOT_PORTABLE, portableColumns } from '../../../src/admin/data/portable-data.js';
import { JobRepository } from '../../../src/admin/jobs/job.repository.js';
import { JobRunner } from '../../../src/admin/jobs/job-runner.js';
import { AuthApp, PASSWORD } from '../auth/auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

const CANARY = 'zeisigvogel';
const JOB = "INSERT INTO app.job (tenant_id, id, kind, target_id) VALUES ($1, $2, 'user.erase', $3)";

describe('all data of a person', () => {
  let app: AuthApp;
  let admin: Person;
  let person: Person;
  let other: Person;
  beforeAll(async () => {
    app = await AuthApp.start({}, { imports: [OutboundModule, QueueModule, AgentsModule, WidgetModule, AdminModule] });
  }, 60_000);
  beforeEach(async () => {
    admin = await app.signedIn('tenant_admin');
    person = await app.signedIn('end_user', admin);
    other = await app.signedIn('end_user', admin);
    await plant(person, CANARY);
    await plant(other, 'spatz');
  });
  afterAll(() => app.stop());

  const call = (by: Person, path: string, body?: unknown, method?: string) =>
    app.call(`/api/${path}`, { token: by.token, body, method });

  async function owner<R extends object>(sql: string, values: unknown[] = []): Promise<R[]> {
    const client = new Client({ connectionString: app.database.ownerUrl });
    await client.connect();
    try {
      return (await client.query<R>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  async function plant(who: Person, words: string): Promise<void> {
    const { tenantId } = admin;
    await call(admin, `admin/users/${who.id}`, { name: words }, 'PATCH');
    const base = await call(admin, 'admin/knowledge-bases', { name: `Base of ${who.id}` });
    const baseId = String(base.body['id']);
    const ctx = {
      tenantId,
      correlationId: 'test',
      principal: { id: who.id, role: 'tenant_admin' as const, persona: null, sessionId: null },
    };
    const document = await app.app
      .get(DocumentService)
      .addText(ctx, baseId, `${words} sings`, { title: words, ownerId: who.id });
    const read = () => app.app.get(DocumentService).get(ctx, baseId, document.id);
    while ((await read()).status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 50));
    const [conversation, message, turn] = [newId(), newId(), newId()];
    await app.database.uow.run({ tenantId }, async (tx) => {
      await tx.query('INSERT INTO app.conversation (tenant_id, id, principal_id, title) VALUES ($1, $2, $3, $4)', [
        ...[tenantId, conversation, who.id, words],
      ]);
      await tx.query(
        `INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, principal_id, seq, role, content)
         VALUES ($1, $2, $3, $4, $5, 1, 'user', $6)`,
        [tenantId, message, conversation, turn, who.id, words],
      );
      await tx.query(
        `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, status, content, accepted_by, seq)
         VALUES ($1, $2, $3, $4, $5, $6, 'failed', $7, $2, 1)`,
        [tenantId, turn, conversation, who.id, message, newId(), words],
      );
    });
    await recordUsage(app.database.uow, { tenantId, turnId: turn, principalId: who.id }, [
      usageRow({
        ...{
          kind: 'chat',
          purpose: 'answer',
          model: 'm',
          inputTokens: 1,
          outputTokens: 1,
          costUsd: 1,
          estimated: false,
        },
      }),
    ]);
  }

  async function ended(by: Person, path: string): Promise<Record<string, unknown>> {
    for (let tries = 0; tries < 300; tries++) {
      const { body } = await call(by, path);
      if (!['queued', 'running'].includes(String(body['status']))) return body;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('The job did not end');
  }

  async function tablesWith(text: string): Promise<string[]> {
    const tables = await owner<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('app', 'pgboss') AND c.relkind = 'r' ORDER BY 1`,
    );
    const found: string[] = [];
    for (const { name } of tables)
      if ((await owner(`SELECT 1 FROM ${name} t WHERE t::text ILIKE $1 LIMIT 1`, [`%${text}%`])).length > 0)
        found.push(name);
    return found;
  }

  const filesWith = (text: string) =>
    readdirSync(app.config.dataDir, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
      .filter((path) => readFileSync(path).includes(text));

  it('is one job however many ask for it at once', async () => {
    const path = `admin/users/${person.id}/export`;
    const asked = await Promise.all(Array.from({ length: 8 }, () => call(admin, path, {})));
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 202));
    expect(new Set(asked.map(({ body }) => body['id'])).size).toBe(1);
    const open = () =>
      app.database.uow.query({ tenantId: admin.tenantId }, JOB, [admin.tenantId, crypto.randomUUID(), person.id]);
    await open();
    await expect(open()).rejects.toThrow(/job_once_idx/);
  });

  it('comes as an archive to the person, and holds nobody else’s', async () => {
    const asked = await call(person, `${person.slug}/me/export`, {});
    expect(asked.status).toBe(202);
    const path = `${person.slug}/me/jobs/${String(asked.body['id'])}`;
    expect(await ended(person, path)).toMatchObject({ kind: 'user.export', status: 'succeeded', target_id: person.id });
    const response = await fetch(`${app.url}/api/${path}/file`, {
      headers: { authorization: `Bearer ${person.token}` },
    });
    const entries = unzipSync(new Uint8Array(await response.arrayBuffer()));
    const text = (name: string) => strFromU8(entries[name] ?? new Uint8Array());
    for (const table of ['principal', 'conversation', 'message', 'turn', 'document', 'chunk'])
      expect([table, text(`tables/${table}.jsonl`).includes(CANARY)]).toEqual([table, true]);
    expect(text('tables/usage_record.jsonl')).toContain(person.id);
    const all = Object.keys(entries).map(text).join('\n');
    expect(all).toContain(`${CANARY} sings`);
    expect(all).not.toContain('spatz');
    expect(all).not.toContain(other.id);
    for (const stranger of [other, admin]) expect((await call(stranger, path)).status).toBe(404);
    expect((await call(person, `admin/jobs/${String(asked.body['id'])}`)).status).toBe(403);
  });

  it.each(['the person', 'an admin'])(
    'holds what was for the person, not what the product and its tools noted, for %s',
    async (who) => {
      const { tenantId } = admin;
      const [turn] = await owner<{ id: string; conversation_id: string; message_id: string }>(
        'SELECT id, conversation_id, message_id FROM app.turn WHERE principal_id = $1',
        [person.id],
      );
      if (turn === undefined) throw new Error('There is no turn');
      const citation = { citations: [{ n: 1, title: 'Fahrplan' }] };
      await app.database.uow.run({ tenantId }, async (tx) => {
        await tx.query(
          `INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, seq, role, content, payloads, metadata)
         VALUES ($1, $2, $3, $4, 2, 'assistant', 'Der Zug geht um acht', '[{"payload_type":"trains","items":["ICE 8"]}]', $5)`,
          [tenantId, newId(), turn.conversation_id, turn.id, JSON.stringify(citation)],
        );
        await tx.query(
          `INSERT INTO app.tool_call (tenant_id, id, turn_id, conversation_id, message_id, attempt, start, agent_key, tool_key,
           idempotency_key, arguments, status, result, error)
         VALUES ($1, $2, $3, $4, $5, 1, 1, 'trains', 'timetable', 'rohdaten', '{"q":"rohdaten"}', 'succeeded',
           '{"rows":["rohdaten"]}', '{"message":"rohdaten"}')`,
          [tenantId, newId(), turn.id, turn.conversation_id, turn.message_id],
        );
        await tx.query(
          `INSERT INTO app.feedback (tenant_id, message_id, principal_id, conversation_id, rating, comment)
         VALUES ($1, $2, $3, $4, 'up', 'Danke')`,
          [tenantId, turn.message_id, person.id, turn.conversation_id],
        );
        await tx.query(`UPDATE app.turn SET request = '{"note":"rohdaten"}' WHERE tenant_id = $1 AND id = $2`, [
          tenantId,
          turn.id,
        ]);
      });
      const [by, path] = who === 'the person' ? [person, `${person.slug}/me/jobs`] : [admin, 'admin/jobs'];
      const asked = who === 'the person' ? `${person.slug}/me/export` : `admin/users/${person.id}/export`;
      const id = String((await call(by, asked, {})).body['id']);
      expect(await ended(by, `${path}/${id}`)).toMatchObject({ status: 'succeeded' });
      const response = await fetch(`${app.url}/api/${path}/${id}/file`, {
        headers: { authorization: `Bearer ${by.token}` },
      });
      const entries = unzipSync(new Uint8Array(await response.arrayBuffer()));
      const all = Object.values(entries)
        .map((entry) => strFromU8(entry))
        .join('\n');
      for (const words of ['Der Zug geht um acht', 'Fahrplan', 'ICE 8', 'Danke', 'timetable', person.email, CANARY])
        expect(all).toContain(words);
      expect(all).not.toContain('rohdaten');
      for (const [file, content] of Object.entries(entries)) {
        const table = /^tables\/(\w+)\.jsonl$/.exec(file)?.[1];
        if (table === undefined) continue;
        const allowed = portableColumns.filter(([name]) => name === table).map(([, column]) => column);
        for (const line of strFromU8(content).split('\n').filter(Boolean))
          expect([table, Object.keys(JSON.parse(line) as object).toSorted()]).toEqual([table, allowed.toSorted()]);
      }
    },
  );

  it('is in tables of which each is given to the person, or not for a reason', async () => {
    const tables = await app.database.uow.run(admin, tenantTables);
    const theirs = belongingTo(tables, person.id).map(({ table }) => table.name);
    const given = new Set(portableColumns.map(([table]) => table));
    expect([...given, ...NOT_PORTABLE].toSorted()).toEqual(theirs.toSorted());
    const columns = tables.flatMap((table) => table.columns.map(({ name }) => `${table.name}.${name}`));
    expect(
      portableColumns.map(([table, column]) => `${table}.${column}`).filter((name) => !columns.includes(name)),
    ).toEqual([]);
  });

  it.each(['an admin', 'the person'])('goes without a trace when %s has it erased', async (who) => {
    // Of a document that went before.
    await app.app
      .get(AuditService)
      .recordNow(
        { tenantId: admin.tenantId, principal: { id: person.id, role: 'end_user' } },
        { action: 'document.delete', targetType: 'document', targetId: newId(), details: { title: CANARY } },
      );
    const byAdmin = who === 'an admin';
    const asked = byAdmin
      ? await call(admin, `admin/users/${person.id}/erase`, {})
      : await call(person, `${person.slug}/me/erase`, {});
    expect(asked.status).toBe(202);
    // Signed out at once.
    expect((await call(person, 'auth/me')).status).toBe(401);
    const job = await ended(admin, `admin/jobs/${String(asked.body['id'])}`);
    expect(job).toMatchObject({
      ...{ kind: 'user.erase', status: 'succeeded' },
      result: { counts: { principal: 1, conversation: 1, message: 1, turn: 1, document: 1 } },
    });
    expect((await call(admin, `admin/users/${person.id}`)).status).toBe(404);
    const mine = await tablesWith(person.id);
    // Ids alone: that it was done, and whose a document's base is named after.
    expect(mine.filter((table) => !['app.audit_event', 'app.job', 'app.knowledge_base'].includes(table))).toEqual([]);
    const [record] = await owner<{ texts: string }>(
      `SELECT coalesce(string_agg(details::text, ' '), '') AS texts FROM app.audit_event WHERE target_id = $1 OR actor_id = $1::uuid`,
      [person.id],
    );
    expect(record?.texts).not.toContain(CANARY);
    const books = await owner<{ n: number }>(
      'SELECT count(*) AS n FROM app.usage_record WHERE tenant_id = $1 AND principal_id IS NULL',
      [admin.tenantId],
    );
    expect(books).toEqual([{ n: 1 }]);
    // The other one's is all there.
    const rows = await owner<{ n: number }>('SELECT count(*) AS n FROM app.message WHERE tenant_id = $1', [
      admin.tenantId,
    ]);
    expect(rows).toEqual([{ n: 1 }]);
    const terms = await owner('SELECT 1 FROM app.term_stat WHERE tenant_id = $1 AND term ILIKE $2', [
      ...[admin.tenantId, `%${CANARY.slice(0, 6)}%`],
    ]);
    expect(terms).toEqual([]);
  });

  it('comes as an archive and goes also when the person was deleted before', async () => {
    expect((await call(admin, `admin/users/${person.id}`, undefined, 'DELETE')).status).toBe(204);
    const exported = await call(admin, `admin/users/${person.id}/export`, {});
    expect(exported.status).toBe(202);
    expect(await ended(admin, `admin/jobs/${String(exported.body['id'])}`)).toMatchObject({
      ...{ status: 'succeeded', result: { counts: { message: 1, document: 1 } } },
    });
    const asked = await call(admin, `admin/users/${person.id}/erase`, {});
    expect(asked.status).toBe(202);
    expect(await ended(admin, `admin/jobs/${String(asked.body['id'])}`)).toMatchObject({
      ...{ status: 'succeeded', result: { counts: { principal: 1, message: 1, document: 1 } } },
    });
    expect(await owner('SELECT 1 FROM app.principal WHERE id = $1', [person.id])).toEqual([]);
    // Nobody is left to take out or away.
    for (const deed of ['export', 'erase'])
      expect((await call(admin, `admin/users/${person.id}/${deed}`, {})).status).toBe(404);
  });

  it('leaves no word of it anywhere', async () => {
    const people = await owner<{ id: string; tenant_id: string }>(
      `SELECT id, tenant_id FROM app.principal WHERE name = $1`,
      [CANARY],
    );
    expect(people.length).toBeGreaterThan(0);
    // Of the tenants of the tests before as well.
    for (const { id, tenant_id: tenantId } of people) {
      const by = tenantId === admin.tenantId ? admin : await app.signedIn('tenant_admin', await slugOf(tenantId));
      const asked = await call(by, `admin/users/${id}/erase`, {});
      await ended(by, `admin/jobs/${String(asked.body['id'])}`);
    }
    expect(await tablesWith(CANARY)).toEqual([]);
    expect(filesWith(CANARY)).toEqual([]);
    expect(await archives()).toEqual([]);
  }, 60_000);

  it('has an archive until the person is erased, or for seven days', async () => {
    const asked = await call(person, `${person.slug}/me/export`, {});
    const path = `${person.slug}/me/jobs/${String(asked.body['id'])}`;
    await ended(person, path);
    const [key] = await archives(admin.tenantId);
    if (key === undefined) throw new Error('There is no archive');
    const sweeper = app.app.get(Archives);
    await sweeper.sweep();
    expect(await archives(admin.tenantId)).toEqual([key]);
    await age(key, 7.1);
    await sweeper.sweep();
    expect(await archives(admin.tenantId)).toEqual([]);
    expect(await call(person, path)).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    expect(await call(person, `${path}/file`)).toMatchObject({
      ...{ status: 404, body: { detail: expect.stringContaining('no file') } },
    });
    await ended(admin, `admin/jobs/${String((await call(admin, `admin/users/${person.id}/export`, {})).body['id'])}`);
    expect(await archives(admin.tenantId)).toHaveLength(1);
    const erased = await call(admin, `admin/users/${person.id}/erase`, {});
    await ended(admin, `admin/jobs/${String(erased.body['id'])}`);
    expect(await archives(admin.tenantId)).toEqual([]);
  });

  it('is in invitations and their record too, of those that were accepted and those that were not', async () => {
    const email = `${CANARY}.${newId()}@example.test`;
    const invite = async () => (await call(admin, 'admin/invitations', { email })).body;
    const revoked = await invite();
    await call(admin, `admin/invitations/${String(revoked['id'])}`, undefined, 'DELETE');
    const token = /[?&]token=([\w-]+)/.exec(String((await invite())['accept_url']))?.[1];
    const accepted = await app.call('/api/auth/invitations/accept', {
      body: { token, name: 'Guest', password: PASSWORD },
    });
    const { user } = accepted.body as unknown as { user: { id: string } };
    const asked = await call(admin, `admin/users/${user.id}/erase`, {});
    expect(await ended(admin, `admin/jobs/${String(asked.body['id'])}`)).toMatchObject({
      ...{ status: 'succeeded', result: { counts: { principal: 1, invitation: 1 } } },
    });
    expect(await tablesWith(email)).toEqual([]);
  });

  it.each(['itself', 'an admin'])(
    'is a visitor’s of a widget as well: taken along, and taken away, by %s',
    async (who) => {
      const page = { origin: 'https://shop.example.com' };
      const { body: widget } = await call(admin, 'admin/widgets', { name: CANARY, origins: [page.origin] });
      const path = `/api/public/widgets/${String(widget['public_key'])}/sessions`;
      const enter = (body: object) => app.call(path, { body, headers: page });
      const { body: session } = await enter({});
      const id = String(session['visitor_id']);
      const own = { token: String(session['access_token']), headers: page };
      const ask = (deed: string) =>
        who === 'itself'
          ? app.call(`/api/${admin.slug}/me/${deed}`, { ...own, body: {} })
          : call(admin, `admin/users/${id}/${deed}`, {});
      const exported = await ask('export');
      expect([exported.status, exported.text]).toEqual([202, exported.text]);
      const job = String(exported.body['id']);
      for (let tries = 0; (await archives(admin.tenantId)).length === 0 && tries < 100; tries++) await sleep(50);
      const read = async () =>
        who === 'itself' ? app.call(`/api/${admin.slug}/me/jobs/${job}`, own) : call(admin, `admin/jobs/${job}`);
      while ((await read()).body['status'] === 'running') await sleep(50);
      expect((await read()).body).toMatchObject({ result: { counts: { principal: 1, visitor: 1, session: 1 } } });
      const erased = await ask('erase');
      expect(erased.status).toBe(202);
      expect(await ended(admin, `admin/jobs/${String(erased.body['id'])}`)).toMatchObject({
        ...{ status: 'succeeded', result: { counts: { principal: 1, visitor: 1, session: 1 } } },
      });
      expect((await tablesWith(id)).filter((table) => !['app.audit_event', 'app.job'].includes(table))).toEqual([]);
      expect(await archives(admin.tenantId)).toEqual([]);
      expect((await app.call('/api/auth/me', own)).status).toBe(401);
      // What opened it opens somebody new's.
      const again = await enter({ visitor_token: session['visitor_token'] });
      expect(again.body['visitor_id']).not.toBe(id);
    },
  );

  it('is not what somebody did to others: of that the record keeps all but the address', async () => {
    const leaver = await app.signedIn('tenant_admin', admin);
    await call(leaver, `admin/users/${other.id}`, { name: 'Sparrow' }, 'PATCH');
    const asked = await call(admin, `admin/users/${leaver.id}/erase`, {});
    expect(await ended(admin, `admin/jobs/${String(asked.body['id'])}`)).toMatchObject({ status: 'succeeded' });
    const rows = await owner<{ details: unknown; address: unknown }>(
      `SELECT details, address FROM app.audit_event WHERE actor_id = $1 AND target_id = $2`,
      [leaver.id, other.id],
    );
    expect(rows).toEqual([{ address: null, details: { changes: [expect.objectContaining({ after: 'Sparrow' })] } }]);
    expect(await tablesWith(leaver.email)).toEqual([]);
  });

  it('stays when the person was enabled again before it began, or no admin would remain', async () => {
    const erasure = async (id: string, between: () => Promise<unknown>) => {
      const claim = jest.spyOn(app.app.get(JobRepository), 'claim').mockResolvedValue(null);
      const asked = await call(admin, `admin/users/${id}/erase`, {});
      await between();
      claim.mockRestore();
      await app.app.get(JobRunner).sweep();
      const [job] = await owner('SELECT status, error FROM app.job WHERE id = $1', [asked.body['id']]);
      return job;
    };
    const enabled = () => call(admin, `admin/users/${person.id}`, { disabled: false }, 'PATCH');
    expect(await erasure(person.id, enabled)).toEqual({
      ...{ status: 'failed', error: { code: 'CONFLICT', message: expect.stringContaining('enabled again') } },
    });
    const documents = await owner('SELECT 1 FROM app.document WHERE owner_id = $1 AND deleted_at IS NULL', [person.id]);
    expect(documents).toHaveLength(1);
    const second = await app.signedIn('tenant_admin', admin);
    const left = () => owner('UPDATE app.principal SET disabled_at = now() WHERE id = $1', [admin.id]);
    expect(await erasure(second.id, left)).toMatchObject({
      ...{ status: 'failed', error: { message: expect.stringContaining('last admin') } },
    });
    expect(await owner('SELECT 1 FROM app.principal WHERE id = $1', [second.id])).toHaveLength(1);
    await owner('UPDATE app.principal SET disabled_at = NULL WHERE id = $1', [admin.id]);
  });

  it('is not the last admin’s to lose, nor staff’s by themselves, nor a stranger’s', async () => {
    expect((await call(admin, `admin/users/${admin.id}/erase`, {})).status).toBe(409);
    expect((await call(admin, `${admin.slug}/me/erase`, {})).status).toBe(403);
    expect((await call(person, `admin/users/${other.id}/erase`, {})).status).toBe(403);
    const stranger = await app.signedIn('tenant_admin');
    expect((await call(stranger, `admin/users/${person.id}/erase`, {})).status).toBe(404);
    expect((await call(stranger, `admin/users/${person.id}/export`, {})).status).toBe(404);
    expect((await call(person, 'auth/me')).status).toBe(200);
  });

  /** Of one tenant, or of those of this test and the ones before. */
  async function archives(of?: string): Promise<BlobKey[]> {
    const tenants = await owner<{ tenantId: string }>('SELECT id AS "tenantId" FROM app.tenant');
    const keys = await Promise.all(tenants.map((tenant) => app.app.get(BlobStore).ofTenant(tenant)));
    return keys.flat().filter(({ purpose, tenantId }) => purpose === 'export' && (of ?? tenantId) === tenantId);
  }

  async function age({ id, tenantId }: BlobKey, days: number): Promise<void> {
    await owner(`UPDATE app.blob SET loose_since = now() - make_interval(hours => $2) WHERE id = $1`, [
      ...[id, Math.round(days * 24)],
    ]);
    const path = join(app.config.dataDir, 'exports', 'incoming', `${tenantId}-${id}`);
    const then = new Date(Date.now() - days * 24 * 3600_000);
    if (existsSync(path)) utimesSync(path, then, then);
  }

  async function slugOf(tenantId: string): Promise<{ tenantId: string; slug: string }> {
    const [row] = await owner<{ slug: string }>('SELECT slug FROM app.tenant WHERE id = $1', [tenantId]);
    return { tenantId, slug: row?.slug ?? '' };
  }
});
