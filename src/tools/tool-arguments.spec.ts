import { describeFaults, inputSchemaFault, validateArguments } from './tool-arguments.js';
import type { JsonSchema } from './tool.js';
import { WorkMeter } from './work-meter.js';

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

  it('holds patterns against long texts in linear time', () => {
    const slow: JsonSchema = {
      type: 'object',
      properties: Object.fromEntries(['a', 'b', 'c'].map((key) => [key, { type: 'string', pattern: '^(a+)+$' }])),
    };
    const text = `${'a'.repeat(10_000)}b`;
    expect(validateArguments(slow, { a: text, b: text, c: text }).ok).toBe(false);
    const plain: JsonSchema = { type: 'object', properties: { a: { type: 'string', pattern: '^[^<>]*$' } } };
    expect(validateArguments(plain, { a: 'a'.repeat(20_000) }).ok).toBe(true);
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

describe('validateArguments: bounded work', () => {
  const TOO_MUCH = { ok: false, errors: [{ path: '', message: expect.stringMatching(/too large to be checked/) }] };

  /** Three alternatives that look at the same property, each the same way. */
  const branching: JsonSchema = {
    type: 'object',
    properties: { a: { $ref: '#/definitions/node' } },
    definitions: {
      node: {
        anyOf: [1, 2, 3].map(() => ({ properties: { x: { $ref: '#/definitions/node' } }, required: ['z'] })),
      },
    },
  };
  const nested = (depth: number): unknown => (depth === 0 ? {} : { x: nested(depth - 1) });

  it('ends where alternatives multiply with the depth of the value', () => {
    expect(validateArguments(branching, { a: nested(3) }).ok).toBe(false);
    expect(validateArguments(branching, { a: nested(14) })).toMatchObject(TOO_MUCH);
    // And goes on with the next one as if nothing had been.
    expect(validateArguments(schema, { order_number: '1042', email: 'a@b.c' }).ok).toBe(true);
  });

  it('ends where a default asks for itself', () => {
    const endless: JsonSchema = {
      type: 'object',
      properties: { a: { $ref: '#/definitions/node' } },
      definitions: { node: { type: 'object', properties: { x: { default: {}, $ref: '#/definitions/node' } } } },
    };
    expect(validateArguments(endless, { a: {} })).toMatchObject(TOO_MUCH);
  });

  it('compares many items with each other in proportion to their number', () => {
    const list: JsonSchema = { type: 'object', properties: { a: { type: 'array', uniqueItems: true } } };
    const spent = (count: number): number => {
      const meter = new WorkMeter(1e9);
      const items = Array.from({ length: count }, (_, index) => ({ index }));
      expect(validateArguments(list, { a: items }, meter).ok).toBe(true);
      return meter.spent;
    };
    expect(spent(2000) / spent(200)).toBeCloseTo(10, 0);
    expect(
      validateArguments(list, {
        a: [
          { x: 1, y: [2] },
          { y: [2], x: 1 },
        ],
      }).ok,
    ).toBe(false);
  });

  it('has room for a thousand good records', () => {
    const records: JsonSchema = {
      type: 'object',
      properties: {
        rows: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { type: 'string', maxLength: 100 },
              sku: { type: 'string', pattern: '^[A-Z]{3}-[0-9]{4}$' },
              country: { enum: Array.from({ length: 200 }, (_, index) => `c${index}`) },
            },
          },
        },
      },
    };
    const rows = Array.from({ length: 1000 }, (_, index) => ({
      name: 'n',
      sku: 'ABC-1234',
      country: `c${index % 200}`,
    }));
    expect(validateArguments(records, { rows })).toMatchObject({ ok: true });
  });

  it('shares one meter among several checks', () => {
    const meter = new WorkMeter(300);
    const check = (): boolean => validateArguments(schema, { order_number: '1042', email: 'a@b.c' }, meter).ok;
    const answers = Array.from({ length: 20 }, check);
    expect(answers[0]).toBe(true);
    expect(answers.at(-1)).toBe(false);
  });
});

describe('inputSchemaFault: cost', () => {
  const chain = (length: number, keyword: string, definitions = 'definitions'): JsonSchema => ({
    type: 'object',
    properties: { a: { $ref: `#/${definitions}/d0` } },
    [definitions]: Object.fromEntries(
      Array.from({ length }, (_, index) => {
        const next = { $ref: `#/${definitions}/d${index + 1}` };
        return [`d${index}`, index === length - 1 ? { type: 'string' } : { [keyword]: [next, next] }];
      }),
    ),
  });

  it.each(['anyOf', 'oneOf', 'allOf', 'items'])('refuses %s that doubles with each definition', (keyword) => {
    expect(inputSchemaFault(chain(5, keyword))).toBeNull();
    const fault = inputSchemaFault(chain(30, keyword));
    expect(fault).toMatch(/more than 500 parts when its references are followed/);
    expect(inputSchemaFault(chain(30, keyword, '$defs'))).toBe(fault);
  });

  it('refuses a definition that leads back to itself on the spot, and takes one that goes into the value', () => {
    const recursive = (node: JsonSchema): JsonSchema => ({
      type: 'object',
      properties: { a: { $ref: '#/definitions/node' } },
      definitions: { node },
    });
    const again = { $ref: '#/definitions/node' };
    expect(inputSchemaFault(recursive({ anyOf: [{ type: 'string' }, again] }))).toMatch(/back to itself/);
    expect(inputSchemaFault(recursive({ not: { allOf: [again] } }))).toMatch(/back to itself/);
    const filter = recursive({
      type: 'object',
      properties: { and: { type: 'array', items: again }, or: { type: 'array', items: again }, not: again },
    });
    expect(inputSchemaFault(filter)).toBeNull();
    expect(validateArguments(filter, { a: { and: [{ not: { or: [{}] } }] } }).ok).toBe(true);
    expect(validateArguments(filter, { a: { and: [{ not: { or: [{ x: 1 }] } }] } }).ok).toBe(false);
  });

  it.each([
    ['a reference to what is no schema', { x: 1, properties: { a: { $ref: '#/x' } } }, /leads nowhere/],
    ['a reference by an anchor', { properties: { a: { $ref: '#node' } } }, /leads nowhere/],
    ['look-ahead', { properties: { a: { type: 'string', pattern: '^(?=.*x).+$' } } }, /look-around/],
    ['a pattern of names that looks back', { properties: { a: { patternProperties: { '(a)\\1': {} } } } }, /back-ref/],
    ['a pattern that repeats too often', { properties: { a: { pattern: '^.{1,4000}$' } } }, /maxLength/],
    [
      'a great many patterns',
      { properties: { a: { anyOf: Array.from({ length: 51 }, (_, index) => ({ pattern: `a${index}` })) } } },
      /more than 50 patterns/,
    ],
    [
      'a great many properties',
      { properties: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`p${index}`, {}])) },
      /more than 100 properties/,
    ],
    ['a long default', { properties: { a: { default: 'x'.repeat(1001) } } }, /default/],
  ])('refuses %s', (_what, rest, message) => {
    expect(inputSchemaFault({ type: 'object', ...rest })).toMatch(message);
  });

  it('says of what is nested without end that it is', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(9000)}${']'.repeat(9000)}`);
    expect(inputSchemaFault({ type: 'object', properties: { a: { enum: deep } } })).toEqual(expect.any(String));
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
