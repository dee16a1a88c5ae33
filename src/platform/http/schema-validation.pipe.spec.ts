import { z } from 'zod';
import { InvalidInputError } from '#platform/errors';
import { parseInput, refuseHostileInput, SchemaValidationPipe } from './schema-validation.pipe.js';
import { processorMs } from '../../../test/support/processor-time.js';

const caught = (work: () => unknown): InvalidInputError => {
  try {
    work();
  } catch (error) {
    return error as InvalidInputError;
  }
  throw new Error('nothing was refused');
};

describe('validation', () => {
  const schema = z.strictObject({ name: z.string().min(1), deep: z.strictObject({ n: z.number() }).optional() });

  it('names an unknown field by its path, before it speaks of values', () => {
    const error = caught(() => parseInput(schema, { name: '', deep: { n: 1, extra: 1 } }));
    expect(error).toMatchObject({ kind: 'bad_request', field: 'deep.extra' });
  });

  it('names every wrong value', () => {
    const error = caught(() => parseInput(schema, { name: '', deep: { n: 'x' } }));
    expect(error.kind).toBe('invalid');
    expect(error.errors.map((each) => each.path)).toEqual(['name', 'deep.n']);
  });

  it('takes a missing body for an object without fields', async () => {
    const pipe = new SchemaValidationPipe();
    const optional = z.strictObject({ note: z.string().optional() });
    await expect(pipe.transform(undefined, { type: 'body', schema: optional })).resolves.toEqual({});
    await expect(pipe.transform(undefined, { type: 'body', schema })).rejects.toMatchObject({ field: 'name' });
  });

  it('names the parameter of a path', async () => {
    const pipe = new SchemaValidationPipe();
    await expect(pipe.transform('x', { type: 'param', data: 'id', schema: z.uuid() })).rejects.toMatchObject({
      field: 'id',
    });
  });

  it('refuses nesting without a bottom, at once', () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`);
    const startedAt = processorMs();
    expect(caught(() => refuseHostileInput({ metadata: deep }))).toMatchObject({ kind: 'invalid' });
    expect(processorMs() - startedAt).toBeLessThan(200);
  });

  it('refuses the same outside a controller’s parameters', () => {
    const loose = z.strictObject({ title: z.string(), metadata: z.record(z.string(), z.unknown()).optional() });
    expect(caught(() => parseInput(loose, { title: 'a\0b' }))).toMatchObject({ kind: 'invalid', field: 'title' });
    const forged: unknown = JSON.parse('{"title":"a","metadata":{"__proto__":{}}}');
    expect(caught(() => parseInput(loose, forged))).toMatchObject({ kind: 'bad_request' });
  });

  it('refuses forged keys and unstorable text inside free-form objects', () => {
    const forged: unknown = JSON.parse('{"metadata":{"__proto__":{"admin":true}}}');
    expect(caught(() => refuseHostileInput(forged))).toMatchObject({
      kind: 'bad_request',
      field: 'metadata.__proto__',
    });
    expect(caught(() => refuseHostileInput({ list: ['a\0'] }))).toMatchObject({ kind: 'invalid', field: 'list.0' });
    expect(caught(() => refuseHostileInput({ 'a\0': 1 }))).toMatchObject({ kind: 'invalid' });
    expect(() => refuseHostileInput({ text: 'emoji 😀 and constructor as a word' })).not.toThrow();
  });
});
