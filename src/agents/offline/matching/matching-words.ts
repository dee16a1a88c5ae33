import { fold, stem } from '#platform/text';
import { ENGLISH } from './matching-words.en.js';
import { GERMAN } from './matching-words.de.js';
import { SPANISH } from './matching-words.es.js';
import type { Aspect, MatchingWords, Quantity } from './matching-words.types.js';

const LANGUAGES: readonly MatchingWords[] = [ENGLISH, SPANISH, GERMAN];

export function listed(line: string): string[] {
  return line
    .split(/\s*[|\n]\s*/)
    .map((entry) => fold(entry.trim()))
    .filter((entry) => entry !== '');
}

type Lines = { [K in keyof MatchingWords]: MatchingWords[K] extends string ? K : never }[keyof MatchingWords];

const merged = new Map<Lines, ReadonlySet<string>>();

/** A kind of words in every language that there is a file for. */
export function wordsFor(kind: Lines): ReadonlySet<string> {
  let words = merged.get(kind);
  if (words === undefined) merged.set(kind, (words = new Set(LANGUAGES.flatMap((language) => listed(language[kind])))));
  return words;
}

export function quantityWords(quantity: Quantity): ReadonlySet<string> {
  return (quantities[quantity] ??= new Set(LANGUAGES.flatMap((language) => listed(language.quantities[quantity]))));
}

export interface AspectWords {
  readonly aspect: Aspect;
  /** Phrases that ask for it. */
  readonly asking: ReadonlySet<string>;
  /** Stems of what fields are called that tell it. */
  readonly fields: ReadonlySet<string>;
}

/** What may be asked about one record, in every language. */
export const ASPECTS: readonly AspectWords[] = (Object.keys(ENGLISH.aspects) as Aspect[]).map((aspect) => ({
  aspect,
  asking: new Set(LANGUAGES.flatMap(({ aspects }) => listed(aspects[aspect].asking))),
  fields: new Set(LANGUAGES.flatMap(({ aspects }) => listed(aspects[aspect].fields).map(stem))),
}));

/** Whether a word is a unit or says what a number measures. */
export function isQuantity(word: string): boolean {
  return (Object.keys(ENGLISH.quantities) as Quantity[]).some((quantity) => quantityWords(quantity).has(word));
}

const quantities: Partial<Record<Quantity, ReadonlySet<string>>> = {};

export const NUMBER_WORDS: ReadonlyMap<string, number> = new Map(
  LANGUAGES.flatMap(({ numbers }) =>
    numbers.flatMap((line, index) => listed(line).map((word): [string, number] => [word, index + 1])),
  ),
);

export const ORDINALS: ReadonlyMap<string, number> = new Map(
  LANGUAGES.flatMap(({ ordinals }) =>
    ordinals.flatMap((line, index) => listed(line).map((word): [string, number] => [word, index + 1])),
  ),
);

const TAGS = ['en', 'es', 'de'];
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');

/** Groups of phrases for the same, of all languages together. */
export const CONCEPTS: readonly (readonly string[])[] = conceptGroups();

function conceptGroups(): string[][] {
  const groups = new Map<string, string[]>();
  for (const { concepts } of LANGUAGES) {
    for (const [name, line] of Object.entries(concepts)) {
      groups.set(name, [...(groups.get(name) ?? []), ...listed(line)]);
    }
  }
  return [...groups.values(), ...namesOf('region'), ...namesOf('language'), ...weekdays(), ...months()];
}

/** Countries and languages are named by the platform itself. */
function namesOf(type: 'region' | 'language'): string[][] {
  const names = TAGS.map((tag) => new Intl.DisplayNames(tag, { type, fallback: 'none' }));
  const codes = LETTERS.flatMap((first) => LETTERS.map((second) => `${first}${second}`));
  return codes.flatMap((code) => {
    const said = names.flatMap((name) => name.of(type === 'region' ? code.toUpperCase() : code) ?? []).map(fold);
    return said.length < TAGS.length ? [] : [[...new Set(said)]];
  });
}

function weekdays(): string[][] {
  return calendar(7, (index) => new Date(Date.UTC(2024, 0, 1 + index)), { weekday: 'long' });
}

function months(): string[][] {
  return calendar(12, (index) => new Date(Date.UTC(2024, index, 15)), { month: 'long' });
}

function calendar(size: number, day: (index: number) => Date, format: Intl.DateTimeFormatOptions): string[][] {
  return Array.from({ length: size }, (_, index) =>
    TAGS.map((tag) => fold(new Intl.DateTimeFormat(tag, { ...format, timeZone: 'UTC' }).format(day(index)))),
  );
}
