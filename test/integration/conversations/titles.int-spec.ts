import { TitleWriter } from '#agents';
import { LlmError, type ChatModel } from '#llm';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { createLogger } from '#platform/logging';
import { TitleService } from '../../../src/conversations/title.service.js';
import { ScriptedModel } from '../../support/agent-fakes.js';
import { TestDatabase } from '../../support/test-database.js';

const logger = createLogger({ level: 'silent' });
let db: TestDatabase;
let ctx: RequestContext;

beforeAll(async () => {
  db = await TestDatabase.start();
}, 60_000);
beforeEach(async () => {
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

/** Gives the title, and ends the service as a shutdown would. */
async function titled(model: ChatModel, conversationId: string, turnId?: string): Promise<string | undefined> {
  const writer = new TitleWriter({ chatModel: () => Promise.resolve(model) }, logger);
  const service = new TitleService(db.uow, writer, logger);
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
  const service = new TitleService(
    db.uow,
    new TitleWriter({ chatModel: () => Promise.resolve(model) }, logger),
    logger,
  );
  const conversationId = await conversation();
  service.write(ctx, { conversationId, question: 'Where is my order?', answer: '' });
  await new Promise((next) => setTimeout(next, 20));
  await service.onApplicationShutdown();
  expect(await books()).toEqual([expect.objectContaining({ purpose: 'title', estimated: true, output_tokens: 0 })]);
});

it('writes nothing where no model was asked', async () => {
  const service = new TitleService(db.uow, new TitleWriter({ chatModel: () => Promise.resolve(null) }, logger), logger);
  service.write(ctx, { conversationId: await conversation(), question: 'Where is my order?', answer: '' });
  await service.onApplicationShutdown();
  expect(await books()).toEqual([]);
});
