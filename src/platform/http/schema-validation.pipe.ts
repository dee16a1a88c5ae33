import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { type FieldError, InvalidInputError } from '#platform/errors';
import { z } from 'zod';

type Issue = Readonly<{
  message: string;
  path?: readonly unknown[];
  code?: unknown;
  keys?: unknown;
}>;

const MOST_NAMED = 20;

/**
 * Checks what `@Body({ schema })`, `@Query({ schema })` and `@Param('id', { schema })` declare (Nest's native Standard Schema
 * metadata, so that Swagger sees the same schema). 400 names fields that nothing defines; 422 names values that are wrong.
 */
@Injectable()
export class SchemaValidationPipe implements PipeTransform {
  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { schema } = metadata;
    if (schema === undefined || metadata.type === 'custom') return value;
    refuseHostileInput(metadata.data === undefined ? value : { [metadata.data]: value });
    // No body at all is an object without fields: the answer then names the ones that are missing.
    const input = metadata.type === 'body' && value === undefined ? {} : value;
    const result = await schema['~standard'].validate(input);
    if (result.issues === undefined) return result.value;
    throw invalidInput(result.issues, metadata.data === undefined ? [] : [metadata.data]);
  }
}

/**
 * Parses outside a controller's parameters (multipart fields, JSON inside a form) with the same answers.
 * @throws InvalidInputError
 */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  refuseHostileInput(value);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidInput(result.error.issues, []);
}

export function invalidInput(issues: readonly Issue[], prefix: readonly string[]): InvalidInputError {
  const unknown = issues.flatMap((issue) => unknownIn(issue, prefix));
  if (unknown.length > 0) return unknownFields(unknown);
  const errors = issues.slice(0, 50).map((issue) => ({ path: pathOf(issue, prefix), message: issue.message }));
  const [first] = errors;
  const where = first === undefined || first.path === '' ? '' : `${first.path}: `;
  return new InvalidInputError(`${where}${first?.message ?? 'The input is not valid'}`, { field: first?.path, errors });
}

/** 400: fields or parameters that nothing defines. @param paths where they are; a few are named */
export function unknownFields(paths: readonly string[]): InvalidInputError {
  const errors: FieldError[] = paths
    .slice(0, MOST_NAMED)
    .map((path) => ({ path: path.slice(0, 200), message: 'Unknown field' }));
  const names = errors.map(({ path }) => path).join(', ');
  return new InvalidInputError(`Unknown field: ${names}. Remove it or check its spelling.`, {
    kind: 'bad_request',
    field: errors[0]?.path,
    errors,
  });
}

function unknownIn(issue: Issue, prefix: readonly string[]): string[] {
  if (issue.code !== 'unrecognized_keys' || !Array.isArray(issue.keys)) return [];
  return issue.keys.slice(0, MOST_NAMED).map((key) => [...prefix, ...segments(issue), String(key)].join('.'));
}

function pathOf(issue: Issue, prefix: readonly string[]): string {
  return [...prefix, ...segments(issue)].join('.');
}

/** A Standard Schema path holds keys, or objects with one. */
function segments(issue: Issue): string[] {
  return (issue.path ?? []).map((part) =>
    typeof part === 'object' && part !== null && 'key' in part ? String(part.key) : String(part),
  );
}

const FORGED = ['__proto__', 'constructor', 'prototype'];

/** Deeper than any form or configuration is; recursive code below would run out of stack much later. */
const DEEPEST = 50;

/** NUL, which Postgres stores in no text, and half of a surrogate pair, which it stores in no JSON. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/**
 * Refuses, at any depth and also where free-form objects are allowed, what no schema should have to think of: keys that only an
 * attack on object prototypes has (400), text that the database cannot hold, and bottomless nesting (422).
 * @throws InvalidInputError
 */
export function refuseHostileInput(input: unknown): void {
  const pending: { value: unknown; path: string; depth: number }[] = [{ value: input, path: '', depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path, depth } = next;
    if (typeof value === 'string' && UNSTORABLE.test(value)) throw unstorable(path);
    if (typeof value !== 'object' || value === null) continue;
    if (depth > DEEPEST)
      throw new InvalidInputError(`The input is nested more than ${DEEPEST} levels deep: flatten it`);
    for (const [key, member] of Object.entries(value)) {
      const memberPath = path === '' ? key : `${path}.${key}`;
      if (FORGED.includes(key)) throw forged(memberPath);
      if (UNSTORABLE.test(key)) throw unstorable(path);
      pending.push({ value: member, path: memberPath, depth: depth + 1 });
    }
  }
}

function forged(path: string): InvalidInputError {
  const errors = [{ path, message: 'Unknown field' }];
  return new InvalidInputError(`Unknown field: ${path}. Remove it.`, { kind: 'bad_request', field: path, errors });
}

function unstorable(path: string): InvalidInputError {
  const message = 'must be text without NUL characters and half surrogate pairs';
  return new InvalidInputError(`${path}: ${message}`, { field: path, errors: [{ path, message }] });
}
