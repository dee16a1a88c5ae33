import { loadConfig } from '#platform/config';
import { newId } from '#platform/database';
import { EventBus } from '#platform/events';
import { ExpiryService } from '#platform/expiry';
import { createLogger } from '#platform/logging';
import { TenantSettingsCache } from '#tenants';
import { IdempotencyExpiry } from '../../../src/platform/http/idempotency.expiry.js';
import { SessionExpiry } from '../../../src/auth/sessions/session.expiry.js';
import { ConversationExpiry } from '../../../src/conversations/store/conversation.expiry.js';
import { TenantRepository } from '../../../src/tenants/tenant.repository.js';
import { ToolCallExpiry } from '../../../src/tools/tool-call.expiry.js';
import { VisitorExpiry } from '../../../src/widget/sessions/visitor.expiry.js';
import { OutboxExpiry } from '../../../src/platform/outbox/outbox.expiry.js';
import { TestDatabase } from '../../support/test-database.js';

const CLOCK_SEQ = (age: string) => `(extract(epoch FROM now() - interval '${age}') * 1000000)::bigint`;

describe('what is too old', () => {
  let db: TestDatabase;
  let expiry: ExpiryService;
  const tenants: { tenantId: string; principal: string }[] = [];

  beforeAll(async () => {
    db = await TestDatabase.start();
    for (let n = 0; n < 2; n++) {
      const { tenantId } = await db.tenant();
      tenants.push({ tenantId, principal: await db.principal(tenantId) });
    }
  });
  beforeEach(() => {
    const logger = createLogger({ level: 'silent' });
    expiry = new ExpiryService(db.uow, logger);
    for (const Kind of [IdempotencyExpiry, OutboxExpiry, SessionExpiry, VisitorExpiry]) new Kind(expiry);
    const settings = new TenantSettingsCache(loadConfig({}), new TenantRepository(db.uow), new EventBus(logger));
    for (const Kind of [ConversationExpiry, ToolCallExpiry]) new Kind(expiry, settings);
  });
  afterAll(() => db.stop());

  const left = async (table: string, column: string): Promise<string[][]> =>
    Promise.all(
      tenants.map(async (tenant) =>
        (
          await db.uow.query<{ value: string }>(tenant, `SELECT ${column} AS value FROM ${table} ORDER BY ${column}`)
        ).map(({ value }) => value),
      ),
    );

  it('goes, in batches and for every tenant, and what is young stays', async () => {
    for (const { tenantId, principal } of tenants) {
      const scope = { tenantId };
      await db.uow.query(
        scope,
        `INSERT INTO app.idempotency_key (tenant_id, principal_id, key, request_hash, created_at)
         SELECT $1, $2, CASE WHEN n <= 3 THEN 'young-' ELSE 'old-' END || n, '\\x00',
                now() - CASE WHEN n <= 3 THEN interval '23 hours' ELSE interval '25 hours' END
         FROM generate_series(1, 1203) n`,
        [tenantId, principal],
      );
      for (const [agent, expires, revoked] of [
        ['alive', `+ interval '1 day'`, null],
        ['revoked lately', `+ interval '1 day'`, `- interval '29 days'`],
        ['over lately', `- interval '29 days'`, null],
        ['revoked long ago', `+ interval '1 day'`, `- interval '31 days'`],
        ['over long ago', `- interval '31 days'`, null],
      ] as const) {
        await db.uow.query(
          scope,
          `INSERT INTO app.session (tenant_id, id, principal_id, refresh_hash, user_agent, expires_at, revoked_at)
           VALUES ($1, $2, $3, '\\x00', $4, now() ${expires}, ${revoked === null ? 'NULL' : `now() ${revoked}`})`,
          [tenantId, newId(), principal, agent],
        );
      }
      for (const [type, processed] of [
        ['waiting', null],
        ['lately', `- interval '6 days'`],
        ['long ago', `- interval '8 days'`],
      ] as const) {
        await db.uow.query(
          scope,
          `INSERT INTO app.outbox (tenant_id, id, type, payload, created_at, processed_at)
           VALUES ($1, $2, $3, '{}', now() - interval '9 days', ${processed === null ? 'NULL' : `now() ${processed}`})`,
          [tenantId, newId(), type],
        );
      }
      for (const [title, failedOnly, count, age] of [
        ['answered', false, 2, '90 days'],
        ['answered, then failed', true, 2, '90 days'],
        ['empty', false, 0, '90 days'],
        ['failed lately', true, 0, '29 days'],
        ['failed long ago', true, 0, '31 days'],
      ] as const) {
        const id = newId();
        await db.uow.query(
          scope,
          `INSERT INTO app.conversation (tenant_id, id, principal_id, title, failed_only, message_count, last_seq)
           VALUES ($1, $2, $3, $4, $5, $6, ${CLOCK_SEQ(age)})`,
          [tenantId, id, principal, title, failedOnly, count],
        );
        await db.uow.query(
          scope,
          `INSERT INTO app.message (tenant_id, id, conversation_id, seq, role, content, state) VALUES ($1, $2, $3, 1, 'user', $4, 'discarded')`,
          [tenantId, newId(), id, title],
        );
      }
    }

    for (const { tenantId, principal } of tenants) {
      const [conversation, question] = [newId(), newId()];
      const scope = { tenantId };
      await db.uow.query(
        scope,
        `INSERT INTO app.conversation (tenant_id, id, principal_id, title, message_count) VALUES ($1, $2, $3, 'followed', 1)`,
        [tenantId, conversation, principal],
      );
      await db.uow.query(
        scope,
        `INSERT INTO app.message (tenant_id, id, conversation_id, seq, role, content) VALUES ($1, $2, $3, 1, 'user', 'followed')`,
        [tenantId, question, conversation],
      );
      // What owners that died left behind, and what one still writes.
      for (const [text, age] of [
        ['forgotten', '61 minutes'],
        ['being written', '59 minutes'],
      ] as const) {
        const turn = newId();
        await db.uow.query(
          scope,
          `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, accepted_by, status, content, seq)
           VALUES ($1, $2, $3, $4, $5, $2, $2, 'completed', 'followed', 1)`,
          [tenantId, turn, conversation, principal, question],
        );
        await db.uow.query(
          scope,
          `INSERT INTO app.turn_live (tenant_id, turn_id, fence, revision, state, text, updated_at)
           VALUES ($1, $2, 1, 1, '{}', $3, now() - interval '${age}')`,
          [tenantId, turn, text],
        );
      }
    }

    expect(await expiry.sweep()).toEqual({
      'idempotency keys': 2400,
      sessions: 4,
      'conversations that only failed': 2,
      'processed events': 2,
      'texts of turns that were followed': 2,
    });
    const both = (values: string[]) => [values, values];
    expect(await left('app.idempotency_key', 'key')).toEqual(both(['young-1', 'young-2', 'young-3']));
    expect(await left('app.session', 'user_agent')).toEqual(both(['alive', 'over lately', 'revoked lately']));
    expect(await left('app.outbox', 'type')).toEqual(both(['lately', 'waiting']));
    expect(await left('app.turn_live', 'text')).toEqual(both(['being written']));
    const kept = both(['answered', 'answered, then failed', 'empty', 'failed lately', 'followed']);
    expect(await left('app.conversation', 'title')).toEqual(kept);
    expect(await left('app.message', 'content')).toEqual(kept);
    expect(await expiry.sweep()).toEqual({});
  });

  it('goes when its tenant says so, and nothing of a tenant that does not', async () => {
    const [keeping, forgetting] = await Promise.all([db.tenant(), db.tenant()]);
    const settings = { retention: { conversations_days: 30, traces_days: 7 } };
    await db.uow.query(forgetting, 'UPDATE app.tenant SET settings = $2 WHERE id = $1', [
      forgetting.tenantId,
      JSON.stringify(settings),
    ]);
    const said = async (tenant: { tenantId: string }, sql: string) =>
      (await db.uow.query<{ said: string }>(tenant, sql)).map(({ said }) => said);
    for (const tenant of [keeping, forgetting]) {
      const principal = await db.principal(tenant.tenantId);
      for (const [title, age, status] of [
        ['old', '31 days', 'completed'],
        ['recent', '29 days', 'completed'],
        ['old, being answered', '31 days', 'queued'],
      ] as const) {
        const [conversation, question, turn] = [newId(), newId(), newId()];
        await db.uow.query(
          tenant,
          `INSERT INTO app.conversation (tenant_id, id, principal_id, title, message_count, last_interaction_at)
           VALUES ($1, $2, $3, $4, 1, now() - interval '${age}')`,
          [tenant.tenantId, conversation, principal, title],
        );
        await db.uow.query(
          tenant,
          `INSERT INTO app.message (tenant_id, id, conversation_id, seq, role, content) VALUES ($1, $2, $3, 1, 'user', $4)`,
          [tenant.tenantId, question, conversation, title],
        );
        await db.uow.query(
          tenant,
          `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, accepted_by, status, content, seq)
           VALUES ($1, $2, $3, $4, $5, $2, $2, $6, $7, 1)`,
          [tenant.tenantId, turn, conversation, principal, question, status, title],
        );
        for (const days of [91, 89, 8, 6])
          await db.uow.query(
            tenant,
            `INSERT INTO app.tool_call (tenant_id, id, turn_id, conversation_id, message_id, attempt, start, agent_key, tool_key,
               idempotency_key, arguments, status, started_at)
             VALUES ($1, $2, $3, $4, $5, 1, 1, 'a', $6, $6, '{}', 'succeeded', now() - make_interval(days => $7))`,
            [tenant.tenantId, newId(), turn, conversation, question, `${title}, ${days} days ago`, days],
          );
      }
    }
    const calls = 'SELECT tool_key AS said FROM app.tool_call ORDER BY tool_key';
    const titles = 'SELECT title AS said FROM app.conversation ORDER BY title';
    const keys = (names: string[], ages: number[]) =>
      names.flatMap((name) => ages.map((days) => `${name}, ${days} days ago`)).sort();
    // The old conversation's own four calls go with it.
    expect(await expiry.sweep()).toEqual({ conversations: 1, 'tool calls': 3 + 2 * 3 });
    expect(await said(keeping, titles)).toEqual(['old', 'old, being answered', 'recent']);
    expect(await said(forgetting, titles)).toEqual(['old, being answered', 'recent']);
    expect(await said(keeping, calls)).toEqual(keys(['old', 'old, being answered', 'recent'], [6, 8, 89]));
    expect(await said(forgetting, calls)).toEqual(keys(['old, being answered', 'recent'], [6]));
    expect(await said(forgetting, 'SELECT content AS said FROM app.message ORDER BY content')).toEqual([
      'old, being answered',
      'recent',
    ]);
    expect(await expiry.sweep()).toEqual({});
  });

  it.each([
    {},
    { retention: null },
    { retention: { conversations_days: 'x' } },
    { retention: { conversations_days: 0 } },
  ])('stays under settings that say nothing of use: %j', async (settings) => {
    const tenant = await db.tenant();
    const rows = await db.uow.query(
      tenant,
      'UPDATE app.tenant SET settings = $2 WHERE id = $1 RETURNING conversations_kept_days AS days',
      [tenant.tenantId, JSON.stringify(settings)],
    );
    expect(rows).toEqual([{ days: null }]);
  });

  it('takes visitors with it who never wrote, and of the others what would know them again', async () => {
    for (const { tenantId } of tenants) {
      const scope = { tenantId };
      const widget = newId();
      await db.uow.query(
        scope,
        `INSERT INTO app.widget (tenant_id, id, public_key, name, sealed, last4) VALUES ($1, $2, 'pk', 'w', '\\x0000000000', '')`,
        [tenantId, widget],
      );
      for (const [name, age, wrote] of [
        ['silent, long ago', '181 days', false],
        ['silent, lately', '179 days', false],
        ['wrote, long ago', '181 days', true],
        ['wrote, lately', '179 days', true],
      ] as const) {
        const id = newId();
        await db.uow.query(
          scope,
          `INSERT INTO app.principal (tenant_id, id, kind, role, name) VALUES ($1, $2, 'visitor', 'visitor', $3)`,
          [tenantId, id, name],
        );
        await db.uow.query(
          scope,
          `INSERT INTO app.visitor (tenant_id, id, widget_id, token_hash, last_seen_at)
           VALUES ($1, $2, $3, '\\x00', now() - interval '${age}')`,
          [tenantId, id, widget],
        );
        if (wrote)
          await db.uow.query(
            scope,
            `INSERT INTO app.conversation (tenant_id, id, principal_id, title) VALUES ($1, $2, $3, 'of a visitor')`,
            [tenantId, newId(), id],
          );
      }
    }
    const visitors = (scope: { tenantId: string }) =>
      db.uow.query<{ name: string; known: boolean }>(
        scope,
        `SELECT p.name, v.id IS NOT NULL AS known FROM app.principal p
         LEFT JOIN app.visitor v ON v.tenant_id = p.tenant_id AND v.id = p.id WHERE p.kind = 'visitor' ORDER BY p.name`,
      );
    expect(await expiry.sweep()).toEqual({ 'visitors without conversations': 2, visitors: 2 });
    for (const scope of tenants) {
      expect(await visitors(scope)).toEqual([
        { name: 'silent, lately', known: true },
        { name: 'wrote, lately', known: true },
        { name: 'wrote, long ago', known: false },
      ]);
    }
    expect(await expiry.sweep()).toEqual({});

    // Nobody is known again by a widget that is gone.
    const [first = { tenantId: '' }, second = { tenantId: '' }] = tenants;
    await db.uow.query(first, 'DELETE FROM app.widget WHERE tenant_id = $1', [first.tenantId]);
    expect(await expiry.sweep()).toEqual({ 'visitors without conversations': 1, visitors: 1 });
    expect(await visitors(first)).toEqual([
      { name: 'wrote, lately', known: false },
      { name: 'wrote, long ago', known: false },
    ]);
    expect(await visitors(second)).toHaveLength(3);
    expect(await expiry.sweep()).toEqual({});
  });

  it('one kind that cannot be deleted keeps no other from going', async () => {
    const [tenant] = tenants;
    const broken = new ExpiryService(db.uow, createLogger({ level: 'silent' }));
    broken.register({ name: 'x', table: 'x', key: [], afterSeconds: 1, tenants: 'app.nothing', condition: 'true' });
    new IdempotencyExpiry(broken);
    await db.uow.query(
      { tenantId: tenant!.tenantId },
      `UPDATE app.idempotency_key SET created_at = now() - interval '2 days' WHERE key = 'young-1'`,
    );
    expect(await broken.sweep()).toEqual({ 'idempotency keys': 1 });
  });
});
