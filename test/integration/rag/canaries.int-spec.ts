import type { RequestContext } from '#platform/context';
import { LocalEmbedder } from '#llm';
import { withoutRowSecurity, withoutTenantPredicates } from '../../support/one-wall.js';
import { RetrievalRepository } from '../../../src/rag/retrieval/retrieval.repository.js';
import { NEVER, RagUnderTest } from './rag-support.js';

const CANARY = 'kanarienvogel';
/** Of the other tenant's documents: whatever is asked is made of it. */
const WORDS = `${CANARY} treasure lies under the oak behind our house and nobody may know where safe stands`.split(' ');
const DOCUMENTS = 6;
/** More than both tenants have together. */
const MORE_THAN_ALL = 50;
const QUESTIONS = 150;

/**
 * Each question asks for more passages than both tenants have, and gets all of one's own: whatever else could be seen at all
 * would be among them. So it is no matter of luck with words, and a few questions show what thousands would.
 */
describe.each(['both walls', 'row security alone', 'the conditions of the SQL alone'])('behind %s', (walls) => {
  let rag: RagUnderTest;
  let thief: RequestContext;
  let owner: RequestContext;
  let own: string;
  let theirs: string;
  let spaces: string[];

  beforeAll(async () => {
    rag = await RagUnderTest.start();
    thief = await rag.caller();
    owner = await rag.caller();
    own = await filled(thief, 'Ours', WORDS.slice(1).join(' '));
    theirs = await filled(owner, 'Theirs', WORDS.join(' '));
    const bases = [await rag.bases.get(thief, own), await rag.bases.get(owner, theirs)];
    spaces = bases.map(({ spaceId }) => spaceId);
    if (walls === 'row security alone') withoutTenantPredicates(rag.database.dataSource);
    if (walls === 'the conditions of the SQL alone') await withoutRowSecurity(rag.database);
  }, 120_000);
  afterAll(() => rag.stop());

  async function filled(ctx: RequestContext, title: string, text: string): Promise<string> {
    const base = await rag.bases.create(ctx, { name: title });
    for (let n = 0; n < DOCUMENTS; n++)
      await rag.settled(ctx, await rag.documents.addText(ctx, base.id, `${text} ${n}`, { title: `${title} ${n}` }));
    return base.id;
  }

  /** The same each time. */
  function* questions(): Iterable<string> {
    let state = 7;
    const next = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
    for (let n = 0; n < QUESTIONS; n++)
      yield Array.from({ length: 1 + next(8) }, () => WORDS[next(WORDS.length)]).join(' ');
  }

  const ofOthers = (passages: readonly { title: string; content: string }[]) =>
    passages.filter(({ content, title }) => content.includes(CANARY) || !title.startsWith('Ours'));

  it.each(['all', 'the own base', 'both bases by their ids', 'the other base by its id'])(
    'no question finds the other tenant’s words in %s',
    async (where) => {
      const ids = { all: 'all' as const, 'the own base': [own], 'both bases by their ids': [own, theirs] };
      const knowledgeBaseIds = ids[where as keyof typeof ids] ?? [theirs];
      for (const query of questions()) {
        const request = { query, knowledgeBaseIds, topK: MORE_THAN_ALL };
        const { passages } = await rag.retrieval.search(thief, request, NEVER);
        expect(ofOthers(passages)).toEqual([]);
        expect(passages).toHaveLength(where === 'the other base by its id' ? 0 : DOCUMENTS);
      }
    },
    60_000,
  );

  it('nor does a search that was handed the other tenant’s base, space and very vectors', async () => {
    const search = new RetrievalRepository(rag.database.uow);
    const text = `Theirs 0\n\n${WORDS.join(' ')} 0`;
    const [values = new Float32Array(384)] = await new LocalEmbedder().embed([text], 'passage', NEVER);
    for (const spaceId of spaces)
      for (const approximate of [false, true])
        for (const bases of [[own, theirs], [theirs]]) {
          const plan = {
            bases: bases.map((id) => ({ id, config: 'english' })),
            words: WORDS.join(' '),
            vector: { spaceId, values, approximate },
            vectorWeight: 0.5,
            metadata: null,
            limit: MORE_THAN_ALL,
          };
          expect(ofOthers((await search.search(thief, plan)).passages)).toEqual([]);
        }
    const plan = {
      bases: [{ id: theirs, config: 'english' }],
      words: CANARY,
      vector: null,
      vectorWeight: 0,
      metadata: null,
    };
    expect((await search.search(owner, { ...plan, limit: MORE_THAN_ALL })).passages).toHaveLength(DOCUMENTS);
  });
});
