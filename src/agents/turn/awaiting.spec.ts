import type { HistoryMessage } from './turn.types.js';
import { awaitingOf, languageSoFar, lastAgentsOf } from './awaiting.js';

const user = (content: string): HistoryMessage => ({ role: 'user', content, metadata: {} });
const assistant = (metadata: Record<string, unknown>): HistoryMessage => ({
  role: 'assistant',
  content: 'ok',
  metadata,
});
const AWAITING = { agent: 'a', tool: 't', entities: {}, missing: ['x'] };

it('finds what is awaited only when it was the last thing said, and only in its full shape', () => {
  const [one, other] = [AWAITING, { ...AWAITING, agent: 'b' }];
  expect(awaitingOf([user('q'), assistant({ awaiting: [one, other] })])).toEqual([one, other]);
  expect(awaitingOf([assistant({ awaiting: [one] }), user('q'), assistant({})])).toEqual([]);
  expect(awaitingOf([assistant({ awaiting: [{ agent: 'a' }, other, null] })])).toEqual([other]);
  expect(awaitingOf([{ role: 'supporter', content: 'hi', metadata: { awaiting: [one] } }])).toEqual([]);
  expect(awaitingOf([])).toEqual([]);
});

it('knows who answered last', () => {
  expect(lastAgentsOf([assistant({ agents: ['a', 'b', 3] }), user('q')])).toEqual(['a', 'b']);
  expect(lastAgentsOf([user('q')])).toEqual([]);
});

it('knows the language of the conversation from the answers, else from the questions', () => {
  expect(languageSoFar([user('¿Dónde está mi pedido?'), assistant({ language: 'de' })])).toBe('de');
  expect(languageSoFar([user('¿Dónde está mi pedido?'), assistant({}), user('1042')])).toBe('es');
  expect(languageSoFar([user('1042')])).toBeNull();
});
