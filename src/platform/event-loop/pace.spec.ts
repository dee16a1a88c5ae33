import { inOneGo, inSlices } from './pace.js';

/** Works for as many milliseconds as it is told, and may be interrupted after each. */
function* working(milliseconds: number, done: string[]): Generator<void, string> {
  for (let at = 0; at < milliseconds; at++) {
    const until = performance.now() + 1;
    while (performance.now() < until);
    done.push('work');
    yield;
  }
  return 'result';
}

it('lets others have the event loop between the slices of long work', async () => {
  const done: string[] = [];
  const others = setInterval(() => done.push('other'), 1);
  await expect(inSlices(working(40, done))).resolves.toBe('result');
  clearInterval(others);
  expect(done.filter((who) => who === 'work')).toHaveLength(40);
  expect(done.indexOf('other')).toBeGreaterThan(0);
  expect(done.lastIndexOf('work')).toBeGreaterThan(done.indexOf('other'));
});

it('does short work at once, without waiting for anybody', async () => {
  const done: string[] = [];
  const others = setImmediate(() => done.push('other'));
  await inSlices(working(2, done));
  clearImmediate(others);
  expect(done).toEqual(['work', 'work']);
});

it('does it in one go for whoever may', () => {
  expect(inOneGo(working(3, []))).toBe('result');
});
