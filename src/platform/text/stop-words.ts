import { fold } from './fold.js';
import { de } from './words/de.js';
import { en } from './words/en.js';
import { es } from './words/es.js';

/** Every language with words of its own. */
export const LANGUAGES = { en, es, de } as const;

const ALL = Object.values(LANGUAGES);
const FUNCTION_WORDS = new Set(ALL.flatMap(({ stop }) => stop).map(fold));
const ASKING_WORDS = new Set(ALL.flatMap(({ asking }) => asking).map(fold));

/** Articles, pronouns, prepositions and the like of any language here. @param word folded */
export function isFunctionWord(word: string): boolean {
  return FUNCTION_WORDS.has(word);
}

/** "please", "gracias", "kannst": of asking and greeting, in any language here. @param word folded */
export function isAskingWord(word: string): boolean {
  return ASKING_WORDS.has(word) && !FUNCTION_WORDS.has(word);
}

/** Words that say nothing about a topic, in any language here. */
export function isStopWord(word: string): boolean {
  const folded = fold(word);
  return FUNCTION_WORDS.has(folded) || ASKING_WORDS.has(folded);
}
