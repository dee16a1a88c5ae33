import { CompletingQueryRewriter } from './completing.query-rewriter.js';

const rewriter = new CompletingQueryRewriter();

it('does not ask a second time with fewer words: what they demand would be lost', async () => {
  const question = 'How many members does the rowing club have?';
  expect(await rewriter.rewrite({ question, history: [] })).toBeNull();
  expect(await rewriter.rewrite({ question, query: question, history: [] })).toBeNull();
});

it('asks in the user’s own words where others found nothing', async () => {
  const question = 'And for juniors?';
  expect(await rewriter.rewrite({ question, query: 'rowing club fee juniors', history: [] })).toBe(question);
});
