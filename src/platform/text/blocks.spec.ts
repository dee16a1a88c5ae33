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

it('takes code as one piece, with its fence and without its prompts', () => {
  const blocks = blocksOf('Run this:\n\n```sh\n$ npm run mend\n# done\n```\n\nThen wait.');
  expect(blocks.map(({ kind }) => kind)).toEqual(['paragraph', 'code', 'paragraph']);
  expect(unitsOf(blocks).map(({ kind, text }) => [kind, text])).toEqual([
    ['sentence', 'Run this:'],
    ['code', 'npm run mend\n# done'],
    ['sentence', 'Then wait.'],
  ]);
  expect(blocks[1]?.lines.join('\n')).toBe('```sh\nnpm run mend\n# done\n```');
});

it('goes on to the end with code that is never closed', () => {
  expect(blocksOf('~~~\na\n```\nb').map(({ kind }) => kind)).toEqual(['code']);
});

it('says nothing of the furniture of a page', () => {
  const blocks = blocksOf(':::tip\nBring a towel.[^1]\n:::\n\n[^1]: Any.\n\nEdit this page');
  expect(unitsOf(blocks).map(({ text }) => text)).toEqual(['Bring a towel.']);
});
