import { estimateTokens, quarterTokens } from './tokens.js';
import { processorMs } from '../../../test/support/processor-time.js';

it('counts four Latin letters, two of other alphabets and one character of Chinese as a token', () => {
  expect(estimateTokens('abcdefgh')).toBe(2);
  expect(estimateTokens('привет')).toBe(3);
  expect(estimateTokens('你好吗')).toBe(3);
  expect(estimateTokens('日本語')).toBe(3);
  expect(estimateTokens('Hello, how are you today?')).toBe(7);
  expect(estimateTokens('x')).toBe(1);
  expect(estimateTokens('')).toBe(0);
});

it('adds up by quarters', () => {
  expect(quarterTokens('a')).toBe(1);
  expect(quarterTokens('ab') + quarterTokens('語')).toBe(quarterTokens('ab語'));
});

it('takes the middle of a long text for the whole, and no longer for it', () => {
  expect(estimateTokens('x'.repeat(4_000_000))).toBe(1_000_000);
  expect(estimateTokens('語'.repeat(4_000_000))).toBe(4_000_000);
  const long = Buffer.from('語 and x '.repeat(1_000_000)).toString();
  const started = processorMs();
  estimateTokens(long);
  expect(processorMs() - started).toBeLessThan(50);
});
