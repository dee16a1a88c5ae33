import type { ToolDefinition } from '#tools';
import { propertiesOf, type SchemaProperty } from '../../catalog/tool-inputs.js';
import { type Finding, findingsFor, readingOf, type RuleOptions } from './entity-rules.js';
import { overlap } from './dates.js';
import { type MessageReading } from './message-reading.js';
import { rulesOf } from './property-rules.js';
import { wordsOfLanguage } from './words/index.js';

type Arguments = Record<string, unknown>;
interface Placed {
  readonly value: unknown;
  readonly at: number;
  readonly end: number;
}

/**
 * "Where are 1042 and 1043?": what a tool is to be called with after `first`, in the order of the message. Only codes and
 * numbers of things come several at a time; two days are a beginning and an end. What changes something is done for each
 * only where they stand in one list.
 */
export function furtherArguments(
  tool: ToolDefinition,
  first: Readonly<Arguments>,
  text: string,
  options: RuleOptions,
): Arguments[] {
  const reading = readingOf(text, options);
  const lists = propertiesOf(tool)
    .filter((property) => namesThings(property) && property.name in first)
    .map((property) => ({ property, values: valuesOf(property, reading, text, options) }))
    .filter(({ values }) => values.length > 1);
  const [only, ...others] = lists;
  if (only === undefined || others.length > 0) return [];
  const { property, values } = only;
  const taken = first[property.name];
  const own = values.find(({ value }) => value === taken);
  if (own === undefined || (!tool.readOnly && !inOneList(values, reading))) return [];
  const elsewhere = new Set(Object.entries(first).flatMap(([name, value]) => (name === property.name ? [] : [value])));
  return values
    .filter(({ value }) => value !== taken && !elsewhere.has(value))
    .map(({ value }) => ({ ...first, [property.name]: value }));
}

function namesThings(property: SchemaProperty): boolean {
  if (property.type !== 'string' || property.schema['format'] !== undefined) return false;
  const { identifier, shapes } = rulesOf(property);
  return identifier || shapes.length > 0 || typeof property.schema['pattern'] === 'string';
}

/** One value a place: of "po-1" and "PO-1" in the same place the one that fits first. */
function valuesOf(property: SchemaProperty, reading: MessageReading, text: string, options: RuleOptions): Placed[] {
  const placed: Placed[] = [];
  const strong = findingsFor(property, text, options).filter((finding) => finding.strong && isPlaced(finding));
  for (const { span, value } of strong) {
    if (span === undefined || !/\d/.test(String(value)) || isDenied(reading, span.at)) continue;
    if (!placed.some((known) => overlap(known, span))) placed.push({ value, ...span });
  }
  return placed.sort((a, b) => a.at - b.at);
}

function isPlaced({ span }: Finding): boolean {
  return span !== undefined;
}

/** "Not 1042, but 1043." */
function isDenied(reading: MessageReading, at: number): boolean {
  const before = reading
    .words()
    .filter(({ end }) => end <= at)
    .at(-1);
  return before !== undefined && wordsOfLanguage(reading.language)?.negations.includes(before.text) === true;
}

/** Nothing but "and", commas and a repeated "order" stands between them. */
function inOneList(values: readonly Placed[], reading: MessageReading): boolean {
  const and = new Set([...(wordsOfLanguage(reading.language)?.and ?? []), '&', '+']);
  return values.every(({ at }, index) => {
    const previous = values[index - 1];
    if (previous === undefined) return true;
    const between = reading.folded().slice(previous.end, at);
    return (
      between.length <= 40 && between.split(/[\s,;/#]+/).filter((word) => word !== '' && !and.has(word)).length <= 1
    );
  });
}
