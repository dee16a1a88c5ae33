import type { CaseWish } from './components/case-view.js';

/** What a key asks of the conversation that is open. */
export const WISHES: Readonly<Record<string, CaseWish>> = {
  Enter: 'look',
  a: 'accept',
  r: 'reply',
  n: 'note',
  s: 'suggest',
  e: 'resolve',
  b: 'return',
  t: 'transfer',
  x: 'close',
  o: 'reopen',
};

/** All keys of the inbox, in the order in which the help shows them. */
export const SHORTCUTS: readonly (readonly [key: string, what: string])[] = [
  ['j', 'Next conversation'],
  ['k', 'Previous conversation'],
  ['Enter', 'Into the conversation'],
  ['a', 'Accept'],
  ['r', 'Reply'],
  ['n', 'Write a note for the team'],
  ['s', 'What would the agent say?'],
  ['e', 'Resolve'],
  ['b', 'Return to the agent'],
  ['t', 'Transfer'],
  ['x', 'End the conversation'],
  ['o', 'Take up again'],
  ['/', 'Search; in a reply, the prepared ones'],
  ['Esc', 'Leave the field, then the conversation'],
  ['?', 'This list'],
];
