import type { RequestContext } from '#platform/context';
import { MatchingRepository } from '../../../src/rag/matching/matching.repository.js';
import { RetrievalRepository } from '../../../src/rag/retrieval/retrieval.repository.js';
import { type ClaimedDocument, ClaimLostError } from '../../../src/rag/ingestion/ingestion.repository.js';
import { SpaceRenewalRepository } from '../../../src/rag/knowledge-bases/space-renewal.repository.js';
import type { KnowledgeBase } from '../../../src/rag/knowledge-bases/knowledge-base.js';
import type { StoredDocument } from '../../../src/rag/documents/document.js';
import { RagUnderTest } from './rag-support.js';

/** Two tenants, and every method of every repository called by one with the other's ids. */
let rag: RagUnderTest;
let owner: RequestContext;
let thief: RequestContext;
let base: KnowledgeBase;
let records: KnowledgeBase;
let document: StoredDocument;

beforeAll(async () => {
  rag = await RagUnderTest.start();
  owner = await rag.caller();
  thief = await rag.caller();
  base = await rag.bases.create(owner, { name: 'Secrets' });
  records = await rag.bases.create(owner, { name: 'Records', kind: 'records' });
  const text = 'The treasure lies under the oak.';
  document = await rag.settled(owner, await rag.documents.addText(owner, base.id, text, { title: 'Treasure' }));
  await rag.settled(owner, await rag.documents.addRecord(owner, records.id, { id: 'R1', title: 'Gold' }));
}, 60_000);
afterAll(() => rag.stop());

const work = <T>(run: Parameters<typeof rag.database.uow.run<T>>[1]): Promise<T> => rag.database.uow.run(thief, run);

describe('one tenant with another’s ids', () => {
  it('finds no knowledge base and changes none', async () => {
    const rows = rag.baseRows;
    expect(await rows.findById(thief, base.id)).toBeNull();
    expect(await rows.findByIds(thief, [base.id])).toEqual([]);
    expect(await rows.findByName(thief, 'Secrets')).toBeNull();
    expect(await rows.list(thief, null, 100)).toEqual([]);
    expect(await work((tx) => rows.findForUpdate(tx, base.id))).toBeNull();
    expect(await work((tx) => rows.isNameTaken(tx, 'Secrets', document.id))).toBe(false);
    expect(await work((tx) => rows.agentsUsing(tx, base.id))).toEqual([]);
    expect(await work((tx) => rows.delete(tx, base.id))).toBe(false);
    await work((tx) => rows.update(tx, { ...base, name: 'Stolen' }));
    expect((await rows.findById(owner, base.id))?.name).toBe('Secrets');
    const spaceId = await work((tx) => rows.ensureSpace(tx, base.embedding));
    expect(spaceId).not.toBe(base.spaceId);
  });

  it('finds no document and changes none', async () => {
    const rows = rag.documentRows;
    const query = { status: null, before: null, limit: 100 };
    expect(await rows.find(thief, base.id, document.id)).toBeNull();
    expect(await rows.list(thief, base.id, query)).toEqual([]);
    expect(await rows.someOf(thief, base.id, 10)).toEqual([]);
    expect(await rows.knowledgeBaseOf(thief, document.id)).toBeNull();
    expect(await rows.chunks(thief, document.id, -1, 10)).toEqual([]);
    expect(await work((tx) => rows.findForUpdate(tx, base.id, document.id))).toBeNull();
    expect(await work((tx) => rows.isPrincipal(tx, owner.principal.id))).toBe(false);
    expect(await work((tx) => rows.lock(tx, base.id, document.id))).toBeNull();
    await work((tx) => rows.hide(tx, base.id, document.id));
    await work((tx) => rows.markDeleted(tx, document.id));
    await work((tx) => rows.requeue(tx, document.id));
    await work((tx) => rows.updateLabels(tx, document.id, { ...document, title: 'Stolen' }));
    await work((tx) => rows.deleteSome(tx, base.id, document.id));
    expect(await rag.files.open(thief, document.id)).toBeNull();
    await rag.files.remove(thief, document.id);
    expect(await rag.files.open(owner, document.id)).not.toBeNull();
    await expect(work((tx) => rows.insert(tx, { ...document, id: base.id }, null))).rejects.toThrow(/foreign key/);
    expect(await rows.find(owner, base.id, document.id)).toEqual(document);
    expect((await rag.bases.get(owner, base.id)).chunkCount).toBe(1);
  });

  it('takes no document in', async () => {
    const rows = rag.ingestions;
    expect(await rows.claim(thief, document.id, { afterSeconds: 0, startedAt: new Date() })).toBeNull();
    const claimed: ClaimedDocument = {
      ...{ tenantId: thief.tenantId, id: document.id, attempt: document.attempt, strikes: 0, knowledgeBaseId: base.id },
      ...{
        sourceType: 'text' as const,
        mimeType: 'text/markdown',
        fileName: null,
        title: 'x',
        record: null,
        language: 'en',
      },
      ...{
        chunkSize: 350,
        chunkOverlap: 50,
        settings: {},
        spaceId: base.spaceId,
        space: base.embedding,
        createdBy: null,
      },
    };
    const chunk = { id: base.id, ordinal: 9, page: null, section: null, content: 'x', words: 'x' };
    await expect(rows.progress(claimed, 'parsing', 0)).rejects.toThrow(ClaimLostError);
    await expect(rows.keepChunks(claimed, [], 0)).rejects.toThrow(ClaimLostError);
    await expect(rows.insertChunks(claimed, [chunk], 'english', 0)).rejects.toThrow(ClaimLostError);
    const vector = { chunkId: base.id, vector: new Float32Array(384).fill(0.1) };
    await expect(rows.insertVectors(claimed, [vector], 0, [])).rejects.toThrow(ClaimLostError);
    await expect(rows.publish(claimed, 'Stolen', 1)).rejects.toThrow(ClaimLostError);
    await expect(rows.beat(claimed)).rejects.toThrow(ClaimLostError);
    await expect(rows.uncount(claimed)).rejects.toThrow(ClaimLostError);
    await expect(rows.troubled(claimed)).rejects.toThrow(ClaimLostError);
    await expect(rows.postpone(claimed, { reason: 'x', ms: 1, hold: false })).rejects.toThrow(ClaimLostError);
    await expect(rows.fail(claimed, { code: 'X', message: 'x', retryable: false })).rejects.toThrow(ClaimLostError);
    await rows.release(claimed);
    expect(await rows.embedded(claimed)).toEqual(new Set());
    expect(await rag.documentRows.find(owner, base.id, document.id)).toEqual(document);
  });

  it('finds no passage to embed anew, adds and deletes no vector and moves no base', async () => {
    const renewals = new SpaceRenewalRepository(rag.database.uow, rag.baseRows);
    const spaceId = await renewals.ensureSpace(thief, base.embedding);
    const at = { baseId: base.id, spaceId, after: null, limit: 10 };
    expect(await renewals.passagesWithout(thief, at)).toEqual([]);
    const [passage] = await renewals.passagesWithout(owner, at);
    expect(passage?.text).toBe('Treasure\n\nThe treasure lies under the oak.');
    const vectors = [{ id: passage?.id ?? '', vector: new Float32Array(384).fill(0.05) }];
    await renewals.insertVectors(thief, { baseId: base.id, spaceId, dimensions: 384 }, vectors);
    expect(await renewals.deleteVectors(thief, base.id, spaceId, 10)).toBe(0);
    expect(await renewals.deleteVectors(thief, base.id, base.spaceId, 10)).toBe(0);
    await renewals.switchSpace(thief, base.id, { from: base.spaceId, to: spaceId });
    expect((await rag.baseRows.findById(owner, base.id))?.spaceId).toBe(base.spaceId);
  });

  it('finds no passage and no record', async () => {
    const values = new Float32Array(384).fill(0.05);
    const vector = { spaceId: base.spaceId, values };
    const plan = { bases: [{ id: base.id, config: 'english' }], words: 'treasure oak', vectorWeight: 0.5 };
    const search = new RetrievalRepository(rag.database.uow);
    for (const approximate of [false, true]) {
      const asked = { ...plan, metadata: null, limit: 10, vector: { ...vector, approximate } };
      expect((await search.search(thief, asked)).passages).toEqual([]);
      expect((await search.search(owner, asked)).passages).toHaveLength(1);
    }
    const matching = new MatchingRepository(rag.database.uow);
    const some = { conditions: ['$."title" == "Gold"'], limit: 10 };
    expect(await matching.shared(thief, records.id, 10)).toEqual([]);
    expect(await matching.shared(owner, records.id, 10)).toHaveLength(1);
    expect(await matching.sharedState(thief, records.id, 10)).toBe('0/');
    expect(await matching.sharedState(owner, records.id, 10)).toMatch(/^1\//);
    expect(await matching.candidates(thief, records.id, { ...some, vector: null })).toEqual([]);
    expect(await matching.candidates(thief, records.id, { ...some, vector })).toEqual([]);
    expect(await matching.candidates(owner, records.id, { ...some, vector })).toHaveLength(1);
  });
});
