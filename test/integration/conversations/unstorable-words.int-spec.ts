import type { RequestContext } from '#platform/context';
import { DomainError } from '#platform/errors';
import { contextOf, conversationWorld, message, Reader, turnOf } from '../../support/conversation-world.js';
import { TestDatabase } from '../../support/test-database.js';

const citation = { n: 1, document_id: 'd', chunk_id: 'c', page: null, section: null, url: null, score: 1 };

/** Models and tools say U+0000 and halves of characters, which no column holds: a turn does not fail for that. */
describe('words that cannot be stored', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  let world: ReturnType<typeof conversationWorld>;

  beforeAll(async () => {
    db = await TestDatabase.start();
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
  });
  beforeEach(() => {
    world = conversationWorld(db.uow, { script: async () => ({}) });
  });
  afterEach(() => world.stop());
  afterAll(() => db.stop());

  const ask = async () => {
    const reader = new Reader();
    const submitted = await world.turns.submit(ctx, message('q'), reader);
    const done = await reader.done();
    const [turn] = await db.uow.query<{ error: unknown }>(
      ctx,
      'SELECT error FROM app.turn WHERE tenant_id = $1 AND id = $2',
      [ctx.tenantId, turnOf(submitted)],
    );
    const messages = await world.conversations.listMessages(ctx, submitted.conversationId, {
      limit: 10,
      after: null,
      descending: true,
    });
    return { done, turn, answer: messages[0] };
  };

  it('are cleaned in the text, in payloads, citations and usage of an answer', async () => {
    world.play(async (_input, emit) => {
      emit({
        type: 'usage',
        entry: {
          kind: 'chat',
          model: 'm\0',
          purpose: 'answer',
          estimated: false,
          inputTokens: 1,
          outputTokens: 1,
          costUsd: 0,
        },
      });
      emit({ type: 'token', content: 'Hel\0lo' });
      emit({ type: 'payload', payloadType: 'jobs', items: [{ 'tit\0le': 'Ba\0ker\ud83d' }], offset: 0 });
      return {
        content: 'Hel\0lo\udc00',
        payloads: [{ payload_type: 'jobs', items: [{ 'tit\0le': 'Ba\0ker\ud83d' }], offset: 0 }],
        citations: [{ ...citation, title: 'Re\0turns', quote: 'thirty\0 days' }],
        humanRequested: { reason: 'he said \0' },
      };
    });
    const { answer, done } = await ask();
    expect(done).toMatchObject({ status: 'completed' });
    expect(answer).toMatchObject({
      role: 'assistant',
      content: 'Hello\ufffd',
      payloads: [{ items: [{ title: 'Baker\ufffd' }] }],
      metadata: { citations: [{ title: 'Returns', quote: 'thirty days' }] },
    });
  });

  it('are cleaned in what says why a turn failed', async () => {
    world.play(async () => {
      throw new DomainError({ code: 'TOOL_ERROR', kind: 'upstream', message: 'the tool said \0', retryable: true });
    });
    const { done, turn } = await ask();
    expect(done).toMatchObject({ status: 'failed', error: { code: 'TOOL_ERROR' } });
    expect(turn?.error).toMatchObject({ code: 'TOOL_ERROR', message: 'the tool said ' });
  });
});
