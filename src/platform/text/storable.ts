import { toUSVString } from 'node:util';

/** What a model or a tool says made fit to be stored: without U+0000, which no column takes, and without halves of characters. */
export function storable(text: string): string {
  const whole = toUSVString(text);
  return whole.includes('\0') ? whole.replaceAll('\0', '') : whole;
}

/** Plain JSON with every text in it storable, names too. */
export function storableJson(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map(storableJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), storableJson(item)]));
}

/** How JSON spells U+0000 and halves of characters; also found in a text that only speaks of them. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;

/** The text of a `jsonb` parameter, for what may hold words of a model, a tool or a document. */
export function jsonToStore(value: unknown): string {
  const text = JSON.stringify(value);
  // What `toJSON` makes of its own, such as a date, is text by then.
  return UNSTORABLE.test(text) ? JSON.stringify(storableJson(JSON.parse(text))) : text;
}
