import type { Facts } from './match-score.js';

/** What a record must have: a value, one of several, or a number within bounds. */
export type MatchFilter = Readonly<
  Record<string, string | number | boolean | readonly string[] | { readonly gte?: number; readonly lte?: number }>
>;

/** Whether a record passes every filter. A list in the record passes when it holds the value. */
export function passesFilters(record: Facts, filters: MatchFilter): boolean {
  return Object.entries(filters).every(([field, wanted]) => passes(record[field], wanted));
}

function passes(value: unknown, wanted: MatchFilter[string]): boolean {
  if (Array.isArray(value)) return value.some((item) => passes(item, wanted));
  if (isList(wanted)) return wanted.some((one) => passes(value, one));
  if (typeof wanted === 'object') {
    return typeof value === 'number' && value >= (wanted.gte ?? -Infinity) && value <= (wanted.lte ?? Infinity);
  }
  if (typeof value === 'string' && typeof wanted === 'string') return value.toLowerCase() === wanted.toLowerCase();
  return value === wanted;
}

function isList(wanted: MatchFilter[string]): wanted is readonly string[] {
  return Array.isArray(wanted);
}
