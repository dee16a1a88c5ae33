import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { NEVER, RagUnderTest, TOP_K } from './rag-support.js';

let rag: RagUnderTest;

beforeAll(async () => {
  rag = await RagUnderTest.start();
}, 60_000);
afterAll(() => rag.stop());

const RETURNS = `# Returns

You may send back any article within 30 days. The refund arrives after five working days.

## Exceptions

Food and gift cards cannot be returned.`;

async function baseWith(ctx: RequestContext, texts: Record<string, string>, language = 'en'): Promise<string> {
  const base = await rag.bases.create(ctx, { name: `Base ${newId()}`, language });
  for (const [title, text] of Object.entries(texts)) {
    const ready = await rag.settled(ctx, await rag.documents.addText(ctx, base.id, text, { title }));
    expect(ready).toMatchObject({ status: 'ready', progress: 1, error: null });
  }
  return base.id;
}

function search(ctx: RequestContext, query: string, knowledgeBaseIds: string[], rest: object = {}) {
  return rag.retrieval.search(ctx, { query, knowledgeBaseIds, ...rest }, NEVER);
}

describe('search', () => {
  it('finds the passage that answers, with where it stands and why it was found', async () => {
    const ctx = await rag.caller();
    const id = await baseWith(ctx, {
      'Returns and refunds': RETURNS,
      Shipping: 'Parcels to Spain arrive on the third day.',
    });
    const { degraded, passages } = await search(ctx, 'How long does the refund take?', [id]);
    expect(degraded).toBe(true);
    expect(passages[0]).toMatchObject({ title: 'Returns and refunds', knowledgeBaseId: id, page: null, url: null });
    expect(passages[0]?.content).toContain('five working days');
    expect(passages[0]?.score).toBeGreaterThan(0);
    expect(passages[0]?.score).toBeLessThanOrEqual(1);
    expect(passages[0]?.textScore).toBeGreaterThan(0);
    expect(passages[0]?.vectorScore).toBeGreaterThan(0);
    expect(passages[0]?.coverage).toBeGreaterThan(0.2);
    expect(passages[0]?.coverage).toBeLessThanOrEqual(1);
  });
});
