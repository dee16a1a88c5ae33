import { WorkLine } from './work-line.js';

function pieces(line: WorkLine, keys: readonly string[]) {
  const begun: string[] = [];
  const finish = new Map<string, () => void>();
  for (const key of keys) {
    line.add(key, () => {
      begun.push(key);
      return new Promise((resolve) => finish.set(key, resolve));
    });
  }
  return { begun, finish: (key: string) => finish.get(key)?.() };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('WorkLine', () => {
  it('begins in order, as many at once as it has lanes, and the next one whichever ends', async () => {
    const line = new WorkLine(2);
    const { begun, finish } = pieces(line, ['a', 'b', 'c', 'd', 'e']);
    await settled();
    expect(begun).toEqual(['a', 'b']);
    finish('b');
    await settled();
    expect(begun).toEqual(['a', 'b', 'c']);
    finish('a');
    finish('c');
    await settled();
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(line.size).toBe(2);
  });

  it('leaves out what it has already, and takes it again when that is done', async () => {
    const line = new WorkLine(1);
    const first = pieces(line, ['a', 'a']);
    await settled();
    first.finish('a');
    await line.done();
    expect([first.begun, line.size]).toEqual([['a'], 0]);
    const second = pieces(line, ['a']);
    await settled();
    expect(second.begun).toEqual(['a']);
  });
});
