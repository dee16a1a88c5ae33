import { TenantAllowList } from './tenant-allow-list.js';

describe('TenantAllowList', () => {
  it('keeps entries by tenant, normalised, and replaces them', () => {
    const list = new TenantAllowList();
    list.set('demo', ['0x7f.1:4000']);
    expect(list.for('demo')).toEqual(['127.0.0.1:4000']);
    expect(list.for('other')).toEqual([]);
    list.set('demo', []);
    expect(list.for('demo')).toEqual([]);
  });

  it('refuses what is not host:port', () => {
    expect(() => new TenantAllowList().set('demo', ['127.0.0.1'])).toThrow(/host:port/);
  });
});
