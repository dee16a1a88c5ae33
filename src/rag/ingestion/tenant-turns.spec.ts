import { TenantTurns } from './tenant-turns.js';

const never = new AbortController().signal;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('turns of tenants', () => {
  it('go to who was served the longest ago, however much the others want', async () => {
    const turns = new TenantTurns(1);
    const order: string[] = [];
    const work = (tenant: string) =>
      turns.take(
        tenant,
        () => {
          order.push(tenant);
          return pause(1);
        },
        never,
      );
    await Promise.all(['a', 'a', 'a', 'a', 'b', 'c', 'b'].map(work));
    expect(order.slice(0, 5)).toEqual(['a', 'b', 'c', 'a', 'b']);
    expect(order).toHaveLength(7);
  });

  it('go to who holds the fewest places first', async () => {
    const turns = new TenantTurns(2);
    const order: string[] = [];
    let release: () => void = () => undefined;
    const long = turns.take('a', () => new Promise<void>((resolve) => (release = resolve)), never);
    const work = (tenant: string) =>
      turns.take(
        tenant,
        () => {
          order.push(tenant);
          return pause(1);
        },
        never,
      );
    await Promise.all(['b', 'a', 'b', 'b'].map(work));
    release();
    await long;
    expect(order).toEqual(['b', 'b', 'b', 'a']);
  });

  it('outlive work that fails and waiters that give up', async () => {
    const turns = new TenantTurns(1);
    const abort = new AbortController();
    const first = turns.take('a', () => pause(10).then(() => Promise.reject(new Error('no'))), never);
    const given = turns.take('b', () => Promise.resolve(), abort.signal);
    abort.abort(new Error('gave up'));
    await expect(given).rejects.toThrow('gave up');
    await expect(first).rejects.toThrow('no');
    expect(await turns.take('c', () => Promise.resolve('served'), never)).toBe('served');
    expect(turns.servedLately()).toEqual(['a', 'c']);
  });
});
