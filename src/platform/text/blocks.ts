import { withoutFurniture } from './furniture.js';
import { plainText } from './markdown-text.js';
import { sentencesOf } from './sentences.js';

/** One thing a passage says: a sentence, a list item, a table row or a piece of code, and the block that it stands in. */
export interface TextUnit {
  readonly text: string;
  readonly block: number;
  readonly kind: 'sentence' | 'item' | 'row' | 'code';
  /** The Markdown of the line, for lists and tables that are quoted whole. */
  readonly markdown: string;
}

export interface TextBlock {
  readonly kind: 'paragraph' | 'list' | 'table' | 'heading' | 'code';
  readonly lines: readonly string[];
  /** The nearest heading above, plain. */
  readonly heading: string;
}

/** Splits Markdown into its blocks, without the furniture of the page that it comes from. */
export function blocksOf(markdown: string): TextBlock[] {
  const blocks: { kind: TextBlock['kind']; lines: string[]; heading: string }[] = [];
  let heading = '';
  let open: { kind: TextBlock['kind']; lines: string[]; heading: string } | null = null;
  let fence: string | null = null;
  for (const line of withoutFurniture(markdown).split('\n')) {
    const mark = FENCE.exec(line)?.[1] ?? null;
    if (fence !== null && open !== null) {
      open.lines.push(line);
      if (mark?.startsWith(fence) === true) [fence, open] = [null, null];
      continue;
    }
    if (mark !== null) {
      fence = mark;
      open = { kind: 'code', lines: [line], heading };
      blocks.push(open);
      continue;
    }
    const kind = lineKind(line);
    if (kind === null) {
      // A blank line ends a paragraph; a loose list goes on.
      if (open?.kind !== 'list') open = null;
      continue;
    }
    if (kind === 'heading') {
      heading = plainText(line);
      blocks.push({ kind, lines: [line], heading });
      open = null;
      continue;
    }
    if (open?.kind === 'list' && kind === 'paragraph' && /^\s{2,}\S/.test(line)) {
      open.lines[open.lines.length - 1] += ` ${line.trim()}`;
      continue;
    }
    if (open === null || open.kind !== kind) {
      open = { kind, lines: [], heading };
      blocks.push(open);
    }
    open.lines.push(line);
  }
  return blocks;
}

/** Of a block of code: at least three signs; as many at least close it. */
const FENCE = /^\s*(`{3,}|~{3,})/;

function lineKind(line: string): TextBlock['kind'] | null {
  if (line.trim() === '') return null;
  if (/^\s{0,3}#{1,6}\s/.test(line)) return 'heading';
  if (/^\s*([-*+•]|\d{1,3}[.)])\s+/.test(line)) return 'list';
  if (/^\s*\|.*\|\s*$/.test(line)) return 'table';
  return 'paragraph';
}

/** Everything a passage says, smallest quotable pieces first to last. */
export function unitsOf(blocks: readonly TextBlock[]): TextUnit[] {
  const units: TextUnit[] = [];
  blocks.forEach((block, index) => {
    switch (block.kind) {
      case 'heading':
        return;
      case 'list':
        for (const line of block.lines) {
          const text = plainText(line.replace(/^\s*([-*+•]|\d{1,3}[.)])\s+/, ''));
          if (text !== '') units.push({ text, block: index, kind: 'item', markdown: line.trim() });
        }
        return;
      case 'table':
        for (const text of tableSentences(block.lines)) {
          units.push({ text, block: index, kind: 'row', markdown: text });
        }
        return;
      case 'code': {
        const text = block.lines
          .filter((line) => !FENCE.test(line))
          .join('\n')
          .trim();
        if (text !== '') units.push({ text, block: index, kind: 'code', markdown: block.lines.join('\n') });
        return;
      }
      case 'paragraph':
        for (const text of sentencesOf(plainText(block.lines.join(' ')))) {
          units.push({ text, block: index, kind: 'sentence', markdown: text });
        }
    }
  });
  return units;
}

/** Rows as "first cell: header value; header value", since a row alone does not say what its cells mean. */
function tableSentences(lines: readonly string[]): string[] {
  const rows = lines.map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => plainText(cell)),
  );
  const ruled = rows[1] !== undefined && rows[1].every((cell) => /^:?-{2,}:?$/.test(cell));
  const header = ruled ? rows[0] : undefined;
  const body = ruled ? rows.slice(2) : rows;
  return body.map((cells) => {
    const [first = '', ...rest] = cells;
    const told = rest
      .map((cell, index) => (header?.[index + 1] ? `${header[index + 1]} ${cell}` : cell))
      .filter((cell) => cell.trim() !== '');
    return told.length === 0 ? first : `${first}: ${told.join('; ')}`;
  });
}
