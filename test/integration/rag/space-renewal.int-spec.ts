import { Embedder, type LlmService, LocalEmbedder, type UsageSink } from '#llm';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { createLogger } from '#platform/logging';
import { KnowledgeBaseCache } from '../../../src/rag/knowledge-bases/knowledge-base.cache.js';
import { SpaceRenewal } from '../../../src/rag/knowledge-bases/space-renewal.js';
import { SpaceRenewalRepository } from '../../../src/rag/knowledge-bases/space-renewal.repository.js';
import { BudgetRepository } from '../../../src/tenants/limits/budget.repository.js';
import { NEVER, RagUnderTest } from './rag-support.js';

let rag: RagUnderTest;
let ctx: RequestContext;

beforeAll(async () => {
  rag = await RagUnderTest.start();
  ctx = await rag.caller();
}, 60_000);
afterAll(() => rag.stop());

const PAGES = ['Parking is free for guests.', 'Breakfast is served from seven.', 'Dogs stay for ten euros a night.'];
const add = async (baseId: string, text: string) =>
  rag.settled(ctx, await rag.documents.addText(ctx, baseId, text, { title: text.slice(0, 12) }));
const query = <T>(sql: string, values: unknown[]): Promise<T[]> => rag.database.uow.query<T>(ctx, sql, values);

/** A base as a program of before has left it: in the space of another version, with vectors that mean something else. */
async function oldBase(name: string): Promise<string> {
  const { id } = await rag.bases.create(ctx, { name });
  for (const text of PAGES) await add(id, text);
  const spaceId = newId();
  await query(
    `INSERT INTO app.embedding_space (tenant_id, id, provider, model, dimensions) VALUES ($1, $2, 'local', $3, 384)`,
    [ctx.tenantId, spaceId, `hash-v1 ${name}`],
  );
  await query(
    `UPDATE app.chunk_vector SET space_id = $3, embedding = (SELECT array_agg(1)::vector FROM generate_series(1, 384))
    WHERE tenant_id = $1 AND knowledge_base_id = $2`,
    [ctx.tenantId, id, spaceId],
  );
  await query('UPDATE app.knowledge_base SET space_id = $3 WHERE tenant_id = $1 AND id = $2', [
    ctx.tenantId,
    id,
    spaceId,
  ]);
  return id;
}

const spaces = (id: string) =>
  query<{ model: string; vectors: number }>(
    `SELECT s.model, count(*) AS vectors FROM app.chunk_vector v JOIN app.embedding_space s
       ON s.tenant_id = v.tenant_id AND s.id = v.space_id
     WHERE v.tenant_id = $1 AND v.knowledge_base_id = $2 GROUP BY s.model`,
    [ctx.tenantId, id],
  );
const search = (id: string, text: string) =>
  rag.retrieval.search(ctx, { query: text, knowledgeBaseIds: [id], onEmbedderFailure: 'go on' }, NEVER);
const today = LocalEmbedder.VERSION;

it('a search in an old space answers by words, compares no vectors, and brings the base into today’s', async () => {
  const id = await oldBase('searched');
  const beside = rag.beside();
  const first = await beside.retrieval.search(
    ctx,
    { query: 'parking', knowledgeBaseIds: [id], onEmbedderFailure: 'go on' },
    NEVER,
  );
  expect(first.passages.map(({ content }) => content)).toEqual([PAGES[0]]);
  expect(first.passages[0]?.vectorScore).toBeNull();
  for (let tries = 0; tries < 100 && (await rag.bases.get(ctx, id)).embedding.model !== today; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await rag.bases.get(ctx, id)).toMatchObject({
    embedding: { provider: 'local', model: today, dimensions: 384 },
  });
  for (let tries = 0; tries < 100 && (await spaces(id)).length > 1; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await spaces(id)).toEqual([{ model: today, vectors: 3 }]);
  const { passages } = await beside.retrieval.search(
    ctx,
    { query: 'parkings', knowledgeBaseIds: [id], onEmbedderFailure: 'go on' },
    NEVER,
  );
  expect(passages[0]?.content).toBe(PAGES[0]);
  expect(passages[0]?.vectorScore).toBeGreaterThan(0.2);
}, 60_000);

it('a document that comes into an old base waits for it, and is found with the others', async () => {
  const id = await oldBase('added to');
  const document = await add(id, 'The sauna opens at noon.');
  expect(document.status).toBe('ready');
  expect(await spaces(id)).toEqual([{ model: today, vectors: 4 }]);
  const { passages } = await search(id, 'saunas at noon');
  expect(passages[0]?.vectorScore).toBeGreaterThan(0.2);
}, 60_000);

/** Today nobody is paid for a renewal; an embedder that is would be paid like for any other call. */
describe('new vectors that cost something', () => {
  class Paid extends Embedder {
    readonly space = new LocalEmbedder().space;
    calls = 0;

    override reckon(): number {
      return 0.01;
    }

    override embed(texts: readonly string[], kind: 'passage', signal: AbortSignal, onUsage: UsageSink) {
      this.calls++;
      onUsage({ kind: 'embedding', inputTokens: 9, outputTokens: 0, costUsd: 0.01, model: 'paid', estimated: false });
      return new LocalEmbedder().embed(texts, kind, signal);
    }
  }
  const renewalWith = (embedder: Embedder, budgetDayUsd: number) =>
    new SpaceRenewal(
      rag.baseRows,
      new KnowledgeBaseCache(rag.baseRows),
      new SpaceRenewalRepository(rag.database.uow, rag.baseRows),
      { embedderFor: () => embedder } as unknown as LlmService,
      rag.beside({ ceilings: { budgetDayUsd } }).spending,
      createLogger({ level: 'silent' }),
    );

  it('stand in the books, and are not made where the budget is nothing', async () => {
    const id = await oldBase('paid');
    const embedder = new Paid();
    await expect(renewalWith(embedder, 0).renewed(ctx, id)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(embedder.calls).toBe(0);
    expect(await renewalWith(embedder, 1).renewed(ctx, id)).toMatchObject({ space: { model: today } });
    const budgets = new BudgetRepository(rag.database.uow);
    expect(await budgets.state(ctx)).toMatchObject({ spentDay: 0.01, reserved: 0 });
  }, 60_000);
});
