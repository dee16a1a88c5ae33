import { blocksOf, unitsOf } from './blocks.js';

it('tells paragraphs, lists and tables apart and knows the heading above', () => {
  const markdown =
    '## Costs\n\nTwo lines\nof text.\n\n- one\n- two\n  more\n\n| Zone | Price |\n|---|---|\n| Ireland | €4.90 |\n';
  const blocks = blocksOf(markdown);
  expect(blocks.map(({ kind }) => kind)).toEqual(['heading', 'paragraph', 'list', 'table']);
  expect(blocks.every(({ heading }) => heading === 'Costs')).toBe(true);
  expect(unitsOf(blocks).map(({ kind, text }) => [kind, text])).toEqual([
    ['sentence', 'Two lines of text.'],
    ['item', 'one'],
    ['item', 'two more'],
    ['row', 'Ireland: Price €4.90'],
  ]);
});
