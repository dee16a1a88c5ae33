import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { IdempotencyKeys } from '#platform/http';
import { SecretBox } from '#platform/secrets';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { ApiKeyVerifier } from '../../../src/auth/api-keys/api-key.verifier.js';
import { SessionRepository } from '../../../src/auth/sessions/session.repository.js';
import { ConversationRepository } from '../../../src/conversations/store/conversation.repository.js';
import { MessageRepository } from '../../../src/conversations/store/message.repository.js';
import { DocumentRepository } from '../../../src/rag/documents/document.repository.js';
import { contextOf } from '../../support/conversation-world.js';
import { TestDatabase } from '../../support/test-database.js';
import { ExplainingUnitOfWork, nodesOf, planOfLookup, type PlanNode } from './explaining-unit-of-work.js';

/**
 * The statements that run all day, on 36,000 rows a table of three tenants: each finds its rows by an index, in the order in
 * which it needs them. Only Postgres' planner with statistics can say so, hence not on the embedded database.
 */
describe('the plan of a hot statement', () => {
  const MANY = 12_000;
  let database: TestDatabase;
  let work: ExplainingUnitOfWork;
  let ctx: RequestContext;
  let big: { conversation: string; base: string; session: string };

  beforeAll(async () => {
    database = await TestDatabase.start();
    work = new ExplainingUnitOfWork(database.dataSource);
    const tenants = [await database.tenant(), await database.tenant(), await database.tenant()];
    for (const { tenantId } of tenants) {
      const ids = { conversation: newId(), base: newId(), session: newId() };
      const principal = await database.principal(tenantId);
      await fill(database.ownerUrl, { tenantId, principal, ...ids });
      ctx = contextOf(tenantId, principal);
      big = ids;
    }
    await asOwner(database.ownerUrl, ['ANALYZE']);
  }, 120_000);
  afterAll(() => database.stop());

  /** Every statement that `run` sends. */
  const plansOf = async (run: () => Promise<unknown>): Promise<PlanNode[]> => {
    work.plans.length = 0;
    await run();
    expect(work.plans.length).toBeGreaterThan(0);
    return work.plans.flatMap(({ root }) => nodesOf(root));
  };
  /** The table of tenants has three rows: reading it whole is right. So is sorting what a LIMIT left. */
  const faults = (nodes: readonly PlanNode[]) =>
    nodes
      .filter((node) => (/Sort/.test(node['Node Type']) ? !isLimited(node) : node['Node Type'] === 'Seq Scan'))
      .filter((node) => node['Relation Name'] !== 'tenant')
      .map((node) => `${node['Node Type']} ${node['Relation Name'] ?? ''}`);

  const conversations = new ConversationRepository();
  const cases: [string, () => Promise<unknown>][] = [
    [
      'the first page of conversations',
      () => work.run(ctx, (tx) => conversations.page(tx, ctx.principal.id, { limit: 21, before: null })),
    ],
    [
      'a later page of conversations',
      () => {
        const before = { at: new Date(Date.now() - 3600_000).toISOString(), id: newId() };
        return work.run(ctx, (tx) => conversations.page(tx, ctx.principal.id, { limit: 21, before }));
      },
    ],
    [
      'a page of messages',
      () =>
        work.run(ctx, (tx) =>
          new MessageRepository().page(tx, big.conversation, { limit: 21, after: 5000, descending: false }),
        ),
    ],
    [
      'the last messages',
      () =>
        work.run(ctx, (tx) =>
          new MessageRepository().page(tx, big.conversation, { limit: 21, after: null, descending: true }),
        ),
    ],
    [
      'a page of turns',
      () => work.run(ctx, (tx) => conversations.turns(tx, big.conversation, { limit: 21, before: null })),
    ],
    [
      'a later page of turns',
      () => work.run(ctx, (tx) => conversations.turns(tx, big.conversation, { limit: 21, before: newId() })),
    ],
    [
      'a page of documents',
      () => new DocumentRepository(work).list(ctx, big.base, { limit: 21, before: newId(), status: null }),
    ],
    [
      'the failed documents',
      () => new DocumentRepository(work).list(ctx, big.base, { limit: 21, before: null, status: 'failed' }),
    ],
    [
      'the session behind a request',
      () => new SessionRepository(work).findAlive({ ...ctx, principal: { ...ctx.principal, sessionId: big.session } }),
    ],
    [
      'an API key',
      () =>
        new ApiKeyVerifier(work).verify(`sk_${ctx.tenantId}_${'a'.repeat(43)}`, 'c').catch((error: unknown) => error),
    ],
    [
      'an idempotency key, and its repeat',
      async () => {
        const keys = new IdempotencyKeys(work, new SecretBox([randomBytes(32)]));
        const key = `k-${newId()}`;
        await keys.claim(ctx, key, 'x');
        await keys.claim(ctx, key, 'x').catch(() => undefined);
      },
    ],
  ];

  it.each(cases)('%s reads no table whole and sorts nothing', async (_what, run) => {
    expect(faults(await plansOf(run))).toEqual([]);
  });

  it.each([
    ['claim_outbox', { most: '100', seconds: '30' }],
    ['tenants_with_events', { most: '20' }],
    ['tenants_of_old_deliveries', { age_seconds: '2592000', most: '500' }],
    ['deleted_documents', { older_than_seconds: '60', most: '100' }],
    ['loose_blobs', { wanted: "'document'", older_than_seconds: '3600', most: '100' }],
    ['tenants_of_ended_sessions', { age_seconds: '2592000', most: '500' }],
    ['tenants_of_old_idempotency_keys', { age_seconds: '86400', most: '500' }],
    ['tenants_of_processed_events', { age_seconds: '604800', most: '500' }],
    ['tenants_of_failed_conversations', { age_seconds: '2592000', most: '50' }],
    ['tenants_of_old_conversations', { age_seconds: 'NULL', most: '50' }],
    ['tenants_of_old_tool_calls', { age_seconds: '7776000', most: '500' }],
    ['tenants_of_old_visitors', { age_seconds: '15552000', most: '500' }],
    ['origin_is_known', { patterns: `ARRAY['https://w7.example.com']` }],
  ])('%s goes by what is due', async (name, args) => {
    expect(faults(nodesOf(await planOfLookup(database.ownerUrl, name, args)))).toEqual([]);
  });

  it('claim_deliveries finds a few rows of each webhook, and sorts those alone', async () => {
    const args = { most: '32', of_each: '4', seconds: '45', busy: `'{}'::uuid[]` };
    const nodes = nodesOf(await planOfLookup(database.ownerUrl, 'claim_deliveries', args));
    expect(faults(nodes)).toEqual(['Sort ']);
    const read = nodes.filter((node) => node['Relation Name'] === 'webhook_delivery').map((node) => node['Node Type']);
    expect(read.filter((type) => !/^(Index|Update|ModifyTable)/.test(type))).toEqual([]);
  });

  it('due_documents finds one row of each tenant that waits, and sorts those alone', async () => {
    const args = { abandoned_seconds: '20', started: 'now()', served: `'{}'::uuid[]`, most: '20' };
    const nodes = nodesOf(await planOfLookup(database.ownerUrl, 'due_documents', args));
    expect(faults(nodes)).toEqual(['Sort ']);
    const read = nodes.filter((node) => node['Relation Name'] === 'document').map((node) => node['Node Type']);
    expect(read.filter((type) => !/^Index/.test(type))).toEqual([]);
  });

  it('shows what it looks for: an order that no index has is a fault', async () => {
    const nodes = await plansOf(() =>
      work.run(ctx, (tx) =>
        tx.query('SELECT id FROM app.conversation WHERE tenant_id = $1 ORDER BY title LIMIT 20', [ctx.tenantId]),
      ),
    );
    expect(faults(nodes)).not.toEqual([]);
  });

  interface Filled {
    readonly tenantId: string;
    readonly principal: string;
    readonly conversation: string;
    readonly base: string;
    readonly session: string;
  }

  /** Half of everything belongs to one person, one conversation, one base; the rest is spread. */
  async function fill(url: string, { tenantId: t, principal: p, conversation, base, session }: Filled): Promise<void> {
    const rows = (select: string) => `SELECT ${select} FROM generate_series(1, ${MANY}) n`;
    const mine = (id: string) => `CASE WHEN n % 2 = 0 THEN '${id}'::uuid ELSE gen_random_uuid() END`;
    const past = `now() - n * interval '1 minute'`;
    await asOwner(url, [
      // Foreign keys are not what is looked at.
      `SET session_replication_role = replica`,
      `INSERT INTO app.conversation (tenant_id, id, principal_id, title, message_count, failed_only, last_interaction_at)
       ${rows(`'${t}', CASE n WHEN 2 THEN '${conversation}'::uuid ELSE gen_random_uuid() END, ${mine(p)}, 'x', n % 3, n % 6 = 0, ${past}`)}`,
      `INSERT INTO app.message (tenant_id, id, conversation_id, seq, role, content, state)
       ${rows(`'${t}', gen_random_uuid(), ${mine(conversation)}, n, 'user', 'x', CASE WHEN n % 20 = 0 THEN 'discarded' ELSE 'final' END`)}`,
      `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, accepted_by, status, content, seq)
       ${rows(`'${t}', gen_random_uuid(), ${mine(conversation)}, '${p}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'completed', 'x', n`)}`,
      `INSERT INTO app.tool_call (tenant_id, id, turn_id, conversation_id, message_id, attempt, start, agent_key, tool_key,
         idempotency_key, arguments, status, started_at)
       ${rows(`'${t}', gen_random_uuid(), gen_random_uuid(), ${mine(conversation)}, gen_random_uuid(), 1, 1, 'x', 'x', 'k' || n, '{}', 'succeeded', ${past}`)}`,
      `INSERT INTO app.document (tenant_id, id, knowledge_base_id, title, source_type, mime_type, status, updated_at)
       ${rows(`'${t}', gen_random_uuid(), ${mine(base)}, 'x', 'text', 'text/plain', CASE WHEN n % 100 = 0 THEN 'queued' WHEN n % 10 = 0 THEN 'failed' ELSE 'ready' END, ${past}`)}`,
      `INSERT INTO app.blob (tenant_id, purpose, id, size, loose_since)
       ${rows(`'${t}', 'document', gen_random_uuid(), 1, CASE WHEN n % 100 = 0 THEN ${past} END`)}`,
      `INSERT INTO app.outbox (tenant_id, id, type, payload, created_at, processed_at)
       ${rows(`'${t}', gen_random_uuid(), 'x', '{}', ${past}, CASE WHEN n % 100 > 0 THEN now() END`)}`,
      `INSERT INTO app.outbox (tenant_id, id, type, payload, outside)
       ${rows(`'${t}', gen_random_uuid(), 'turn.completed', '{}', true`)}`,
      `INSERT INTO app.webhook_delivery (tenant_id, id, webhook_id, kind, event_id, type, body, position, status,
         next_attempt_at, ended_at)
       ${rows(`'${t}', gen_random_uuid(), ${mine(base)}, 'event', gen_random_uuid(), 'turn.completed', '{}', n,
         CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'delivered' END, CASE WHEN n % 100 = 0 THEN ${past} END,
         CASE WHEN n % 100 > 0 THEN ${past} END`)}`,
      `INSERT INTO app.principal (tenant_id, id, kind, role) ${rows(`'${t}', gen_random_uuid(), 'end_user', 'end_user'`)}`,
      `INSERT INTO app.widget (tenant_id, id, public_key, name, origins, sealed, last4)
       ${rows(`'${t}', gen_random_uuid(), 'pk_' || n, 'w' || n, ARRAY['https://w' || n || '.example.com'], '\\x0102030405', 'abcd'`)}`,
      `INSERT INTO app.tenant_origin (tenant_id, origin) ${rows(`'${t}', 'https://w' || n || '.example.com'`)}`,
      `INSERT INTO app.visitor (tenant_id, id, widget_id, token_hash, last_seen_at)
       ${rows(`'${t}', gen_random_uuid(), gen_random_uuid(), sha256(n::text::bytea), ${past}`)}`,
      `INSERT INTO app.session (tenant_id, id, principal_id, widget_id, refresh_hash, expires_at)
       ${rows(`'${t}', CASE n WHEN 2 THEN '${session}'::uuid ELSE gen_random_uuid() END, ${mine(p)}, CASE WHEN n % 3 = 0 THEN gen_random_uuid() END, sha256(n::text::bytea), now() + interval '1 day'`)}`,
      `INSERT INTO app.api_key (tenant_id, id, name, key_hash, last4, role, scopes)
       ${rows(`'${t}', gen_random_uuid(), 'x', sha256(n::text::bytea), 'abcd', 'end_user', '{chat}'`)}`,
      `INSERT INTO app.idempotency_key (tenant_id, principal_id, key, request_hash)
       ${rows(`'${t}', ${mine(p)}, 'k' || n, sha256(n::text::bytea)`)}`,
    ]);
  }
});

function isLimited(node: PlanNode): boolean {
  const [below, ...others] = node.Plans ?? [];
  return node['Node Type'] === 'Limit' || (below !== undefined && others.length === 0 && isLimited(below));
}

async function asOwner(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
