/** Splitting of text that is longer than a chunk, at the best place there is. Everything here is pure. */
import { estimateTokens } from './estimate-tokens.js';

const sentences = new Intl.Segmenter('und', { granularity: 'sentence' });
const words = new Intl.Segmenter('und', { granularity: 'word' });

/** Abbreviations after which the segmenter sees a sentence's end and a reader does not. */
const ABBREVIATION =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|no|nos|approx|dr|mr|mrs|ms|st|inc|ltd|co|fig|art|sec|vol|pp?|bzw|z\.b|nr|ca|str|Sr|Sra|p\.ej|\p{Lu})\.\s*$/iu;

/** The segmenter's time grows with the square of a text's length beyond about 50,000 characters (measured). */
const SLAB = 8000;

/** Sentences with the white space that follows them, so that joining them gives the text again. */
export function sentencesOf(text: string): string[] {
  const result: string[] = [];
  for (const slab of slabsOf(text)) {
    for (const { segment } of sentences.segment(slab)) {
      const last = result[result.length - 1];
      if (last !== undefined && ABBREVIATION.test(last.slice(-12))) result[result.length - 1] = last + segment;
      else result.push(segment);
    }
  }
  return result;
}

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
  const units = sentencesOf(text).flatMap((sentence) =>
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
  for (const sentence of sentencesOf(text.slice(-2000 - size * 6)).reverse()) {
    if (estimateTokens(sentence + tail) > size) break;
    tail = sentence + tail;
  }
  return tail.length < text.length ? tail.trim() : '';
}

function splitSentence(sentence: string, size: number): string[] {
  const units = slabsOf(sentence)
    .flatMap((slab) => [...words.segment(slab)])
    .flatMap(({ segment }) => (estimateTokens(segment) > size ? splitCharacters(segment, size) : [segment]));
  return pack(units, size, '');
}

function splitCharacters(text: string, size: number): string[] {
  return pack([...text], size, '');
}

function pack(units: readonly string[], size: number, glue: string): string[] {
  const parts: string[] = [];
  let current = '';
  let tokens = 0;
  for (const unit of units) {
    // Rounded up for each unit, so the sum is never less than the whole.
    const cost = estimateTokens(unit + glue);
    if (current && tokens + cost > size) {
      parts.push(current);
      current = '';
      tokens = 0;
    }
    current = current ? current + glue + unit : unit;
    tokens += cost;
  }
  if (current) parts.push(current);
  return parts.map((part) => part.replace(/^\n+|\s+$/g, '')).filter(Boolean);
}
