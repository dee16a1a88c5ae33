import { isDeepStrictEqual } from 'node:util';

/** One field of the changed resource; `null` where it was not there. */
export interface AuditChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Characters of a value as JSON; a longer one is kept by its beginning. */
const LONGEST = 2000;

/**
 * What differs between two versions of a resource, field by field, by the names of its API. Hand in what a read shows: a
 * secret has no place here.
 * @param before null: it was made; @param after null: it was deleted
 */
export function changesBetween(before: object | null, after: object | null): AuditChange[] {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((field) => !IGNORED.has(field) && !isDeepStrictEqual(was.get(field) ?? null, is.get(field) ?? null))
    .map((field) => ({ field, before: short(was.get(field)), after: short(is.get(field)) }));
}

/** They differ in every version, and say nothing. */
const IGNORED = new Set(['tenant_id', 'id', 'created_at', 'updated_at']);

function fieldsOf(version: object | null): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(version ?? {}).map(([name, value]) => [snakeCase(name), value]));
}

function short(value: unknown): unknown {
  if (value === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= LONGEST ? value : `${text.slice(0, LONGEST)}…`;
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
