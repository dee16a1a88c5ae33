import { parseMarkdown, type Block, type Inline } from './markdown.js';

/** Letters and digits: what is between words differs with how a passage is set. */
const WORD = /[\p{L}\p{N}]+/gu;

/** From where to where a piece of text is marked, by its place in the passage. */
type Marks = ReadonlyMap<number, readonly [start: number, end: number]>;

/**
 * A passage with the quote in it marked, also where its words stand in bold, in items of a list or in cells of a table.
 * @returns null when the quote is not in it
 */
export function markQuote(passage: string, quote: string): Block[] | null {
  const blocks = parseMarkdown(passage);
  const marks = marksOf(textsOf(blocks), textsOf(parseMarkdown(quote)), headsOf(blocks));
  return marks === null ? null : withMarks(blocks, marks);
}

/** Words of a table's head: quotes say them again before each cell of a row. */
function headsOf(blocks: readonly Block[]): ReadonlySet<string> {
  const heads = blocks.flatMap((block): Block[] => (block.type === 'table' ? [{ ...block, rows: [] }] : []));
  return new Set(wordsOf(textsOf(heads)));
}

function wordsOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.match(WORD) ?? []);
}

function marksOf(texts: readonly string[], quoted: readonly string[], heads: ReadonlySet<string>): Marks | null {
  const wanted = wordsOf(quoted);
  if (wanted.length === 0) return null;
  const words = texts.flatMap((text, piece) =>
    [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ word, piece, start: index, end: index + word.length })),
  );
  const at = words.findIndex((_, from) => endOfMatch(words, from, wanted, heads) !== null);
  const [first, last] = [words[at], words[endOfMatch(words, at, wanted, heads) ?? -1]];
  if (first === undefined || last === undefined) return null;
  // What follows its last word: a full stop, a currency.
  const tail = (quoted.at(-1) ?? '').replace(/^.*[\p{L}\p{N}]/su, '').trimEnd();
  const marks = new Map<number, readonly [number, number]>();
  for (let piece = first.piece; piece <= last.piece; piece++) {
    const text = texts[piece] ?? '';
    const isWhole = piece < last.piece;
    const end = isWhole ? text.length : last.end + (text.startsWith(tail, last.end) ? tail.length : 0);
    marks.set(piece, [piece === first.piece ? first.start : 0, end]);
  }
  return marks;
}

/** @returns the place of the last of the wanted words, when they stand from here on */
function endOfMatch(
  words: readonly { word: string }[],
  from: number,
  wanted: readonly string[],
  heads: ReadonlySet<string>,
): number | null {
  let at = from;
  for (const word of wanted) {
    if (words[at]?.word === word) at += 1;
    // The number of an item is no part of its text, nor a column's name of its cells'.
    else if (at === from || !(heads.has(word) || /^\d{1,3}$/.test(word))) return null;
  }
  return at - 1;
}

/** The texts of a tree, in the order in which `withMarks` meets them. */
function textsOf(blocks: readonly Block[]): string[] {
  const texts: string[] = [];
  mapTexts(blocks, (inline) => {
    texts.push(inline.text);
    return [inline];
  });
  return texts;
}

function withMarks(blocks: readonly Block[], marks: Marks): Block[] {
  let piece = -1;
  return mapTexts(blocks, (inline) => {
    piece += 1;
    const range = marks.get(piece);
    if (range === undefined) return [inline];
    const [start, end] = range;
    const part = (from: number, to?: number): Inline[] => {
      const text = inline.text.slice(from, to);
      return text === '' ? [] : [{ ...inline, text }];
    };
    return [...part(0, start), { type: 'mark', children: part(start, end) }, ...part(end)];
  });
}

type Text = Extract<Inline, { text: string }>;

function mapTexts(blocks: readonly Block[], change: (inline: Text) => Inline[]): Block[] {
  const inlines = (children: readonly Inline[]): Inline[] =>
    children.flatMap((child): Inline[] => {
      if ('text' in child) return change(child);
      return 'children' in child ? [{ ...child, children: inlines(child.children) }] : [child];
    });
  return blocks.map((block) => {
    switch (block.type) {
      case 'list':
        return { ...block, items: block.items.map(inlines) };
      case 'table':
        return { ...block, head: block.head.map(inlines), rows: block.rows.map((row) => row.map(inlines)) };
      case 'code':
      case 'rule':
        return block;
      default:
        return { ...block, children: inlines(block.children) };
    }
  });
}
