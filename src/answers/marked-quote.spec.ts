import type { Block, Inline } from './markdown.js';
import { markQuote } from './marked-quote.js';

/** The tree as text, with what is marked in braces. */
function shown(blocks: Block[] | null): string | null {
  const inline = (part: Inline): string => {
    if (part.type === 'mark') return `{${part.children.map(inline).join('')}}`;
    if (part.type === 'cite') return `[${part.n}]`;
    return 'text' in part ? part.text : part.children.map(inline).join('');
  };
  const line = (parts: Inline[]) => parts.map(inline).join('');
  return (
    blocks
      ?.map((block) => {
        if (block.type === 'list') return block.items.map(line).join(' / ');
        if (block.type === 'table')
          return [block.head, ...block.rows].map((row) => row.map(line).join(' | ')).join(' / ');
        return 'children' in block ? line(block.children) : '';
      })
      .join('\n') ?? null
  );
}

describe('a quote in a passage', () => {
  it('is marked though its white space differs, and its punctuation is no pattern', () => {
    expect(shown(markQuote('See (a)\n  b. End', 'a) b.'))).toBe('See ({a)\n  b.} End');
  });

  it.each([
    ['Within **thirty days** of delivery.', 'Within thirty days of', '{Within }{thirty days}{ of} delivery.'],
    [
      'We refund:\n\n1. the price\n2. the postage',
      'the price 2. the postage',
      'We refund:\n{the price} / {the postage}',
    ],
    [
      'We refund:\n\n1. the price\n2. the postage',
      '1. the price\n2. the postage',
      'We refund:\n{the price} / {the postage}',
    ],
    ['| Size | Price |\n| --- | --- |\n| S | 4 € |\n| M | 6 € |', 'S | 4 €', 'Size | Price / {S} | {4 €} / M | 6 €'],
    [
      '| Zone | Countries | Free from |\n| --- | --- | --- |\n| 1 | Ireland | €50 |\n| 2 | Spain, Italy | €100 |',
      '2: Countries Spain, Italy; Free from €100',
      'Zone | Countries | Free from / 1 | Ireland | €50 / {2} | {Spain, Italy} | {€100}',
    ],
    ['- returns\n- refunds', 'refunds', 'returns / {refunds}'],
    ['The code is `X-17`, always.', 'code is X-17', 'The {code is }{X-17}, always.'],
  ])('is marked in %j', (passage, quote, expected) => {
    expect(shown(markQuote(passage, quote))).toBe(expected);
  });

  it.each(['quote', '  ', '…', 'else entirely'])('is not found where it is not: %j', (quote) => {
    expect(markQuote('Something else', quote)).toBeNull();
  });
});
