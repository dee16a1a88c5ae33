import { changesBetween } from './audit-changes.js';

describe('changesBetween', () => {
  it('tells the fields that differ, and no others', () => {
    const before = { id: '1', name: 'Old', tags: ['a'], answerTemplate: 'x', gone: 1, updated_at: 'then' };
    const after = { id: '1', name: 'New', tags: ['a'], answerTemplate: 'y', added: true, updated_at: 'now' };
    expect(changesBetween(before, after)).toEqual([
      { field: 'name', before: 'Old', after: 'New' },
      { field: 'answer_template', before: 'x', after: 'y' },
      { field: 'gone', before: 1, after: null },
      { field: 'added', before: null, after: true },
    ]);
    expect(changesBetween(before, { ...before })).toEqual([]);
  });

  it('tells all of what was made or deleted, but for what is empty', () => {
    expect(changesBetween(null, { name: 'A', note: null })).toEqual([{ field: 'name', before: null, after: 'A' }]);
    expect(changesBetween({ name: 'A' }, null)).toEqual([{ field: 'name', before: 'A', after: null }]);
  });

  it('keeps the beginning of what is long', () => {
    const [change] = changesBetween({ text: 'x' }, { text: 'y'.repeat(50_000) });
    expect(String(change?.after)).toHaveLength(2001);
  });
});
