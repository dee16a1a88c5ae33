import { TitleWriter } from '#agents';
import { LlmError, type ChatModel } from '#llm';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { Limiters } from '#platform/limits';
import { createLogger } from '#platform/logging';
import { SpendingLimits, type TenantSettingsCache } from '#tenants';
import { TitleService } from '../../../src/conversations/turns/title.service.js';
import { BudgetRepository } from '../../../src/tenants/limits/budget.repository.js';
import { TokenLimiter } from '../../../src/tenants/limits/token-limiter.js';
import { ScriptedModel, SETTINGS } from '../../support/agent-fakes.js';
import { TestDatabase } from '../../support/test-database.js';

const logger = createLogger({ level: 'silent' });
let db: TestDatabase;
let ctx: RequestContext;
let budgets: BudgetRepository;
let ceilings: Partial<typeof SETTINGS.ceilings>;

beforeAll(async () => {
  db = await TestDatabase.start();
}, 60_000);
beforeEach(async () => {
  ceilings = {};
  const { tenantId } = await db.tenant();
  const id = await db.principal(tenantId, 'end_user', null);
  ctx = { tenantId, principal: { id, role: 'end_user', persona: null, sessionId: null }, correlationId: newId() };
});
afterAll(() => db.stop());

async function conversation(): Promise<string> {
  const id = newId();
  await db.uow.query(
    ctx,
    `INSERT INTO app.conversation (tenant_id, id, principal_id, channel, title) VALUES ($1, $2, $3, 'api', 'Chat')`,
    [ctx.tenantId, id, ctx.principal.id],
  );
  return id;
}

function serviceWith(model: ChatModel | null): TitleService {
  const settings = { get: () => Promise.resolve({ ceilings: { ...SETTINGS.ceilings, ...ceilings } }) };
  budgets = new BudgetRepository(db.uow);
  const tokens = new TokenLimiter(new Limiters(null));
  const spending = new SpendingLimits(budgets, tokens, settings as unknown as TenantSettingsCache);
  const writer = new TitleWriter({ chatModel: () => Promise.resolve(model), reckon: () => 0.001 }, logger);
  return new TitleService(db.uow, writer, spending, logger);
}

/** Gives the title, and ends the service as a shutdown would. */
async function titled(model: ChatModel, conversationId: string, turnId?: string): Promise<string | undefined> {
  const service = serviceWith(model);
  service.write(ctx, {
    conversationId,
    question: 'Where is my order?',
    answer: 'Here.',
    ...(turnId === undefined ? {} : { turnId }),
  });
  for (let tries = 0; tries < 100 && (await books()).length === 0; tries++) {
    await new Promise((next) => setTimeout(next, 20));
  }
  await new Promise((next) => setTimeout(next, 50));
  await service.onApplicationShutdown();
  const [row] = await db.uow.query<{ title: string }>(ctx, 'SELECT title FROM app.conversation WHERE id = $1', [
    conversationId,
  ]);
  return row?.title;
}

function books() {
  return db.uow.query<Record<string, unknown>>(
    ctx,
    `SELECT kind, purpose, model, input_tokens, output_tokens, estimated, turn_id, principal_id FROM app.usage_record
      WHERE tenant_id = $1`,
    [ctx.tenantId],
  );
}

it('writes a title’s cost down, on its turn and the caller, and keeps it when the conversation is deleted', async () => {
  const turnId = newId();
  const id = await conversation();
  expect(await titled(new ScriptedModel({ stream: { title: 'Order status' } }), id, turnId)).toBe('Order status');
  const line = {
    ...{ kind: 'chat', purpose: 'title', model: 'scripted', input_tokens: 10, output_tokens: 5, estimated: false },
    ...{ turn_id: turnId, principal_id: ctx.principal.id },
  };
  expect(await books()).toEqual([line]);
  await db.uow.query(ctx, 'DELETE FROM app.conversation WHERE tenant_id = $1 AND id = $2', [ctx.tenantId, id]);
  expect(await books()).toEqual([line]);
});

it('writes it down when the model failed and the question gave the title', async () => {
  const model = new ScriptedModel({ stream: { title: new LlmError({ detail: 'broke off' }) } });
  expect(await titled(model, await conversation())).toBe('Where is my order');
  expect(await books()).toEqual([expect.objectContaining({ purpose: 'title', estimated: true, turn_id: null })]);
});

it('writes it down when the process ends in the middle of a title', async () => {
  const model = new ScriptedModel({
    stream: {
      title: (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
    },
  });
  const service = serviceWith(model);
  const conversationId = await conversation();
  service.write(ctx, { conversationId, question: 'Where is my order?', answer: '' });
  await new Promise((next) => setTimeout(next, 20));
  await service.onApplicationShutdown();
  expect(await books()).toEqual([expect.objectContaining({ purpose: 'title', estimated: true, output_tokens: 0 })]);
});

it('writes nothing where no model was asked', async () => {
  const service = serviceWith(null);
  service.write(ctx, { conversationId: await conversation(), question: 'Where is my order?', answer: '' });
  await service.onApplicationShutdown();
  expect(await books()).toEqual([]);
});

describe('with a budget', () => {
  it('asks no model for a title that it has nothing left for: the question gives one', async () => {
    ceilings = { budgetDayUsd: 0 };
    const asked = jest.fn().mockReturnValue('Order status');
    const model = new ScriptedModel({ stream: { title: asked } });
    const conversationId = await conversation();
    const service = serviceWith(model);
    service.write(ctx, { conversationId, question: 'Where is my order?', answer: 'Here.' });
    const title = async () => {
      const sql = 'SELECT title FROM app.conversation WHERE tenant_id = $1 AND id = $2';
      return (await db.uow.query<{ title: string }>(ctx, sql, [ctx.tenantId, conversationId]))[0]?.title;
    };
    for (let tries = 0; tries < 100 && (await title()) === 'Chat'; tries++)
      await new Promise((next) => setTimeout(next, 20));
    await service.onApplicationShutdown();
    expect(await title()).toBe('Where is my order');
    expect(asked).not.toHaveBeenCalled();
    expect(await books()).toEqual([]);
  });

  it.each([
    ['given', () => 'Order status'],
    ['failed', () => new LlmError({ detail: 'broke off' })],
  ])('holds what a title may cost while it is asked for, also when it %s', async (_how, outcome) => {
    ceilings = { budgetMonthUsd: 1 };
    let held: number | null = null;
    const answer = async () => {
      held = (await budgets.state(ctx)).reserved;
      const said = outcome();
      if (said instanceof Error) throw said;
      return said;
    };
    await titled(new ScriptedModel({ stream: { title: answer } }), await conversation());
    expect(held).toBe(0.001);
    expect((await budgets.state(ctx)).reserved).toBe(0);
    expect(await books()).toHaveLength(1);
  });
});
