import type { TenantScope } from '#platform/context';
import { InvalidInputError } from '#platform/errors';
import { atMost } from '#platform/text';
import { z } from 'zod';

/** `?limit=&cursor=` of every list; extend it with the list's own filters: `listQuery.extend({ status: … })`. */
export const listQuery = z.strictObject({
  limit: z.coerce.number('must be a number from 1 to 100').int().min(1).max(100).default(20),
  cursor: z
    .string()
    .min(1)
    .check(...atMost(1000))
    .optional(),
});
export type ListQuery = z.infer<typeof listQuery>;

export interface Page<T> {
  readonly data: T[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

/** The response schema of a list. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable(), has_more: z.boolean() });
}

/**
 * A page from rows that were read with `LIMIT limit + 1`.
 * @param position what the next page starts after, from the last row shown (`(row) => [row.createdAt, row.id]`)
 */
export function toPage<R, T>(
  scope: TenantScope,
  rows: readonly R[],
  options: { limit: number; map: (row: R) => T; position: (row: R) => readonly (string | number)[] },
): Page<T> {
  const shown = rows.slice(0, options.limit);
  const last = shown.at(-1);
  const hasMore = rows.length > options.limit && last !== undefined;
  return {
    data: shown.map(options.map),
    next_cursor: hasMore ? encodeCursor(scope, options.position(last)) : null,
    has_more: hasMore,
  };
}

/** Opaque to clients, and good for one tenant only. */
export function encodeCursor(scope: TenantScope, position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([scope.tenantId, ...position])).toString('base64url');
}

/**
 * The position in a cursor, or null for the first page.
 * @param shape checks the position: it comes from the client and ends in SQL parameters
 * @throws InvalidInputError when it is damaged or another tenant's
 */
export function decodeCursor<T>(scope: TenantScope, cursor: string | undefined, shape: z.ZodType<T>): T | null {
  if (cursor === undefined) return null;
  const wrong = () =>
    new InvalidInputError('cursor: is not one that this list gave out; start again without it', { field: 'cursor' });
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw wrong();
  }
  if (!Array.isArray(content) || content[0] !== scope.tenantId) throw wrong();
  const position = shape.safeParse(content.slice(1));
  if (!position.success) throw wrong();
  return position.data;
}

/** Position of lists that run over ids alone. */
export const idPosition = z.tuple([z.guid()]);
