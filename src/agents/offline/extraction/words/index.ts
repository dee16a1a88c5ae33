import { DE } from './de.js';
import { EN } from './en.js';
import { ES } from './es.js';
import type { LanguageWords, NameKind } from './language-words.js';

export type { DateWords, LanguageWords, NameKind } from './language-words.js';

const LANGUAGES: Readonly<Record<string, LanguageWords>> = { en: EN, es: ES, de: DE };

/** The words of a BCP 47 language; null for one that has no file. */
export function wordsOfLanguage(language: string): LanguageWords | null {
  const base = baseOf(language);
  return Object.hasOwn(LANGUAGES, base) ? (LANGUAGES[base] ?? null) : null;
}

/** A schema may be written in any language, whatever the message is. */
export const SCHEMA_KINDS: Readonly<Record<NameKind | 'identifier', ReadonlySet<string>>> = {
  origin: union((words) => words.kinds.origin),
  destination: union((words) => words.kinds.destination),
  place: union((words) => words.kinds.place),
  person: union((words) => words.kinds.person),
  identifier: union((words) => words.kinds.identifier),
};
export const SCHEMA_FILLERS: ReadonlySet<string> = union(({ fillers, kinds }) => [
  ...fillers,
  ...kinds.identifier,
  ...['key', 'value', 'text', 'string', 'name'],
]);

/** Whatever the language is: routing asks before it is known. */
export const WORDS_BEFORE_YEARS: ReadonlySet<string> = union(({ dates }) => dates.beforeYear);

export function baseOf(language: string): string {
  return language.toLowerCase().split('-')[0] ?? '';
}

function union(pick: (words: LanguageWords) => readonly string[]): ReadonlySet<string> {
  return new Set(Object.values(LANGUAGES).flatMap((words) => [...pick(words)]));
}
