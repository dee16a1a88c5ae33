import { setTimeout as sleep } from 'node:timers/promises';
import { KeyedLanes } from './keyed-lanes.js';

describe('lanes of each key', () => {
  it('let the work of one key wait, and that of another pass', async () => {
    const lanes = new KeyedLanes(1);
    const order: string[] = [];
    const work = (name: string, ms: number) => async () => {
      await sleep(ms);
      order.push(name);
    };
    const slow = [lanes.run('a', work('a1', 30)), lanes.run('a', work('a2', 1))];
    const other = lanes.run('b', work('b1', 1));
    expect(lanes.size('a')).toBe(2);
    await Promise.all([...slow, other]);
    expect(order).toEqual(['b1', 'a1', 'a2']);
    expect(lanes.size('a')).toBe(0);
  });

  it('go on after work that failed', async () => {
    const lanes = new KeyedLanes(1);
    await expect(lanes.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(lanes.run('a', async () => 'yes')).resolves.toBe('yes');
  });
});
