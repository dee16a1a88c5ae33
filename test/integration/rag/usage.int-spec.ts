import { Embedder, type EmbeddingSpace, LlmError, LocalEmbedder, type UsageSink } from '#llm';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { knowledgeTool } from '../../../src/rag/knowledge.tool.js';
import { NEVER, RagUnderTest } from './rag-support.js';

/** The local embedder behind a till: every call costs, also one that fails. */
class PaidEmbedder extends Embedder {
  readonly space: EmbeddingSpace = { ...new LocalEmbedder().space, provider: 'openai', model: 'paid' };
  calls = 0;
  failAt = Infinity;
  /** The failure passes, and the same is asked again. */
  passing = false;
  beforeAnswer: () => Promise<void> = () => Promise.resolve();

  override async embed(
    texts: readonly string[],
    kind: 'query' | 'passage',
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<readonly Float32Array[]> {
    const fails = ++this.calls === this.failAt;
    await this.beforeAnswer();
    const inputTokens = texts.length * 10;
    onUsage({ kind: 'embedding', inputTokens, outputTokens: 0, costUsd: 0.0001, model: 'paid', estimated: fails });
    if (fails) throw new LlmError({ detail: 'broke off', transient: this.passing });
    return new LocalEmbedder().embed(texts, kind, signal);
  }
}

interface UsageLine {
  readonly kind: string;
  readonly purpose: string;
  readonly tokens: number;
  readonly estimated: boolean;
  readonly principal_id: string | null;
  readonly turn_id: string | null;
}

/** More chunks than one batch. */
const LONG = Array.from(
  { length: 100 },
  (_, n) =>
    `## Part ${n}\n\nParagraph number ${n} speaks about subject${n} and nothing else, in forty words or so that fill a chunk of their own, since a short one would be joined with its neighbours and the counting would not come out as it should in this text.`,
).join('\n\n');

const embedder = new PaidEmbedder();
let rag: RagUnderTest;
let ctx: RequestContext;

beforeAll(async () => {
  rag = await RagUnderTest.start({ embedder });
}, 60_000);
beforeEach(async () => {
  Object.assign(embedder, { calls: 0, failAt: Infinity, passing: false, beforeAnswer: () => Promise.resolve() });
  ctx = await rag.caller();
});
afterAll(() => rag.stop());

async function newBase(): Promise<string> {
  return (await rag.bases.create(ctx, { name: `Base ${newId()}`, chunkSize: 50, chunkOverlap: 0 })).id;
}

function books(): Promise<UsageLine[]> {
  return rag.database.uow.query<UsageLine>(
    ctx,
    `SELECT kind, purpose, input_tokens AS tokens, estimated, principal_id, turn_id FROM app.usage_record
      WHERE tenant_id = $1 ORDER BY created_at, id`,
    [ctx.tenantId],
  );
}

describe('what embedding a document cost', () => {
  it('stands in the books once for each request, on the account of who brought the document', async () => {
    const document = await rag.settled(ctx, await rag.documents.addText(ctx, await newBase(), LONG, { title: 'Long' }));
    expect(document.status).toBe('ready');
    const lines = await books();
    expect(lines).toHaveLength(embedder.calls);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(line).toMatchObject({ kind: 'embedding', purpose: 'ingest', estimated: false, turn_id: null });
      expect(line.principal_id).toBe(ctx.principal.id);
    }
    expect(lines.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(document.chunkCount * 10);
    await rag.job.run(ctx, document.id, NEVER);
    expect(await books()).toEqual(lines);
  });

  it('is told of a request that failed, and a retry adds only what it asks for anew', async () => {
    embedder.failAt = 2;
    const baseId = await newBase();
    const failed = await rag.settled(ctx, await rag.documents.addText(ctx, baseId, LONG, { title: 'Long' }));
    expect(failed.status).toBe('failed');
    expect((await books()).map(({ estimated }) => estimated)).toEqual([false, true]);
    await rag.documents.reindex(ctx, baseId, failed.id);
    const ready = await rag.settled(ctx, failed);
    expect(ready.status).toBe('ready');
    const lines = await books();
    expect(lines).toHaveLength(embedder.calls);
    const paidFor = lines.filter(({ estimated }) => !estimated).reduce((sum, { tokens }) => sum + tokens, 0);
    expect(paidFor).toBe(ready.chunkCount * 10);
  });

  it('is told of a try that broke off, before the next one is made', async () => {
    Object.assign(embedder, { failAt: 2, passing: true });
    let before: boolean[] = [];
    embedder.beforeAnswer = async () => {
      if (embedder.calls === 3) before = (await books()).map(({ estimated }) => estimated);
    };
    const document = await rag.settled(ctx, await rag.documents.addText(ctx, await newBase(), LONG, { title: 'Long' }));
    expect(document.status).toBe('ready');
    expect(before).toEqual([false, true]);
    const lines = await books();
    expect(lines).toHaveLength(embedder.calls);
    const paidFor = lines.filter(({ estimated }) => !estimated).reduce((sum, { tokens }) => sum + tokens, 0);
    expect(paidFor).toBe(document.chunkCount * 10);
  });

  it('stands in the books also when the document is deleted meanwhile, and stays when it is deleted later', async () => {
    const baseId = await newBase();
    let document = '';
    const arrived = new Promise<void>((resolve) => {
      embedder.beforeAnswer = async () => {
        resolve();
        while (document === '') await new Promise((next) => setTimeout(next, 5));
        await rag.documents.delete(ctx, baseId, document);
      };
    });
    const { id } = await rag.documents.addText(ctx, baseId, '# Cats\n\nCats purr.', { title: 'Cats' });
    await arrived;
    document = id;
    for (let tries = 0; tries < 200 && (await books()).length === 0; tries++) {
      await new Promise((next) => setTimeout(next, 25));
    }
    expect(await books()).toEqual([expect.objectContaining({ purpose: 'ingest', principal_id: ctx.principal.id })]);
  });
});

describe('what a search cost', () => {
  it('is the turn’s to tell where there is one', async () => {
    const baseId = await newBase();
    const told: number[] = [];
    const request = { query: 'subject3', knowledgeBaseIds: [baseId] };
    await rag.retrieval.search(ctx, request, NEVER, (call) => call(({ inputTokens }) => told.push(inputTokens)));
    expect(told).toEqual([10]);
    expect(await books()).toEqual([]);
  });

  it('goes to the caller where there is no turn, and to the turn of a tool call', async () => {
    const baseId = await newBase();
    await rag.retrieval.search(ctx, { query: 'subject3', knowledgeBaseIds: [baseId] }, NEVER);
    const turnId = newId();
    const call = {
      ...{ ctx, turnId, conversationId: newId(), agentKey: 'a', idempotencyKey: 'k', signal: NEVER },
      run: { messageId: 'question', attempt: 1, start: 1 },
      grants: { tools: [], entitlements: [] },
    };
    await knowledgeTool(rag.retrieval).execute({ query: 'subject4' }, call, { knowledge_base_ids: [baseId] });
    const { id } = ctx.principal;
    expect(await books()).toEqual([
      expect.objectContaining({ purpose: 'retrieve', turn_id: null, principal_id: id, estimated: false }),
      expect.objectContaining({ purpose: 'retrieve', turn_id: turnId, principal_id: id, kind: 'embedding' }),
    ]);
  });

  it('is in the books also when the embedding failed, and the search with it', async () => {
    const baseId = await newBase();
    embedder.failAt = 1;
    const search = rag.retrieval.search(ctx, { query: 'subject3', knowledgeBaseIds: [baseId] }, NEVER);
    await expect(search).rejects.toMatchObject({ code: 'RETRIEVAL_ERROR' });
    expect(await books()).toEqual([expect.objectContaining({ purpose: 'retrieve', estimated: true })]);
  });

  it('is in the books also when words alone answered, as the tenant chose', async () => {
    const baseId = await newBase();
    embedder.failAt = 1;
    const { retrieval } = rag.beside({ embedder, onProviderFailure: 'degrade' });
    const { degraded } = await retrieval.search(ctx, { query: 'subject3', knowledgeBaseIds: [baseId] }, NEVER);
    expect(degraded).toBe(true);
    expect(await books()).toEqual([expect.objectContaining({ purpose: 'retrieve', estimated: true })]);
  });
});
