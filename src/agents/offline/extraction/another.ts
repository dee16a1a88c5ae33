import { fold, isStopWord } from '#platform/text';
import type { ToolDefinition } from '#tools';
import { propertiesOf, type SchemaProperty } from '../../catalog/tool-inputs.js';
import { besideItsName, findingsFor, readingOf, type RuleOptions } from './entity-rules.js';
import { overlap } from './dates.js';
import { rulesOf } from './property-rules.js';
import { wordsOfTool } from './tool-words.js';
import { type LanguageWords, wordsOfLanguage } from './words/index.js';

/** How many words "another" may stand from what it is about: "another, cheaper room". */
const REACH = 3;

/**
 * The properties of which the message says, or tries to say, another value than was said before: "to my other email",
 * "another order", "order 99" where no order has such a number. What was said before does not hold for them.
 */
export function anew(tool: ToolDefinition, text: string, options: RuleOptions): ReadonlySet<string> {
  const properties = propertiesOf(tool);
  const reading = readingOf(text, options);
  const named = new Set(
    properties.filter((property) => tries(property, properties, text, options)).map(({ name }) => name),
  );
  const words = wordsOfLanguage(reading.language);
  if (words === null) return named;
  const all = reading.words();
  for (const [index, word] of all.entries()) {
    if (!words.another.includes(word.text)) continue;
    const after = all.slice(index + 1, index + 1 + REACH);
    // Spanish puts it behind as often: "una dirección nueva".
    const beside = [...after, ...all.slice(Math.max(0, index - 1), index)].filter(({ text: one }) => !isStopWord(one));
    const meant = properties.filter((property) => beside.some((one) => calls(property, one, words)));
    if (meant.length > 0) for (const { name } of meant) named.add(name);
    else if (
      after.length === 0 ||
      words.anyThing.includes(after[0]?.text ?? '') ||
      beside.some((one) => wordsOfTool(tool).has(one.stem))
    )
      for (const { name } of properties) named.add(name);
  }
  return named;
}

function calls(
  property: SchemaProperty,
  { stem, text }: { stem: string; text: string },
  words: LanguageWords,
): boolean {
  if (rulesOf(property).cueStems.has(stem)) return true;
  const kind = addressKind(property);
  return kind !== null && words.addresses[kind].map(fold).includes(text);
}

/** By its format or its name. */
function addressKind({ name, schema }: SchemaProperty): 'email' | 'phone' | null {
  if (schema['format'] === 'email' || /e-?mail/i.test(name)) return 'email';
  return /phone|mobile|^tel$/i.test(name) ? 'phone' : null;
}

/** A figure beside the property's own word that is none of its values, nor another property's. */
function tries(
  property: SchemaProperty,
  properties: readonly SchemaProperty[],
  text: string,
  options: RuleOptions,
): boolean {
  if (property.type !== 'string') return false;
  const tried = [...besideItsName(property, readingOf(text, options))].filter((token) => /\d/.test(token.text));
  if (tried.length === 0) return false;
  const taken = properties.flatMap((one) =>
    findingsFor(one, text, options).filter(({ span, strong }) => strong && span !== undefined),
  );
  return tried.some((token) => !taken.some(({ span }) => span !== undefined && overlap(span, token)));
}
