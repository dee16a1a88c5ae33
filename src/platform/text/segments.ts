/** Scripts that put no space between words. */
const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** The segmenter's time grows faster than the text. */
const SEGMENTED_AT_ONCE = 2000;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** Whether some of a text is of a script without spaces between words (Chinese, Japanese, Thai and their like). */
export function isSpaceless(text: string): boolean {
  return SPACELESS.test(text);
}

/** The words of a text, in order; text without spaces is cut by a dictionary. Numbers are words. */
export function wordsOf(text: string): string[] {
  const runs = text.match(WORD) ?? [];
  return isSpaceless(text) ? runs.flatMap(segmented) : runs;
}

/** A run of letters as its words: itself, unless its script puts no space between them. */
export function segmented(run: string): string[] {
  if (!isSpaceless(run)) return [run];
  const words: string[] = [];
  for (let at = 0; at < run.length; at += SEGMENTED_AT_ONCE) {
    for (const { isWordLike, segment } of segmenter.segment(run.slice(at, at + SEGMENTED_AT_ONCE))) {
      if (isWordLike === true) words.push(segment);
    }
  }
  return words;
}
