import { foldInPlace } from '#platform/text';
import { LRUCache } from 'lru-cache';
import { wordsOfLanguage } from './words/index.js';

export interface NumberSpan {
  readonly at: number;
  readonly end: number;
  /** What it may be, likeliest first: "1,000" is a thousand to some and one to others. */
  readonly readings: readonly number[];
  /** There is one way to read it, or the message's language reads it so. */
  readonly idiomatic: boolean;
  /** A word that means other things more often, so that it counts only beside what is counted. */
  readonly loose: boolean;
}

/**
 * Digits in groups or with a fraction, and a unit of one or two letters that is written together with them ("12kg").
 * Not parts of words, codes, versions, times, dates and fractions.
 */
const FIGURES =
  /(?<![\p{L}\p{N}_.,/:#@-])-?(\d{1,3}(?:[ \u00A0\u202F'’]\d{3})+(?:[.,]\d{1,6})?|\d{1,15}(?:[.,]\d{1,15})*)(\p{L}{1,2}(?![\p{L}\p{N}_]))?(?![\p{L}\p{N}_]|[.,:/-]\d|-\p{L})/gu;
const NO_UNITS = new Set('st nd rd th am pm er te'.split(' '));

/** The numbers that a text names, in order, in figures and in the language's words. `language` empty: figures only. */
export function numbersIn(text: string, language: string): NumberSpan[] {
  const found: NumberSpan[] = [];
  for (const match of text.matchAll(FIGURES)) {
    const [whole, figures = '', unit = ''] = match;
    if (NO_UNITS.has(unit.toLowerCase())) continue;
    const read = readingsOf(figures, language);
    if (read === null) continue;
    const sign = whole.startsWith('-') ? -1 : 1;
    const factor = sign * (unit === 'k' || unit === 'K' ? 1000 : 1);
    const place = { at: match.index, end: match.index + whole.length };
    found.push({
      ...place,
      readings: read.values.map((value) => value * factor),
      idiomatic: read.idiomatic,
      loose: false,
    });
  }
  return [...found, ...spelt(text, language)].sort((a, b) => a.at - b.at);
}

function* spelt(text: string, language: string): Generator<NumberSpan> {
  const words = wordsOfLanguage(language);
  if (words === null) return;
  for (const match of foldInPlace(text).matchAll(/\p{L}+/gu)) {
    const [word] = match;
    const loose = !Object.hasOwn(words.numbers, word);
    if (loose && !Object.hasOwn(words.looseNumbers, word)) continue;
    const value = words.numbers[word] ?? words.looseNumbers[word] ?? 0;
    yield { at: match.index, end: match.index + word.length, readings: [value], idiomatic: true, loose };
  }
}

/** @returns null when it is no number: a version, a list */
function readingsOf(figures: string, language: string): { values: number[]; idiomatic: boolean } | null {
  const spaced = /[ \u00A0\u202F'’]/.test(figures);
  const plain = figures.replace(/[ \u00A0\u202F'’]/g, '');
  const signs = [...plain.replace(/\d/g, '')];
  const [first, second] = [signs[0], signs.at(-1)];
  if (first === undefined || second === undefined) {
    // "2 500" may be two numbers beside each other, but rarely is.
    return { values: [Number(plain)], idiomatic: true };
  }
  if (first !== second) {
    const [whole = '', fraction = ''] = plain.split(second);
    const kinds = new Set(signs.slice(0, -1));
    if (spaced || kinds.size > 1 || signs.filter((sign) => sign === second).length > 1 || !grouped(whole, first))
      return null;
    return { values: [Number(`${whole.replaceAll(first, '')}.${fraction}`)], idiomatic: true };
  }
  if (signs.length > 1) {
    return grouped(plain, first) ? { values: [Number(plain.replaceAll(first, ''))], idiomatic: true } : null;
  }
  const fraction = Number(plain.replace(first, '.'));
  if (spaced || !grouped(plain, first)) return { values: [fraction], idiomatic: true };
  const thousands = Number(plain.replace(first, ''));
  return groupSign(language) === first
    ? { values: [thousands, fraction], idiomatic: true }
    : { values: [fraction, thousands], idiomatic: false };
}

/** 1.000, 12.345.678: a first group that is no zero, then groups of three. */
function grouped(figures: string, sign: string): boolean {
  const [first = '', ...rest] = figures.split(sign);
  return /^[1-9]\d{0,2}$/.test(first) && rest.length > 0 && rest.every((group) => group.length === 3);
}

/** Tags come from outside; there are not many at a time. `null` cannot be kept, so nothing is `''`. */
const signs = new LRUCache<string, string>({ max: 200 });

/** Between thousands, as the language and its country write them; null where nobody tells. */
function groupSign(language: string): string | null {
  const known = signs.get(language);
  if (known !== undefined) return known === '' ? null : known;
  let sign: string | null = null;
  try {
    const parts = language === '' ? [] : new Intl.NumberFormat(language).formatToParts(1_234_567);
    sign = parts.find(({ type }) => type === 'group')?.value ?? null;
  } catch {
    // A tag that is none is as good as no tag.
  }
  signs.set(language, sign ?? '');
  return sign;
}
