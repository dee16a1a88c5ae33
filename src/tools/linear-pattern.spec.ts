import { LinearPattern } from './linear-pattern.js';
import { WorkExceededError, WorkMeter } from './work-meter.js';

const test = (source: string, text: string): boolean => LinearPattern.of(source).test(text, new WorkMeter(1_000_000));

describe('LinearPattern', () => {
  it.each([
    ['^[0-9]{4,6}$', ['1042', '12', '1042\n']],
    ['^(INV|ORD)-\\d+$', ['INV-7', 'XX-7']],
    ['^(a|b)*$', ['abab', 'abc', '']],
    ['^\\p{Lu}{2}\\d{2}[A-Z0-9]{11,30}$', ['DE89370400440532013000', 'de89']],
    ['^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$', ['a@b.de', 'a b@c']],
    ['^[\\w.-]+\\/\\d+$', ['a-b/7', 'a/b']],
    ['^\\p{Script=Greek}+$', ['αβγ', 'abc']],
    ['^.$', ['😀', 'ab']],
    ['\\u0041\\x42', ['AB', 'ab']],
    ['\\u{1F600}|\\\\(?:=)', ['😀', '\\=']],
    ['^(?<year>\\d{4})-\\d\\d$', ['2026-11', '26-11']],
    ['[(?=]', ['=', 'x']],
  ])('matches %s as the language does', (source, texts) => {
    for (const text of texts) expect([text, test(source, text)]).toEqual([text, new RegExp(source, 'u').test(text)]);
  });

  it.each([
    ['(', /not a valid/],
    ['[a-', /not a valid/],
    ['^(?=.*x).+$', /look-around/],
    ['(?<!a)b', /look-around/],
    ['(a)\\1', /back-reference/],
    ['(?<x>a)\\k<x>', /back-reference/],
    ['^.{1,4000}$', /maxLength/],
    ['^(.{1,30}){30}$', /maxLength/],
    ['((a{100}){100}){100}', /maxLength/],
    ['a'.repeat(1001), /longer than 1000/],
  ])('refuses %s with words', (source, message) => expect(() => LinearPattern.of(source)).toThrow(message));

  it('takes work in proportion to the text, whatever the pattern', () => {
    for (const source of ['^(a+)+$', '^(a|a|a|b)*$', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
      const pattern = LinearPattern.of(source);
      const [short, long] = [new WorkMeter(1e9), new WorkMeter(1e9)];
      expect(pattern.test(`${'a'.repeat(999)}!`, short)).toBe(false);
      expect(pattern.test(`${'a'.repeat(9_999)}!`, long)).toBe(false);
      expect(long.spent / short.spent).toBeCloseTo(10, 1);
    }
  });

  it('does not begin what is more than may be spent', () => {
    const pattern = LinearPattern.of('^[ab]*a[ab]{150}$');
    expect(() => pattern.test('ab'.repeat(10_000), new WorkMeter(1_000_000))).toThrow(WorkExceededError);
  });
});
