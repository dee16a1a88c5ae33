import { estimateTokens } from '#platform/text';
import { memoryWindow } from './memory-window.js';

const message = (content: string) => ({ role: 'user' as const, content, metadata: {} });

it('keeps the newest messages that fit, oldest first', () => {
  const history = [message('a'.repeat(400)), message('b'.repeat(40)), message('c'.repeat(40))];
  expect(memoryWindow(history, 40).map(({ content }) => content[0])).toEqual(['b', 'c']);
  expect(memoryWindow(history, 10_000)).toEqual(history);
});

it('keeps the end of the newest message when it alone is too long', () => {
  const [only] = memoryWindow([message(`${'x'.repeat(5000)}END`)], 100);
  expect(only?.content.endsWith('END')).toBe(true);
  expect(estimateTokens(only?.content ?? '')).toBeLessThanOrEqual(100);
});

it('keeps nothing when there is no room at all', () => {
  expect(memoryWindow([message('hello')], 0)).toEqual([]);
});
