import { segmented } from '#platform/text';

/**
 * A text as its words in lower case, one space apart: what `to_tsvector` stems, for passages and questions alike. The
 * words are found here, because Postgres' own parser depends on the database's locale (the embedded one lower-cases
 * ASCII only and takes typographic quotes for letters), reads `and/or` as a file name and knows no text without spaces.
 */
export function lexicalText(text: string): string {
  const folded = text
    .replace(/[™℠]/g, ' ') // would be letters of the word before
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(?<=\d)[.,](?=\d{3}(?!\d))/g, '') // 1,500 and 1.500 are 1500
    .replace(/(?<=\d),(?=\d)/g, '.') // 9,90 is 9.90
    .replace(/(?<![\p{L}\p{N}])c(\+\+|#)/gu, (_, sign: string) => (sign === '#' ? 'csharp' : 'cplusplus'))
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, "'");
  const words = folded.match(WORD) ?? [];
  return words
    .flatMap(segmented)
    .map((word) => word.slice(0, LONGEST_WORD))
    .join(' ');
}

const WORD = /\d+(?:\.\d+)+|[\p{L}\p{N}\p{M}]+/gu;
const LONGEST_WORD = 64;
