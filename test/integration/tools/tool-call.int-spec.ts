import { newId } from '#platform/database';
import { createLogger } from '#platform/logging';
import { OutboundClient, TenantAllowList } from '#platform/outbound';
import {
  HttpTool,
  type JournalledCall,
  ToolCallRepository,
  type ToolDefinition,
  ToolExecutor,
  toolFailure,
  toolIdempotencyKey,
  ToolRegistry,
  type ToolResult,
} from '#tools';
import { TestDatabase } from '../../support/test-database.js';
import { NO_CREDENTIALS } from '../../support/no-credentials.js';

let database: TestDatabase;
let journal: ToolCallRepository;

beforeAll(async () => {
  database = await TestDatabase.start();
  journal = new ToolCallRepository(database.uow);
}, 60_000);

afterAll(() => database.stop());

/** A tenant with a turn that tools can be called in. */
async function aTurn(): Promise<{ tenantId: string; turnId: string; conversationId: string; messageId: string }> {
  const { tenantId } = await database.tenant();
  const principalId = await database.principal(tenantId);
  const [conversationId, messageId, turnId] = [newId(), newId(), newId()];
  await database.uow.run({ tenantId }, async (tx) => {
    await tx.execute(
      `INSERT INTO app.conversation (tenant_id, id, principal_id, title) VALUES ($1, $2, $3, 'New conversation')`,
      [tenantId, conversationId, principalId],
    );
    await tx.execute(
      `INSERT INTO app.message (tenant_id, id, conversation_id, principal_id, seq, role, content)
       VALUES ($1, $2, $3, $4, 1, 'user', 'send my invoice')`,
      [tenantId, messageId, conversationId, principalId],
    );
    await tx.execute(
      `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, status, content, seq, accepted_by, lease_owner, lease_until)
       VALUES ($1, $2, $3, $4, $5, gen_random_uuid(), 'running', 'send my invoice', 1, gen_random_uuid(), gen_random_uuid(), now())`,
      [tenantId, turnId, conversationId, principalId, messageId],
    );
  });
  return { tenantId, turnId, conversationId, messageId };
}

const call = (turn: Awaited<ReturnType<typeof aTurn>>, idempotencyKey = newId()): JournalledCall => ({
  turnId: turn.turnId,
  conversationId: turn.conversationId,
  run: { messageId: turn.messageId, attempt: 1, start: 1 },
  agentKey: 'invoices',
  toolKey: 'send_invoice',
  idempotencyKey,
  arguments: { id: 'INV-1042', note: 'quotes " and \u0000 and \uD800' },
});

const sent: ToolResult = { ok: true, data: { status: 'sent' }, payload: { payloadType: 'invoice', items: [1] } };

describe('ToolCallRepository', () => {
  it('gives a call to one of two attempts that begin at once', async () => {
    const turn = await aTurn();
    const once = call(turn);
    const states = await Promise.all([journal.begin(turn, once), journal.begin(turn, once)]);
    expect(states.map((item) => item.state).sort()).toEqual(['new', 'unknown']);
  });

  it('hands the whole stored result to a later attempt', async () => {
    const turn = await aTurn();
    const once = call(turn);
    await journal.begin(turn, once);
    await journal.finish(turn, once.idempotencyKey, 'succeeded', sent);
    expect(await journal.begin(turn, once)).toEqual({ state: 'done', result: sent });
  });

  it('keeps a refusal for good, and begins anew after a failure that may be repeated', async () => {
    const turn = await aTurn();
    const refused = call(turn);
    const busy = call(turn);
    const no = toolFailure('NOT_FOUND', 'No such invoice.');
    await journal.begin(turn, refused);
    await journal.finish(turn, refused.idempotencyKey, 'failed', no);
    await journal.begin(turn, busy);
    await journal.finish(turn, busy.idempotencyKey, 'failed', toolFailure('TOOL_ERROR', 'Busy.', { retryable: true }));
    expect(await journal.begin(turn, refused)).toEqual({ state: 'done', result: no });
    expect(await journal.begin(turn, busy)).toEqual({ state: 'new' });
    expect(await journal.begin(turn, busy)).toEqual({ state: 'unknown' });
  });

  it('reads an unfinished call, and one that was declared unknown, as unknown', async () => {
    const turn = await aTurn();
    const once = call(turn);
    await journal.begin(turn, once);
    expect(await journal.begin(turn, once)).toEqual({ state: 'unknown' });
    const unsure = toolFailure('UNKNOWN_OUTCOME', 'Ask a person.', { retryable: true });
    await journal.finish(turn, once.idempotencyKey, 'unknown', unsure);
    expect(await journal.begin(turn, once)).toEqual({ state: 'unknown' });
  });

  it('keeps tenants apart: the same key is another call, and finishing it touches nothing else', async () => {
    const [mine, theirs] = [await aTurn(), await aTurn()];
    const key = newId();
    expect(await journal.begin(mine, call(mine, key))).toEqual({ state: 'new' });
    expect(await journal.begin(theirs, call(theirs, key))).toEqual({ state: 'new' });
    await journal.finish(theirs, key, 'succeeded', sent);
    expect(await journal.begin(mine, call(mine, key))).toEqual({ state: 'unknown' });
    const foreign = { ...mine, tenantId: theirs.tenantId };
    await expect(journal.begin(foreign, call(mine))).rejects.toThrow(/foreign key/);
  });

  it('stores what was asked and when it ended', async () => {
    const turn = await aTurn();
    const once = call(turn);
    await journal.begin(turn, once);
    await journal.finish(turn, once.idempotencyKey, 'succeeded', sent);
    const rows = await database.uow.query<{ arguments: unknown; status: string; ended_at: Date | null }>(
      turn,
      'SELECT arguments, status, ended_at FROM app.tool_call WHERE tenant_id = $1',
      [turn.tenantId],
    );
    expect(rows).toEqual([
      {
        arguments: { id: 'INV-1042', note: 'quotes " and  and \uFFFD' },
        status: 'succeeded',
        ended_at: expect.any(Date),
      },
    ]);
  });
});

type Arguments = Readonly<Record<string, unknown>>;
const ARGS: Arguments = { id: 'INV-1042' };

describe('a call whose turn is begun again', () => {
  const definition: ToolDefinition = {
    id: newId(),
    key: 'send_invoice',
    name: 'Send',
    description: '',
    kind: 'builtin',
    inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    idempotent: false,
    readOnly: false,
    personas: [],
    config: {},
  };

  function process(execute: () => Promise<ToolResult>, store = journal): ToolExecutor {
    const registry = new ToolRegistry();
    const { inputSchema, key } = definition;
    registry.registerBuiltin({ key, description: '', inputSchema, readOnly: false, execute });
    const http = new HttpTool(
      new OutboundClient({ allow: [], userAgent: 'test' }),
      new TenantAllowList(),
      NO_CREDENTIALS,
    );
    return new ToolExecutor(registry, http, store, createLogger({ level: 'silent' }));
  }

  const contextOf = (turn: Awaited<ReturnType<typeof aTurn>>, start: number, args: Arguments = ARGS) => ({
    ctx: {
      tenantId: turn.tenantId,
      principal: { id: newId(), role: 'end_user' as const, persona: null, sessionId: null },
      correlationId: 'c',
    },
    turnId: turn.turnId,
    conversationId: turn.conversationId,
    run: { messageId: turn.messageId, attempt: 1, start },
    agentKey: 'invoices',
    grants: { tools: ['send_invoice'], entitlements: ['send_invoice'] },
    idempotencyKey: toolIdempotencyKey({
      tenantId: turn.tenantId,
      messageId: turn.messageId,
      agentKey: 'invoices',
      toolKey: 'send_invoice',
      args,
      ordinal: 0,
    }),
    signal: new AbortController().signal,
  });

  /** The process dies between the tool's answer and its recording: nothing of `finish` is ever written. */
  class DyingJournal extends ToolCallRepository {
    override finish(): Promise<void> {
      return Promise.reject(new Error('killed'));
    }
  }

  it.each([
    [false, 1, { ok: false, code: 'UNKNOWN_OUTCOME', retryable: false }],
    [true, 2, { ok: true }],
  ])('with idempotent=%s is made %i times in all', async (idempotent, times, outcome) => {
    const turn = await aTurn();
    const execute = jest.fn(() => Promise.resolve(sent));
    const tool = { ...definition, idempotent };
    const dying = process(execute, new DyingJournal(database.uow)).execute(tool, ARGS, contextOf(turn, 1));
    await expect(dying).rejects.toThrow('killed');
    for (let start = 2; start <= 3; start += 1) {
      expect(await process(execute).execute(tool, ARGS, contextOf(turn, start))).toMatchObject(outcome);
    }
    expect(execute).toHaveBeenCalledTimes(times);
  });

  const REWORDED = { id: 'INV-01042' };
  const UNKNOWN = { ok: false, code: 'UNKNOWN_OUTCOME' };

  it.each([true, false])(
    'with arguments in other words is not made again, whatever became of the first (idempotent: %s)',
    async (idempotent) => {
      const tool = { ...definition, idempotent };
      const execute = jest.fn(() => Promise.resolve(sent));
      for (const first of [process(execute, new DyingJournal(database.uow)), process(execute)]) {
        const turn = await aTurn();
        execute.mockClear();
        await first.execute(tool, ARGS, contextOf(turn, 1)).catch(() => undefined);
        expect(await process(execute).execute(tool, REWORDED, contextOf(turn, 2, REWORDED))).toMatchObject(UNKNOWN);
        expect(execute).toHaveBeenCalledTimes(1);
      }
    },
  );

  it('is followed by the next one once it has been come to again', async () => {
    const turn = await aTurn();
    const execute = jest.fn(() => Promise.resolve(sent));
    await process(execute).execute(definition, ARGS, contextOf(turn, 1));
    const second = process(execute);
    await second.execute(definition, ARGS, contextOf(turn, 2));
    expect(await second.execute(definition, REWORDED, contextOf(turn, 2, REWORDED))).toMatchObject({ ok: true });
    expect(execute).toHaveBeenCalledTimes(2);
  });

  it('that failed in a way that allows another try is tried again, whatever else is to come', async () => {
    const turn = await aTurn();
    const execute = jest.fn(() => Promise.resolve(sent));
    const busy = jest.fn(() => Promise.resolve(toolFailure('TOOL_ERROR', 'Busy.', { retryable: true })));
    await process(execute).execute(definition, ARGS, contextOf(turn, 1));
    await process(busy).execute(definition, REWORDED, contextOf(turn, 1, REWORDED));
    expect(await process(execute).execute(definition, REWORDED, contextOf(turn, 2, REWORDED))).toMatchObject({
      ok: true,
    });
    expect(execute).toHaveBeenCalledTimes(2);
  });

  it('is not made by a process that was overtaken meanwhile', async () => {
    const turn = await aTurn();
    const execute = jest.fn(() => Promise.resolve(sent));
    await process(execute).execute(definition, REWORDED, contextOf(turn, 2, REWORDED));
    expect(await process(execute).execute(definition, ARGS, contextOf(turn, 1))).toMatchObject(UNKNOWN);
    expect(execute).toHaveBeenCalledTimes(1);
  });
});
