import { detect } from 'tinyld';

/** Languages that the product has its own words in; answers by a model follow any language. */
export type PhraseLanguage = 'en' | 'es' | 'de';

const FUNCTION_WORDS: Readonly<Record<PhraseLanguage, ReadonlySet<string>>> = {
  en: new Set(
    'the a an is are was were do does did how what where when why who which can could would should i my me you your it this that and or of to for with from please have has there not any'.split(
      ' ',
    ),
  ),
  es: new Set(
    'el la los las un una es son está esta están como cómo qué que dónde donde cuándo cuando por para con mi mis tu su yo puedo puede quiero hay no y o de del al se lo le gracias favor pedido hola'.split(
      ' ',
    ),
  ),
  de: new Set(
    'der die das ein eine einen einem einer ist sind war wie was wo wann warum wer welche kann können könnte ich mein meine meinen mir mich sie ihr es und oder von zu zum zur für mit bitte nicht kein haben hat gibt auf im in den dem danke hallo'.split(
      ' ',
    ),
  ),
};
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
  const scores = (Object.keys(FUNCTION_WORDS) as PhraseLanguage[]).map((language) => ({
    language,
    hits: words.filter((word) => FUNCTION_WORDS[language].has(word)).length,
  }));
  scores.sort((a, b) => b.hits - a.hits);
  const [first, second] = scores;
  if (first !== undefined && second !== undefined && first.hits > 0 && first.hits > second.hits) {
    // A few shared small words ("no", "de", "un") in a long text of another language must not decide.
    const telling = words.length <= 4 || (first.hits >= 2 && first.hits / words.length >= 0.25);
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
