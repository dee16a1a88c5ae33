import { z } from 'zod';
import { decodeCursor, encodeCursor, listQuery, toPage } from './paging.js';

const a = { tenantId: 'a' };
const position = z.tuple([z.iso.datetime(), z.string()]);

describe('lists', () => {
  it('have a limit from 1 to 100, 20 by default', () => {
    expect(listQuery.parse({}).limit).toBe(20);
    expect(listQuery.parse({ limit: '100' }).limit).toBe(100);
    for (const limit of ['0', '101', '-1', '1.5', 'ten', ['1', '2']])
      expect(listQuery.safeParse({ limit }).success).toBe(false);
  });

  it('say whether there is more only when there is', () => {
    const options = { limit: 2, map: (row: number) => `#${row}`, position: (row: number) => [row] };
    expect(toPage(a, [1, 2], options)).toEqual({ data: ['#1', '#2'], next_cursor: null, has_more: false });
    const page = toPage(a, [1, 2, 3], options);
    expect(page.data).toEqual(['#1', '#2']);
    expect(decodeCursor(a, page.next_cursor ?? undefined, z.tuple([z.number()]))).toEqual([2]);
  });

  it('refuse a cursor of another tenant, of another list, and one that was made up', () => {
    const cursor = encodeCursor(a, ['2026-01-01T00:00:00Z', 'id']);
    expect(decodeCursor(a, cursor, position)).toEqual(['2026-01-01T00:00:00Z', 'id']);
    expect(decodeCursor(a, undefined, position)).toBeNull();
    const wrong = (scope: { tenantId: string }, text: string, shape: z.ZodType) => () =>
      decodeCursor(scope, text, shape);
    expect(wrong({ tenantId: 'b' }, cursor, position)).toThrow(/cursor/);
    expect(wrong(a, cursor, z.tuple([z.number()]))).toThrow(/cursor/);
    expect(wrong(a, 'x', position)).toThrow(/cursor/);
    expect(wrong(a, encodeCursor(a, ["'; DROP TABLE", 'x']), position)).toThrow(/cursor/);
  });
});
