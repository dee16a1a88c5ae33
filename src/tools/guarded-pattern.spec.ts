import { guardedPattern, resetPatternBudget } from './guarded-pattern.js';

describe('guardedPattern', () => {
  it.each([
    ['^[0-9]{4,6}$', '1042', true],
    ['^[0-9]{4,6}$', '12', false],
    ['^(INV|ORD)-\\d+$', 'INV-7', true],
    ['^(a|b)*$', 'abab', true],
    ['^(a|b)*$', 'abc', false],
    ['^(?=.*x).+$', 'axb', true],
  ])('matches %s against %s: %s', (source, text, expected) => {
    resetPatternBudget();
    expect(guardedPattern(source, 'u').test(text)).toBe(expected);
  });

  it('refuses a pattern that is not one', () => expect(() => guardedPattern('(', 'u')).toThrow(SyntaxError));

  it('spends a bounded time on a pattern that explodes, however often it is asked', () => {
    const evil = guardedPattern('^(a+)+$', 'u');
    const text = `${'a'.repeat(60)}b`;
    const startedAt = performance.now();
    for (let index = 0; index < 500; index += 1) {
      resetPatternBudget();
      expect(evil.test(text)).toBe(false);
    }
    // Three times 40 ms, and no more; alone it would take longer than the universe has.
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
