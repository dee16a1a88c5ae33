import { isUuid, newId } from './ids.js';

describe('newId', () => {
  it('makes version 7 ids that carry the time', () => {
    const id = newId(Date.UTC(2026, 10, 21));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(id)).toBe(true);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.UTC(2026, 10, 21));
  });

  it('keeps ids of one process in order, many in a millisecond and with a clock that steps back', () => {
    const now = Date.now() + 10_000;
    const ids = Array.from({ length: 20_000 }, (_, index) => newId(index === 10_000 ? now - 5000 : now));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

it.each([undefined, null, '', 'undefined', 42, ['01900000-0000-7000-8000-000000000000'], "'; DROP TABLE x"])(
  'does not take %p for an id',
  (value) => expect(isUuid(value)).toBe(false),
);
