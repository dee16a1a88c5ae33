import type { CatalogField, CatalogValue, RecordCatalog, WishTest } from '#rag';
import { stem } from '#platform/text';
import { distance } from 'fastest-levenshtein';
import { CONCEPTS } from './matching-words.js';
import type { Token } from './message-tokens.js';

/** What some words of a message mean in the records. */
export interface Meaning {
  readonly tests: readonly WishTest[];
  readonly topical: boolean;
  /** Where the tests look. */
  readonly fields: readonly CatalogField[];
  /** True: the words are a part of a value that is no title. */
  readonly partial: boolean;
}

const joined = (phrase: string): string => phrase.split(' ').map(stem).join('');

/** By a phrase's stems written together: the other phrases for the same. */
const SAME: ReadonlyMap<string, readonly string[]> = indexed();

function indexed(): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const group of CONCEPTS) {
    for (const phrase of group) index.set(joined(phrase), [...(index.get(joined(phrase)) ?? []), ...group]);
  }
  return index;
}

/** Words of which some language has others for the same, folded. */
const SINGLE_WORDS = [...new Set(CONCEPTS.flat().filter((phrase) => !phrase.includes(' ')))];

/** Whether some words are a known name of something, whatever the records hold. */
export function isConcept(tokens: readonly Token[]): boolean {
  return SAME.has(tokens.map(({ stem: one }) => one).join(''));
}

/** Other phrases for the same as some stems written together. */
export function otherPhrases(key: string): readonly string[] {
  return SAME.get(key) ?? [];
}

/**
 * What words mean by the records' own values, and by other words for the same. A whole value counts before a part of one,
 * a title before the rest.
 * @param exactly no parts of values and no other words for the same: of words that everybody uses
 * @returns null when no record has them
 */
export function meaningOf(catalog: RecordCatalog, tokens: readonly Token[], exactly = false): Meaning | null {
  const key = tokens.map(({ stem: one }) => one).join('');
  const others = exactly ? [] : otherPhrases(key);
  const whole = wholeValues(catalog, tokens, others);
  const categories = whole.filter(({ field }) => !field.topical);
  if (categories.length > 0) return toMeaning(categories);
  if (exactly) return whole.length > 0 ? toMeaning(whole) : null;
  const literal = holding(
    catalog,
    tokens.map(({ stem: one }) => one),
  ).filter((entry) => tokens.every((token) => isFormIn(entry, token)));
  // Another word for it is looked for as it is written, or its stem would bring in what is spelled alike.
  const same = others.flatMap((phrase) => {
    const words = phrase.split(' ');
    return holding(catalog, words.map(stem)).filter((entry) => words.every((word) => isWordOf(entry, word)));
  });
  const parts = unique([...literal, ...same]);
  // A value that is exactly it makes titles that merely share a stem ("park" for "parking") unlikely.
  const titles = parts.filter(
    (entry) =>
      entry.field.kind === 'title' && (whole.length === 0 || tokens.every(({ word }) => isWordOf(entry, word))),
  );
  const best = unique([...whole, ...titles]);
  return best.length > 0 ? toMeaning(best) : parts.length > 0 ? toMeaning(parts, true) : null;
}

/** The words together are a whole value, or another phrase for one. */
export function wholeMeaningOf(catalog: RecordCatalog, tokens: readonly Token[]): Meaning | null {
  const key = tokens.map(({ stem: one }) => one).join('');
  const whole = wholeValues(catalog, tokens, otherPhrases(key));
  const categories = whole.filter(({ field }) => !field.topical);
  if (categories.length > 0) return toMeaning(categories);
  return whole.length > 0 ? toMeaning(whole) : null;
}

function wholeValues(catalog: RecordCatalog, tokens: readonly Token[], others: readonly string[]): CatalogValue[] {
  const letters = tokens.reduce((sum, { word }) => sum + word.length, 0);
  const own = catalog.exact.get(tokens.map(({ stem: one }) => one).join('')) ?? [];
  return unique([
    ...own.filter(({ words }) => Math.abs(words.join('').length - letters) <= ENDING),
    ...others.flatMap((phrase) => catalog.exact.get(joined(phrase)) ?? []),
  ]);
}

/** Letters by which forms of a word differ: "teaching" and "teacher", but not "present" and "presentations". */
const ENDING = 4;

function isFormIn({ stems, words }: CatalogValue, token: Token): boolean {
  return stems.some(
    (one, at) => one === token.stem && Math.abs((words[at]?.length ?? 0) - token.word.length) <= ENDING,
  );
}

function isWordOf({ words }: CatalogValue, word: string): boolean {
  return words.some((one) => one === word || one === `${word}s` || word === `${one}s`);
}

/** Values that hold all of the words. */
function holding(catalog: RecordCatalog, stems: readonly string[]): readonly CatalogValue[] {
  const [first] = stems;
  if (first === undefined) return [];
  const rarest = stems.reduce((best, one) => (count(catalog, one) < count(catalog, best) ? one : best), first);
  return (catalog.containing.get(rarest) ?? []).filter((entry) => stems.every((one) => entry.stems.includes(one)));
}

function count(catalog: RecordCatalog, one: string): number {
  return catalog.containing.get(one)?.length ?? 0;
}

function toMeaning(values: readonly CatalogValue[], partial = false): Meaning {
  const byField = new Map<CatalogField, string[]>();
  for (const { field, value } of values) byField.set(field, [...(byField.get(field) ?? []), value]);
  return {
    tests: [...byField].map(([{ name }, own]) => ({ kind: 'values', field: name, values: own })),
    topical: values.some(({ field }) => field.topical),
    fields: [...byField.keys()],
    partial,
  };
}

function unique(values: readonly CatalogValue[]): CatalogValue[] {
  return [...new Set(values)];
}

/** Letters from which on one and two slips of the pen are forgiven. */
const ONE_SLIP = 4;
const TWO_SLIPS = 8;

/** The word of the records that this one is a misspelling of; null: none is near. */
export function corrected(catalog: RecordCatalog, word: string): string | null {
  if (word.length < ONE_SLIP || /\d/.test(word)) return null;
  const most = word.length >= TWO_SLIPS ? 2 : 1;
  let best: string | null = null;
  let least = most + 1;
  for (const words of [catalog.spellings.keys(), SINGLE_WORDS]) {
    for (const known of words) {
      if (
        known === word ||
        known.length < ONE_SLIP ||
        known[0] !== word[0] ||
        Math.abs(known.length - word.length) > most
      )
        continue;
      const slips = isScrambled(word, known) ? 1 : distance(word, known);
      if (slips < least && meansSomething(catalog, known)) [best, least] = [known, slips];
    }
  }
  return best;
}

/** One slip of the pen apart, the first letter not being it. */
export function isSlipOf(word: string, known: string): boolean {
  return known[0] === word[0] && Math.abs(known.length - word.length) <= 1 && distance(word, known) <= 1;
}

/** "poterry": the right letters in a wrong order. */
function isScrambled(word: string, known: string): boolean {
  const SHORTEST = 5;
  if (word.length !== known.length || word.length < SHORTEST || word.at(-1) !== known.at(-1)) return false;
  return [...word].sort().join('') === [...known].sort().join('');
}

function meansSomething(catalog: RecordCatalog, word: string): boolean {
  const own = stem(word);
  return (
    catalog.containing.has(own) ||
    (SAME.get(own) ?? []).some((phrase) => catalog.exact.has(joined(phrase)) || catalog.containing.has(joined(phrase)))
  );
}

const SHORTEST_PART = 4;

/** The known beginning of a compound: "Solaranlagen" is about something solar. */
export function compoundHead(catalog: RecordCatalog, word: string): string | null {
  for (let length = word.length - 3; length >= SHORTEST_PART; length--) {
    const head = word.slice(0, length);
    if (meansSomething(catalog, head)) return head;
  }
  return null;
}
