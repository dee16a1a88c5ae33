/** Of a longer text only so much is looked at, in its middle, and the rest is taken to be like it. */
const LOOKED_AT = 20_000;

/**
 * Tokens of a text, about: what the tokenizers of chat and embedding models make of it, at once and without loading one
 * (their tables cost 30 MB and more). Letters with Latin roots count 1/4, other alphabets 1/2, and characters of scripts
 * without spaces one each; it errs on the large side (a tenth to a third, beside OpenAI's), so a chunk fits its model and
 * a budget is not walked around.
 */
export function estimateTokens(text: string): number {
  if (text.length <= LOOKED_AT) return Math.ceil(quarterTokens(text) / 4);
  const from = Math.floor((text.length - LOOKED_AT) / 2);
  return Math.ceil((quarterTokens(text.slice(from, from + LOOKED_AT)) * (text.length / LOOKED_AT)) / 4);
}

/** The same before rounding, of the whole text, in quarters of a token, so that parts can be added up. */
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
