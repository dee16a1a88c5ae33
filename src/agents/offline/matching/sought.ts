import { isStopWord, tellingOf } from '#platform/text';
import { wordsFor } from './matching-words.js';
import { phraseAt, phraseBefore, type Token } from './message-tokens.js';

/**
 * How a word stands in a message: `as` ("as a beekeeper"), `named` ("astronaut jobs"), `wanted` ("a cabriolet", "I need
 * cabriolets"), `sought` ("for weddings"), `placed` ("in Lisbon"), `bare` (the message is nothing else), `done` (it is what somebody does: "to apply",
 * "let me talk"), or in passing.
 */
export type Soughtness = 'as' | 'named' | 'wanted' | 'sought' | 'placed' | 'bare' | 'done' | 'passing';

/** Words around what is sought that make no sentence. */
const AROUND = [
  'placed',
  'sought',
  'with',
  'as',
  'and',
  'goesOn',
  'not',
  'but',
  'seeking',
  'more',
  'filler',
  'atLeast',
  'atMost',
  'orMore',
  'orLess',
  'between',
] as const;
/** A language in which offline messages are read. */
const LANGUAGES = ['en', 'es', 'de'];
/**
 * Of `tellingOf`: what all the world says is nothing that a record lacks. As a noun ("a car", "ship jobs") a word may be
 * more usual than in passing ("talk", "friends").
 */
const TELLS = 0.5;
const TELLS_AS_NOUN = 0.25;
/** Tokens: in a longer message what has an article is rarely what is sought, unless a verb says so. */
const BRIEF = 9;
const REACH = 4;

export function soughtness(
  tokens: readonly Token[],
  { at, end }: { readonly at: number; readonly end: number },
  isThing: (token: Token) => boolean,
): Soughtness {
  if (phraseBefore(tokens, at, wordsFor('as')) > 0) return 'as';
  const next = tokens[end];
  if (next !== undefined && !next.breaks && isThing(next)) return 'named';
  const before = tokens[at]?.breaks === true ? undefined : tokens[at - 1];
  if (before !== undefined && wordsFor('indefinite').has(before.word)) return 'passing';
  if (phraseBefore(tokens, at, wordsFor('placed')) > 0) return 'placed';
  if (phraseBefore(tokens, at, wordsFor('seeking')) > 0) return 'wanted';
  if (phraseBefore(tokens, at, wordsFor('sought')) > 0 && (tokens.length <= BRIEF || hasVerbBefore(tokens, at)))
    return before !== undefined && wordsFor('article').has(before.word) ? 'wanted' : 'sought';
  if (before !== undefined && wordsFor('doing').has(before.word)) return 'done';
  return isBare(tokens, isThing) ? 'bare' : 'passing';
}

/** "looking urgently for a …" */
function hasVerbBefore(tokens: readonly Token[], at: number): boolean {
  for (let back = 1; back <= REACH && at - back >= 0; back++) {
    if (phraseAt(tokens, at - back, wordsFor('seeking')) > 0) return true;
    if (tokens[at - back]?.breaks === true) return at - back === at - 1;
  }
  return false;
}

/** No more than a name of something: no word that makes a sentence of it. */
export function isBare(tokens: readonly Token[], isThing: (token: Token) => boolean): boolean {
  return tokens.every((token) => {
    return !isStopWord(token.word) || isThing(token) || AROUND.some((kind) => isWordOf(token.word, kind));
  });
}

const words = new Map<string, ReadonlySet<string>>();

function isWordOf(word: string, kind: (typeof AROUND)[number]): boolean {
  let known = words.get(kind);
  if (known === undefined) {
    // "I am a" is no name of something because "am" is a part of it.
    const whole = kind === 'as' || kind === 'seeking';
    const parts = [...wordsFor(kind)].flatMap((line) => (whole ? [line] : line.split(' ')));
    words.set(kind, (known = new Set(parts)));
  }
  return known.has(word);
}

/** Words that everybody uses in one of the languages ("others", "friends"), by where they stand. */
export function areUsual(run: readonly Token[], position: Soughtness): boolean {
  const noun = position === 'named' || position === 'wanted';
  return run.every((token) => isSaidMoreThan(token, noun ? TELLS_AS_NOUN : TELLS));
}

/** "Hmm, and in Turin?", "alright, only these": a known word before what goes on from something. */
export function isInterjection(tokens: readonly Token[], { at, end }: { readonly at: number; readonly end: number }) {
  const [first] = tokens;
  const opens = at === 0 && end === 1 && first !== undefined && phraseAt(tokens, end, wordsFor('goesOn')) > 0;
  return opens && isKnownWord(first);
}

/** One of the words of a language that are known best: no slip of the pen for something else. */
export function isKnownWord(token: Token): boolean {
  return isSaidMoreThan(token, 1);
}

function isSaidMoreThan({ word }: Token, telling: number): boolean {
  return LANGUAGES.some((language) => tellingOf(word, language) < telling);
}
