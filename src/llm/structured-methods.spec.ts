import { StructuredMethods } from './structured-methods.js';

const ALL = ['json_schema', 'tool', 'text'];

describe('StructuredMethods', () => {
  it('gives a way up after two failures, one after the other', () => {
    const methods = new StructuredMethods();
    methods.failed('json_schema', 0, 10);
    expect(methods.usable(20)).toEqual(ALL);
    methods.failed('json_schema', 20, 30);
    expect(methods.usable(40)).toEqual(['tool', 'text']);
  });

  it('counts failures of calls side by side once', () => {
    const methods = new StructuredMethods();
    for (const now of [10, 11, 12]) methods.failed('json_schema', 5, now);
    expect(methods.usable(20)).toEqual(ALL);
  });

  it('tries again after ten minutes', () => {
    const methods = new StructuredMethods();
    methods.failed('tool', 0, 10);
    methods.failed('tool', 20, 30);
    expect(methods.usable(600_029)).toEqual(['json_schema', 'text']);
    expect(methods.usable(600_030)).toEqual(ALL);
    methods.failed('tool', 600_040, 600_050);
    expect(methods.usable(600_060)).toEqual(ALL);
  });

  it('forgets a failure when the way works again', () => {
    const methods = new StructuredMethods();
    methods.failed('json_schema', 0, 10);
    methods.worked('json_schema');
    methods.failed('json_schema', 20, 30);
    expect(methods.usable(40)).toEqual(ALL);
  });

  it('never gives up plain text', () => {
    const methods = new StructuredMethods();
    methods.failed('text', 0, 10);
    methods.failed('text', 20, 30);
    expect(methods.usable(40)).toContain('text');
  });
});
