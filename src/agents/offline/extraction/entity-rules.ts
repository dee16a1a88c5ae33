import { contentStems, excerpt, fold, isStopWord, stem } from '#platform/text';
import type { WorkMeter } from '#tools';
import { datesIn } from './dates.js';
import { fits, type SchemaProperty, wordsOf } from '../../catalog/tool-inputs.js';

export interface Finding {
  readonly value: unknown;
  /** True when the value's own form shows that it belongs here (pattern, format, enum, a cue beside it). */
  readonly strong: boolean;
}

export interface RuleOptions {
  readonly today: Date;
  /** The user was just asked for this property, so a bare value is meant for it. */
  readonly asked: boolean;
  /** Nothing else of the tool could be meant by a bare value. */
  readonly alone: boolean;
  /** What all the properties of one message together may be judged with (`judging`). */
  readonly meter: WorkMeter;
}

/** Values stand at the beginning or the end of a long message; between them is its material. */
const READ = { head: 3000, tail: 1000 };
const MOST_TOKENS = 200;
const LONGEST_TOKEN = 80;
const LONGEST_BARE = 500;

/**
 * Everything in a text that may be the property's value, likeliest first. Candidates are proposed by rules and judged by
 * the property's own schema, so what comes out can be used as an argument.
 */
export function findingsFor(property: SchemaProperty, text: string, options: RuleOptions): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const { value, strong } of candidates(property, text, options)) {
    if (options.meter.exhausted) break;
    const key = JSON.stringify(value);
    if (seen.has(key)) continue;
    seen.add(key);
    if (!fits(property, value, options.meter)) continue;
    findings.push({ value, strong });
  }
  return [...findings.filter(({ strong }) => strong), ...findings.filter(({ strong }) => !strong)];
}

function* candidates(property: SchemaProperty, message: string, options: RuleOptions): Generator<Finding> {
  const { schema } = property;
  if (isFreeText(property) && isPlainString(property)) {
    yield { value: message.trim(), strong: false };
    return;
  }
  const text = excerpt(message, READ.head, READ.tail);
  if (Array.isArray(schema['enum'])) {
    yield* enumMembers(schema['enum'], text);
    return;
  }
  if (typeof schema['const'] === 'string' || typeof schema['const'] === 'number') {
    yield { value: schema['const'], strong: true };
    return;
  }
  switch (property.type) {
    case 'boolean':
      yield* truth(property, text, options);
      return;
    case 'integer':
    case 'number':
      yield* numbers(property, text, options);
      return;
    case 'array':
    case 'object':
      return;
    case 'string':
      yield* strings(property, text, options);
  }
}

function* strings(property: SchemaProperty, text: string, options: RuleOptions): Generator<Finding> {
  const { schema } = property;
  const format = typeof schema['format'] === 'string' ? schema['format'] : '';
  switch (format) {
    case 'email':
      for (const match of text.matchAll(/[^\s@<>"',;:()]{1,64}@[^\s@<>"',;:()]{1,255}\.[\p{L}]{2,}/gu)) {
        yield { value: match[0], strong: true };
      }
      return;
    case 'uri':
    case 'url':
      for (const match of text.matchAll(/https?:\/\/[^\s<>"']{3,500}/g)) {
        yield { value: match[0].replace(/[.,;:!?)\]]+$/, ''), strong: true };
      }
      return;
    case 'date':
      for (const date of datesIn(text, options.today)) yield { value: date, strong: true };
      return;
    case 'date-time':
      for (const date of datesIn(text, options.today)) yield { value: `${date}T00:00:00Z`, strong: true };
      return;
    case 'uuid':
      for (const match of text.matchAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi)) {
        yield { value: match[0], strong: true };
      }
      return;
    default:
  }
  if (typeof schema['pattern'] === 'string') {
    // A pattern that any word satisfies proves nothing by itself.
    const anyWord = fits(property, 'lorem', options.meter);
    for (const token of tokensOf(text)) {
      const telling = /\d/.test(token) || !anyWord;
      if (telling) yield { value: token, strong: true };
      if (telling && token !== token.toUpperCase()) yield { value: token.toUpperCase(), strong: true };
    }
    if (options.asked) yield { value: bare(text), strong: true };
    return;
  }
  for (const shape of property.examples.map(shapeOf)) {
    if (shape === null) continue;
    for (const token of tokensOf(text)) {
      if (shape.test(token)) yield { value: token, strong: true };
    }
  }
  for (const value of besideCue(property, text)) yield { value, strong: true };
  if (isIdentifier(property)) {
    for (const token of tokensOf(text)) {
      if (/\d/.test(token) && /^[#\p{L}\d][\p{L}\d_/.-]*$/u.test(token)) {
        yield { value: token.replace(/^#/, ''), strong: options.asked };
      }
    }
    return;
  }
  for (const place of placesFor(property, text)) yield { value: place, strong: true };
  if (options.asked && options.alone) yield { value: bare(text), strong: true };
}

function* enumMembers(members: readonly unknown[], text: string): Generator<Finding> {
  const words = ` ${fold(text).replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
  const stems = new Set(contentStems(text));
  const scored = members
    .filter((member) => typeof member === 'string' || typeof member === 'number')
    .map((member) => ({
      member,
      spoken: fold(String(member))
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim(),
    }))
    .sort((a, b) => b.spoken.length - a.spoken.length);
  for (const { member, spoken } of scored) if (words.includes(` ${spoken} `)) yield { value: member, strong: true };
  for (const { member, spoken } of scored) {
    const needed = spoken.split(' ').map(stem);
    if (needed.length > 0 && needed.every((word) => stems.has(word))) yield { value: member, strong: true };
  }
}

function* truth(property: SchemaProperty, text: string, options: RuleOptions): Generator<Finding> {
  const said = fold(text);
  if (options.asked) {
    if (/^\W*(?:yes|yep|yeah|sure|ok|okay|si|claro|ja|klar|gerne)\b/.test(said)) yield { value: true, strong: true };
    if (/^\W*(?:no|nope|not|nein|nicht)\b/.test(said)) yield { value: false, strong: true };
  }
  const stems = contentStems(text);
  const cue = wordsOf(property.name)
    .filter((word) => word.length > 2)
    .map((word) => stem(fold(word)));
  if (cue.length > 0 && cue.every((word) => stems.includes(word))) {
    const negated = new RegExp(`\\b(?:no|not|without|sin|kein\\w*|ohne|nicht)\\b[^.!?]{0,20}${cue[0] ?? ''}`).test(
      said,
    );
    yield { value: !negated, strong: true };
  }
}

function* numbers(property: SchemaProperty, text: string, options: RuleOptions): Generator<Finding> {
  const cues = cuesOf(property);
  const matches = [...text.matchAll(/(?<![\p{L}\d.,-])-?\d{1,12}(?:[.,]\d{1,6})?(?![\d]|[.,]\d|-\d)/gu)];
  const tokens = matches.map((match) => {
    const value = Number(match[0].replace(',', '.'));
    const around = fold(text.slice(Math.max(0, match.index - 30), match.index + match[0].length + 20));
    const near = cues.some((cue) => around.includes(cue));
    return { value: property.type === 'integer' ? Math.trunc(value) : value, whole: Number.isInteger(value), near };
  });
  for (const { value, whole, near } of tokens) {
    if (property.type === 'integer' && !whole) continue;
    yield { value, strong: near || (options.asked && tokens.length === 1) };
  }
}

/** "order 1042", "order number: A-17", "invoice no. 2025/8": what stands behind the property's own words. */
function* besideCue(property: SchemaProperty, text: string): Generator<string> {
  const cues = cuesOf(property);
  const folded = fold(text);
  // Folding may change lengths; then positions cannot be carried over.
  if (folded.length !== text.length) return;
  for (const cue of cues) {
    const pattern = new RegExp(
      `(?<![\\p{L}\\p{N}])${escapeRegExp(cue)}(?:s|en|er)?(?:[ _-]{0,4}(?:id|number|numbers|num|no|nr|code|nummer|numero|n|is|are|ist|es)){0,4}[.:#°º =-]{0,8}\\s{0,8}([\\p{L}\\d#][\\p{L}\\d_/.-]*)`,
      'gu',
    );
    for (const match of folded.matchAll(pattern)) {
      const value = match[1];
      if (value === undefined || isStopWord(value)) continue;
      const start = match.index + match[0].length - value.length;
      const token = text
        .slice(start, start + value.length)
        .replace(/^#/, '')
        .replace(/[.,;:!?]+$/, '');
      if (isIdentifier(property) ? /\d/.test(token) : token.length > 1 && /^\p{Lu}|\d/u.test(token)) yield token;
    }
  }
}

/** Names of places and people stand behind a preposition and begin with a capital. */
function* placesFor(property: SchemaProperty, text: string): Generator<string> {
  const words = [...wordsOf(property.name), ...wordsOf(property.label)];
  const preposition = words.some((word) => ['origin', 'from', 'source', 'departure'].includes(word))
    ? 'from|de|desde|von|aus'
    : words.some((word) => ['destination', 'to', 'target', 'arrival'].includes(word))
      ? 'to|a|hacia|nach'
      : words.some((word) =>
            ['city', 'location', 'place', 'country', 'region', 'town', 'area', 'store', 'shop'].includes(word),
          )
        ? 'in|near|at|around|from|to|for|en|cerca de|desde|bei|aus|nach|um'
        : words.some((word) => ['name', 'person', 'customer', 'user'].includes(word))
          ? 'named|called|am|is|llamo|soy|heisse|bin'
          : null;
  if (preposition === null) return;
  const pattern = new RegExp(
    `(?<![\\p{L}])(?:${preposition})\\s{1,8}((?:\\p{Lu}[\\p{L}'’-]+)(?:\\s{1,8}(?:de|la|del|am|of)?\\s{0,8}\\p{Lu}[\\p{L}'’-]+){0,2})`,
    'gu',
  );
  for (const match of text.matchAll(pattern)) if (match[1] !== undefined) yield match[1];
}

/** Words, and pairs of words, without the punctuation around them. Bounded, since patterns are tried on each. */
function tokensOf(text: string): string[] {
  const words = text
    .split(/[\s,;!?()"“”„«»]+/u)
    // Before the punctuation is taken off: a word of ten thousand dots is none.
    .filter((word) => word.length <= LONGEST_TOKEN + 10)
    .map((word) => word.replace(/^[#'.:]+(?=[\p{L}\d])|[.:'’]+$/gu, ''))
    .filter((word) => word !== '' && word.length <= LONGEST_TOKEN)
    .slice(0, MOST_TOKENS);
  const pairs = words.flatMap((word, index) => {
    const next = words[index + 1];
    return next !== undefined && /\d/.test(word + next) ? [`${word} ${next}`, `${word}-${next}`, `${word}${next}`] : [];
  });
  return [...words, ...pairs];
}

/** `INV-2025-007` → letters and digits of the same lengths, so that INV-2026-113 is recognised; null for plain words. */
function shapeOf(example: string): RegExp | null {
  if (!/\d/.test(example) || example.length > 40) return null;
  const source = example.replace(/\p{L}+|\d+|[^\p{L}\d]/gu, (part) => {
    if (/^\d/.test(part)) return `\\d{${Math.max(1, part.length - 1)},${part.length + 2}}`;
    if (/^\p{L}/u.test(part)) return `\\p{L}{${part.length}}`;
    return escapeRegExp(part);
  });
  return new RegExp(`^${source}$`, 'u');
}

/** Words by which people name the property: of its name and its label, without "id", "number" and the like. */
function cuesOf(property: SchemaProperty): string[] {
  const words = [...wordsOf(property.name), ...wordsOf(property.label)].map(fold);
  return [...new Set(words.filter((word) => word.length > 2 && !GENERIC.has(word) && !isStopWord(word)))];
}
const GENERIC = new Set(
  'id number numbers num no nr code key reference ref value text string name nummer numero identifier'.split(' '),
);

function isIdentifier(property: SchemaProperty): boolean {
  const words = [...wordsOf(property.name), ...wordsOf(property.label)];
  return words.some((word) =>
    [
      'id',
      'number',
      'no',
      'nr',
      'code',
      'reference',
      'ref',
      'sku',
      'nummer',
      'numero',
      'número',
      'identifier',
    ].includes(word),
  );
}

/** Nothing in its schema says what the text must look like. */
function isPlainString({ schema, type }: SchemaProperty): boolean {
  if (type !== 'string' || Array.isArray(schema['enum']) || schema['const'] !== undefined) return false;
  return !FORMATS.has(String(schema['format']));
}
const FORMATS = new Set(['email', 'uri', 'url', 'date', 'date-time', 'uuid']);

function isFreeText(property: SchemaProperty): boolean {
  return /^(?:query|question|q|search|text|message|prompt|topic|request|input|content|description|details|keywords)$/i.test(
    property.name,
  );
}

function bare(text: string): string {
  return text
    .trim()
    .slice(0, LONGEST_BARE)
    .replace(
      /^(?:it(?:'s| is)|that(?:'s| is)|this is|the (?:number|id|code) is|number|no\.?|nr\.?|es (?:el|la)?|das ist|die nummer ist)\s+/i,
      '',
    )
    .replace(/^#/, '')
    .replace(/[.,;:!?]+$/, '');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
