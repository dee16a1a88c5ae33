import { fold } from './fold.js';
import { wordsOf } from './segments.js';
import { stem } from './stem.js';
import { isStopWord } from './stop-words.js';

/** One sign that is a word: a number, or a character of Chinese or Japanese. */
const SAYS_MUCH = /[\p{N}\p{Script=Han}]/u;

/** Stems as short as this must be equal; longer ones may be the beginning of one another. */
const SHORTEST_PREFIX = 5;

/** The light stems of two forms of one word may end differently: "deliveri" and "deliv". */
export function hasStem(stems: ReadonlySet<string>, wanted: string): boolean {
  if (stems.has(wanted)) return true;
  if (wanted.length < SHORTEST_PREFIX) return false;
  for (const stem of stems) {
    if (stem.length >= SHORTEST_PREFIX && (stem.startsWith(wanted) || wanted.startsWith(stem))) return true;
  }
  return false;
}

/** Stems of the words that carry meaning, in order, with repeats. */
export function contentStems(text: string): string[] {
  return wordsOf(fold(text))
    .filter((word) => (word.length > 1 || SAYS_MUCH.test(word)) && !isStopWord(word))
    .map(stem);
}

/** As `contentStems`, without numbers and addresses: which order is meant says nothing about what is wanted of it. */
export function topicStems(text: string): string[] {
  return contentStems(text.replace(/(?<!\S)(?:\S{1,64}@|https?:\/\/)\S{1,300}/g, ' ')).filter(
    (stem) => !/\d/.test(stem),
  );
}

/** How many words there are, whatever they mean. */
export function wordCount(text: string): number {
  return wordsOf(text).length;
}

/**
 * The beginning and the end of a long text: what a message is for is said there, and rules that look for it must not
 * take longer than the text deserves.
 */
export function excerpt(text: string, head: number, tail: number): string {
  return text.length <= head + tail ? text : `${text.slice(0, head)}\n${text.slice(-tail)}`;
}
