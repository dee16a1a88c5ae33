/**
 * Tokens of a text, about: what the tokenizers of embedding models make of it, without loading one (their tables cost
 * 30 MB and they read 20 times slower than this). Letters with Latin roots count 1/4, other alphabets 1/2, and
 * characters of scripts without spaces one each; it errs on the large side, so a chunk fits its model.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(quarterTokens(text) / 4);
}

/** The same before rounding, in quarters of a token, so that parts can be added up. */
export function quarterTokens(text: string): number {
  let quarters = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x250) quarters += 1;
    else if (code < 0xe00) quarters += 2;
    else if (code < 0x1100 || (code >= 0x2e80 && code < 0xd800) || (code >= 0xf900 && code < 0xfb00)) quarters += 4;
    else quarters += 2;
  }
  return quarters;
}
