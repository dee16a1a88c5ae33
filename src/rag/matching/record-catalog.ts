import { inOneGo } from '#platform/event-loop';
import { fold, stem } from '#platform/text';
import type { KnowledgeBaseSettings } from '../knowledge-bases/knowledge-base.js';
import type { Facts } from './match-score.js';

/** `title`: what a record is called; `category`: a short text; `list`: several of many; `text`: to be read. */
export type CatalogFieldKind = 'title' | 'category' | 'list' | 'number' | 'flag' | 'text';

export interface CatalogField {
  readonly name: string;
  readonly kind: CatalogFieldKind;
  /** True: says what a record is, rather than how. What the base is searched by does, else titles and lists. */
  readonly topical: boolean;
  /** Stems of the words of its name. */
  readonly words: readonly string[];
  /** Of titles, categories and lists: as the records write them, the most frequent first. */
  readonly values: readonly string[];
  /** Of numbers. */
  readonly min: number;
  readonly max: number;
  /** Fields that this one decides: a town its country. */
  readonly parents: readonly string[];
}

/** A value of a field, with the words that it is found by. */
export interface CatalogValue {
  readonly field: CatalogField;
  readonly value: string;
  /** Folded. */
  readonly words: readonly string[];
  readonly stems: readonly string[];
}

/** What the records of a base are about, from the records alone. Made once for each state of the base. */
export interface RecordCatalog {
  /** Records that it was made from. */
  readonly size: number;
  readonly fields: readonly CatalogField[];
  /** By all stems of a value written together: "part-time", "part_time" and "Part time" are one. */
  readonly exact: ReadonlyMap<string, readonly CatalogValue[]>;
  /** By each stem of a value. */
  readonly containing: ReadonlyMap<string, readonly CatalogValue[]>;
  /** Words of titles, categories and lists as they are written, folded; against typing errors. */
  readonly spellings: ReadonlyMap<string, string>;
  /** Stems of the texts. */
  readonly textStems: ReadonlySet<string>;
}

/** Longer ones are texts; words. */
const SHORT_VALUE = 9;
/** Of so few records, or more, a field that always says the same tells none from another. */
const FEW = 4;
const MOST_VALUES = 3000;
/** Of more, those that most records have: who writes ids or dates as names has as many names as records. */
const MOST_FIELDS = 60;

export function catalogOf(records: readonly Facts[], settings: KnowledgeBaseSettings): RecordCatalog {
  return inOneGo(readingCatalog(records, settings));
}

/** The same as work that may be interrupted: of 3,000 records it takes some hundred milliseconds. */
export function* readingCatalog(
  records: readonly Facts[],
  settings: KnowledgeBaseSettings,
): Generator<void, RecordCatalog> {
  const names = namesOf(records);
  const columns = new Map<string, Column>();
  for (const name of names) {
    columns.set(name, columnOf(name, records));
    yield;
  }
  const titleField = settings.titleField ?? ['title', 'name', 'headline'].find((name) => names.includes(name));
  const fields: CatalogField[] = [];
  for (const name of names) {
    const field = profiled(
      name,
      records.map((record) => record[name]).filter((value) => value !== undefined && value !== null),
      name === titleField,
    );
    yield;
    if (field === null) continue;
    const said = settings.textFields?.includes(name) ?? field.kind === 'list';
    const topical = field.kind === 'title' || (said && field.kind !== 'number');
    fields.push({ ...field, topical, parents: field.kind === 'category' ? parentsOf(name, columns) : [] });
    yield;
  }
  const exact = new Map<string, CatalogValue[]>();
  const containing = new Map<string, CatalogValue[]>();
  const spellings = new Map<string, string>();
  for (const field of fields) {
    for (const value of field.values) {
      const words = wordsOf(value);
      const entry = { field, value, words, stems: words.map(stem) };
      push(exact, entry.stems.join(''), entry);
      for (const one of new Set(entry.stems)) push(containing, one, entry);
      for (const [place, word] of words.entries()) spellings.set(word, entry.stems[place] ?? word);
      yield;
    }
  }
  const textStems = new Set<string>();
  const seen = new Set<string>();
  for (const { kind, name } of fields) {
    if (kind !== 'text') continue;
    for (const record of records) {
      for (const word of wordsOf(record[name])) {
        if (seen.has(word)) continue;
        seen.add(word);
        textStems.add(stem(word));
      }
      yield;
    }
  }
  return { size: records.length, fields, exact, containing, spellings, textStems };
}

/**
 * The values that are what was said; where none is, those that hold all of its words.
 * @param field null: of any field
 */
export function valuesLike(catalog: RecordCatalog, said: string, field: string | null = null): readonly CatalogValue[] {
  const stems = wordsOf(said).map(stem);
  const [first] = stems;
  if (first === undefined) return [];
  const ofField = (entry: CatalogValue) => field === null || entry.field.name === field;
  const exact = (catalog.exact.get(stems.join('')) ?? []).filter(ofField);
  if (exact.length > 0) return exact;
  const holding = catalog.containing.get(first) ?? [];
  return holding.filter((entry) => ofField(entry) && stems.every((one) => entry.stems.includes(one)));
}

/** Words of a value or message, folded. "Node.js" is one and its parts are two; signs that make a name stay. */
export function wordsOf(text: unknown): string[] {
  if (typeof text !== 'string') return [];
  return fold(text).match(WORD) ?? [];
}
export const WORD = /\p{N}+(?:[.,]\p{N}+)+|[\p{L}\p{N}]+(?:\+\+|#)?/gu;

function profiled(
  name: string,
  values: readonly unknown[],
  title: boolean,
): Omit<CatalogField, 'topical' | 'parents'> | null {
  const some = values.filter((value) => value !== '' && !(Array.isArray(value) && value.length === 0));
  const [sample] = some;
  if (sample === undefined) return null;
  const words = [...new Set(wordsOf(name.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').replace(/_/g, ' ')).map(stem))];
  const field = { name, words, values: [] as string[], min: 0, max: 0 };
  if (some.every((value) => typeof value === 'boolean')) return { ...field, kind: 'flag' };
  if (some.every((value) => typeof value === 'number')) {
    const numbers = some.filter((value) => Number.isFinite(value));
    const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
    return numbers.length === 0 ? null : { ...field, kind: 'number', min, max };
  }
  if (some.some((value) => Array.isArray(value))) {
    const items = some.flat().filter((item) => typeof item === 'string');
    return items.length === 0 ? null : { ...field, kind: 'list', values: ranked(items) };
  }
  const texts = some.filter((value) => typeof value === 'string').map((value) => value.trim());
  if (texts.length < some.length / 2) return null;
  const long = texts.filter((text) => text.split(/\s+/, SHORT_VALUE + 1).length > SHORT_VALUE).length;
  if (!title && long > texts.length / 2) return { ...field, kind: 'text' };
  const distinct = ranked(texts);
  if (title) return { ...field, kind: 'title', values: distinct };
  // A currency, say.
  if (distinct.length === 1 && texts.length >= FEW) return null;
  return { ...field, kind: 'category', values: distinct };
}

function ranked(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_VALUES)
    .map(([value]) => value);
}

function push(map: Map<string, CatalogValue[]>, key: string, entry: CatalogValue): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [entry]);
  else known.push(entry);
}

function namesOf(records: readonly Facts[]): string[] {
  const counts = new Map<string, number>();
  for (const record of records) for (const name of Object.keys(record)) counts.set(name, (counts.get(name) ?? 0) + 1);
  counts.delete('id');
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_FIELDS);
  const kept = new Set(most.map(([name]) => name));
  return [...counts.keys()].filter((name) => kept.has(name));
}

/** A field's texts as numbers, so that fields can be held against each other record by record. */
interface Column {
  /** By record; -1 where it has no text. */
  readonly codes: Int32Array;
  readonly distinct: number;
}

function columnOf(name: string, records: readonly Facts[]): Column {
  const known = new Map<string, number>();
  const codes = Int32Array.from(records, (record) => {
    const value = record[name];
    if (typeof value !== 'string') return -1;
    const code = known.get(value) ?? known.size;
    known.set(value, code);
    return code;
  });
  return { codes, distinct: known.size };
}

/** Values that several records share, and then always with the same other value, decide it; by chance few do. */
const ENOUGH_SHARED = 3;

function parentsOf(name: string, columns: ReadonlyMap<string, Column>): string[] {
  const own = columns.get(name);
  if (own === undefined) return [];
  return [...columns].filter(([other, column]) => other !== name && isDecided(column, own)).map(([other]) => other);
}

function isDecided({ codes: others, distinct }: Column, own: Column): boolean {
  const decided = new Int32Array(own.distinct).fill(-1);
  const shared = new Uint8Array(own.distinct);
  const values = new Uint8Array(distinct);
  for (let at = 0; at < others.length; at++) {
    const [code = -1, other = -1] = [own.codes[at], others[at]];
    if (code < 0 || other < 0) continue;
    values[other] = 1;
    if (decided[code] === -1) decided[code] = other;
    else if (decided[code] === other) shared[code] = 1;
    else return false;
  }
  const [size, most] = [count(values), decided.filter((value) => value >= 0).length];
  return count(shared) >= ENOUGH_SHARED && size > 1 && size < most;
}

function count(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0);
}
