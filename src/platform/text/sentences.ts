import { LANGUAGES } from './stop-words.js';

/**
 * Ends of sentences: Western stops before white space, East Asian stops, blank lines. `Intl.Segmenter` finds a few more,
 * but its time grows with the square of the length on `. . . .` and beyond 50,000 characters (measured: minutes), and
 * what it finds changes with the version of Node. Each alternative is linear.
 */
const END = String.raw`[.!?…؟।]["'”’»)\]*_]*\s+(?=BEGIN|$)|[。！？｡][”’」』）)]*\s*`;
const ENDS = {
  /** A small letter goes on with the sentence: "Really?" he said. */
  prose: new RegExp(String.raw`${END.replace('BEGIN', String.raw`[^\s\p{Ll}]`)}|\n\s*\n`, 'gu'),
  /** As people type: small letters begin sentences, and each line is one. */
  chat: new RegExp(String.raw`${END.replace('BEGIN', String.raw`\S`)}|\n\s*`, 'gu'),
};

const ALL = Object.values(LANGUAGES);
const alternatives = (words: readonly string[]): string =>
  [...new Set(words)].map((word) => word.replaceAll('.', '\\.')).join('|');
/** Abbreviations and initials, after which the sentence goes on; others only before a number. */
const ABBREVIATED = new RegExp(
  String.raw`(?:^|[\s(])(?:${alternatives(ALL.flatMap(({ abbreviations }) => abbreviations))}|\p{Script=Latin})\.$`,
  'iu',
);
const NUMBERED = new RegExp(
  String.raw`(?:^|[\s(])(?:${alternatives(ALL.flatMap(({ numbered }) => numbered))})\.$`,
  'iu',
);
/** An abbreviation is shorter. */
const LOOKED_BACK = 12;

/** Sentences with the white space that follows them, so that joining them gives the text again. */
export function wholeSentencesOf(text: string, style: keyof typeof ENDS = 'prose'): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const { 0: end, index } of text.matchAll(ENDS[style])) {
    const stop = index + end.length;
    if (end.startsWith('.') && goesOn(text.slice(Math.max(start, index - LOOKED_BACK), index + 1), text.charAt(stop)))
      continue;
    sentences.push(text.slice(start, stop));
    start = stop;
  }
  if (start < text.length) sentences.push(text.slice(start));
  return sentences;
}

/** Sentences of a plain text. An abbreviation, a number's point and an initial do not end one. */
export function sentencesOf(text: string, style: keyof typeof ENDS = 'prose'): string[] {
  return wholeSentencesOf(text, style)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** @param before the text up to the point @param next the first character after the white space */
function goesOn(before: string, next: string): boolean {
  return ABBREVIATED.test(before) || (/\d/.test(next) && NUMBERED.test(before));
}
