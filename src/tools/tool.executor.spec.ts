import { OutboundClient, TenantAllowList } from '#platform/outbound';
import { createLogger } from '#platform/logging';
import { HttpTool } from './http.tool.js';
import { type CallStatus, type JournalledCall, type JournalState, ToolCallJournal } from './tool-call.journal.js';
import { ToolExecutor } from './tool.executor.js';
import { type BuiltinTool, ToolRegistry } from './tool.registry.js';
import { type ToolCallContext, type ToolDefinition, toolFailure, type ToolResult } from './tool.js';
import { NO_CREDENTIALS } from '../../test/support/no-credentials.js';

class MemoryJournal extends ToolCallJournal {
  readonly calls = new Map<string, { call: JournalledCall; status: 'started' | CallStatus; result?: ToolResult }>();
  begin(_scope: unknown, call: JournalledCall): Promise<JournalState> {
    const known = this.calls.get(call.idempotencyKey);
    const again = known?.status === 'failed' && known.result?.ok === false && known.result.retryable;
    if (known === undefined || again) {
      this.calls.set(call.idempotencyKey, { call, status: 'started' });
      return Promise.resolve({ state: 'new' });
    }
    const settled = known.status === 'succeeded' || known.status === 'failed';
    return Promise.resolve(
      settled && known.result !== undefined ? { state: 'done', result: known.result } : { state: 'unknown' },
    );
  }
  finish(_scope: unknown, key: string, status: CallStatus, result: ToolResult): Promise<void> {
    const known = this.calls.get(key);
    if (known !== undefined) this.calls.set(key, { ...known, status, result });
    return Promise.resolve();
  }
  statusOf(key: string): string | undefined {
    return this.calls.get(key)?.status;
  }
}

function setUp(execute: BuiltinTool['execute'], timeoutMs?: number) {
  const registry = new ToolRegistry();
  registry.registerBuiltin({
    key: 'send_invoice',
    description: '',
    inputSchema: {},
    readOnly: false,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    execute,
  });
  const journal = new MemoryJournal();
  const http = new HttpTool(
    new OutboundClient({ allow: [], userAgent: 'test' }),
    new TenantAllowList(),
    NO_CREDENTIALS,
  );
  const executor = new ToolExecutor(registry, http, journal, createLogger({ level: 'silent' }));
  return { executor, journal, registry };
}

const definition = (rest: Partial<ToolDefinition> = {}): ToolDefinition => ({
  id: 'id',
  key: 'send_invoice',
  name: 'Send',
  description: '',
  kind: 'builtin',
  inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
  idempotent: false,
  readOnly: false,
  personas: [],
  config: {},
  ...rest,
});

const context = (rest: Partial<ToolCallContext> = {}): ToolCallContext => ({
  ctx: {
    tenantId: 't',
    principal: { id: 'u', role: 'end_user', persona: 'customer', sessionId: null },
    correlationId: 'c',
  },
  turnId: 'turn',
  conversationId: 'conversation',
  run: { messageId: 'question', attempt: 1, start: 1 },
  agentKey: 'invoices',
  grants: { tools: ['send_invoice'], entitlements: ['send_invoice'] },
  idempotencyKey: 'key',
  signal: new AbortController().signal,
  ...rest,
});

const done = (data: unknown): Promise<ToolResult> => Promise.resolve({ ok: true, data });

describe('ToolExecutor: permission', () => {
  it.each([
    ['the agent does not have the tool', {}, { grants: { tools: [], entitlements: ['send_invoice'] } }],
    ['the tenant is not entitled to it', {}, { grants: { tools: ['send_invoice'], entitlements: [] } }],
    ['the persona may not', { personas: ['employer'] }, {}],
  ])('refuses when %s, and neither calls nor journals', async (_why, change, rest) => {
    const execute = jest.fn(() => done(1));
    const { executor, journal } = setUp(execute);
    const result = await executor.execute(definition(change), { id: '1' }, context(rest));
    expect(result).toMatchObject({ ok: false, code: 'FORBIDDEN', retryable: false });
    expect(execute).not.toHaveBeenCalled();
    expect(journal.calls.size).toBe(0);
  });
});

describe('ToolExecutor: arguments', () => {
  it('hands trimmed arguments, the context and the settings to the tool', async () => {
    const execute = jest.fn(() => done(1));
    const { executor } = setUp(execute);
    await executor.execute(definition({ config: { top_k: 3 } }), { id: ' 1 ' }, context());
    expect(execute).toHaveBeenCalledWith({ id: '1' }, expect.objectContaining({ agentKey: 'invoices' }), { top_k: 3 });
  });

  it('refuses invalid ones with the reason, before the journal', async () => {
    const { executor, journal } = setUp(() => done(1));
    const result = await executor.execute(definition(), { id: '1', admin: true }, context());
    expect(result).toMatchObject({
      ok: false,
      code: 'INVALID_INPUT',
      message: 'Please check: admin is not known to this tool.',
      errors: [{ path: 'admin' }],
    });
    expect(journal.calls.size).toBe(0);
  });

  it('reports a schema that is not one as a fault of the tool', async () => {
    const { executor } = setUp(() => done(1));
    const result = await executor.execute(definition({ inputSchema: { type: 'string' } }), {}, context());
    expect(result).toMatchObject({ ok: false, code: 'TOOL_ERROR' });
  });
});

describe('ToolExecutor: effects happen once', () => {
  it('returns the stored result to the second attempt', async () => {
    const execute = jest.fn(() => done({ sent: true }));
    const { executor, journal } = setUp(execute);
    const first = await executor.execute(definition(), { id: '1' }, context());
    const second = await executor.execute(definition(), { id: '1' }, context({ turnId: 'turn-2' }));
    expect(second).toEqual(first);
    expect(execute).toHaveBeenCalledTimes(1);
    expect(journal.statusOf('key')).toBe('succeeded');
    expect(journal.calls.get('key')?.call).toMatchObject({ toolKey: 'send_invoice', arguments: { id: '1' } });
  });

  it('makes two calls of two keys', async () => {
    const execute = jest.fn(() => done(1));
    const { executor } = setUp(execute);
    await executor.execute(definition(), { id: '1' }, context());
    await executor.execute(definition(), { id: '1' }, context({ idempotencyKey: 'key-2' }));
    expect(execute).toHaveBeenCalledTimes(2);
  });

  it('does not call again when an earlier attempt died in the middle', async () => {
    const execute = jest.fn(() => done(1));
    const { executor, journal } = setUp(execute);
    await journal.begin(null, { idempotencyKey: 'key' } as JournalledCall);
    const result = await executor.execute(definition(), { id: '1' }, context());
    expect(result).toMatchObject({ ok: false, code: 'UNKNOWN_OUTCOME', retryable: false });
    expect(execute).not.toHaveBeenCalled();
  });

  it('calls again when the tool is declared idempotent', async () => {
    const execute = jest.fn(() => done(1));
    const { executor, journal } = setUp(execute);
    await journal.begin(null, { idempotencyKey: 'key' } as JournalledCall);
    expect(await executor.execute(definition({ idempotent: true }), { id: '1' }, context())).toMatchObject({
      ok: true,
    });
    expect(journal.statusOf('key')).toBe('succeeded');
  });

  it('calls a failed attempt again only when that is harmless', async () => {
    const failures = [
      toolFailure('TOOL_ERROR', 'busy', { retryable: true }),
      toolFailure('TOOL_ERROR', 'no', { retryable: false }),
    ];
    const execute = jest.fn(async (): Promise<ToolResult> => failures.shift() ?? done(0));
    const { executor, journal } = setUp(execute);
    const messages: unknown[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      messages.push(await executor.execute(definition(), { id: '1' }, context()));
    }
    expect(messages).toMatchObject([{ message: 'busy' }, { message: 'no' }, { message: 'no' }]);
    expect(execute).toHaveBeenCalledTimes(2);
    expect(journal.statusOf('key')).toBe('failed');
  });

  it.each([
    [false, 'UNKNOWN_OUTCOME'],
    [true, 'TIMEOUT'],
  ])('with idempotent=%s reports a time-out after sending as %s', async (idempotent, code) => {
    const execute = jest.fn(() =>
      Promise.resolve(toolFailure('TIMEOUT', 'late', { retryable: true, outcomeUnknown: true })),
    );
    const { executor, journal } = setUp(execute);
    expect(await executor.execute(definition({ idempotent }), { id: '1' }, context())).toMatchObject({ code });
    expect(journal.statusOf('key')).toBe('unknown');
    await executor.execute(definition({ idempotent }), { id: '1' }, context());
    expect(execute).toHaveBeenCalledTimes(idempotent ? 2 : 1);
  });

  it('does not know the outcome of a tool that threw', async () => {
    const { executor, journal } = setUp(() => Promise.reject(new Error('bug')));
    const result = await executor.execute(definition(), { id: '1' }, context());
    expect(result).toMatchObject({ ok: false, code: 'UNKNOWN_OUTCOME' });
    expect(journal.statusOf('key')).toBe('unknown');
  });

  it('journals nothing for a tool that only reads, and repeats it', async () => {
    const execute = jest.fn(() => done(1));
    const { executor, journal } = setUp(execute);
    await executor.execute(definition({ readOnly: true }), { id: '1' }, context());
    await executor.execute(definition({ readOnly: true }), { id: '1' }, context());
    expect(execute).toHaveBeenCalledTimes(2);
    expect(journal.calls.size).toBe(0);
  });

  it('does not call when the journal cannot be written', async () => {
    const execute = jest.fn(() => done(1));
    const { executor, journal } = setUp(execute);
    journal.begin = () => Promise.reject(new Error('database away'));
    await expect(executor.execute(definition(), { id: '1' }, context())).rejects.toThrow('database away');
    expect(execute).not.toHaveBeenCalled();
  });
});

describe('ToolExecutor: failures and time', () => {
  it('turns an exception of a reading tool into a value without its words', async () => {
    const { executor } = setUp(() => Promise.reject(new Error('SELECT secret')));
    const result = await executor.execute(definition({ readOnly: true }), { id: '1' }, context());
    expect(result).toMatchObject({ ok: false, code: 'TOOL_ERROR', retryable: true });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('does not wait for a tool that ignores its time limit', async () => {
    const { executor } = setUp(() => new Promise(() => undefined), 30);
    const result = await executor.execute(definition({ readOnly: true }), { id: '1' }, context());
    expect(result).toMatchObject({ ok: false, code: 'TIMEOUT', retryable: true });
  });

  it('rejects with the reason when the turn is aborted, and notes that the outcome is unknown', async () => {
    const controller = new AbortController();
    const { executor, journal } = setUp(() => new Promise(() => undefined));
    const running = executor.execute(definition(), { id: '1' }, context({ signal: controller.signal }));
    const reason = new Error('stopped by the user');
    setTimeout(() => controller.abort(reason), 10);
    await expect(running).rejects.toBe(reason);
    expect(journal.statusOf('key')).toBe('unknown');
  });

  it('does not begin when the turn is over already', async () => {
    const { executor, journal } = setUp(() => done(1));
    const running = executor.execute(definition(), { id: '1' }, context({ signal: AbortSignal.abort() }));
    await expect(running).rejects.toBeDefined();
    expect(journal.calls.size).toBe(0);
  });

  it("lets the graph's interrupts through and allows the call afterwards", async () => {
    const interrupt = Object.assign(new Error('ask the user'), { is_bubble_up: true });
    let answered = false;
    const { executor } = setUp(() => (answered ? done(1) : Promise.reject(interrupt)));
    await expect(executor.execute(definition(), { id: '1' }, context())).rejects.toBe(interrupt);
    answered = true;
    expect(await executor.execute(definition(), { id: '1' }, context())).toEqual({ ok: true, data: 1 });
  });

  it('reports a built-in tool that is gone', async () => {
    const { executor } = setUp(() => done(1));
    const gone = definition({ readOnly: true, config: { builtin: 'gone' } });
    const entitled = context({ grants: { tools: ['send_invoice'], entitlements: ['gone'] } });
    expect(await executor.execute(gone, { id: '1' }, entitled)).toMatchObject({ ok: false, code: 'TOOL_ERROR' });
  });
});

describe('ToolRegistry', () => {
  it('refuses a key that is taken', () => {
    const { registry } = setUp(() => done(1));
    const tool = registry.listBuiltins()[0]!;
    expect(() => registry.registerBuiltin(tool)).toThrow(/send_invoice/);
    expect(registry.findBuiltin('send_invoice')).toBe(tool);
  });
});
