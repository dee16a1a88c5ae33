import { setTimeout as sleep } from 'node:timers/promises';
import { Embedder, LocalEmbedder } from '#llm';
import type { RequestContext } from '#platform/context';
import { CommitInDoubtError, newId } from '#platform/database';
import { UnavailableError } from '#platform/errors';
import type { StoredDocument } from '../../../src/rag/documents/document.js';
import { IngestionRepository } from '../../../src/rag/ingestion/ingestion.repository.js';
import { DocumentParseError } from '../../../src/rag/parsing/document-parser.port.js';
import type { TestDatabase } from '../../support/test-database.js';
import { NEVER, RagUnderTest } from './rag-support.js';

/** The local embedder, with a hand on it: it can fail, or wait, from a given batch on. */
class HeldEmbedder extends Embedder {
  readonly space = new LocalEmbedder().space;
  calls: string[][] = [];
  failFrom = Infinity;
  fault: Error = new Error('the provider said no, key sk-123');
  holdFrom = Infinity;
  release: () => void = () => undefined;

  override async embed(texts: readonly string[], kind: 'query' | 'passage', signal: AbortSignal) {
    if (kind === 'passage') {
      this.calls.push([...texts]);
      if (this.calls.length >= this.holdFrom) {
        await new Promise<void>((resolve, reject) => {
          this.release = resolve;
          signal.addEventListener('abort', () => reject(new Error('stopped by its signal')), { once: true });
        });
      }
      if (this.calls.length >= this.failFrom) throw this.fault;
    }
    return new LocalEmbedder().embed(texts, kind, signal);
  }
}

const embedder = new HeldEmbedder();
let rag: RagUnderTest;
let ctx: RequestContext;

beforeAll(async () => {
  rag = await RagUnderTest.start({ embedder });
  ctx = await rag.caller();
}, 60_000);
beforeEach(() => {
  Object.assign(embedder, { calls: [], failFrom: Infinity, holdFrom: Infinity });
});
afterAll(() => rag.stop());

async function newBase(): Promise<string> {
  return (await rag.bases.create(ctx, { name: `Base ${newId()}`, chunkSize: 50, chunkOverlap: 0 })).id;
}

/** About 100 chunks: more than one batch. */
const LONG = Array.from(
  { length: 100 },
  (_, n) =>
    `## Part ${n}\n\nParagraph number ${n} speaks about subject${n} and nothing else, in forty words or so that fill a chunk of their own, since a short one would be joined with its neighbours and the counting would not come out as it should in this text.`,
).join('\n\n');

interface Counts {
  readonly chunks: number;
  readonly searchable: number;
  readonly vectors: number;
  readonly postings: number;
  readonly terms: number;
  readonly df: number;
  readonly documents: number;
  readonly term_total: number;
  readonly chunk_count: number;
}

async function counts(baseId: string): Promise<Counts> {
  const [row] = await rag.database.uow.query<Counts>(
    ctx,
    `SELECT (SELECT count(*) FROM app.chunk WHERE tenant_id = $1 AND knowledge_base_id = $2) AS chunks,
       (SELECT count(*) FROM app.chunk WHERE tenant_id = $1 AND knowledge_base_id = $2 AND searchable) AS searchable,
       (SELECT count(*) FROM app.chunk_vector WHERE tenant_id = $1 AND knowledge_base_id = $2) AS vectors,
       (SELECT count(*) FROM app.chunk_term WHERE tenant_id = $1 AND knowledge_base_id = $2) AS postings,
       (SELECT count(*) FROM app.term_stat WHERE tenant_id = $1 AND knowledge_base_id = $2) AS terms,
       (SELECT coalesce(sum(df), 0) FROM app.term_stat WHERE tenant_id = $1 AND knowledge_base_id = $2) AS df,
       document_count AS documents, term_total, chunk_count
     FROM app.knowledge_base WHERE tenant_id = $1 AND id = $2`,
    [ctx.tenantId, baseId],
  );
  if (row === undefined) throw new Error('no such base');
  return row;
}

const NOTHING: Counts = {
  chunks: 0,
  searchable: 0,
  vectors: 0,
  postings: 0,
  terms: 0,
  df: 0,
  documents: 0,
  term_total: 0,
  chunk_count: 0,
};

async function until(document: StoredDocument, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await condition()) return;
    await sleep(25);
  }
  throw new Error(`waited in vain for ${document.title}`);
}

describe('taking a document in', () => {
  it('keeps chunks, vectors, postings and statistics in step, and takes all of them out again', async () => {
    const baseId = await newBase();
    const one = await rag.settled(ctx, await rag.documents.addText(ctx, baseId, LONG, { title: 'Long' }));
    const two = await rag.settled(
      ctx,
      await rag.documents.addText(ctx, baseId, '# Cats\n\nCats purr.', { title: 'Cats' }),
    );
    expect(one).toMatchObject({ status: 'ready', progress: 1, attempt: 1, error: null });
    const full = await counts(baseId);
    expect(full.chunks).toBeGreaterThan(90);
    expect(full).toMatchObject({
      searchable: full.chunks,
      vectors: full.chunks,
      documents: 2,
      chunk_count: full.chunks,
    });
    expect(full.df).toBe(full.postings);
    expect(full.term_total).toBeGreaterThanOrEqual(full.postings);

    expect(await rag.files.open(ctx, one.id)).not.toBeNull();
    await rag.documents.delete(ctx, baseId, one.id);
    expect(await rag.files.open(ctx, one.id)).toBeNull();
    const left = await counts(baseId);
    expect(left).toMatchObject({ chunks: 1, searchable: 1, vectors: 1, documents: 1, chunk_count: 1 });
    expect(left.df).toBe(left.postings);
    await rag.documents.delete(ctx, baseId, two.id);
    expect(await counts(baseId)).toEqual(NOTHING);
  });

  it('shows nothing of a document before all of it is there', async () => {
    const baseId = await newBase();
    embedder.holdFrom = 2;
    const document = await rag.documents.addText(ctx, baseId, LONG, { title: 'Long' });
    await until(document, () => embedder.calls.length === 2);
    const now = await rag.documents.get(ctx, baseId, document.id);
    expect(now.status).toBe('embedding');
    expect(now.progress).toBeGreaterThan(0.5);
    expect(now.progress).toBeLessThan(1);
    const found = await rag.retrieval.search(ctx, { query: 'subject3', knowledgeBaseIds: [baseId] }, NEVER);
    expect(found.passages).toEqual([]);
    await rag.documents.delete(ctx, baseId, document.id);
    expect(await counts(baseId)).toEqual(NOTHING);
  });

  it('ends as failed with a reason that holds none of the provider’s words, and goes on where it stopped', async () => {
    const baseId = await newBase();
    embedder.failFrom = 2;
    const failed = await rag.settled(ctx, await rag.documents.addText(ctx, baseId, LONG, { title: 'Long' }));
    expect(failed.status).toBe('failed');
    expect(failed.error).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect(failed.error?.message).not.toContain('sk-123');
    const first = await rag.documents.chunks(ctx, baseId, failed.id, -1, 200);
    const before = embedder.calls[0]?.length ?? 0;

    Object.assign(embedder, { calls: [], failFrom: Infinity });
    const ready = await rag.settled(ctx, await rag.documents.reindex(ctx, baseId, failed.id));
    expect(ready.status).toBe('ready');
    const second = await rag.documents.chunks(ctx, baseId, failed.id, -1, 200);
    expect(second).toEqual(first);
    expect(embedder.calls.flat()).toHaveLength(first.length - before);
  });

  it('makes the same chunks with the same ids when it is read again', async () => {
    const baseId = await newBase();
    const document = await rag.settled(ctx, await rag.documents.addText(ctx, baseId, LONG, { title: 'Long' }));
    const before = {
      chunks: await rag.documents.chunks(ctx, baseId, document.id, -1, 200),
      counts: await counts(baseId),
    };
    embedder.calls = [];
    await rag.settled(ctx, await rag.documents.reindex(ctx, baseId, document.id));
    expect(await rag.documents.chunks(ctx, baseId, document.id, -1, 200)).toEqual(before.chunks);
    expect(await counts(baseId)).toEqual(before.counts);
    expect(embedder.calls).toEqual([]);
  });

  it('says what is wrong with a file that cannot be read', async () => {
    const baseId = await newBase();
    const upload = { content: Buffer.from('%PDF-1.4\nbroken'), fileName: 'x.pdf' };
    const failed = await rag.settled(ctx, await rag.documents.addFile(ctx, baseId, upload));
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'CORRUPT', retryable: false }, chunkCount: 0 });
    expect(await counts(baseId)).toEqual(NOTHING);
  });

  it('is taken up again by the next process when one stops in the middle', async () => {
    const baseId = await newBase();
    const first = rag.beside({ embedder });
    const document = await queued(first, baseId);
    embedder.holdFrom = 2;
    const stopping = new AbortController();
    const running = first.job.run(ctx, document.id, stopping.signal);
    await until(document, () => embedder.calls.length === 2);
    stopping.abort(new DOMException('The process is stopping', 'AbortError'));
    await expect(running).rejects.toThrow('stopping');
    expect((await rag.documents.get(ctx, baseId, document.id)).status).toBe('queued');

    const done = embedder.calls[0]?.length ?? 0;
    Object.assign(embedder, { calls: [], holdFrom: Infinity });
    const second = rag.beside({ embedder });
    await second.ingestion.onApplicationBootstrap();
    const ready = await rag.settled(ctx, document);
    await second.halt();
    expect(ready).toMatchObject({ status: 'ready', attempt: 2 });
    expect(embedder.calls.flat()).toHaveLength(ready.chunkCount - done);
  });

  it('pauses while its tenant is suspended, and goes on where it stopped', async () => {
    const suspend = (status: string) =>
      rag.database.uow.query(ctx, 'UPDATE app.tenant SET status = $2 WHERE id = $1', [ctx.tenantId, status]);
    const baseId = await newBase();
    const worker = rag.beside({ embedder });
    const document = await queued(worker, baseId);
    const status = async () => (await rag.documents.get(ctx, baseId, document.id)).status;
    embedder.holdFrom = 2;
    const running = worker.job.run(ctx, document.id, NEVER);
    await until(document, () => embedder.calls.length === 2);
    try {
      await suspend('suspended');
      // Its next sign of life is at most five seconds away.
      await running;
      expect(await status()).toBe('queued');
      Object.assign(embedder, { calls: [], holdFrom: Infinity });
      await worker.job.run(ctx, document.id, NEVER);
      expect([await status(), embedder.calls]).toEqual(['queued', []]);
      const due = await new IngestionRepository(rag.database.uow).due(
        { afterSeconds: 20, startedAt: new Date(0) },
        [],
        9,
      );
      expect(due.filter(({ tenantId }) => tenantId === ctx.tenantId)).toEqual([]);
    } finally {
      await suspend('active');
    }
    await worker.job.run(ctx, document.id, NEVER);
    expect(await status()).toBe('ready');
  });

  it('is taken up again when the process was killed, and a worker that lost its claim writes nothing', async () => {
    const baseId = await newBase();
    const dead = rag.beside({ embedder });
    const document = await queued(dead, baseId);
    embedder.holdFrom = 1;
    const lost = dead.job.run(ctx, document.id, NEVER);
    await until(document, () => embedder.calls.length === 1);

    const { release } = embedder;
    embedder.holdFrom = Infinity;
    const next = rag.beside({ embedder });
    await next.ingestion.onApplicationBootstrap();
    const ready = await rag.settled(ctx, document);
    await next.halt();
    const full = await counts(baseId);
    release();
    await lost;
    expect(await rag.documents.get(ctx, baseId, document.id)).toEqual(ready);
    expect(await counts(baseId)).toEqual(full);
  });

  it('stops without a word when its document is deleted meanwhile', async () => {
    const baseId = await newBase();
    const worker = rag.beside({ embedder });
    const document = await queued(worker, baseId);
    embedder.holdFrom = 2;
    const running = worker.job.run(ctx, document.id, NEVER);
    await until(document, () => embedder.calls.length === 2);
    await rag.bases.delete(ctx, baseId);
    embedder.release();
    await running;
    await expect(rag.bases.get(ctx, baseId)).rejects.toThrow('not found');
  });

  it('does nothing for a document that is ready', async () => {
    const baseId = await newBase();
    const document = await rag.settled(ctx, await rag.documents.addText(ctx, baseId, 'Some text.', { title: 'T' }));
    await rag.job.run(ctx, document.id, NEVER);
    expect(await rag.documents.get(ctx, baseId, document.id)).toEqual(document);
  });

  it('keeps the file where nobody knows whether its document was saved, and not where it was not', async () => {
    const baseId = await newBase();
    const { work: uow } = rag.documents as unknown as { work: TestDatabase['uow'] };
    const add = (title: string) => rag.documents.addText(ctx, baseId, 'Cats purr.', { title });
    const receive = rag.files.receive.bind(rag.files);
    const received = jest.spyOn(rag.files, 'receive');
    const doubt = new CommitInDoubtError(new Error('Connection terminated'));
    const full = Object.assign(new Error('could not extend file'), { code: '53100' });
    const ends: [TestDatabase['uow']['run'], unknown][] = [
      [uow.run.bind(uow), doubt],
      [() => Promise.reject(new UnavailableError('No room', { cause: full })), undefined],
    ];
    const transaction = jest.spyOn(uow, 'run');
    try {
      for (const [run, fault] of ends) {
        received.mockImplementationOnce(async (scope, content) => {
          const file = await receive(scope, content);
          transaction.mockImplementationOnce(async (tenant, work) => {
            await run(tenant, work);
            throw fault;
          });
          return file;
        });
      }
      await expect(add('In doubt')).rejects.toBe(doubt);
      const [document] = await rag.documents.list(ctx, baseId, { status: null, before: null, limit: 10 });
      if (document === undefined) throw new Error('The document was not saved');
      await rag.job.run(ctx, document.id, NEVER);
      expect(await rag.documents.get(ctx, baseId, document.id)).toMatchObject({ title: 'In doubt', status: 'ready' });
      await expect(add('Refused')).rejects.toMatchObject({ kind: 'no_space' });
      const refused = await received.mock.results.at(-1)?.value;
      expect(await rag.files.open(ctx, refused.id)).toBeNull();
    } finally {
      transaction.mockRestore();
      received.mockRestore();
    }
  });

  it('reports a parser’s own code', async () => {
    const refusing = {
      parse: () => Promise.reject(new Error('not used')),
      parseIntoChunks: () => Promise.reject(new DocumentParseError('ENCRYPTED', 'Remove the password.')),
    };
    const worker = rag.beside({ embedder, parser: refusing });
    const document = await queued(worker, await newBase());
    await worker.job.run(ctx, document.id, NEVER);
    const failed = await rag.documents.get(ctx, document.knowledgeBaseId, document.id);
    expect(failed.error).toEqual({ code: 'ENCRYPTED', message: 'Remove the password.', retryable: false });
  });

  it('is counted by how its worker left it', async () => {
    const worker = rag.beside({ embedder });
    const baseId = await newBase();
    const figures = async () => (await worker.metrics.text()).match(/^switchboard_ingestion_documents_\w+.*$/gm);
    for (const failFrom of [Infinity, 1]) {
      embedder.failFrom = failFrom;
      await worker.job.run(ctx, (await queued(worker, baseId)).id, NEVER);
    }
    expect(await figures()).toEqual([
      'switchboard_ingestion_documents_total{outcome="ready"} 1',
      'switchboard_ingestion_documents_total{outcome="failed"} 1',
      'switchboard_ingestion_documents_in_work 0',
    ]);
  });

  it('finds the words of texts in other languages, with and without spaces', async () => {
    const spanish = (await rag.bases.create(ctx, { name: `Base ${newId()}`, language: 'es' })).id;
    const japanese = (await rag.bases.create(ctx, { name: `Base ${newId()}`, language: 'ja' })).id;
    await rag.settled(
      ctx,
      await rag.documents.addText(ctx, spanish, 'Las devoluciones son gratuitas.', { title: 'A' }),
    );
    await rag.settled(
      ctx,
      await rag.documents.addText(ctx, japanese, '注文した商品は三日で届きます。', { title: 'B' }),
    );
    const es = await rag.retrieval.search(
      ctx,
      { query: '¿Es gratuita la devolución?', knowledgeBaseIds: [spanish] },
      NEVER,
    );
    expect(es.passages[0]?.coverage).toBe(1);
    const ja = await rag.retrieval.search(ctx, { query: '商品はいつ届きますか', knowledgeBaseIds: [japanese] }, NEVER);
    expect(ja.passages[0]?.textScore).toBeGreaterThan(0);
  });
});

/** A document whose row is there and whose job was never run: its process added it and went away. */
async function queued(by: RagUnderTest, baseId: string): Promise<StoredDocument> {
  return by.documents.addText(ctx, baseId, LONG, { title: 'Long' });
}
