import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Embedder, LlmService, LocalEmbedder } from '#llm';
import { loadConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import type { StoredDocument } from '../../../src/rag/documents/document.js';
import { countChunks } from '../../../src/rag/lexical/term-statistics.repository.js';
import { cutConnections } from '../../support/cut-connections.js';
import { OpenAiStandIn } from '../../support/openai-standin.js';
import { NEVER, RagUnderTest } from './rag-support.js';

/** The local embedder, with a hand on it. */
class SlowEmbedder extends Embedder {
  readonly space = new LocalEmbedder().space;
  readonly batches: string[] = [];
  batchMs = 0;
  before: (texts: readonly string[]) => Promise<void> = () => Promise.resolve();

  override async embed(texts: readonly string[], kind: 'query' | 'passage', signal: AbortSignal) {
    this.batches.push(texts[0] ?? '');
    await sleep(this.batchMs);
    await this.before(texts);
    return new LocalEmbedder().embed(texts, kind, signal);
  }
}

const paragraphs = (count: number, word: string): string =>
  Array.from(
    { length: count },
    (_, n) =>
      `## Part ${n}\n\nParagraph number ${n} speaks about ${word}${n} and nothing else, in forty words or so that fill a chunk of their own, since a short one would be joined with its neighbours and the counting would not come out as it should.`,
  ).join('\n\n');

const embedder = new SlowEmbedder();
let rag: RagUnderTest;
let ctx: RequestContext;

beforeAll(async () => {
  rag = await RagUnderTest.start({ embedder });
  ctx = await rag.caller();
}, 60_000);
beforeEach(() => {
  embedder.batches.length = 0;
  Object.assign(embedder, { batchMs: 0, before: () => Promise.resolve() });
});
afterAll(() => rag.stop());

async function newBase(who = ctx, on = rag): Promise<string> {
  return (await on.bases.create(who, { name: `Base ${newId()}`, chunkSize: 50, chunkOverlap: 0 })).id;
}

async function until<T>(look: () => Promise<T | null | false>, seconds = 15): Promise<T> {
  for (let tries = 0; tries < seconds * 40; tries++) {
    const found = await look();
    if (found !== null && found !== false) return found;
    await sleep(25);
  }
  throw new Error('waited in vain');
}

async function set(document: StoredDocument, change: string): Promise<void> {
  const sql = `UPDATE app.document SET ${change} WHERE tenant_id = $1 AND id = $2`;
  await rag.database.uow.query(ctx, sql, [ctx.tenantId, document.id]);
}

async function inStep(baseId: string): Promise<{ postings: number; df: number; chunks: number; searchable: number }> {
  const [row] = await rag.database.uow.query<{ postings: number; df: number; chunks: number; searchable: number }>(
    ctx,
    `SELECT (SELECT count(*) FROM app.chunk_term WHERE tenant_id = $1 AND knowledge_base_id = $2) AS postings,
       (SELECT coalesce(sum(df), 0)::int FROM app.term_stat WHERE tenant_id = $1 AND knowledge_base_id = $2) AS df,
       (SELECT count(*) FROM app.chunk WHERE tenant_id = $1 AND knowledge_base_id = $2) AS chunks,
       (SELECT count(*) FROM app.chunk WHERE tenant_id = $1 AND knowledge_base_id = $2 AND searchable) AS searchable`,
    [ctx.tenantId, baseId],
  );
  if (row === undefined) throw new Error('no row');
  return row;
}

describe('an embedding provider with passing trouble', () => {
  let standIn: OpenAiStandIn;
  let at: RagUnderTest;

  beforeAll(async () => {
    standIn = await OpenAiStandIn.start();
    const llm = new LlmService(
      loadConfig({
        NODE_ENV: 'test',
        LLM_PROVIDER: 'offline',
        EMBEDDINGS_PROVIDER: 'openai',
        OPENAI_BASE_URL: standIn.url,
        EMBEDDINGS_MODEL: 'all-minilm',
      }),
    );
    at = rag.beside({ llm, poll: 200 });
    await rag.ingestion.onModuleDestroy();
    await at.ingestion.onApplicationBootstrap();
  });
  afterEach(() => standIn.reset());
  afterAll(async () => {
    await at.halt();
    await standIn.stop();
    rag = rag.beside({ embedder });
    await rag.ingestion.onApplicationBootstrap();
  });

  it('is waited for as it asks, and the document says why and until when', async () => {
    const baseId = await newBase(ctx, at);
    standIn.script({ match: { path: '/embeddings' }, times: 1, fault: { kind: 'status', status: 429, retryAfter: 3 } });
    const document = await at.documents.addText(ctx, baseId, 'Some text.', { title: 'T' });
    const waiting = await until(async () => (await at.documents.get(ctx, baseId, document.id)).waiting);
    expect(waiting.reason).toContain('429');
    expect(waiting.until.getTime() - Date.now()).toBeGreaterThan(1000);
    expect(waiting.until.getTime() - Date.now()).toBeLessThan(3500);
    const ready = await at.settled(ctx, document);
    expect(ready).toMatchObject({ status: 'ready', attempt: 1, waiting: null, error: null });
    const [first, second] = standIn.calls.filter(({ path }) => path.endsWith('/embeddings'));
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(2900);
  });

  it('does not hold up questions of people who chat', async () => {
    standIn.script({
      match: { path: '/embeddings', contains: 'passage text' },
      times: 1,
      fault: { kind: 'status', status: 429, retryAfter: 4 },
    });
    const baseId = await newBase(ctx, at);
    const document = await at.documents.addText(ctx, baseId, 'The passage text.', { title: 'T' });
    await until(async () => (await at.documents.get(ctx, baseId, document.id)).waiting);
    const started = performance.now();
    await at.retrieval.search(ctx, { query: `question ${newId()}`, knowledgeBaseIds: [baseId] }, NEVER);
    expect(performance.now() - started).toBeLessThan(1500);
    expect((await at.documents.get(ctx, baseId, document.id)).waiting).not.toBeNull();
    expect((await at.settled(ctx, document)).status).toBe('ready');
  });

  it('is not sat out for long: the document is given back until its time', async () => {
    const baseId = await newBase(ctx, at);
    standIn.script({
      match: { path: '/embeddings' },
      times: 1,
      fault: { kind: 'status', status: 503, retryAfter: 600 },
    });
    // A process of its own, so that the others of this file do not wait with its endpoint.
    const other = rag.beside({
      llm: new LlmService(
        loadConfig({
          NODE_ENV: 'test',
          LLM_PROVIDER: 'offline',
          EMBEDDINGS_PROVIDER: 'openai',
          OPENAI_BASE_URL: standIn.url,
          EMBEDDINGS_MODEL: 'all-minilm',
        }),
      ),
    });
    await at.ingestion.onModuleDestroy();
    const document = await at.documents.addText(ctx, baseId, 'Some text.', { title: 'T' });
    await other.job.run(ctx, document.id, NEVER);
    const now = await at.documents.get(ctx, baseId, document.id);
    expect(now.error).toBeNull();
    expect(now.waiting?.reason).toContain('503');
    expect((now.waiting?.until.getTime() ?? 0) - Date.now()).toBeGreaterThan(500_000);
    // Nobody's, and not to be had before its time.
    await at.job.run(ctx, document.id, NEVER);
    expect((await at.documents.get(ctx, baseId, document.id)).attempt).toBe(1);
    await set(document, `wait_until = now()`);
    await at.job.run(ctx, document.id, NEVER);
    expect(await at.documents.get(ctx, baseId, document.id)).toMatchObject({ status: 'ready', attempt: 2 });
  });

  it('fails the document at once when it refuses for good, and after half an hour of trouble', async () => {
    const baseId = await newBase(ctx, at);
    standIn.script({
      match: { path: '/embeddings' },
      times: 1,
      fault: { kind: 'status', status: 400, message: 'sk-1' },
    });
    const refused = await at.documents.addText(ctx, baseId, 'Some text.', { title: 'T' });
    await at.job.run(ctx, refused.id, NEVER);
    const failed = await at.documents.get(ctx, baseId, refused.id);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'LLM_ERROR', retryable: false } });
    expect(failed.error?.message).toContain('HTTP 400');
    expect(failed.error?.message).not.toContain('sk-1');

    standIn.script({ match: { path: '/embeddings' }, fault: { kind: 'status', status: 500 } });
    const long = await at.documents.addText(ctx, baseId, 'Some other text.', { title: 'T' });
    await set(long, `trouble_since = now() - interval '31 minutes'`);
    await at.job.run(ctx, long.id, NEVER);
    const given = await at.documents.get(ctx, baseId, long.id);
    expect(given).toMatchObject({ status: 'failed', waiting: null, error: { retryable: true } });
    expect(given.error?.message).toContain('HTTP 500');
  });
});

describe('a document in work', () => {
  it('shows signs of life while one batch takes long, and is left alone', async () => {
    const baseId = await newBase();
    let go: () => void = () => undefined;
    embedder.before = () => new Promise((resolve) => (go = resolve));
    const document = await rag.documents.addText(ctx, baseId, 'Slow text.', { title: 'T' });
    await until(() => Promise.resolve(embedder.batches.length === 1));
    await set(document, `heartbeat_at = now() - interval '15 seconds'`);
    await sleep(6000);
    const sql = `SELECT extract(epoch FROM now() - heartbeat_at)::float8 AS age FROM app.document WHERE tenant_id = $1 AND id = $2`;
    const [row] = await rag.database.uow.query<{ age: number }>(ctx, sql, [ctx.tenantId, document.id]);
    expect(row?.age).toBeLessThan(6);
    const other = rag.beside({ embedder, shared: true });
    await other.job.run(ctx, document.id, NEVER);
    expect(embedder.batches).toHaveLength(1);
    go();
    expect(await rag.settled(ctx, document)).toMatchObject({ status: 'ready', attempt: 1 });
  });

  it('stops paying as soon as another has taken it over', async () => {
    const baseId = await newBase();
    let stopped = false;
    embedder.before = () =>
      new Promise((_, reject) => {
        const check = setInterval(() => stopped && (clearInterval(check), reject(new Error('stopped'))), 20);
      });
    const worker = rag.beside({ embedder, shared: true });
    const document = await worker.documents.addText(ctx, baseId, 'Slow text.', { title: 'T' });
    await rag.ingestion.onModuleDestroy();
    const running = worker.job.run(ctx, document.id, NEVER).then(() => (stopped = true));
    await until(() => Promise.resolve(embedder.batches.length > 0));
    await set(document, 'attempt = attempt + 1');
    stopped = true;
    await running;
    expect((await rag.documents.get(ctx, baseId, document.id)).status).toBe('embedding');
    await rag.documents.delete(ctx, baseId, document.id);
    rag = rag.beside({ embedder });
    await rag.ingestion.onApplicationBootstrap();
  });

  it('ends as failed with words when it stops its process again and again', async () => {
    const baseId = await newBase();
    const worker = rag.beside({ embedder });
    const document = await worker.documents.addText(ctx, baseId, 'Poison.', { title: 'T' });
    const dead = { afterSeconds: 0, startedAt: new Date(0) };
    for (let count = 0; count < 5; count++) {
      expect(await worker.ingestions.claim(ctx, document.id, dead)).not.toBeNull();
      await sleep(5);
    }
    await worker.job.run(ctx, document.id, NEVER, { abandoned: dead });
    const failed = await worker.documents.get(ctx, baseId, document.id);
    expect(failed).toMatchObject({ status: 'failed', attempt: 6, error: { code: 'GAVE_UP', retryable: true } });
    expect((await rag.settled(ctx, await rag.documents.reindex(ctx, baseId, document.id))).status).toBe('ready');
  });
});

describe('several tenants', () => {
  it('take turns: a short document passes long ones of another tenant', async () => {
    embedder.batchMs = 150;
    const longBase = await newBase();
    const long = [];
    for (let n = 0; n < 4; n++) {
      long.push(await rag.documents.addText(ctx, longBase, paragraphs(700, `apple${n}`), { title: `Long ${n}` }));
    }
    await until(() => Promise.resolve(embedder.batches.length > 1), 60);
    const other = await rag.caller();
    const short = await rag.documents.addText(other, await newBase(other), 'A short text.', { title: 'Short' });
    expect((await rag.settled(other, short)).status).toBe('ready');
    const statuses = await Promise.all(long.map(({ id }) => rag.documents.get(ctx, longBase, id)));
    expect(statuses.map(({ status }) => status)).not.toContain('ready');
    for (const { id } of long) await rag.documents.delete(ctx, longBase, id);
  }, 120_000);
});

describe('a long document', () => {
  it('has its statistics right when a worker stopped while it counted them', async () => {
    const baseId = await newBase();
    const kept = await rag.settled(ctx, await rag.documents.addText(ctx, baseId, 'Kept words.', { title: 'Kept' }));
    const before = await inStep(baseId);
    let go: () => void = () => undefined;
    const first = rag.beside({ embedder, shared: true });
    await rag.ingestion.onModuleDestroy();
    const document = await first.documents.addText(ctx, baseId, paragraphs(150, 'pear'), { title: 'Long' });
    embedder.before = () => new Promise((resolve) => (go = resolve));
    const lost = first.job.run(ctx, document.id, NEVER);
    await until(() => Promise.resolve(embedder.batches.some((text) => text.includes('pear'))), 60);
    // As far as a worker comes that is killed between two steps.
    expect(await rag.database.uow.run(ctx, (tx) => countChunks(tx, baseId, document.id))).toBe(64);
    expect((await inStep(baseId)).df).toBeGreaterThan(before.df);
    embedder.before = () => Promise.resolve();
    await set(document, `heartbeat_at = now() - interval '1 minute'`);
    await first.job.run(ctx, document.id, NEVER);
    go();
    await lost;
    const ready = await rag.documents.get(ctx, baseId, document.id);
    expect(ready).toMatchObject({ status: 'ready', attempt: 2 });
    const full = await inStep(baseId);
    expect(full.df).toBe(full.postings);
    expect(full.searchable).toBe(full.chunks);
    await rag.documents.delete(ctx, baseId, document.id);
    expect(await inStep(baseId)).toEqual(before);
    await rag.documents.delete(ctx, baseId, kept.id);
    expect(await inStep(baseId)).toEqual({ postings: 0, df: 0, chunks: 0, searchable: 0 });
    rag = rag.beside({ embedder });
    await rag.ingestion.onApplicationBootstrap();
  }, 120_000);

  it('goes in the end when its removal was cut off, and is seen by nobody meanwhile', async () => {
    const baseId = await newBase();
    const text = paragraphs(150, 'plum');
    const document = await rag.settled(ctx, await rag.documents.addText(ctx, baseId, text, { title: 'Long' }));
    await rag.database.uow.run(ctx, async (tx) => {
      await rag.documentRows.lock(tx, baseId, document.id);
      await rag.documentRows.hide(tx, baseId, document.id);
      await rag.documentRows.markDeleted(tx, document.id);
      expect(await rag.documentRows.deleteSome(tx, baseId, document.id)).toBe(false);
    });
    await expect(rag.documents.get(ctx, baseId, document.id)).rejects.toThrow('not found');
    expect((await rag.documents.list(ctx, baseId, { status: null, before: null, limit: 9 })).length).toBe(0);
    await set(document, `deleted_at = now() - interval '2 minutes'`);
    await rag.removal.sweep();
    expect(await inStep(baseId)).toEqual({ postings: 0, df: 0, chunks: 0, searchable: 0 });
    expect(await rag.documentRows.knowledgeBaseOf(ctx, document.id)).toBeNull();
    expect(await rag.files.open(ctx, document.id)).toBeNull();
  }, 60_000);
});

describe('a database whose connections are cut', () => {
  it('holds documents up for seconds, and doubles nothing', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    const own = rag.beside({ embedder, poll: 1000 });
    await rag.ingestion.onModuleDestroy();
    await own.ingestion.onApplicationBootstrap();
    let cutting = true;
    const pool = (rag.database.dataSource.driver as unknown as { master: unknown }).master;
    const cuts = (async () => {
      while (cutting) {
        await sleep(150);
        cutConnections(pool);
      }
    })();
    try {
      embedder.batchMs = 30;
      const baseId = await until(() => newBase().catch(() => null));
      const documents = [];
      for (let n = 0; n < 8; n++) {
        const text = paragraphs(90, `cut${n}`);
        const add = () => own.documents.addText(ctx, baseId, text, { title: `Cut ${n}` }).catch(() => null);
        documents.push(await until(add));
      }
      await sleep(3000);
      cutting = false;
      await cuts;
      // The pool has to hear of the last cut, or it hands out what is dead.
      await sleep(50);
      const started = Date.now();
      for (const document of documents) {
        expect(await own.settled(ctx, document)).toMatchObject({ status: 'ready', error: null });
      }
      expect(Date.now() - started).toBeLessThan(25_000);
      const full = await inStep(baseId);
      expect(full.df).toBe(full.postings);
      expect(full.searchable).toBe(full.chunks);
      expect(unhandled).toEqual([]);
    } finally {
      cutting = false;
      process.off('unhandledRejection', onUnhandled);
      await own.halt();
    }
  }, 120_000);
});

describe('several instances on one database', () => {
  it('read each other’s uploads', async () => {
    const folder = `${rag.folder}-${randomBytes(4).toString('hex')}`;
    const here = new RagUnderTest(rag.database, `${folder}-a`, { embedder, shared: true });
    const there = new RagUnderTest(rag.database, `${folder}-b`, { embedder, shared: true });
    const baseId = await newBase(ctx, here);
    await rag.ingestion.onModuleDestroy();
    const content = Buffer.from('# Shared\n\nA file that lies in no folder.');
    const document = await here.documents.addFile(ctx, baseId, { content, fileName: 'x.md' });
    await there.job.run(ctx, document.id, NEVER);
    expect(await here.documents.get(ctx, baseId, document.id)).toMatchObject({ status: 'ready', error: null });
    expect(await there.files.open(ctx, document.id)).toMatchObject({ size: content.length });
    await there.halt();
    await here.halt();
  });

  it('clear away files without a document, and keep those with one', async () => {
    const here = new RagUnderTest(rag.database, `${rag.folder}-c`, { embedder, shared: true });
    const orphan = await here.files.receive(ctx, Buffer.from('nobody’s'));
    const fresh = await here.files.receive(ctx, Buffer.from('on its way'));
    const baseId = await newBase(ctx, here);
    const document = await here.documents.addText(ctx, baseId, 'Text.', { title: 'T' });
    await here.files.loosen(ctx, document.id);
    const sql = `UPDATE app.blob SET loose_since = now() - interval '2 hours' WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`;
    await rag.database.uow.query(ctx, sql, [ctx.tenantId, [orphan.id, document.id]]);
    await here.removal.sweep();
    expect(await here.files.open(ctx, orphan.id)).toBeNull();
    expect(await here.files.open(ctx, fresh.id)).not.toBeNull();
    expect(await here.files.open(ctx, document.id)).not.toBeNull();
    expect((await here.files.loose(3600, 10)).length).toBe(0);
    await here.halt();
  });
});
