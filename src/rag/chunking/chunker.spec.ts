import type { Block, ParsedDocument } from '../parsing/parsed-document.js';
import { chunkDocument } from './chunker.js';
import { processorMs } from '../../../test/support/processor-time.js';

function doc(...blocks: Block[]): ParsedDocument {
  return { title: 'Handbook', blocks };
}

const heading = (level: number, text: string, page?: number): Block => ({ kind: 'heading', level, text, page });
const paragraph = (text: string, page?: number): Block => ({ kind: 'paragraph', text, page });
const sentence = (i: number): string => `Sentence number ${i} says something about parcels and their way.`;
const prose = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, i) => sentence(from + i)).join(' ');

describe('chunkDocument', () => {
  it('keeps sections apart and gives each chunk its heading path, page and context', () => {
    const chunks = chunkDocument(
      doc(
        heading(1, 'Returns', 1),
        paragraph(prose(6), 1),
        heading(2, 'Refunds', 2),
        paragraph(prose(6, 10), 2),
        heading(1, 'Shipping', 3),
        paragraph(prose(6, 20), 3),
      ),
      { size: 200, overlap: 20 },
    );
    expect(chunks.map(({ index, section, page }) => ({ index, section, page }))).toEqual([
      { index: 0, section: 'Returns', page: 1 },
      { index: 1, section: 'Returns > Refunds', page: 2 },
      { index: 2, section: 'Shipping', page: 3 },
    ]);
    expect(chunks[1]?.content).toBe(prose(6, 10));
    expect(chunks[1]?.embeddingText).toBe(`Handbook\n\nReturns > Refunds\n\n${prose(6, 10)}`);
  });

  it('splits a long paragraph at sentences and repeats whole sentences as overlap', () => {
    const chunks = chunkDocument(doc(paragraph(prose(60))), { size: 100, overlap: 20 });
    expect(chunks.length).toBeGreaterThan(8);
    for (const chunk of chunks) {
      expect(chunk.tokens).toBeLessThanOrEqual(110);
      expect(chunk.content).toMatch(/^Sentence number \d+ .*way\.$/s);
    }
    for (const [i, chunk] of chunks.slice(1).entries()) {
      const repeated = chunk.content.split('\n\n')[0] ?? '';
      expect(chunks[i]?.content.endsWith(repeated)).toBe(true);
    }
    for (let i = 0; i < 60; i++) expect(chunks.some((chunk) => chunk.content.includes(sentence(i)))).toBe(true);
  });

  it('gives the same chunks for the same document', () => {
    const document = doc(
      heading(1, 'A'),
      paragraph(prose(50)),
      { kind: 'list', text: '- a\n- b' },
      paragraph(prose(10)),
    );
    expect(chunkDocument(document, { size: 90, overlap: 15 })).toEqual(
      chunkDocument(document, { size: 90, overlap: 15 }),
    );
  });

  it('splits a table by rows under its repeated header', () => {
    const rows = Array.from({ length: 40 }, (_, i) => `| Country ${i} | ${i} € |`);
    const chunks = chunkDocument(
      doc({ kind: 'table', text: ['| Country | Price |', '| --- | --- |', ...rows].join('\n') }),
      { size: 80, overlap: 20 },
    );
    expect(chunks.length).toBeGreaterThan(3);
    for (const chunk of chunks)
      expect(chunk.content.startsWith('| Country | Price |\n| --- | --- |\n| Country')).toBe(true);
    expect(chunks.flatMap((chunk) => chunk.content.split('\n').slice(2))).toEqual(rows);
  });

  it('never cuts a record that fits, and does not overlap records', () => {
    const rows = Array.from({ length: 12 }, (_, i): Block => ({
      kind: 'row',
      text: `name: Article ${i}\nprice: ${i} euros and some cents`,
    }));
    const chunks = chunkDocument(doc(...rows), { size: 40, overlap: 10 });
    expect(chunks.flatMap((chunk) => chunk.content.split('\n\n'))).toEqual(rows.map((row) => row.text));
  });

  it('joins tiny sections under one parent, with their headings in the text', () => {
    const chunks = chunkDocument(
      doc(
        heading(1, 'FAQ'),
        heading(2, 'Open?'),
        paragraph('Yes.'),
        heading(2, 'Where?'),
        paragraph('Here.'),
        heading(1, 'Other'),
        paragraph(prose(8)),
      ),
      { size: 200, overlap: 0 },
    );
    expect(chunks.map((chunk) => chunk.section)).toEqual(['FAQ > Open? / Where?', 'Other']);
    expect(chunks[0]?.content).toBe('## Open?\n\nYes.\n\n## Where?\n\nHere.');
  });

  it('ends a chunk with its page, and repeats nothing of the page before', () => {
    const chunks = chunkDocument(
      doc(
        heading(1, 'Lamp', 1),
        paragraph('It stands on a desk.', 1),
        paragraph('It is green.', 1),
        paragraph('Descale it every ninety days.', 2),
        heading(2, 'Colours', 2),
        paragraph('Green.', 2),
        heading(2, 'Sizes', 2),
        paragraph('Small.', 3),
      ),
      { size: 200, overlap: 40 },
    );
    expect(chunks.map(({ page, content }) => [page, content])).toEqual([
      [1, 'It stands on a desk.\n\nIt is green.'],
      [2, 'Descale it every ninety days.'],
      [2, 'Green.'],
      [3, 'Small.'],
    ]);
  });

  it('repeats sentences within a page only', () => {
    const chunks = chunkDocument(
      doc(...[1, 1, 2, 2].map((page, i) => paragraph(`${sentence(2 * i)} ${sentence(2 * i + 1)}`, page))),
      { size: 60, overlap: 20 },
    );
    expect(chunks.map(({ page }) => page)).toEqual([1, 1, 2, 2]);
    expect(chunks.map(({ content }) => content.match(/number \d/g)?.map((found) => Number(found.at(-1))))).toEqual([
      [0, 1],
      [1, 2, 3],
      [4, 5],
      [5, 6, 7],
    ]);
  });

  it('splits text without spaces or stops, and never inside a character', () => {
    for (const text of [
      '配送は三日以内に行われます。'.repeat(60),
      '中'.repeat(500),
      'สินค้าจะถูกจัดส่งภายในสามวัน'.repeat(40),
      '😀'.repeat(400),
      'x'.repeat(5000),
    ]) {
      const chunks = chunkDocument(doc(paragraph(text)), { size: 64, overlap: 0 });
      expect(chunks.map((chunk) => chunk.content.replaceAll('\n\n', '')).join('')).toBe(text);
      for (const chunk of chunks) expect(chunk.tokens).toBeLessThanOrEqual(71);
    }
  });

  it('fences every part of a long code block', () => {
    const code = `\`\`\`ts\n${Array.from({ length: 40 }, (_, i) => `const value${i} = ${i};`).join('\n')}\n\`\`\``;
    for (const chunk of chunkDocument(doc({ kind: 'code', text: code }), { size: 64, overlap: 0 })) {
      expect(chunk.content).toMatch(/^```ts\n[\s\S]*\n```$/);
    }
  });

  it('keeps a heading that has no text of its own, but not the title', () => {
    expect(chunkDocument(doc(heading(1, 'Handbook'))).length).toBe(0);
    expect(chunkDocument(doc(heading(1, 'Closed on Sundays'))).map((chunk) => chunk.content)).toEqual([
      '# Closed on Sundays',
    ]);
  });

  it('leaves addresses out of what is embedded, and in what is shown', () => {
    const [chunk] = chunkDocument(doc(paragraph('See [our page](https://acme.example/a_(b)) now.')));
    expect(chunk?.content).toContain('https://acme.example');
    expect(chunk?.embeddingText).toBe('Handbook\n\nSee our page now.');
  });

  it('carries a very long heading only in part', () => {
    const [chunk] = chunkDocument(doc(heading(1, 'h'.repeat(5000)), paragraph('Text.')));
    expect(chunk?.section?.length).toBeLessThanOrEqual(200);
  });

  it('refuses settings that leave no room', () => {
    expect(() => chunkDocument(doc(), { size: 8, overlap: 0 })).toThrow(RangeError);
    expect(() => chunkDocument(doc(), { size: 100, overlap: 60 })).toThrow(RangeError);
  });

  it('takes linear time on text made to be slow', () => {
    const started = processorMs();
    for (const text of [
      '. '.repeat(200_000),
      '.'.repeat(300_000),
      '[a]('.repeat(60_000),
      ' '.repeat(300_000),
      '(((('.repeat(60_000),
    ]) {
      chunkDocument(doc(paragraph(text)));
    }
    expect(processorMs() - started).toBeLessThan(5000);
  });
});
