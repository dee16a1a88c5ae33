import type { CatalogField, RecordCatalog, Wish } from '#rag';
import { isStopWord, stem } from '#platform/text';
import { ASPECTS, quantityWords, wordsFor } from './matching-words.js';
import type { Quantity } from './matching-words.types.js';
import { phraseAt, type Token } from './message-tokens.js';
import { measuresOf } from './number-wishes.js';
import { otherPhrases } from './vocabulary.js';

const MONEY: readonly Quantity[] = ['wage', 'price', 'money'];
/** Words of a question about what was shown: "and where exactly would that be?" */
const LONGEST_QUESTION = 10;
/** Of one that names nothing and stands for it all the same: "how much?", "¿dónde está?" */
const BARE_QUESTION = 4;

/** Fields that a question about one record asks for: by their names, by what their values are, by "where" and "how much". */
export function askedFields(tokens: readonly Token[], catalog: RecordCatalog, wishes: readonly Wish[]): string[] {
  const told = new Set(
    wishes
      .filter(({ role }) => role !== 'hint')
      .flatMap(({ anyOf }) => anyOf.flatMap((test) => (test.kind === 'text' ? [] : [test.field]))),
  );
  for (const { aspect, asking, fields } of ASPECTS) {
    if (!tokens.some((_, at) => phraseAt(tokens, at, asking) > 0)) continue;
    const own = aspect === 'money' ? measuring(catalog) : catalog.fields.filter((field) => isCalled(field, fields));
    for (const { name } of own) told.add(name);
  }
  if (namesMoney(tokens)) {
    for (const { name } of measuring(catalog)) told.add(name);
  }
  for (const { stem: own, word } of tokens) {
    if (isStopWord(word)) continue;
    const names = new Set([own, ...otherPhrases(own).map(stem)]);
    for (const field of catalog.fields) if (isCalled(field, names)) told.add(field.name);
  }
  // In the order of the records.
  return catalog.fields.map(({ name }) => name).filter((name) => told.has(name));
}

function namesMoney(tokens: readonly Token[]): boolean {
  return tokens.some(({ word }) => MONEY.some((quantity) => quantityWords(quantity).has(word)));
}

function isCalled({ words }: CatalogField, names: ReadonlySet<string>): boolean {
  return words.some((word) => names.has(word));
}

function measuring(catalog: RecordCatalog): CatalogField[] {
  const names = new Set(
    measuresOf(catalog)
      .filter(({ quantities }) => MONEY.some((quantity) => quantities.has(quantity)))
      .flatMap(({ lower, upper }) => [lower.name, upper.name]),
  );
  return catalog.fields.filter(({ name }) => names.has(name));
}

/** "What does it pay?", "where is that?": a question about one that was shown, and not for others. */
export function asksAboutIt(tokens: readonly Token[], text: string): boolean {
  if (tokens.length > LONGEST_QUESTION) return false;
  const several = tokens.some(({ word }) => wordsFor('ofThese').has(word) || wordsFor('pointing').has(word));
  if (several) return false;
  const aspect = tokens.some((_, at) => ASPECTS.some(({ asking }) => phraseAt(tokens, at, asking) > 0));
  // "Was zahlen die?"
  const sum = tokens.length < BARE_QUESTION && text.includes('?') && namesMoney(tokens);
  if (sum || (aspect && tokens.length <= BARE_QUESTION)) return true;
  return (aspect || text.includes('?')) && tokens.some(({ word }) => wordsFor('it').has(word));
}
