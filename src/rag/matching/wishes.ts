import { fold } from '#platform/text';
import type { Facts } from './match-score.js';

/** What a record may have to meet a wish. */
export type WishTest =
  /** One of these values, as the records write them; of a list one of its items. */
  | { readonly kind: 'values'; readonly field: string; readonly values: readonly string[] }
  /** A number within bounds, both inclusive. */
  | { readonly kind: 'range'; readonly field: string; readonly gte?: number; readonly lte?: number }
  | { readonly kind: 'flag'; readonly field: string; readonly value: boolean }
  /** A word that begins like this stem in one of the record's texts. */
  | { readonly kind: 'text'; readonly fields: readonly string[]; readonly stem: string };

/** One condition that somebody stated. */
export interface Wish {
  /** In the caller's own words, to tell it back. */
  readonly said: string;
  /**
   * `topic`: what is sought (a role, a product, a skill); `attribute`: how it should be (place, price, colour);
   * `hint`: heard in passing, which orders and never excludes.
   */
  readonly role: 'topic' | 'attribute' | 'hint';
  /** True: whoever meets a test is not wanted. */
  readonly not: boolean;
  /** Meeting one is enough. None: nothing in the records resembles what was said. */
  readonly anyOf: readonly WishTest[];
  /** Said in a sentence of its own ("where I can be outside"): compared by its meaning, where anything knows meanings. */
  readonly described?: boolean;
}

export interface Wishes {
  readonly wishes: readonly Wish[];
  /** How many are wanted; null: as usual. */
  readonly count: number | null;
  /** What comes first, before the score. */
  readonly order: WishOrder | null;
  /** The place on the list that is meant, from 1, of the end from -1; null: the list. */
  readonly pick: number | null;
}

export interface WishOrder {
  readonly field: string;
  readonly descending: boolean;
  /** Sorts only so many of the best: of a list that was shown, or near it. Absent: all that fit. */
  readonly among?: number;
}

export const NO_WISHES: Wishes = { wishes: [], count: null, order: null, pick: null };

/** Heard in passing, and in no field or text: it can only be compared by its meaning. */
export function isMeant({ anyOf, described, role }: Wish): boolean {
  return role === 'hint' && (anyOf.length === 0 || described === true);
}

/** Where vectors know words only, what was described in words that no record has is missing, and not something near. */
export function byWordsOnly(wishes: Wishes): Wishes {
  return {
    ...wishes,
    wishes: wishes.wishes.map((wish) => (wish.described === true ? { ...wish, role: 'attribute' as const } : wish)),
  };
}

/** How a record meets the wishes. */
export interface WishFit {
  /** 0–1; 1 when every wish is met. */
  readonly share: number;
  readonly unmet: readonly Wish[];
  /** Every topic is there, or is at least spoken of. */
  readonly topicMet: boolean;
  /** 0–1: how near the record comes to the wish that it meets best, of those that say how something should be. */
  readonly best: number;
}

/** What is sought counts twice as much as how it should be; what was heard in passing a little. */
const WEIGHTS = { topic: 2, attribute: 1, hint: 0.2 } as const;

/** Of two wishes that cannot both be met the one that stands first counts more, by at most this share. */
const LATER = 0.1;

export function fitOf(record: Facts, wishes: readonly Wish[]): WishFit {
  let met = 0;
  let best = 0;
  let topicMet = true;
  let all = 0;
  const unmet: Wish[] = [];
  for (const [index, wish] of wishes.entries()) {
    if (isMeant(wish)) continue;
    const grade = gradeOf(record, wish);
    const weight = WEIGHTS[wish.role] * (1 - (LATER * index) / wishes.length);
    met += grade * weight;
    all += weight;
    if (wish.role === 'hint') continue;
    if (grade < 1) unmet.push(wish);
    if (wish.role === 'attribute' && !wish.not) best = Math.max(best, grade);
    if (wish.role === 'topic' && !wish.not && grade < MENTIONED) topicMet = false;
  }
  return {
    share: all === 0 ? 1 : met / all,
    unmet,
    topicMet,
    best,
  };
}

/** For people: what was asked and is there, then what is missing. */
export function wishReasons(record: Facts, wishes: readonly Wish[], { unmet }: WishFit): string[] {
  const stated = wishes.filter(({ role }) => role !== 'hint');
  const isMet = (wish: Wish) => !unmet.includes(wish);
  return [...stated.filter(isMet), ...unmet].flatMap((wish) => reasonFor(record, wish, isMet(wish)) ?? []);
}

/** Fields that wishes speak of: what the caller's profile says about them counts no more. */
export function fieldsOf(wishes: readonly Wish[]): Set<string> {
  return new Set(
    wishes
      .filter(({ role }) => role !== 'hint')
      .flatMap(({ anyOf }) => anyOf.flatMap((test) => (test.kind === 'text' ? [] : [test.field]))),
  );
}

/** What is sought and only spoken of in a text is not quite it. */
const MENTIONED = 0.6;

/** 1 when met; of a number that is not, how near it comes, below a half. */
function gradeOf(record: Facts, { anyOf, not, role }: Wish): number {
  if (not) return anyOf.some((test) => meets(record, test)) ? 0 : 1;
  let best = 0;
  for (const test of anyOf) {
    if (meets(record, test)) {
      if (test.kind !== 'text' || role !== 'topic') return 1;
      best = Math.max(best, MENTIONED);
    }
    if (test.kind === 'range') best = Math.max(best, nearness(record[test.field], test));
  }
  return best;
}

export function meets(record: Facts, test: WishTest): boolean {
  switch (test.kind) {
    case 'values': {
      const wanted = wantedBy(test);
      return textsOf(record[test.field]).some((own) => wanted.has(own));
    }
    case 'range': {
      const value = numberOf(record[test.field]);
      return value !== null && value >= (test.gte ?? -Infinity) && value <= (test.lte ?? Infinity);
    }
    case 'flag':
      return record[test.field] === test.value;
    case 'text':
      return test.fields.some((field) =>
        textsOf(record[field]).some((text) => ` ${text}`.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').includes(` ${test.stem}`)),
      );
  }
}

/** A title may have hundreds of values that hold a word; they are folded once for all records. */
const folded = new WeakMap<WishTest, ReadonlySet<string>>();

function wantedBy(test: WishTest & { readonly kind: 'values' }): ReadonlySet<string> {
  let wanted = folded.get(test);
  if (wanted === undefined) folded.set(test, (wanted = new Set(test.values.map(fold))));
  return wanted;
}

const MOST_NEARNESS = 0.5;

function nearness(value: unknown, { gte, lte }: { readonly gte?: number; readonly lte?: number }): number {
  const number = numberOf(value);
  if (number === null) return 0;
  const bound = gte !== undefined && number < gte ? gte : (lte ?? number);
  if (bound === 0) return 0;
  return Math.max(0, MOST_NEARNESS * (1 - (2 * Math.abs(number - bound)) / Math.abs(bound)));
}

function reasonFor(record: Facts, { anyOf, not, said }: Wish, met: boolean): string | null {
  const test =
    anyOf.find((one) => one.kind !== 'text' && meets(record, one)) ?? anyOf.find(({ kind }) => kind !== 'text');
  if (test === undefined || test.kind === 'text') return met ? null : `${not ? 'with' : 'not'} “${said}”`;
  const shown = shownValue(record[test.field], test);
  if (shown === null) return met ? null : `not “${said}”`;
  if (not) return met ? null : `${labelOf(test.field)}: ${shown} (not wanted)`;
  return met ? `${labelOf(test.field)}: ${shown}` : `${labelOf(test.field)}: ${shown} (asked for “${said}”)`;
}

const MOST_SHOWN = 3;

function shownValue(value: unknown, test: WishTest): string | null {
  if (typeof value === 'number')
    return value.toLocaleString('en', { maximumFractionDigits: 2, useGrouping: value >= 10_000 });
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value.replaceAll('_', ' ');
  if (!Array.isArray(value)) return null;
  const wanted = test.kind === 'values' ? wantedBy(test) : new Set<string>();
  const items = value.filter((item) => typeof item === 'string');
  const hits = items.filter((item) => wanted.has(fold(item)));
  return (hits.length > 0 ? hits : items).slice(0, MOST_SHOWN).join(', ');
}

/** `monthly_rent` is "Monthly rent" to people. */
export function labelOf(field: string): string {
  const words = field
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function textsOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((item) => (typeof item === 'string' ? [fold(item)] : []));
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
