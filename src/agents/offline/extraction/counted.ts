import { foldInPlace, isStopWord, wordsOf } from '#platform/text';
import { WORDS_BEFORE_YEARS } from './words/index.js';

/**
 * Figures that count, date or call: "in 2014", "1500 euros", "+353 87 1234 567". They may have the form of an order's number
 * and are none. A number that stands alone, or behind a word that is not about time, is left to its form.
 */
export interface Figure {
  readonly at: number;
  readonly end: number;
  readonly kind: 'year' | 'amount' | 'phone';
}

const FIGURE = /(?<![\p{L}\p{N}_-])\d{1,15}(?:[.,]\d{1,15}){0,6}(?![\p{L}\p{N}_-])/gu;
/** With its country's sign or a zero first, in groups: all of it is one number. */
const PHONE = /(?<![\p{L}\p{N}])(?:\+\d{1,15}|\(?0\d{1,14}\)?)(?:[ \u00A0./()-]{1,2}\d{1,12}){1,8}(?![\p{L}\p{N}])/gu;
const YEARS = { first: 1000, last: 2100 };
const LONGEST_WORD = 20;
const BEFORE = new RegExp(`(?:(\\p{Sc})|(?<![\\p{L}\\p{N}])(\\p{L}{1,${String(LONGEST_WORD)}}))\\s?$`, 'u');
const BEHIND = new RegExp(`^\\s?(?:([\\p{Sc}%‰°])|(\\p{L}{1,${String(LONGEST_WORD)}})(?![\\p{L}\\p{N}]))`, 'u');
/** How far around a figure it is looked: the longest word and what stands between. */
const NEAR = LONGEST_WORD + 2;

export function figuresIn(text: string): Figure[] {
  if (!/\d{2}/.test(text)) return [];
  const folded = foldInPlace(text);
  const phones = Array.from(folded.matchAll(PHONE), ({ 0: whole, index }) => ({
    at: index,
    end: index + whole.length,
    kind: 'phone' as const,
  })).filter(({ at, end }) => folded.slice(at, end).replace(/\D/g, '').length >= 7);
  const counts = Array.from(folded.matchAll(FIGURE)).flatMap(({ 0: figure, index: at }): Figure[] => {
    const end = at + figure.length;
    const before = BEFORE.exec(folded.slice(Math.max(0, at - NEAR), at));
    const behind = BEHIND.exec(folded.slice(end, end + NEAR));
    const counted = before?.[1] ?? behind?.[1];
    if (counted !== undefined || isUnit(behind?.[2])) return [{ at, end, kind: 'amount' }];
    const year = Number(figure);
    const dated = year >= YEARS.first && year <= YEARS.last && WORDS_BEFORE_YEARS.has(before?.[2] ?? '');
    return dated ? [{ at, end, kind: 'year' }] : [];
  });
  return [...phones, ...counts];
}

/** As people write them behind a figure; those that are also words of their own ("in", "a", "am") are not here. */
const SIGNS = 'km cm mm kg ml gb mb kb h min uhr'.split(' ');
const CURRENCIES = 'EUR USD GBP CHF JPY CNY INR MXN ARS COP SEK NOK DKK PLN CZK TRY'.split(' ');

let units: ReadonlySet<string> | undefined;

/** By the names that the platform's own tables (CLDR) have, in the languages that are served; made once, in a few milliseconds. */
function isUnit(word: string | undefined): boolean {
  if (word === undefined) return false;
  units ??= new Set([...SIGNS, ...CURRENCIES.map((code) => code.toLowerCase()), ...wordsOfUnits()]);
  // "Nach 30 Tagen": the tables have no dative.
  return units.has(word) || (word.endsWith('n') && units.has(word.slice(0, -1)));
}

function* wordsOfUnits(): Generator<string> {
  for (const language of ['en', 'es', 'de']) {
    const formats = [
      ...Intl.supportedValuesOf('unit').map((unit) => ({ style: 'unit', unit, unitDisplay: 'long' }) as const),
      ...CURRENCIES.map((currency) => ({ style: 'currency', currency, currencyDisplay: 'name' }) as const),
    ];
    for (const format of formats) {
      const names = new Intl.NumberFormat(language, format);
      for (const count of [1, 2])
        yield* wordsOf(foldInPlace(names.format(count))).filter((word) => /\p{L}{3}/u.test(word) && !isStopWord(word));
    }
  }
}
