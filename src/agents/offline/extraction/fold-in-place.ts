import { fold } from '#platform/text';

/** As `fold`, but every character stays where it is, so that a match can be cut out of the original. */
export function foldInPlace(text: string): string {
  const folded = fold(text);
  if (folded.length === text.length && !text.includes('ß')) return folded;
  let kept = '';
  for (const char of text) {
    const one = fold(char);
    kept += one.length === char.length ? one : char;
  }
  return kept;
}
