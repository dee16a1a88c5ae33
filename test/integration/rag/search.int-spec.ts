import type { RequestContext } from '#platform/context';
import { LocalEmbedder } from '#llm';
import { newId } from '#platform/database';
import { RetrievalRepository } from '../../../src/rag/retrieval/retrieval.repository.js';
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

  it('tells of each word of the question how common it is in the base, and whether the passage has it', async () => {
    const ctx = await rag.caller();
    const id = await baseWith(ctx, {
      'Returns and refunds': RETURNS,
      Shipping: 'Parcels to Spain arrive on the third day.',
    });
    const [first] = (await search(ctx, 'How long do refunds of zeppelins take?', [id])).passages;
    const words = Object.fromEntries((first?.words ?? []).map(({ held, share, word }) => [word, { held, share }]));
    expect(words['zeppelins']).toEqual({ held: false, share: 0 });
    expect(words['refunds']?.held).toBe(true);
    expect(words['refunds']?.share).toBeGreaterThan(0);
    expect(words['refunds']?.share).toBeLessThanOrEqual(1);
    expect(words['how']).toBeUndefined();
  });

  it('says how many documents of the base are still being read, also when it finds nothing', async () => {
    const ctx = await rag.caller();
    const id = await baseWith(ctx, { Harbour: 'The harbour is deep.' });
    expect(await search(ctx, 'harbour', [id])).toMatchObject({ unread: 0, passages: [{ title: 'Harbour' }] });
    await rag.database.uow.run(ctx, (tx) =>
      tx.execute(`UPDATE app.document SET status = 'parsing' WHERE tenant_id = $1 AND knowledge_base_id = $2`, [
        ctx.tenantId,
        id,
      ]),
    );
    expect(await search(ctx, 'harbour', [id])).toMatchObject({ unread: 1 });
    expect(await search(ctx, 'zeppelin', [id], { filter: { none: true } })).toEqual(
      expect.objectContaining({ unread: 1, passages: [] }),
    );
  });

  it('takes the number of passages from the request, else the knowledge base, else the tenant', async () => {
    const ctx = await rag.caller();
    const texts = Object.fromEntries(
      Array.from({ length: 9 }, (_, n) => [`Page ${n}`, `The ferry number ${n} leaves at noon.`]),
    );
    const id = await baseWith(ctx, texts);
    const ask = async (rest: object = {}) =>
      (await search(ctx, 'When does the ferry leave?', [id], rest)).passages.length;
    expect(await ask()).toBe(TOP_K);
    expect(await ask({ topK: 2 })).toBe(2);
    await rag.bases.update(ctx, id, { topK: 7 });
    expect(await ask()).toBe(7);
    expect(await ask({ topK: 3 })).toBe(3);
  });

  it('gives nothing for another tenant’s knowledge base, alone or among one’s own', async () => {
    const mine = await rag.caller();
    const theirs = await rag.caller();
    const secret = await baseWith(theirs, { Secret: 'The password of the safe is swordfish.' });
    const own = await baseWith(mine, { Public: 'The safe stands in the hall.' });
    expect((await search(mine, 'password of the safe', [secret])).passages).toEqual([]);
    const { passages } = await search(mine, 'password of the safe', [own, secret]);
    expect(passages.map(({ title }) => title)).toEqual(['Public']);
  });

  it('asked for all bases, searches every one of the tenant that holds documents, a base made a moment ago included', async () => {
    const ctx = await rag.caller();
    const all = async () => {
      const request = { query: 'Where is the lighthouse?', knowledgeBaseIds: 'all' as const };
      const { passages } = await rag.retrieval.search(ctx, request, NEVER);
      return passages.map(({ knowledgeBaseId }) => knowledgeBaseId).toSorted();
    };
    await baseWith(await rag.caller(), { Coast: 'The lighthouse of others is red.' });
    expect(await all()).toEqual([]);
    const first = await baseWith(ctx, { Coast: 'The lighthouse stands on the cape.' });
    expect(await all()).toEqual([first]);
    const second = await baseWith(ctx, { Island: 'The old lighthouse is a museum.' });
    expect(await all()).toEqual([first, second].toSorted());
    const records = await rag.bases.create(ctx, { name: 'Records', kind: 'records' });
    const record = { id: 'R1', title: 'Where is the lighthouse?' };
    expect(await rag.settled(ctx, await rag.documents.addRecord(ctx, records.id, record))).toMatchObject({
      status: 'ready',
    });
    expect(await all()).toEqual([first, second].toSorted());
    await rag.bases.delete(ctx, first);
    expect(await all()).toEqual([second]);
  });

  it('shows a document with an owner to its owner alone, and one for a persona to that persona and staff', async () => {
    const admin = await rag.caller();
    const { tenantId } = admin;
    const seeker = await rag.caller({ tenantId, role: 'end_user', persona: 'job_seeker' });
    const employer = await rag.caller({ tenantId, role: 'end_user', persona: 'employer' });
    const { id } = await rag.bases.create(admin, { name: 'Shared' });
    const add = async (title: string, labels: object): Promise<void> => {
      await rag.settled(
        admin,
        await rag.documents.addText(admin, id, 'Notes about the contract.', { title, ...labels }),
      );
    };
    await add('Everybody', {});
    await add('Résumé', { ownerId: seeker.principal.id });
    await add('For employers', { personas: ['employer'] });
    const seen = async (ctx: RequestContext): Promise<string[]> =>
      (await search(ctx, 'contract notes', [id], { topK: 10 })).passages.map(({ title }) => title).sort();
    expect(await seen(seeker)).toEqual(['Everybody', 'Résumé']);
    expect(await seen(employer)).toEqual(['Everybody', 'For employers']);
    expect(await seen(admin)).toEqual(['Everybody', 'For employers']);
  });

  it('forgets an owner’s document when its labels change', async () => {
    const ctx = await rag.caller();
    const { id } = await rag.bases.create(ctx, { name: 'Labels' });
    const document = await rag.settled(ctx, await rag.documents.addText(ctx, id, 'The harbour.', { title: 'Harbour' }));
    const other = await rag.caller({ tenantId: ctx.tenantId, role: 'end_user' });
    expect((await search(other, 'harbour', [id])).passages).toHaveLength(1);
    await rag.documents.update(ctx, id, document.id, { ownerId: ctx.principal.id });
    expect((await search(other, 'harbour', [id])).passages).toHaveLength(0);
    expect((await search(ctx, 'harbour', [id])).passages).toHaveLength(1);
  });

  it('filters by metadata', async () => {
    const ctx = await rag.caller();
    const { id } = await rag.bases.create(ctx, { name: 'Metadata' });
    for (const year of [2025, 2026]) {
      const labels = { title: `Prices ${year}`, metadata: { year, area: 'shop' } };
      await rag.settled(ctx, await rag.documents.addText(ctx, id, 'A bicycle costs money.', labels));
    }
    const titles = async (filter: object) =>
      (await search(ctx, 'bicycle', [id], { filter })).passages.map(({ title }) => title);
    expect(await titles({ year: 2026 })).toEqual(['Prices 2026']);
    expect(await titles({ year: 2026, area: 'office' })).toEqual([]);
    expect(await titles({ year: '2026' })).toEqual([]);
    expect(await titles({})).toHaveLength(2);
  });

  it('answers questions of stop words, signs, nothing, or ten thousand words', async () => {
    const ctx = await rag.caller();
    const id = await baseWith(ctx, { Page: 'The lighthouse is white.' });
    for (const query of ['what is it', '?!', "'; DROP TABLE app.chunk; --", 'a & b | !c:* <-> (', '\u0001', '🙂']) {
      const { passages } = await search(ctx, query, [id]);
      expect([query, ...passages.map(({ coverage }) => coverage).filter((share) => share > 0)]).toEqual([query]);
    }
    expect((await search(ctx, '   ', [id])).passages).toEqual([]);
    expect((await search(ctx, 'lighthouse', [])).passages).toEqual([]);
    const long = Array.from({ length: 10_000 }, (_, n) => `word${n}`).join(' ');
    const started = performance.now();
    const { passages } = await search(ctx, `lighthouse ${long}`, [id]);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(passages[0]?.textScore).toBeGreaterThan(0);
  });

  it('finds words across inflection, case, accents that were typed, and number formats', async () => {
    const ctx = await rag.caller();
    const id = await baseWith(ctx, { Prices: 'Orders above €1,500 were SHIPPED free; Zürich pays 9,90.' });
    for (const query of ['shipping', '1500', 'zürich', '9.90', 'order']) {
      expect([query, (await search(ctx, query, [id])).passages[0]?.coverage]).toEqual([query, 1]);
    }
  });

  it('stops when its signal does', async () => {
    const ctx = await rag.caller();
    const id = await baseWith(ctx, { Page: 'Text.' });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(rag.retrieval.search(ctx, { query: 'text', knowledgeBaseIds: [id] }, signal)).rejects.toThrow(
      'enough',
    );
  });

  it('answers by words alone, and says so, when the question cannot be embedded and the tenant lets it', async () => {
    const ctx = await rag.caller();
    const id = await baseWith(ctx, { Page: 'The windmill turns.' });
    const broken = Object.assign(new LocalEmbedder(), { embed: () => Promise.reject(new Error('no provider')) });
    const { degraded, passages } = await rag
      .beside({ embedder: broken, onProviderFailure: 'degrade' })
      .retrieval.search(ctx, { query: 'windmill', knowledgeBaseIds: [id] }, NEVER);
    expect(degraded).toBe(true);
    expect(passages[0]).toMatchObject({ title: 'Page', vectorScore: null });
  });

  it('finds through the index what comparing every vector finds, also among many rows of others', async () => {
    const ctx = await rag.caller();
    const other = await rag.caller();
    const words = 'river stone cloud engine paper silver garden winter copper bridge candle forest'.split(' ');
    const text = (seed: number): string =>
      Array.from({ length: 150 }, (_, n) => {
        const pick = (step: number): string => words[(n * step + seed * 7 + step) % words.length] ?? '';
        return `## Item ${n} ${pick(1)}\n\nThis one is about ${pick(5)} and ${pick(7)}${n % 13} beside the ${pick(11)}${n % 7}, which nobody else mentions in quite this way, as far as it is known today.`;
      }).join('\n\n');
    const make = async (who: RequestContext, seed: number) => {
      const base = await rag.bases.create(who, { name: `Items ${seed}`, chunkSize: 50, chunkOverlap: 0 });
      await rag.settled(who, await rag.documents.addText(who, base.id, text(seed), { title: 'Items' }));
      return base;
    };
    await make(other, 1);
    const base = await make(ctx, 2);
    const repository = new RetrievalRepository(rag.database.uow);
    let common = 0;
    for (let n = 0; n < 20; n++) {
      const [values] = await new LocalEmbedder().embed([`${words[n % 12]} ${words[(n * 5) % 12]}`], 'query', NEVER);
      if (values === undefined) throw new Error('no vector');
      const plan = {
        bases: [{ id: base.id, config: 'english' }],
        words: '',
        vectorWeight: 1,
        metadata: null,
        limit: 10,
      };
      const [exact, indexed] = await Promise.all(
        [false, true].map((approximate) =>
          repository.search(ctx, { ...plan, vector: { spaceId: base.spaceId, values, approximate } }),
        ),
      ).then((found) => found.map(({ passages }) => passages));
      expect(indexed).toHaveLength(10);
      const wanted = new Set(exact?.map(({ chunkId }) => chunkId));
      common += indexed?.filter(({ chunkId }) => wanted.has(chunkId)).length ?? 0;
    }
    expect(common / 200).toBeGreaterThanOrEqual(0.95);
  });
});
