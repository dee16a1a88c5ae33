import { setTimeout as sleep } from 'node:timers/promises';
import { Embedder, type EmbeddingSpace, LlmError, LocalEmbedder, type UsageSink } from '#llm';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import type { TenantSettings } from '#tenants';
import type { StoredDocument } from '../../../src/rag/documents/document.js';
import { isWaitedOut } from '../../../src/rag/ingestion/ingest-failure.js';
import { BudgetRepository } from '../../../src/tenants/limits/budget.repository.js';
import { NEVER, RagUnderTest } from './rag-support.js';

/** What a call costs, as reckoned before and as told after it. */
const USD = 0.01;

/** The local embedder behind a till. */
class PaidEmbedder extends Embedder {
  readonly space: EmbeddingSpace = { ...new LocalEmbedder().space, provider: 'openai', model: 'paid' };
  calls = 0;
  failAt = Infinity;
  during: () => Promise<void> = () => Promise.resolve();

  override reckon(): number {
    return USD;
  }

  override async embed(
    texts: readonly string[],
    kind: 'query' | 'passage',
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<readonly Float32Array[]> {
    const fails = ++this.calls === this.failAt;
    await this.during();
    onUsage({ kind: 'embedding', inputTokens: 10, outputTokens: 0, costUsd: USD, model: 'paid', estimated: fails });
    signal.throwIfAborted();
    if (fails) throw new LlmError({ detail: 'broke off' });
    return new LocalEmbedder().embed(texts, kind, signal);
  }
}

/** More chunks than one batch. */
const LONG = Array.from(
  { length: 100 },
  (_, n) =>
    `## Part ${n}\n\nParagraph number ${n} speaks about subject${n} and nothing else, in forty words or so that fill a chunk of their own, since a short one would be joined with its neighbours and the counting would not come out as it should in this text.`,
).join('\n\n');

const embedder = new PaidEmbedder();
const ceilings: { -readonly [K in keyof TenantSettings['ceilings']]?: TenantSettings['ceilings'][K] } = {};
let rag: RagUnderTest;
let budgets: BudgetRepository;
let ctx: RequestContext;

beforeAll(async () => {
  rag = await RagUnderTest.start({ embedder, ceilings, poll: 100 });
  budgets = new BudgetRepository(rag.database.uow);
}, 60_000);
beforeEach(async () => {
  Object.assign(embedder, { calls: 0, failAt: Infinity, during: () => Promise.resolve() });
  Object.assign(ceilings, { budgetDayUsd: null, budgetMonthUsd: null });
  ctx = await rag.caller();
});
afterAll(() => rag.stop());

const newBase = async () =>
  (await rag.bases.create(ctx, { name: `Base ${newId()}`, chunkSize: 50, chunkOverlap: 0 })).id;
const add = (baseId: string, text = '# Cats\n\nCats purr.') => rag.documents.addText(ctx, baseId, text, { title: 'T' });
const search = (baseId: string, on = rag, signal = NEVER) =>
  on.retrieval.search(ctx, { query: `cats ${newId()}`, knowledgeBaseIds: [baseId] }, signal);
const state = async () => {
  const { reserved, spentDay } = await budgets.state(ctx);
  return { reserved, spent: spentDay };
};
async function waiting(document: StoredDocument): Promise<NonNullable<StoredDocument['waiting']>> {
  for (let tries = 0; tries < 200; tries++) {
    const { waiting: wait } = await rag.documents.get(ctx, document.knowledgeBaseId, document.id);
    if (wait !== null) return wait;
    await sleep(25);
  }
  throw new Error('it did not wait');
}

/** As if the time that it waits for had come. */
const wake = (document: StoredDocument) =>
  rag.database.uow.query(ctx, 'UPDATE app.document SET wait_until = now() WHERE tenant_id = $1 AND id = $2', [
    ctx.tenantId,
    document.id,
  ]);

describe('a search outside of turns', () => {
  it.each(['budgetDayUsd', 'budgetMonthUsd'] as const)('asks no provider with a %s of nothing', async (name) => {
    const baseId = await newBase();
    ceilings[name] = 0;
    await expect(search(baseId)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', kind: 'rate_limited' });
    expect(embedder.calls).toBe(0);
  });

  it('goes by words alone then, where the tenant chose so', async () => {
    const baseId = await newBase();
    expect((await rag.settled(ctx, await add(baseId))).status).toBe('ready');
    const { calls } = embedder;
    ceilings.budgetDayUsd = USD;
    const found = await search(baseId, rag.beside({ embedder, ceilings, onProviderFailure: 'degrade' }));
    expect(found).toMatchObject({ degraded: true, passages: [{ content: expect.stringContaining('purr') }] });
    expect(embedder.calls).toBe(calls);
  });

  it.each([
    ['was answered', async (baseId: string) => void (await search(baseId))],
    [
      'failed',
      async (baseId: string) => {
        embedder.failAt = 1;
        await expect(search(baseId)).rejects.toMatchObject({ code: 'RETRIEVAL_ERROR' });
      },
    ],
    [
      'was aborted',
      async (baseId: string) => {
        const abort = new AbortController();
        const { during } = embedder;
        embedder.during = async () => {
          await during();
          abort.abort(new Error('gone'));
        };
        await expect(search(baseId, rag, abort.signal)).rejects.toThrow('gone');
      },
    ],
  ])('holds what it may cost until it %s, and what it did cost is spent', async (_how, act) => {
    const baseId = await newBase();
    ceilings.budgetDayUsd = 1;
    let meanwhile: unknown;
    embedder.during = async () => void (meanwhile = await state());
    await act(baseId);
    expect(meanwhile).toEqual({ reserved: USD, spent: 0 });
    expect(await state()).toEqual({ reserved: 0, spent: USD });
  });

  it('is not refused where nobody is paid', async () => {
    const local = rag.beside({ embedder: new LocalEmbedder(), ceilings: { budgetDayUsd: 0 } });
    const { id } = await local.bases.create(ctx, { name: 'Local' });
    expect((await search(id, local)).degraded).toBe(true);
  });

  it('of many at once makes no more calls than what is left allows', async () => {
    const baseId = await newBase();
    ceilings.budgetDayUsd = 3.5 * USD;
    embedder.during = () => sleep(300);
    const searches = await Promise.allSettled(Array.from({ length: 20 }, () => search(baseId)));
    expect(searches.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(embedder.calls).toBe(4);
  });
});

describe('a document', () => {
  it('fails at once where the budget is nothing, and is taken in when it was raised', async () => {
    const baseId = await newBase();
    ceilings.budgetMonthUsd = 0;
    const failed = await rag.settled(ctx, await add(baseId));
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'QUOTA_EXCEEDED', retryable: true } });
    expect(failed.error?.message).toMatch(/operator .* budget of 0 US dollars/);
    expect(embedder.calls).toBe(0);
    ceilings.budgetMonthUsd = 1;
    await rag.documents.reindex(ctx, baseId, failed.id);
    expect((await rag.settled(ctx, failed)).status).toBe('ready');
    expect(await state()).toEqual({ reserved: 0, spent: USD });
  });

  it('waits where a budget of the day is spent, says so, and goes on where it stopped', async () => {
    const baseId = await newBase();
    ceilings.budgetDayUsd = USD;
    const document = await add(baseId, LONG);
    const { reason, until } = await waiting(document);
    expect(reason).toMatch(/0\.01 US dollars for today is spent: it begins anew at .*Z/);
    expect(until.getTime()).toBeGreaterThan(Date.now());
    expect(embedder.calls).toBe(1);
    // Looked at again, it is not even read.
    await wake(document);
    await waiting(document);
    expect(embedder.calls).toBe(1);
    expect(await state()).toEqual({ reserved: 0, spent: USD });
    ceilings.budgetDayUsd = 1;
    await wake(document);
    const ready = await rag.settled(ctx, document);
    expect(ready.status).toBe('ready');
    // Batches of 64; what was embedded before is not paid again.
    expect(embedder.calls).toBe(Math.ceil(ready.chunkCount / 64));
  });

  it('does not fail because of what others have only reserved', async () => {
    const baseId = await newBase();
    ceilings.budgetDayUsd = 1;
    const other = newId();
    await rag.spending.hold(ctx, other, 1);
    const document = await add(baseId);
    expect((await waiting(document)).reason).toContain('reserved');
    expect(embedder.calls).toBe(0);
    await rag.spending.free(ctx, other);
    expect((await rag.settled(ctx, document)).status).toBe('ready');
  });

  it('holds what a batch may cost while it is embedded, also when that fails', async () => {
    const baseId = await newBase();
    ceilings.budgetDayUsd = 1;
    const meanwhile: unknown[] = [];
    embedder.during = async () => void meanwhile.push(await state());
    embedder.failAt = 2;
    expect((await rag.settled(ctx, await add(baseId, LONG))).status).toBe('failed');
    expect(meanwhile).toEqual([
      { reserved: USD, spent: 0 },
      { reserved: USD, spent: USD },
    ]);
    expect(await state()).toEqual({ reserved: 0, spent: 2 * USD });
  });

  it.each([
    [null, false],
    [2000, true],
    [23 * 3600_000, true],
    [25 * 3600_000, false],
  ])('that could go on in %j ms waits: %j', (anewMs, waits) => {
    expect(isWaitedOut({ anewMs })).toBe(waits);
  });
});

it('what embedding a question may cost is known before it is asked', async () => {
  await newBase();
  expect(await rag.retrieval.reckon(ctx, 'where is it?')).toBe(USD);
  const local = rag.beside({ embedder: new LocalEmbedder() });
  const other = await rag.caller();
  expect(await local.retrieval.reckon(other, 'where is it?')).toBe(0);
});
