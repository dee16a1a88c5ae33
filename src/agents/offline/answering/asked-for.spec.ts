import { askedFor, asksForWhole, likeness, tells, topicOf } from './asked-for.js';

it.each([
  ['How long do I have to return something?', 'time'],
  ['By when must I report it?', 'time'],
  ['¿Cuánto tiempo tengo?', 'time'],
  ['Wann kommt mein Geld?', 'time'],
  ['What does shipping cost?', 'price'],
  ['Wie viel kostet der Versand?', 'price'],
  ['¿Cuánto cuesta el envío?', 'price'],
  ['Do you deliver gas canisters?', null],
])('%j asks for a %s', (question, asked) => {
  expect(askedFor(question)).toBe(asked);
});

it.each([
  ['time', '30 days, counted from delivery', true],
  ['time', 'within five working days', true],
  ['time', 'open 10:00-21:00', true],
  ['time', 'the original invoice stays as it is', false],
  ['price', 'Standard €4.90', true],
  ['price', 'Collection is free', true],
  ['price', 'in 5 days', false],
  [null, '€5 in 5 days', false],
] as const)('of %s, %j tells: %s', (asked, text, told) => {
  expect(tells(asked, text)).toBe(told);
});

it('takes the frame off a question, unless there is nothing else', () => {
  expect(topicOf('How long do I have to return something?')).toEqual(topicOf('return'));
  expect(topicOf('how long')).not.toEqual([]);
});

it('knows a question for the whole of a document', () => {
  expect(asksForWhole('What is your returns policy?', 'Returns and refunds')).toBe(true);
  expect(asksForWhole('How do refunds work?', 'Returns and refunds')).toBe(true);
  expect(asksForWhole('How long do refunds take?', 'Returns and refunds')).toBe(false);
  expect(asksForWhole('Are returns of skis free?', 'Returns and refunds')).toBe(false);
});

it('finds the heading that is worded like the question', () => {
  const question = "What can't I return?";
  expect(likeness(question, 'What cannot be returned')).toBeGreaterThan(likeness(question, 'What a return costs'));
  expect(likeness(question, '')).toBe(0);
});
