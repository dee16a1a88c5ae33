import { excerpt, fold, isStopWord, stem } from '#platform/text';

export interface Token {
  /** As written. */
  readonly raw: string;
  readonly word: string;
  readonly stem: string;
  readonly start: number;
  readonly end: number;
  /** True: a comma, a full stop or the like stands before it. */
  readonly breaks: boolean;
  /** Null for words; number words are words. */
  readonly number: number | null;
}

const TOKEN = /\p{N}+(?:[.,]\p{N}+)+|\p{N}+|[\p{L}\p{M}][\p{L}\p{M}\p{N}]*(?:\+\+|#)?/gu;
const BREAK = /[,;:.!?()\n–—]/;
/** Characters: what is asked for stands at the beginning or the end of a long message. */
const HEAD = 1500;
const TAIL = 500;

/** Longer ones count nothing, and would be infinite to the database. */
const LONGEST_NUMBER = 20;

/** A message as words and numbers. Digits and the letters behind them are two: "60k", "80m2". */
export function tokensOf(message: string): { readonly text: string; readonly tokens: readonly Token[] } {
  const text = excerpt(message.normalize('NFC'), HEAD, TAIL);
  let end = 0;
  const tokens = [...text.matchAll(TOKEN)].map((match): Token => {
    const [raw] = match;
    const word = fold(raw);
    const token = {
      raw,
      word,
      stem: stem(word),
      start: match.index,
      end: match.index + raw.length,
      breaks: BREAK.test(text.slice(end, match.index)),
      number: /^\d/.test(raw) && raw.length <= LONGEST_NUMBER ? parsed(raw) : null,
    };
    end = token.end;
    return token;
  });
  return { text, tokens };
}

/** "12,000" and "12.000" are thousands, "9,5" and "9.5" are not. */
function parsed(raw: string): number {
  return /^\d{1,3}(?:[.,]\d{3})+$/.test(raw) ? Number(raw.replace(/[.,]/g, '')) : Number(raw.replace(',', '.'));
}

const LONGEST_PHRASE = 5;

interface Ends {
  readonly first: ReadonlySet<string>;
  readonly last: ReadonlySet<string>;
}
const ends = new WeakMap<ReadonlySet<string>, Ends>();

/** Words that phrases begin and end with, so that most places are passed over at a glance. */
function endsOf(phrases: ReadonlySet<string>): Ends {
  let found = ends.get(phrases);
  if (found === undefined) {
    const all = [...phrases].map((phrase) => phrase.split(' '));
    const words = (at: 0 | -1) => new Set(all.map((phrase) => phrase.at(at) ?? ''));
    ends.set(phrases, (found = { first: words(0), last: words(-1) }));
  }
  return found;
}

/** How many tokens from here on are a phrase of the set, the longest one; 0: none. */
export function phraseAt(tokens: readonly Token[], at: number, phrases: ReadonlySet<string>): number {
  const first = tokens[at];
  if (first === undefined || !endsOf(phrases).first.has(first.word)) return 0;
  for (let length = Math.min(LONGEST_PHRASE, tokens.length - at); length > 0; length--)
    if (isPhrase(tokens.slice(at, at + length), phrases)) return length;
  return 0;
}

/** The same, of the tokens that end before this one. */
export function phraseBefore(tokens: readonly Token[], at: number, phrases: ReadonlySet<string>): number {
  const last = tokens[at - 1];
  if (last === undefined || !endsOf(phrases).last.has(last.word)) return 0;
  for (let length = Math.min(LONGEST_PHRASE, at); length > 0; length--)
    if (isPhrase(tokens.slice(at - length, at), phrases)) return length;
  return 0;
}

function isPhrase(words: readonly Token[], phrases: ReadonlySet<string>): boolean {
  return !words.slice(1).some(({ breaks }) => breaks) && phrases.has(words.map(({ word }) => word).join(' '));
}

/** Short words that are a name when they are written so ("Go", "IT", "R") and nothing otherwise ("go", "it"). */
export function saysNothing(token: Token): boolean {
  const { breaks, raw, start, word } = token;
  if (!isStopWord(word) && word.length > 1) return false;
  if (raw === raw.toLowerCase() || raw.length > 2 || word === 'i' || word === 'a') return true;
  const opens = start === 0 || breaks;
  return raw !== raw.toUpperCase() && opens;
}
