import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { Client } from 'pg';
import { MessageRepository } from '../../../src/conversations/store/message.repository.js';
import { type NewTurn, type Settlement, TurnRepository } from '../../../src/conversations/store/turn.repository.js';
import { contextOf } from '../../support/conversation-world.js';
import { TestDatabase } from '../../support/test-database.js';
import {
  ExplainingUnitOfWork,
  nodesOf,
  pagesOf,
  planOfLookup,
  type PlanNode,
} from '../platform/explaining-unit-of-work.js';

/** Of each table of the one tenant that has much, in conversations of about 15. */
const ROWS = 30_000;
/** The largest conversation has every tenth row: whoever reads all of it reads a thousand pages. */
const LONG = 10;
/** A statement of one turn reads the pages of a few index descents, and those of the rows that it asks for. */
const FEW_PAGES = 250;

/**
 * What runs for every message and every tick, beside tens of thousands of rows that are of no concern to it. Only Postgres'
 * planner with statistics can say so, hence not on the embedded database.
 */
describe('a statement of the turns', () => {
  let database: TestDatabase;
  let work: ExplainingUnitOfWork;
  let ctx: RequestContext;
  let place: { conversation: string; long: string; question: string; clientMessageId: string };
  const turns = () => new TurnRepository(work);
  const messages = new MessageRepository();
  const instance = newId();

  beforeAll(async () => {
    database = await TestDatabase.start();
    work = new ExplainingUnitOfWork(database.dataSource);
    work.analyze = true;
    const { tenantId } = await database.tenant();
    const principal = await database.principal(tenantId);
    ctx = contextOf(tenantId, principal);
    place = { conversation: newId(), long: newId(), question: newId(), clientMessageId: newId() };
    await fill(tenantId, principal);
  }, 120_000);
  afterAll(() => database.stop());

  /** Runs as it does in the product, and judges every statement that was sent. */
  const expectLean = async (run: () => Promise<unknown>, most = FEW_PAGES) => {
    work.plans.length = 0;
    await run();
    expect(work.plans.length).toBeGreaterThan(0);
    for (const { root, text } of work.plans) {
      expect([text, whole(nodesOf(root))]).toEqual([text, []]);
      // What a prepared statement may come to run instead, whatever its values are.
      const { rows: generic } = await asked(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
      expect([text, whole(nodesOf(planOf(generic)))]).toEqual([text, []]);
      expect([text, pagesOf(root) < most ? 'few pages' : `${pagesOf(root)} pages`]).toEqual([text, 'few pages']);
    }
  };
  const rows = <R>(text: string, values: readonly unknown[]) =>
    database.uow.query<R>(ctx, text, [ctx.tenantId, ...values]);

  /** A question that nobody answers yet, with its turn. */
  const opened = (overrides: Partial<NewTurn> = {}): NewTurn => ({
    conversationId: place.long,
    principalId: ctx.principal.id,
    messageId: newId(),
    turnId: newId(),
    answerId: newId(),
    content: 'q',
    clientMessageId: newId(),
    fingerprint: Buffer.from('f'),
    metadata: {},
    request: {
      agent: null,
      channel: 'websocket',
      on_disconnect: 'continue',
      started_by: newId(),
      role: 'end_user',
      persona: null,
      session_id: null,
      correlation_id: newId(),
    },
    attempt: 1,
    retries: null,
    create: null,
    instance,
    leaseSeconds: 60,
    historyMessages: 10,
    queueMode: 'queue',
    wait: false,
    again: false,
    ...overrides,
  });
  const settlement = (turn: NewTurn, expect: Settlement['expect']): Settlement => ({
    turnId: turn.turnId,
    conversationId: turn.conversationId,
    expect,
    status: 'completed',
    agent: 'support',
    error: null,
    usage: null,
    timings: {},
    answer: { content: 'a', payloads: [], metadata: {}, tokensUsed: 1 },
    usageRecords: [],
    outbox: [],
    lastSeq: 0,
  });

  it.each(['a conversation that there is', 'a new one'])('that accepts a message into %s', async (where) => {
    const create = where === 'a new one' ? { channel: 'websocket', persona: null, title: 'x' } : null;
    const conversationId = create === null ? place.conversation : newId();
    const turn = opened({ conversationId, create });
    await expectLean(() =>
      work.run(ctx, async (tx) => {
        await turns().findEarlier(tx, ctx.principal.id, newId());
        if (create === null) await turns().lockConversation(tx, ctx.principal.id, conversationId);
        await turns().open(tx, turn);
      }),
    );
  });

  it('that finds an earlier message by the id of its client', () =>
    expectLean(() => work.run(ctx, (tx) => turns().findEarlier(tx, ctx.principal.id, place.clientMessageId))));

  it('of its beginning, its waiting, its claim and its end in a long conversation', async () => {
    const first = opened();
    const second = opened();
    await expectLean(() => work.run(ctx, (tx) => turns().open(tx, first)));
    await expectLean(() => work.run(ctx, (tx) => turns().open(tx, second)));
    const owned = { kind: 'owned', instance, fence: 1, ownerEpoch: 0 } as const;
    await expectLean(() => work.run(ctx, (tx) => turns().settle(tx, settlement(first, owned))));
    const claim = { instance, leaseSeconds: 60, historyMessages: 10, take: 'expired', mostStarts: 1 } as const;
    await expectLean(() =>
      work.run(ctx, (tx) => turns().claim(tx, { conversationId: place.long, turnId: second.turnId, ...claim })),
    );
    await expectLean(() => turns().release(ctx, { turnId: second.turnId, instance, fence: 1 }));
    await expectLean(() => work.run(ctx, (tx) => turns().requestCancel(tx, second.turnId)));
    const expired = { kind: 'expired' } as const;
    await expectLean(() => work.run(ctx, (tx) => turns().settle(tx, settlement(second, expired))));
    const [ended] = await rows('SELECT status FROM app.turn WHERE tenant_id = $1 AND id = $2', [second.turnId]);
    expect(ended).toEqual({ status: 'completed' });
  });

  it('that reads where a long conversation stands, and what was stored in it lately', async () => {
    await expectLean(() => work.run(ctx, (tx) => turns().position(tx, place.long)));
    await expectLean(() => work.run(ctx, (tx) => messages.eventsAfter(tx, place.long, ROWS - 50, 500)));
    await expectLean(() => work.run(ctx, (tx) => messages.outcomeOf(tx, place.long, newId())));
    // Whoever is far behind reads as much as is replayed, and no more.
    await expectLean(() => work.run(ctx, (tx) => messages.eventsAfter(tx, place.long, 0, 100)), 1000);
  });

  it.each([
    ['of a conversation', () => ({ conversationId: place.long })],
    ['by its id', () => ({ turnId: newId() })],
    ['of a socket', () => ({ startedBy: newId() })],
  ])('that finds what may be stopped, %s', (_what, target) =>
    expectLean(() => work.run(ctx, (tx) => turns().openOf(tx, ctx.principal.id, target()))),
  );

  it('that looks after all turns reads what is open, and no more when a hundred thousand more have ended', async () => {
    const many = await database.tenant();
    const insert = (count: number, status: string) =>
      owner(
        'SET session_replication_role = replica',
        `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, accepted_by, status, content,
                               seq, end_seq, lease_owner, lease_until, fence, created_at)
         SELECT '${many.tenantId}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
                '${instance}', '${status}', 'x', n, CASE WHEN '${status}' = 'completed' THEN n END,
                CASE WHEN '${status}' = 'running' THEN '${instance}'::uuid END,
                CASE WHEN '${status}' = 'running' THEN now() + interval '1 hour' END, 1, now() - interval '1 minute'
           FROM generate_series(1, ${count}) n`,
      );
    const pages = async () => {
      await owner('ANALYZE app.turn');
      // All that the function reads counts for the node that calls it.
      const look = async (held: unknown) => {
        const { rows: plans } = await asked(
          `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM app.look_after($1, $2, '[]', '[]', 6, false, 50, '{}')`,
          [instance, JSON.stringify(held)],
        );
        return pagesOf(planOf(plans));
      };
      const { rows: running } = await asked(
        `SELECT tenant_id AS tenant, id AS turn, fence, false AS renew FROM app.turn WHERE status = 'running' AND tenant_id = $1`,
        [many.tenantId],
      );
      return look(running);
    };
    await insert(2000, 'queued');
    await insert(100, 'running');
    await insert(70_000, 'completed');
    const before = await pages();
    await insert(100_000, 'completed');
    const after = await pages();
    // A handful for each open turn, or one more where an index has grown by a level. The new ones fill 3000 pages.
    expect(before).toBeLessThan(2100 * 6);
    expect(after - before).toBeLessThan(1000);
    const args = {
      instance: `'${instance}'::uuid`,
      held: `'[]'::jsonb`,
      watched: `'[]'::jsonb`,
      listened: `'[]'::jsonb`,
      seconds: '6',
      everything: 'false',
      room: '50',
      served: `'{}'::uuid[]`,
    };
    expect(whole(nodesOf(await planOfLookup(database.ownerUrl, 'look_after', args)))).toEqual([]);
  }, 120_000);

  it('shows what it looks for: a search by what no index has is a fault', async () => {
    work.plans.length = 0;
    await work.run(ctx, (tx) =>
      tx.query(`SELECT id FROM app.turn WHERE tenant_id = $1 AND content = 'y'`, [ctx.tenantId]),
    );
    const [plan] = work.plans;
    expect(plan === undefined || pagesOf(plan.root)).toBeGreaterThan(FEW_PAGES);
  });

  async function fill(tenant: string, principal: string): Promise<void> {
    const series = `generate_series(1, ${ROWS}) n`;
    const id = (salt: string, n: string) => `md5('${tenant}${salt}' || ${n})::uuid`;
    const conversation = `CASE WHEN n % ${LONG} = 0 THEN '${place.long}'::uuid WHEN n <= 15 THEN '${place.conversation}'::uuid
      ELSE ${id('c', '(n / 15)')} END`;
    await owner(
      'SET session_replication_role = replica',
      `INSERT INTO app.conversation (tenant_id, id, principal_id, title, last_seq)
       SELECT '${tenant}', ${id('c', 'n')}, '${principal}', 'x', ${ROWS} FROM ${series}`,
      `INSERT INTO app.conversation (tenant_id, id, principal_id, title, last_seq)
       VALUES ('${tenant}', '${place.long}', '${principal}', 'x', ${ROWS}), ('${tenant}', '${place.conversation}', '${principal}', 'x', ${ROWS})`,
      `INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, principal_id, seq, role, content, client_message_id)
       SELECT '${tenant}', CASE n WHEN 7 THEN '${place.question}'::uuid ELSE ${id('m', 'n')} END, ${conversation}, ${id('t', 'n')},
              '${principal}', n, CASE n % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, repeat('word ', 40),
              CASE n WHEN 7 THEN '${place.clientMessageId}'::uuid ELSE ${id('k', 'n')} END
         FROM ${series}`,
      `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, accepted_by, status, content, seq, end_seq)
       SELECT '${tenant}', ${id('t', 'n')}, ${conversation}, '${principal}', CASE n WHEN 7 THEN '${place.question}'::uuid ELSE ${id('m', 'n')} END,
              ${id('a', 'n')}, '${principal}', 'completed', 'x', n, n FROM ${series}`,
      `INSERT INTO app.budget_reservation (tenant_id, id, amount_usd, expires_at)
       SELECT '${tenant}', ${id('t', 'n')}, 1, now() FROM ${series}`,
      'ANALYZE',
    );
  }

  async function owner(...statements: string[]): Promise<void> {
    const client = new Client({ connectionString: database.ownerUrl });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async function asked(text: string, values?: unknown[]) {
    const client = new Client({ connectionString: database.ownerUrl });
    await client.connect();
    try {
      return await client.query<Record<string, unknown>>(text, values);
    } finally {
      await client.end();
    }
  }
});

function planOf(rows: Record<string, unknown>[]): PlanNode {
  return (rows[0] as { 'QUERY PLAN': [{ Plan: PlanNode }] })['QUERY PLAN'][0].Plan;
}

/** Tables that a plan reads from one end to the other. That of tenants has a row or two. */
function whole(nodes: readonly PlanNode[]): string[] {
  return nodes
    .filter((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] !== 'tenant')
    .map((node) => `all of ${node['Relation Name']}`);
}
