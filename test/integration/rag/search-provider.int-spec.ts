/**
 * Questions while the embedding provider fails, each way that it can. Words alone could always answer; whether they do
 * is the tenant's choice, and never kept from anybody.
 */
import { type Embedder, type LlmUsage, type MeteredCall } from '#llm';
import { OpenAiEmbedder } from '../../../src/llm/openai.embedder.js';
import { ProviderConnection } from '../../../src/llm/provider-connection.js';
import { newId } from '#platform/database';
import type { RequestContext } from '#platform/context';
import { toSearchRequest } from '../../../src/rag/retrieval/search.dto.js';
import { OpenAiStandIn } from '../../support/openai-standin.js';
import { NEVER, RagUnderTest } from './rag-support.js';

const MODEL = 'text-embedding-3-small';

let standIn: OpenAiStandIn;
let connection: ProviderConnection;
let embedder: Embedder;
let rag: RagUnderTest;
let ctx: RequestContext;
let baseId: string;
const told: LlmUsage[] = [];
const metered: MeteredCall = (call) => call((usage) => told.push(usage));

beforeAll(async () => {
  standIn = await OpenAiStandIn.start();
  connection = new ProviderConnection(
    { provider: 'openai', model: MODEL, baseUrl: standIn.url, apiKey: null },
    { connectMs: 2000, firstByteMs: 1500, idleMs: 1500, totalMs: 5000 },
  );
  embedder = new OpenAiEmbedder(connection);
  rag = await RagUnderTest.start({ embedder });
  ctx = await rag.caller();
  const base = await rag.bases.create(ctx, { name: `Base ${newId()}`, language: 'en' });
  baseId = base.id;
  const page = await rag.documents.addText(ctx, base.id, 'The windmill turns at noon.', { title: 'Windmills' });
  expect(await rag.settled(ctx, page)).toMatchObject({ status: 'ready' });
}, 60_000);
afterAll(async () => {
  await rag.stop();
  await connection.close();
  await standIn.stop();
});

const FAILURES: readonly (readonly [string, { breaks(): unknown; mends?(): unknown }])[] = [
  ['refuses connections', { breaks: () => standIn.refuse(), mends: () => standIn.accept() }],
  ['never answers', { breaks: () => standIn.script({ fault: { kind: 'hang' }, times: 1 }) }],
  ['answers 500', { breaks: () => standIn.script({ fault: { kind: 'status', status: 500 }, times: 2 }) }],
  [
    'wants patience',
    { breaks: () => standIn.script({ fault: { kind: 'status', status: 429, retryAfter: 3600 }, times: 1 }) },
  ],
  ['refuses the key', { breaks: () => standIn.script({ fault: { kind: 'status', status: 401 }, times: 1 }) }],
  [
    'gives other dimensions',
    {
      breaks: () => void (standIn.options.dimensions = 100),
      mends: () => void (standIn.options.dimensions = null),
    },
  ],
];

describe.each(FAILURES)('a provider that %s', (_what, { breaks, mends }) => {
  beforeEach(() => breaks());
  afterEach(() => mends?.());

  it('fails the search, so that nobody takes half of one for the whole', async () => {
    const search = rag.retrieval.search(ctx, { query: 'windmill', knowledgeBaseIds: [baseId] }, NEVER);
    await expect(search).rejects.toMatchObject({ code: 'RETRIEVAL_ERROR', kind: 'upstream' });
  });

  it('leaves the answer to the words, and says so, where the tenant chose to degrade', async () => {
    const found = await rag
      .beside({ embedder, onProviderFailure: 'degrade' })
      .retrieval.search(ctx, { query: 'windmill', knowledgeBaseIds: [baseId] }, NEVER);
    expect(found).toMatchObject({ degraded: true, embedderFailed: true });
    expect(found.passages[0]).toMatchObject({ title: 'Windmills', vectorScore: null });
  });

  it('leaves a search over REST to the words, and says so', async () => {
    const found = await rag.retrieval.search(ctx, toSearchRequest(baseId, { query: 'windmill' }), NEVER);
    expect(found.degraded).toBe(true);
    expect(found.passages[0]).toMatchObject({ title: 'Windmills', vectorScore: null });
  });

  it('fails a match of records, unless the tenant chose to degrade', async () => {
    const request = { knowledgeBaseId: baseId, profile: { title: 'miller' }, text: 'a mill' };
    await expect(rag.matching.match(ctx, request, NEVER, metered)).rejects.toMatchObject({ code: 'RETRIEVAL_ERROR' });
    await breaks();
    const onFieldsOnly = jest.fn();
    const matching = rag.beside({ embedder, onProviderFailure: 'degrade' }).matching;
    await matching.match(ctx, { ...request, onFieldsOnly }, NEVER, metered);
    expect(onFieldsOnly).toHaveBeenCalledTimes(1);
  });
});

it('tells what a question cost that came back with other dimensions, and nothing for one that was refused', async () => {
  const search = () => rag.retrieval.search(ctx, { query: newId(), knowledgeBaseIds: [baseId] }, NEVER, metered);
  told.length = 0;
  standIn.options.dimensions = 100;
  await expect(search()).rejects.toMatchObject({ code: 'RETRIEVAL_ERROR' });
  standIn.options.dimensions = null;
  expect(told).toEqual([expect.objectContaining({ kind: 'embedding', estimated: false })]);
  standIn.script({ fault: { kind: 'status', status: 401 }, times: 1 });
  await expect(search()).rejects.toMatchObject({ code: 'RETRIEVAL_ERROR' });
  expect(told).toHaveLength(1);
});

it('searches with vectors again as soon as the provider answers', async () => {
  const found = await rag.retrieval.search(ctx, { query: 'windmill', knowledgeBaseIds: [baseId] }, NEVER);
  expect(found).toMatchObject({ degraded: false, embedderFailed: false });
  expect(found.passages[0]?.vectorScore).not.toBeNull();
});

it('answers by words, and says so, when nothing is configured for the base any more', async () => {
  const found = await rag.beside().retrieval.search(ctx, { query: 'windmill', knowledgeBaseIds: [baseId] }, NEVER);
  expect(found).toMatchObject({ degraded: true, embedderFailed: true });
  expect(found.passages[0]).toMatchObject({ title: 'Windmills', vectorScore: null });
});
