import { detectAll } from 'tinyld';
import { LANGUAGES } from './stop-words.js';

/** Languages that the product has its own words in; answers by a model follow any language. */
export type PhraseLanguage = keyof typeof LANGUAGES;

/** As they are written: an accent tells a language too. */
const SMALL_WORDS = Object.entries(LANGUAGES).map(([language, { asking, stop }]) => ({
  language: language as PhraseLanguage,
  words: new Set([...stop, ...asking].map((word) => word.toLowerCase())),
  /** Enough by themselves, where no other language has them: to whoever says "gracias", one answers in Spanish. */
  asking: new Set(asking.map((word) => word.toLowerCase())),
}));
/** So many words, of two letters or more, are too few for statistics. */
const FEW_WORDS = 2;
/** Of the statistics, from 0 to 1: certain whatever small words are among it; and where names are taken for languages. */
const CERTAIN = 0.5;
const SURE = 0.1;
/** They share small words with Spanish: "de", "la", "a". */
const NEIGHBOURS = new Set(['fr', 'it', 'pt', 'ca', 'gl', 'ro']);
/** The languages that are asked in most. Where letters tell little, one of them is likelier than Afrikaans or Latin. */
const LIKELY = ['en', 'es', 'de', 'fr', 'it', 'pt', 'nl'];
/** The share of a message that is one language's small words: where none of the statistics are needed, and where they fail. */
const PLAIN_SHARE = 0.4;
const SHARE = 0.2;
/** Of names and things alone, so many say nothing of a language: "nurses in Munich" is as good in German. */
const FEW_TELLING = 2;
/** Characters that tell a language as well as any more. */
const TELLING = 1000;

/**
 * BCP 47 language of a message. A message that says little ("no", "ok", "1042", "iPhone 15") keeps `fallback`: the
 * conversation's language so far, or the tenant's. Small words of a language decide where they are plain, then a
 * statistical detector for all the languages that it knows.
 */
export function detectLanguage(message: string, fallback = 'en'): string {
  // Addresses and codes are in no language.
  const text = message.slice(0, TELLING).replace(/\S*[@\d]\S*|https?:\S+/g, ' ');
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const long = words.filter((word) => word.length > 1);
  if (long.length === 0 && words.length < FEW_WORDS) return fallback;
  const few = long.length <= FEW_WORDS && long.every((word) => /^\p{Script=Latin}+$/u.test(word));
  if (few) return ofFewWords(long) ?? fallback;
  // Spanish alone opens its questions.
  const opened = /[¿¡]/.test(text) ? 1 : 0;
  const scores = SMALL_WORDS.map(({ language, words: small }) => {
    return { language, hits: words.filter((word) => small.has(word)).length + (language === 'es' ? opened : 0) };
  });
  const [first, second] = scores.sort((a, b) => b.hits - a.hits);
  if (first === undefined || second === undefined) return fallback;
  const share = first.hits / words.length;
  const plain = first.hits >= 2 && first.hits > second.hits && share >= PLAIN_SHARE;
  const telling = long.filter((word) => !SMALL_WORDS.some(({ words: small }) => small.has(word)));
  const plainLetters = !/[^\p{ASCII}]/u.test(text);
  if (telling.length <= FEW_TELLING && first.hits === second.hits && opened === 0 && plainLetters) {
    // Unless a word is of one language beyond doubt: "Teilzeitstellen".
    const own = best(text, Object.keys(LANGUAGES));
    return own !== null && own.accuracy >= CERTAIN ? own.lang : fallback;
  }
  // Nothing costs here as much as the statistics do.
  if (plain && (first.language !== 'es' || opened > 0)) return first.language;
  const open = best(text);
  const certain = open !== null && open.accuracy >= CERTAIN;
  if (plain && !(certain && NEIGHBOURS.has(open.lang))) return first.language;
  if (certain) return open.lang;
  const likely = best(text, LIKELY);
  const found = (likely?.accuracy ?? 0) >= (open?.accuracy ?? 0) ? likely : open;
  if (found !== null && found.accuracy >= SURE) return found.lang;
  return first.hits > second.hits && share >= SHARE ? first.language : fallback;
}

function best(text: string, only?: string[]): { lang: string; accuracy: number } | null {
  return detectAll(text, only === undefined ? undefined : { only }).find(({ lang }) => lang.length === 2) ?? null;
}

/** Only words that no other language has: "no" and "die" are several languages' words. */
function ofFewWords(words: readonly string[]): PhraseLanguage | null {
  const owners = words.map((word) => SMALL_WORDS.filter((small) => small.words.has(word)));
  const told = owners.flatMap((languages, index) => {
    const [only, ...others] = languages;
    const word = words[index] ?? '';
    if (only === undefined || others.length > 0 || word.length < 3) return [];
    return words.length > 1 || only.asking.has(word) ? [only.language] : [];
  });
  const [one, ...others] = new Set(told);
  return one !== undefined && others.length === 0 ? one : null;
}

/** The language of the product's own sentences: the first of some BCP 47 tags that it has any in, else English. */
export function phraseLanguage(...languages: readonly string[]): PhraseLanguage {
  const bases = languages.map((language) => language.toLowerCase().split('-')[0] ?? '');
  return bases.find((base): base is PhraseLanguage => Object.hasOwn(LANGUAGES, base)) ?? 'en';
}
