import { fold } from '#platform/text';
import { fits, judging, propertiesOf, type SchemaProperty } from '../catalog/tool-inputs.js';
import type { ExtractRequest } from '../steps/entity-extractor.js';

/** A message that is one of these values, or a list of them, is short. */
const LONGEST = 200;

/**
 * Whether a message is nothing but the values that were asked for, each told by its own form: "1042", "1042, ana@shop.test".
 * Everything else, a "yes please" or "it was 1042, but cancel it", is for whoever can read.
 */
export function isExactly({ asked, text, tool }: Pick<ExtractRequest, 'tool' | 'text' | 'asked'>): boolean {
  if (text.length > LONGEST) return false;
  const wanted = propertiesOf(tool).filter(({ name }) => asked.includes(name));
  const whole = bare(text);
  if (wanted.some((property) => hasForm(property, whole))) return true;
  const parts = text
    .split(/[\s,;]+/)
    .map(bare)
    .filter((part) => part !== '');
  const left = [...wanted];
  return (
    parts.length > 1 &&
    parts.length <= wanted.length &&
    parts.every((part) => {
      const index = left.findIndex((property) => hasForm(property, part));
      if (index >= 0) left.splice(index, 1);
      return index >= 0;
    })
  );
}

/** Without the marks that people put around a value. */
function bare(text: string): string {
  return text.replace(/^[\s"'“”„«»#(]+|[\s"'“”„«».,;:!)]+$/g, '');
}

/** Whether the schema itself says that this is such a value, and would not say so of any word. */
function hasForm(property: SchemaProperty, text: string): boolean {
  const { schema, type } = property;
  if (text === '') return false;
  if (type === 'integer' || type === 'number') {
    // "1,000" is a thousand to one and one to another.
    return /^-?\d{1,15}(?:\.\d{1,2})?$/.test(text) && fits(property, Number(text), judging());
  }
  if (Array.isArray(schema['enum'])) {
    return schema['enum'].some((member) => typeof member === 'string' && fold(member) === fold(text));
  }
  if (type !== 'string' || !fits(property, text, judging())) return false;
  if (!/\s/.test(text) && /\d/.test(text)) return true;
  return !fits(property, 'lorem', judging()) && !fits(property, 'lorem ipsum', judging());
}
