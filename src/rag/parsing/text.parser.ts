import { cleanText } from './clean-text.js';
import type { Block, ParsedDocument } from './parsed-document.js';

const UNDERLINE = /^(={3,}|-{3,})$/;
const LIST_ITEM = /^\s*(?:[-*•]|\d{1,3}[.)])\s+\S/;

/** Plain text: paragraphs at blank lines; underlined lines and short lines in capitals that stand alone are headings. */
export function parseText(source: string): ParsedDocument {
  const blocks = cleanText(source)
    .split(/\n[ \t]*\n/)
    .flatMap((paragraph) => blocksOf(paragraph.replace(/^\n+|\s+$/g, '')));
  return { title: null, blocks };
}

function blocksOf(paragraph: string): Block[] {
  if (!paragraph.trim()) return [];
  const lines = paragraph.split('\n');
  const [first = '', second = ''] = lines;
  if (lines.length >= 2 && UNDERLINE.test(second) && first.trim() && first.length <= 120) {
    const level = second.startsWith('=') ? 1 : 2;
    return [{ kind: 'heading', level, text: first.trim() }, ...blocksOf(lines.slice(2).join('\n'))];
  }
  if (lines.length === 1 && isCapitalHeading(first)) return [{ kind: 'heading', level: 2, text: first.trim() }];
  const kind = lines.every((line) => LIST_ITEM.test(line) || /^\s{2,}/.test(line)) ? 'list' : 'paragraph';
  return [{ kind, text: paragraph }];
}

function isCapitalHeading(line: string): boolean {
  const text = line.trim();
  if (text.length < 3 || text.length > 80 || /[.!?,;]$/.test(text)) return false;
  return /\p{Lu}.*\p{Lu}/u.test(text) && !/\p{Ll}/u.test(text);
}
