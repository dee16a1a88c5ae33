/** Postgres' own stemming dictionaries by language; every version from 15 on has them. */
const CONFIG_BY_LANGUAGE: Readonly<Record<string, string>> = {
  ar: 'arabic',
  ca: 'catalan',
  da: 'danish',
  de: 'german',
  el: 'greek',
  en: 'english',
  es: 'spanish',
  eu: 'basque',
  fi: 'finnish',
  fr: 'french',
  ga: 'irish',
  hi: 'hindi',
  hu: 'hungarian',
  hy: 'armenian',
  id: 'indonesian',
  it: 'italian',
  lt: 'lithuanian',
  nb: 'norwegian',
  ne: 'nepali',
  nl: 'dutch',
  nn: 'norwegian',
  no: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sr: 'serbian',
  sv: 'swedish',
  ta: 'tamil',
  tr: 'turkish',
  yi: 'yiddish',
};

/**
 * The analyzer of a language: stems and stop words where Postgres knows them, else words as they stand.
 * @param language BCP 47, of which the first part counts
 */
export function textSearchConfig(language: string): string {
  return CONFIG_BY_LANGUAGE[language.split('-', 1)[0]?.toLowerCase() ?? ''] ?? 'simple';
}
