import { readableResult } from './readable-result.js';

it('lists a record by its fields', () => {
  expect(readableResult({ order_id: '1042', eta: { from: 'Monday' }, tags: ['a', 'b'], empty: null })).toBe(
    '- **Order id**: 1042\n- **Eta**:\n  - **From**: Monday\n- **Tags**: a, b',
  );
});

it('numbers a list and says how many more there are', () => {
  const text = readableResult(Array.from({ length: 7 }, (_, index) => ({ id: index, name: `n${index}` })));
  expect(text.split('\n')).toHaveLength(6);
  expect(text).toContain('1. Id: 0; Name: n0');
  expect(text).toContain('(2 more)');
});

it('writes values as text', () => {
  expect(readableResult({ note: '[x](javascript:alert(1))' })).toContain('\\[x\\]');
});
