import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MeteredCall } from '#llm';
import { projectRoot } from '#platform/paths';
import type { RequestContext } from '#platform/context';
import { DEMO_TENANTS } from '../../src/demo/demo-tenants.js';
import type { DemoKnowledgeBase } from '../../src/demo/demo-tenant.types.js';
import { NEVER, RagUnderTest } from '../integration/rag/rag-support.js';

const unpaid: MeteredCall = (call) => call(() => undefined);

interface Question {
  readonly question: string;
  readonly document: string | null;
  readonly key_phrase: string | null;
  readonly page?: number;
}
interface Match {
  readonly user: string;
  readonly knowledge_base: string;
  readonly best: string[];
  readonly good: string[];
  readonly bad: string[];
}

const golden = <T>(name: string): { knowledge_base: string; cases: T[] } =>
  JSON.parse(readFileSync(join(projectRoot, 'test', 'evals', name), 'utf8'));

let rag: RagUnderTest;
let ctx: RequestContext;

beforeAll(async () => {
  rag = await RagUnderTest.start();
  ctx = await rag.caller();
}, 60_000);
afterAll(() => rag.stop());

async function seeded(slug: string, name: string): Promise<string> {
  const found = DEMO_TENANTS.find((tenant) => tenant.slug === slug)?.knowledgeBases.find((base) => base.name === name);
  if (found === undefined) throw new Error(`no demo knowledge base ${name}`);
  return add(found);
}

async function add(demo: DemoKnowledgeBase): Promise<string> {
  const { kind, language, name } = demo;
  const settings = kind === 'records' ? { titleField: demo.titleField, textFields: demo.textFields } : {};
  const { id } = await rag.bases.create(ctx, { name, kind, language, settings });
  const added = kind === 'records' ? await rag.documents.addRecords(ctx, id, demo.records) : [];
  if (kind !== 'records') {
    for (const { file, mimeType, title } of demo.documents) {
      const content = readFileSync(join(projectRoot, 'src', 'demo', 'documents', file));
      added.push(await rag.documents.addFile(ctx, id, { content, fileName: file, mimeType, labels: { title } }));
    }
  }
  for (const document of added) await rag.settled(ctx, document);
  const failed = await rag.documents.list(ctx, id, { status: 'failed', before: null, limit: 10 });
  expect(failed.map(({ error, title }) => [title, error])).toEqual([]);
  return id;
}

/** As people read it: without Markdown's signs, with single spaces. */
const plain = (text: string): string => text.replace(/[*_`|#>\\]/g, ' ').replace(/\s+/g, ' ');

describe('retrieval by words and the local embedder', () => {
  it('finds the passages that answer the customers’ questions', async () => {
    const { cases, knowledge_base } = golden<Question>('acme-questions.json');
    const id = await seeded('acme', knowledge_base);
    let first = 0;
    let three = 0;
    let pages = 0;
    const coverage: { answered: number[]; unanswered: number[] } = { answered: [], unanswered: [] };
    const missed: string[] = [];
    const answerable = cases.filter(({ document }) => document !== null);
    for (const { document, key_phrase, page, question } of cases) {
      const { passages } = await rag.retrieval.search(ctx, { query: question, knowledgeBaseIds: [id], topK: 5 }, NEVER);
      const best = Math.max(0, ...passages.map((passage) => passage.coverage));
      coverage[document === null ? 'unanswered' : 'answered'].push(best);
      if (document === null || key_phrase === null) continue;
      const place = passages.findIndex(
        ({ content, title }) => title === document && plain(content).includes(plain(key_phrase)),
      );
      if (place === 0) first++;
      if (place >= 0 && place < 3) three++;
      if (place < 0) missed.push(question);
      if (page !== undefined && place >= 0 && passages[place]?.page === page) pages++;
    }
    expect(missed.length).toBeLessThanOrEqual(1);
    expect(first / answerable.length).toBeGreaterThanOrEqual(0.6);
    expect(three / answerable.length).toBeGreaterThanOrEqual(0.9);
    expect(pages).toBe(3);
    // A question that nothing answers is recognisable: its passages hold less of its words.
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(coverage.answered)).toBeGreaterThan(mean(coverage.unanswered) + 0.2);
  }, 120_000);
});

describe('matching', () => {
  it.each(golden<Match>('jobs-matching.json').cases)(
    'puts the right $knowledge_base first for $user',
    async (match) => {
      const jobs = DEMO_TENANTS.find(({ slug }) => slug === 'jobs');
      const agent = jobs?.agents.find((one) => one.kind === 'matching' && one.knowledgeBase === match.knowledge_base);
      const profile = jobs?.users.find(({ email }) => email === match.user)?.attributes['profile'];
      if (agent?.kind !== 'matching' || typeof profile !== 'object' || profile === null) throw new Error('demo data');
      const id = await seeded('jobs', match.knowledge_base);
      const request = { knowledgeBaseId: id, profile: { ...profile }, criteria: agent.criteria };
      const { items } = await rag.matching.match(ctx, { ...request, limit: 50 }, NEVER, unpaid);
      const place = (wanted: string): number => {
        const at = items.findIndex((item) => item.id === wanted);
        return at < 0 ? Infinity : at;
      };
      for (const best of match.best) expect(place(best)).toBeLessThan(3);
      const worstGood = Math.max(...match.good.map(place));
      expect(worstGood).toBeLessThan(Math.min(...match.bad.map(place)));
      expect(items[0]?.reasons.length).toBeGreaterThan(2);

      const { items: remote } = await rag.matching.match(
        ctx,
        { ...request, filters: { remote: 'remote' }, limit: 50 },
        NEVER,
        unpaid,
      );
      expect(remote.length).toBeGreaterThan(0);
      expect(remote.every((item) => item['remote'] === 'remote')).toBe(true);
      expect(await rag.matching.match(await rag.caller(), request, NEVER, unpaid)).toEqual({ items: [], unmet: [] });
    },
  );
});
