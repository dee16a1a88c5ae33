import { escapeRegExp } from './escape-reg-exp.js';
import { fold, isStopWord, stem } from '#platform/text';
import type { SchemaProperty } from '../../catalog/tool-inputs.js';
import { wordsOf } from '../../catalog/tool-inputs.js';
import { baseOf, type NameKind, SCHEMA_FILLERS, SCHEMA_KINDS, wordsOfLanguage } from './words/index.js';

/** What rules look for a property by; made once for each property, and for each language that it is looked for in. */
export interface PropertyRules {
  /** Words by which people name the property: of its name, title and labels, without "id", "number" and the like. */
  readonly cues: readonly string[];
  readonly cueStems: ReadonlySet<string>;
  /** Forms of its examples that have digits. */
  readonly shapes: readonly RegExp[];
  readonly identifier: boolean;
  readonly kind: NameKind | null;
  /** Of its name alone, for what is true or false. */
  readonly nameStems: readonly string[];
}

const kept = new WeakMap<SchemaProperty, PropertyRules>();

export function rulesOf(property: SchemaProperty): PropertyRules {
  const known = kept.get(property);
  if (known !== undefined) return known;
  const named = [...wordsOf(property.name), ...wordsOf(property.label)];
  const labelled = Object.values(property.labels).flatMap(wordsOf);
  const cues = [...new Set([...named, ...labelled].map(fold))].filter(
    (word) => word.length > 2 && !SCHEMA_FILLERS.has(word) && !isStopWord(word),
  );
  const rules: PropertyRules = {
    cues,
    cueStems: new Set(cues.map(stem)),
    shapes: property.examples.map(shapeOf).filter((shape) => shape !== null),
    identifier: named.some((word) => SCHEMA_KINDS.identifier.has(word)),
    kind: KINDS.find((kind) => named.some((word) => SCHEMA_KINDS[kind].has(word))) ?? null,
    nameStems: wordsOf(property.name)
      .filter((word) => word.length > 2)
      .map((word) => stem(fold(word))),
  };
  kept.set(property, rules);
  return rules;
}
const KINDS: readonly NameKind[] = ['origin', 'destination', 'place', 'person'];

const besideCues = new WeakMap<SchemaProperty, Map<string, RegExp | null>>();

/** "order 1042", "order number: A-17", "invoice no. 2025/8": on folded text, the first group is the value. */
export function besideCue(property: SchemaProperty, language: string): RegExp | null {
  return keptFor(besideCues, property, language, () => {
    const { cues } = rulesOf(property);
    if (cues.length === 0) return null;
    const fillers = ['id', 'no', 'nr', 'number', ...(wordsOfLanguage(language)?.fillers ?? [])].map(escapeRegExp);
    // Between two fillers stands a space, so that one way alone leads through them.
    const source = `(?<![\\p{L}\\p{N}])(?:${alternatives(cues)})(?:s|en|er)?(?:[ _-]{0,4}(?:${alternatives(fillers)})(?![\\p{L}\\p{N}])){0,4}[.:#°º =-]{0,8}\\s?([\\p{L}\\d#][\\p{L}\\d_/.-]*)`;
    return new RegExp(source, 'gu');
  });
}

const placed = new WeakMap<SchemaProperty, Map<string, RegExp | null>>();

/** Names of places and people stand behind a preposition and begin with a capital: the first group. */
export function nameBehind(property: SchemaProperty, language: string): RegExp | null {
  return keptFor(placed, property, language, () => {
    const { kind } = rulesOf(property);
    const words = wordsOfLanguage(language);
    if (kind === null || words === null) return null;
    return new RegExp(
      `(?<![\\p{L}])(?:${alternatives(words.before[kind].map(inEitherCase))})\\s((?:\\p{Lu}[\\p{L}'’-]+)(?:\\s(?:(?:de|la|del|am|of)\\s)?\\p{Lu}[\\p{L}'’-]+){0,2})`,
      'gu',
    );
  });
}

function keptFor<T>(
  store: WeakMap<SchemaProperty, Map<string, T>>,
  property: SchemaProperty,
  language: string,
  make: () => T,
): T {
  const base = wordsOfLanguage(language) === null ? '' : baseOf(language);
  const made = store.get(property) ?? new Map<string, T>();
  store.set(property, made);
  const known = made.get(base);
  if (known !== undefined) return known;
  const value = make();
  made.set(base, value);
  return value;
}

/** At the beginning of a sentence as well; the name behind it has to have its capital. */
function inEitherCase(word: string): string {
  const [first = '', ...rest] = word;
  return `[${first}${first.toUpperCase()}]${rest.join('')}`;
}

/** Longer ones first, since the first that fits is taken. */
function alternatives(words: readonly string[]): string {
  return [...words].sort((a, b) => b.length - a.length).join('|');
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
