/** Splitting of text that is longer than a chunk, at the best place there is. Everything here is pure. */
import { estimateTokens, quarterTokens, wholeSentencesOf } from '#platform/text';

const words = new Intl.Segmenter('und', { granularity: 'word' });

/** What the word segmenter is given at once. */
const SLAB = 2000;

/** Parts of bounded length, cut after white space where there is some and never within a character. */
function slabsOf(text: string): string[] {
  const slabs: string[] = [];
  let start = 0;
  while (text.length - start > SLAB) {
    const window = text.slice(start, start + SLAB);
    const at = [window.lastIndexOf('\n'), window.lastIndexOf('. ') + 1, window.lastIndexOf(' ')].find(
      (cut) => cut > SLAB / 2,
    );
    let end = start + (at === undefined ? SLAB : at + 1);
    if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end--;
    slabs.push(text.slice(start, end));
    start = end;
  }
  slabs.push(text.slice(start));
  return slabs;
}

/** Parts of at most `size` tokens each: whole sentences, and whole words where one sentence is longer than that. */
export function splitProse(text: string, size: number): string[] {
  if (estimateTokens(text) <= size) return [text];
  const units = wholeSentencesOf(text).flatMap((sentence) =>
    estimateTokens(sentence) > size ? splitSentence(sentence, size) : [sentence],
  );
  return pack(units, size, '');
}

/** Lines (list items, table rows, lines of code) of at most `size` tokens together. */
export function splitLines(text: string, size: number): string[] {
  if (estimateTokens(text) <= size) return [text];
  const units = text.split('\n').flatMap((line) => (estimateTokens(line) > size ? splitProse(line, size) : [line]));
  return pack(units, size, '\n');
}

/** A list's items, each with its continuation lines and nested items, packed to `size`. */
export function splitList(text: string, size: number): string[] {
  if (estimateTokens(text) <= size) return [text];
  const items = text
    .split(/\n(?=(?:[-*+•]|\d{1,9}[.)])\s)/)
    .flatMap((item) => (estimateTokens(item) > size ? splitLines(item, size) : [item]));
  return pack(items, size, '\n');
}

/** A Markdown table by rows, each part under the table's header. */
export function splitTable(text: string, size: number): string[] {
  if (estimateTokens(text) <= size) return [text];
  const [header = '', rule = '', ...rows] = text.split('\n');
  const head = /^\|?[\s:|-]+\|?$/.test(rule) ? `${header}\n${rule}\n` : '';
  const room = size - estimateTokens(head);
  if (!head || room < size / 3) return splitLines(text, size);
  return splitLines(rows.join('\n'), room).map((part) => head + part);
}

/** The last whole sentences of a text that fit into `size` tokens; empty when even the last one does not. */
export function tailOf(text: string, size: number): string {
  if (size <= 0) return '';
  let tail = '';
  // Only the end matters; a sentence of more than 2,000 characters would not fit anyway.
  for (const sentence of wholeSentencesOf(text.slice(-2000 - size * 6)).reverse()) {
    if (estimateTokens(sentence + tail) > size) break;
    tail = sentence + tail;
  }
  return tail.trim();
}

function splitSentence(sentence: string, size: number): string[] {
  return pack(wordsOf(sentence, size), size, '');
}

function* wordsOf(sentence: string, size: number): Generator<string> {
  for (const slab of slabsOf(sentence)) {
    for (const { segment } of words.segment(slab)) {
      if (estimateTokens(segment) > size) yield* segment;
      else yield segment;
    }
  }
}

function pack(units: Iterable<string>, size: number, glue: string): string[] {
  const parts: string[] = [];
  let current = '';
  let quarters = 0;
  for (const unit of units) {
    const cost = quarterTokens(unit) + glue.length;
    if (current && quarters + cost > size * 4) {
      parts.push(current);
      current = '';
      quarters = 0;
    }
    current = current ? current + glue + unit : unit;
    quarters += cost;
  }
  if (current) parts.push(current);
  return parts.map((part) => part.replace(/^\n+|\s+$/g, '')).filter(Boolean);
}
