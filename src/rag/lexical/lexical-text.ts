/**
 * A text as its words in lower case, one space apart: what `to_tsvector` stems, for passages and questions alike. The
 * words are found here, because Postgres' own parser depends on the database's locale (the embedded one lower-cases
 * ASCII only and takes typographic quotes for letters), reads `and/or` as a file name and knows no text without spaces.
 */
export function lexicalText(text: string): string {
  const folded = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/(?<=\d)[.,](?=\d{3}(?!\d))/g, '') // 1,500 and 1.500 are 1500
    .replace(/(?<=\d),(?=\d)/g, '.') // 9,90 is 9.90
    .replace(/(?<![\p{L}\p{N}])c(\+\+|#)/gu, (_, sign: string) => (sign === '#' ? 'csharp' : 'cplusplus'))
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, "'");
  const words = folded.match(WORD) ?? [];
  return words.flatMap((word) => (SPACELESS.test(word) ? segmented(word) : [word.slice(0, LONGEST_WORD)])).join(' ');
}

const WORD = /\d+(?:\.\d+)+|[\p{L}\p{N}\p{M}]+/gu;
/** Scripts that put no space between words. */
const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const LONGEST_WORD = 64;
/** The segmenter's time grows faster than the text. */
const SEGMENTED_AT_ONCE = 2000;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

function segmented(run: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < run.length; at += SEGMENTED_AT_ONCE) {
    for (const { segment, isWordLike } of segmenter.segment(run.slice(at, at + SEGMENTED_AT_ONCE))) {
      if (isWordLike === true) words.push(segment.slice(0, LONGEST_WORD));
    }
  }
  return words;
}
