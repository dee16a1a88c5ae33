import { detect } from 'tinyld';
import { LANGUAGES } from './stop-words.js';

/** Languages that the product has its own words in; answers by a model follow any language. */
export type PhraseLanguage = keyof typeof LANGUAGES;

/** As they are written: an accent tells a language too. */
const SMALL_WORDS = Object.entries(LANGUAGES).map(([language, { asking, stop }]) => ({
  language: language as PhraseLanguage,
  words: new Set([...stop, ...asking].map((word) => word.toLowerCase())),
}));
const ALLOWED = ['en', 'es', 'de', 'fr', 'it', 'pt', 'nl'];
/** From here on the statistical detector is worth more than a count of small words. */
const LONG_ENOUGH = 24;
/** Characters that tell a language as well as any more. */
const TELLING = 1000;

/**
 * BCP 47 language of a message. Short messages say little, so function words decide first, then a detector with an
 * allow-list, then `fallback` (the conversation's language so far, or the tenant's).
 */
export function detectLanguage(message: string, fallback = 'en'): string {
  const text = message.slice(0, TELLING);
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const scores = SMALL_WORDS.map((small) => ({
    language: small.language,
    hits: words.filter((word) => small.words.has(word)).length,
  }));
  scores.sort((a, b) => b.hits - a.hits);
  const [first, second] = scores;
  if (first !== undefined && second !== undefined && first.hits > 0 && first.hits > second.hits) {
    // A few shared small words ("no", "de", "un") in a long text of another language must not decide.
    const telling = words.length <= 4 || (first.hits >= 2 && first.hits / words.length >= 0.4);
    if (telling) return first.language;
  }
  if (text.length >= LONG_ENOUGH) {
    const found = detect(text, { only: ALLOWED });
    if (found !== '') return found;
  }
  return fallback;
}

/** The language of the product's own sentences nearest to a BCP 47 tag. */
export function phraseLanguage(language: string): PhraseLanguage {
  const base = language.toLowerCase().split('-')[0];
  return base === 'es' || base === 'de' ? base : 'en';
}
