import { tool } from '../../../../test/support/agent-fakes.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { RuleEntityExtractor } from './rule.entity-extractor.js';

const rules = new RuleEntityExtractor(() => new Date('2026-03-10T12:00:00Z'));

function extract(
  properties: Record<string, unknown>,
  text: string,
  rest: { required?: string[]; asked?: string[]; known?: Record<string, unknown>; history?: HistoryMessage[] } = {},
) {
  const { asked = [], history = [], known = {}, required = Object.keys(properties) } = rest;
  const definition = tool('t', { inputSchema: { type: 'object', properties, required } });
  return rules.extractNow({ tool: definition, text, history, known, asked });
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

it('leaves optional values out when their form does not prove them', () => {
  expect(extract({ note: { type: 'string' } }, 'Where is it?', { required: [] })).toEqual({});
});

it('withstands a pattern made to hang, within a turn’s patience', () => {
  const start = performance.now();
  extract({ id: { type: 'string', pattern: '^(a+)+$' } }, `${'a'.repeat(60)}! `.repeat(200));
  expect(performance.now() - start).toBeLessThan(2000);
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
  const found = (text: string) => rules.extractNow({ tool: definition, text, history: [], known: {}, asked: [] });
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
  const startedAt = performance.now();
  extract({ order: { type: 'string' }, city: { type: 'string' }, ...many }, text, { asked: ['order', 'city'] });
  expect(performance.now() - startedAt).toBeLessThan(3000);
});
