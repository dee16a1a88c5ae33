import { tool } from '../../../../test/support/agent-fakes.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { RuleEntityExtractor } from './rule.entity-extractor.js';
import { processorMs } from '../../../../test/support/processor-time.js';

const rules = new RuleEntityExtractor(() => new Date('2026-03-10T12:00:00Z'));

function extract(
  properties: Record<string, unknown>,
  text: string,
  rest: {
    required?: string[];
    asked?: string[];
    known?: Record<string, unknown>;
    history?: HistoryMessage[];
    language?: string;
  } = {},
) {
  const { asked = [], history = [], known = {}, language = 'en', required = Object.keys(properties) } = rest;
  const definition = tool('t', { inputSchema: { type: 'object', properties, required } });
  return rules.extractNow({ tool: definition, text, history, known, asked, language, timeZone: 'UTC' });
}
const user = (content: string): HistoryMessage => ({ role: 'user', content, metadata: {} });
const ORDER = { order_id: { type: 'string', pattern: '^[0-9]{4,6}$' } };

it.each([
  ['Where is order 1042?', '1042'],
  ['#1042 please', '1042'],
  ['my order (1042), it is late', '1042'],
  ['Bestellung Nr. 1042.', '1042'],
])('finds a value by its pattern in "%s"', (text, id) => {
  expect(extract(ORDER, text)).toEqual({ order_id: id });
});

it('finds nothing where nothing fits', () => {
  expect(extract(ORDER, 'Where is my order 12?')).toEqual({});
});

it.each([
  [{ email: { type: 'string', format: 'email' } }, 'send it to ana@example.com.', { email: 'ana@example.com' }],
  [{ when: { type: 'string', format: 'date' } }, 'tomorrow if you can', { when: '2026-03-11' }],
  [{ quantity: { type: 'integer' } }, 'I want a quantity of 3', { quantity: 3 }],
  [{ reason: { enum: ['too_small', 'damaged'] } }, 'it arrived damaged', { reason: 'damaged' }],
  [{ reason: { enum: ['too_small', 'damaged'] } }, 'it is too small', { reason: 'too_small' }],
  [
    { invoice_id: { type: 'string', examples: ['INV-2025-007'] } },
    'about INV-2026-113',
    { invoice_id: 'INV-2026-113' },
  ],
  [{ order_id: { type: 'string' } }, 'order number: A-1042b', { order_id: 'A-1042b' }],
  [{ city: { type: 'string' } }, 'shops in San Sebastián please', { city: 'San Sebastián' }],
  [{ query: { type: 'string' } }, 'waterproof boots', { query: 'waterproof boots' }],
  [{ url: { type: 'string', format: 'uri' } }, 'see https://acme.test/a.', { url: 'https://acme.test/a' }],
  [{ gift_wrap: { type: 'boolean' } }, 'with gift wrap please', { gift_wrap: true }],
])('reads %j', (properties, text, values) => {
  expect(extract(properties as Record<string, unknown>, text)).toEqual(values);
});

it('keeps two values apart', () => {
  const properties = { ...ORDER, email: { type: 'string', format: 'email' } };
  expect(extract(properties, 'Email the invoice for order 1030 to me@example.com')).toEqual({
    order_id: '1030',
    email: 'me@example.com',
  });
});

it('looks the order up in what the user said before, newest first, and never in what others said', () => {
  const history: HistoryMessage[] = [
    user('Where is order 1041?'),
    user('And order 1042?'),
    { role: 'assistant', content: 'Compare order 9999.', metadata: {} },
  ];
  expect(extract(ORDER, 'When will it arrive?', { history })).toEqual({ order_id: '1042' });
  expect(extract(ORDER, 'I mean another order', { history })).toEqual({});
});

it('takes a bare answer for what was asked', () => {
  expect(extract({ name: { type: 'string' } }, 'Ana Byrne', { asked: ['name'] })).toEqual({ name: 'Ana Byrne' });
  expect(extract(ORDER, "it's 1042", { asked: ['order_id'] })).toEqual({ order_id: '1042' });
  expect(extract({ sure: { type: 'boolean' } }, 'yes', { asked: ['sure'] })).toEqual({ sure: true });
});

it('keeps what earlier messages gave unless the user says it anew', () => {
  const properties = { ...ORDER, email: { type: 'string', format: 'email' } };
  expect(extract(properties, 'ana@example.com', { known: { order_id: '1042' }, asked: ['email'] })).toEqual({
    order_id: '1042',
    email: 'ana@example.com',
  });
});

it('asks rather than guesses what countries write differently, and takes the answer to that as it is meant nearest', () => {
  const day = { day: { type: 'string', format: 'date' } };
  expect(extract(day, 'on 03/04/2026')).toEqual({});
  expect(extract(day, 'on 03/04/2026', { asked: ['day'] })).toEqual({ day: '2026-04-03' });
  expect(extract(day, 'el 03/04/2026', { language: 'es' })).toEqual({ day: '2026-04-03' });
  const pieces = { pieces: { type: 'integer', title: 'pieces' } };
  expect(extract(pieces, '1,000 pieces')).toEqual({ pieces: 1000 });
  expect(extract(pieces, '1,000 pieces', { language: 'de' })).toEqual({});
  expect(extract(pieces, '1.000 pieces', { language: 'de' })).toEqual({ pieces: 1000 });
});

it('leaves to a model what only the language decides', () => {
  const definition = tool('t', {
    inputSchema: { type: 'object', properties: { quantity: { type: 'integer' } }, required: ['quantity'] },
  });
  const certain = (text: string) =>
    rules.certain({ tool: definition, text, history: [], known: {}, asked: [], language: 'en', timeZone: 'UTC' });
  expect(certain('quantity 1,000')).toBeNull();
  expect(certain('quantity 12')).toEqual({ quantity: 12 });
});

it('has no words for a language that has no file', () => {
  const properties = { sure: { type: 'boolean' } };
  expect(extract(properties, 'yes', { asked: ['sure'], language: 'pl' })).toEqual({});
  expect(extract({ city: { type: 'string' } }, 'in Lodz', { language: 'pl' })).toEqual({});
  expect(extract({ pieces: { type: 'integer' } }, 'three pieces', { language: 'pl' })).toEqual({});
  // Forms are in no language.
  expect(extract(ORDER, 'Gdzie jest 1042?', { language: 'pl' })).toEqual({ order_id: '1042' });
});

it('gives a date-time the hour that was said, in the tenant’s time zone', () => {
  const definition = tool('t', {
    inputSchema: { type: 'object', properties: { at: { type: 'string', format: 'date-time' } }, required: ['at'] },
  });
  const at = (text: string, timeZone: string) =>
    rules.extractNow({ tool: definition, text, history: [], known: {}, asked: [], language: 'en', timeZone });
  expect(at('tomorrow at 3pm', 'Europe/Madrid')).toEqual({ at: '2026-03-11T15:00:00+01:00' });
  expect(at('on 1 July at 9:30', 'America/New_York')).toEqual({ at: '2026-07-01T09:30:00-04:00' });
  expect(at('tomorrow', 'UTC')).toEqual({ at: '2026-03-11T00:00:00Z' });
});

it('tells an article from a number, and a preposition at the beginning', () => {
  const loan = { amount: { type: 'number', 'x-labels': { es: 'el importe' } }, months: { type: 'integer' } };
  expect(extract(loan, 'Un importe de 7.500,00 en 24 meses', { language: 'es' })).toEqual({ amount: 7500, months: 24 });
  expect(extract({ nights: { type: 'integer' } }, 'one night')).toEqual({ nights: 1 });
  expect(extract({ origin: { type: 'string' } }, 'From Oslo please')).toEqual({ origin: 'Oslo' });
});

it.each([
  ['en', 'go ahead', true],
  ['en', 'ok, but do not send it', undefined],
  ['en', 'no problem, yes', undefined],
  ['en', 'Nothing yet', undefined],
  ['es', 'sí, por favor', true],
  ['es', 'no, gracias', false],
  ['de', 'ja gerne', true],
  ['de', 'ok nein', undefined],
  ['en', 'do it', true],
  ['en', 'please do it', true],
  ['en', 'please don’t', false],
  ['en', 'do not do it', false],
  ['en', 'do you have socks', undefined],
  ['en', 'go away', undefined],
  ['es', 'dale', true],
  ['es', 'por favor', true],
  ['es', 'por favor, no', false],
  ['de', 'bitte', true],
  ['de', 'ja bitte', true],
  ['de', 'bitte nicht', false],
  ['de', 'machen Sie das', true],
  ['de', 'was machen Sie', undefined],
])('hears yes and no (%s: %s)', (language, text, confirmed) => {
  const values = extract({ confirmed: { type: 'boolean' } }, text, { asked: ['confirmed'], language });
  expect(values).toEqual(confirmed === undefined ? {} : { confirmed });
});

it('keeps one value from being two things', () => {
  const properties = { ...ORDER, quantity: { type: 'integer' } };
  expect(extract(properties, 'Reorder 1042')).toEqual({ order_id: '1042' });
  expect(extract(properties, 'Reorder 1042, quantity 3')).toEqual({ order_id: '1042', quantity: 3 });
});

describe('what was said before', () => {
  const properties = { ...ORDER, email: { type: 'string', format: 'email', title: 'email address' } };
  const history = [user('Send the invoice of order 1042 to ana@example.com')];
  const before = (text: string, language = 'en') => extract(properties, text, { history, language });

  it.each([
    ['en', 'Send it again'],
    ['es', 'Envíala otra vez'],
    ['de', 'Schicken Sie sie noch einmal'],
    ['en', 'I have another question: has it been sent?'],
  ])('holds where the message leaves it out (%s: %s)', (language, text) => {
    expect(before(text, language)).toEqual({ order_id: '1042', email: 'ana@example.com' });
  });

  it.each([
    ['en', 'Send it again to my other email', { order_id: '1042' }],
    ['en', 'and to a new address please', { order_id: '1042' }],
    ['es', 'Envíala a mi otro correo', { order_id: '1042' }],
    ['de', 'Bitte an meine andere Adresse', { order_id: '1042' }],
    ['en', 'The same for a different order', { email: 'ana@example.com' }],
    ['en', 'And order 77?', { email: 'ana@example.com' }],
    ['en', 'To eve@example.com', { order_id: '1042', email: 'eve@example.com' }],
    ['en', 'And order 1043', { order_id: '1043', email: 'ana@example.com' }],
    ['en', 'Another one', {}],
  ])('does not hold for what the message says anew (%s: %s)', (language, text, values) => {
    expect(before(text, language)).toEqual(values);
  });
});

it('leaves optional values out when their form does not prove them', () => {
  expect(extract({ note: { type: 'string' } }, 'Where is it?', { required: [] })).toEqual({});
});

it('withstands a pattern made to hang, within a turn’s patience', () => {
  const start = processorMs();
  extract({ id: { type: 'string', pattern: '^(a+)+$' } }, `${'a'.repeat(60)}! `.repeat(200));
  expect(processorMs() - start).toBeLessThan(2000);
});

it('judges by definitions of the same schema', () => {
  const definition = tool('t', {
    inputSchema: {
      type: 'object',
      properties: { order_id: { type: 'string', pattern: '^[0-9]{4}$', allOf: [{ $ref: '#/definitions/known' }] } },
      definitions: { known: { enum: ['1042', '1043'] } },
      required: ['order_id'],
    },
  });
  const found = (text: string) =>
    rules.extractNow({ tool: definition, text, history: [], known: {}, asked: [], language: 'en', timeZone: 'UTC' });
  expect(found('Order 1044 or 1043?')).toEqual({ order_id: '1043' });
});

it('finds a value at the end of a long message', () => {
  expect(extract(ORDER, `${'Blah blah. '.repeat(20)}1042`)).toEqual({ order_id: '1042' });
  expect(extract({ email: { type: 'string', format: 'email' } }, `${'blah '.repeat(3000)} a@b.de`)).toEqual({
    email: 'a@b.de',
  });
  const text = 'word '.repeat(3000).trim();
  expect(extract({ text: { type: 'string' } }, text)).toEqual({ text });
});

/** A sanity limit only, generous for a busy machine: without bounds each of these takes many seconds. */
it.each([
  ['spaces behind a cue', `order${' '.repeat(15_000)}!`],
  ['dots', `${'.'.repeat(15_000)}x`],
  ['a place and spaces', `in Xx${' '.repeat(15_000)}!`],
  ['numbers', '1042a '.repeat(2600)],
])('is done in time with %s', (_what, text) => {
  const many = Object.fromEntries(
    Array.from({ length: 49 }, (_, index) => [
      `p${index}`,
      { type: 'string', pattern: `^[0-9a]*a[0-9a]{${index},99}Z$` },
    ]),
  );
  const startedAt = processorMs();
  extract({ order: { type: 'string' }, city: { type: 'string' }, ...many }, text, { asked: ['order', 'city'] });
  expect(processorMs() - startedAt).toBeLessThan(3000);
});
