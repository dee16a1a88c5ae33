import { jsonToStore, storable, storableJson } from './storable.js';

describe('what can be stored', () => {
  it('of a text, and of everything in a value', () => {
    expect(storable('a\0\ud800')).toBe('a\ufffd');
    expect(storableJson({ 'k\0': ['v\0', 1, null, { x: '\udc00' }] })).toEqual({ k: ['v', 1, null, { x: '\ufffd' }] });
  });

  it('as JSON, without a change to what is fit already', () => {
    const at = new Date(0);
    for (const fit of [{ a: ['😀', 1, null], at }, 'the escape \\u0000, spelt out', []]) {
      expect(JSON.parse(jsonToStore(fit))).toEqual(JSON.parse(JSON.stringify(fit)));
    }
    expect(jsonToStore({ 'k\0': 'v\0\ud83d', at })).toBe('{"k":"v\ufffd","at":"1970-01-01T00:00:00.000Z"}');
  });
});
