import { describeFaults, inputSchemaFault, validateArguments } from './tool-arguments.js';
import type { JsonSchema } from './tool.js';

const schema: JsonSchema = {
  type: 'object',
  properties: {
    order_number: { type: 'string', pattern: '^[0-9]{4,6}$' },
    email: { type: 'string', format: 'email' },
    copies: { type: 'integer', minimum: 1, default: 1 },
    channel: { type: 'string', enum: ['mail', 'post'] },
    filter: { type: 'object', properties: { city: { type: 'string' } } },
    since: { type: 'string', format: 'date' },
  },
  required: ['order_number', 'email'],
};

describe('validateArguments', () => {
  it('trims strings, fills in defaults and leaves its input alone', () => {
    const args = { order_number: ' 1042 ', email: 'a@b.c', filter: { city: ' Berlin' } };
    expect(validateArguments(schema, args)).toEqual({
      ok: true,
      value: { order_number: '1042', email: 'a@b.c', copies: 1, filter: { city: 'Berlin' } },
    });
    expect(args.order_number).toBe(' 1042 ');
  });

  it.each([
    ['nothing', {}],
    ['null', { order_number: null, email: null }],
    ['an empty text', { order_number: '  ', email: '' }],
  ])('names what is missing when given %s', (_what, args) => {
    expect(validateArguments(schema, args)).toMatchObject({ ok: false, missing: ['order_number', 'email'] });
  });

  it.each([
    ['a wrong type', { copies: '2' }, 'copies', /integer/],
    ['a value outside the list', { channel: 'fax' }, 'channel', /mail, post/],
    ['a form that does not fit', { order_number: '12' }, 'order_number', /form/],
    ['an address that is none', { email: 'nobody' }, 'email', /valid email/],
    ['an impossible date', { since: '2026-02-30' }, 'since', /valid date/],
    ['an unknown argument', { admin: true }, 'admin', /not known/],
    ['an unknown argument further down', { filter: { x: 1 } }, 'filter.x', /not known/],
  ])('refuses %s', (_what, change, path, message) => {
    const result = validateArguments(schema, { order_number: '1042', email: 'a@b.c', ...change });
    expect(result).toMatchObject({
      ok: false,
      missing: [],
      errors: [{ path, message: expect.stringMatching(message) }],
    });
  });

  it.each(['{"__proto__":{"a":1}}', '{"filter":{"constructor":{"prototype":{"a":1}}}}'])('refuses %s', (json) => {
    const args = Object.assign(JSON.parse(json) as object, { order_number: '1042', email: 'a@b.c' });
    expect(validateArguments(schema, args)).toMatchObject({
      ok: false,
      errors: [{ message: 'is not a name that can be used' }],
    });
  });

  it.each([null, 'text', 7, []])('refuses %j as arguments', (args) => {
    expect(validateArguments(schema, args).ok).toBe(false);
  });

  it('refuses what is out of proportion', () => {
    const open: JsonSchema = { type: 'object', properties: { a: {} } };
    expect(validateArguments(open, { a: Array(6000).fill(1) }).ok).toBe(false);
    expect(validateArguments(open, { a: 'x'.repeat(20_001) }).ok).toBe(false);
    const deep: unknown = JSON.parse('['.repeat(40) + ']'.repeat(40));
    expect(validateArguments(open, { a: deep }).ok).toBe(false);
  });

  it('stops a pattern that would backtrack for minutes, and remembers nothing of it', () => {
    const slow: JsonSchema = {
      type: 'object',
      properties: Object.fromEntries(['a', 'b', 'c'].map((key) => [key, { type: 'string', pattern: '^(a+)+$' }])),
    };
    const text = `${'a'.repeat(15_000)}b`;
    const startedAt = performance.now();
    expect(validateArguments(slow, { a: text, b: text, c: text }).ok).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(500);
    const plain: JsonSchema = { type: 'object', properties: { a: { type: 'string', pattern: '^a+$' } } };
    expect(validateArguments(plain, { a: 'aaa' }).ok).toBe(true);
    expect(validateArguments(plain, { a: 'a'.repeat(1000) }).ok).toBe(true);
  });

  it('tells the patterns of one schema apart', () => {
    const two: JsonSchema = {
      type: 'object',
      properties: { a: { type: 'string', pattern: '^a+$' }, b: { type: 'string', pattern: '^(b|c)*$' } },
    };
    expect(validateArguments(two, { a: 'a', b: 'cb' }).ok).toBe(true);
    expect(validateArguments(two, { a: 'b' }).ok).toBe(false);
    expect(validateArguments(two, { b: 'a' }).ok).toBe(false);
  });

  it('keeps schemas of two tenants apart though they share an id', () => {
    const one: JsonSchema = { $id: 'tool', type: 'object', properties: { a: { type: 'string' } } };
    const two: JsonSchema = { $id: 'tool', type: 'object', properties: { b: { type: 'string' } } };
    expect(validateArguments(one, { a: 'x' }).ok).toBe(true);
    expect(validateArguments(two, { b: 'x' }).ok).toBe(true);
    expect(validateArguments(two, { a: 'x' }).ok).toBe(false);
  });

  it('forgets compiled schemas when there are very many, and goes on', () => {
    for (let index = 0; index < 510; index += 1) {
      const many: JsonSchema = { type: 'object', properties: { [`p${index}`]: { type: 'integer' } } };
      expect(validateArguments(many, { [`p${index}`]: index }).ok).toBe(true);
    }
    expect(validateArguments({ type: 'object', properties: { p0: { type: 'integer' } } }, { p0: 'x' }).ok).toBe(false);
  });

  it('follows references inside the schema and lets branches of a combinator be', () => {
    const combined: JsonSchema = {
      type: 'object',
      properties: {
        where: {
          anyOf: [
            { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
            { $ref: '#/definitions/point' },
          ],
        },
      },
      definitions: { point: { type: 'object', properties: { lat: { type: 'number' } }, required: ['lat'] } },
    };
    expect(validateArguments(combined, { where: { lat: 1 } }).ok).toBe(true);
    expect(validateArguments(combined, { where: { city: 'Berlin' } }).ok).toBe(true);
    expect(validateArguments(combined, { where: {} }).ok).toBe(false);
  });
});

describe('inputSchemaFault', () => {
  it('has nothing to say about a good schema', () => expect(inputSchemaFault(schema)).toBeNull());

  it.each([
    ['a type that is not object', { type: 'string' }],
    ['a combinator at the top', { type: 'object', anyOf: [{ required: ['a'] }] }],
    ['a reference to elsewhere', { type: 'object', properties: { a: { $ref: 'http://127.0.0.1/schema' } } }],
    ['a keyword with a wrong value', { type: 'object', properties: { a: { type: 'nonsense' } } }],
    ['a pattern that is not valid', { type: 'object', properties: { a: { type: 'string', pattern: '(' } } }],
    ['a dangling reference', { type: 'object', properties: { a: { $ref: '#/definitions/none' } } }],
    ['too much text', { type: 'object', properties: {}, description: 'x'.repeat(40_000) }],
  ])('names %s', (_what, bad) => expect(inputSchemaFault(bad)).toEqual(expect.any(String)));

  it('refuses property names that reach a prototype', () => {
    const bad = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}') as JsonSchema;
    expect(inputSchemaFault(bad)).toMatch(/__proto__/);
  });
});

describe('describeFaults', () => {
  it('makes one sentence', () => {
    const errors = [
      { path: 'email', message: 'is required' },
      { path: '', message: 'too much' },
    ];
    expect(describeFaults(errors)).toBe('Please check: email is required; too much.');
  });
});
