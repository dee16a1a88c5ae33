import { jest } from '@jest/globals';
import { inOneGo, inSlices } from './pace.js';

let now = 0;
beforeEach(() => jest.spyOn(performance, 'now').mockImplementation(() => now));
afterEach(() => jest.restoreAllMocks());

/** Works in steps of a millisecond, and may be interrupted after each. */
function* working(milliseconds: number, done: string[]): Generator<void, string> {
  for (let at = 0; at < milliseconds; at++) {
    now += 1;
    done.push('work');
    yield;
  }
  return 'result';
}

it('lets others have the event loop between the slices of long work', async () => {
  const done: string[] = [];
  setImmediate(() => done.push('other'));
  await expect(inSlices(working(12, done))).resolves.toBe('result');
  expect(done.indexOf('other')).toBe(5);
  expect(done.filter((who) => who === 'work')).toHaveLength(12);
});

it('does short work at once, without waiting for anybody', async () => {
  const done: string[] = [];
  const others = setImmediate(() => done.push('other'));
  await inSlices(working(4, done));
  clearImmediate(others);
  expect(done).toEqual(['work', 'work', 'work', 'work']);
});

it('does it in one go for whoever may', () => {
  expect(inOneGo(working(30, []))).toBe('result');
});
