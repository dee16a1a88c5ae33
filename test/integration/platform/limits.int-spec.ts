import { randomUUID } from 'node:crypto';
import { Limiters } from '#platform/limits';
import { createLogger } from '#platform/logging';
import { SharedRedis, type SharedRedisOptions } from '#platform/redis';
import { RateLimiterRes } from 'rate-limiter-flexible';
import { until } from '../../support/bus.conformance.js';
import { SeverableProxy } from '../../support/severable-proxy.js';

const redis = process.env['REDIS_URL'] ?? '';
const options = { name: 'messages', points: 10, seconds: 60 };

/** How many of the attempts are allowed. */
async function allowed(limiter: ReturnType<Limiters['create']>, attempts: number, key = 'person'): Promise<number> {
  let count = 0;
  for (let n = 0; n < attempts; n++) {
    try {
      await limiter.consume(key);
      count++;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
    }
  }
  return count;
}

describe('limits without Redis', () => {
  it('are those of each instance', async () => {
    const [a, b] = [new Limiters(null).create(options), new Limiters(null).create(options)];
    expect(await allowed(a, 20)).toBe(10);
    expect(await allowed(b, 20)).toBe(10);
  });
});

if (redis !== '') {
  describe('limits on Redis', () => {
    const open: { close(): unknown }[] = [];
    const prefix = () => `switchboard-test-${randomUUID()}`;

    async function instance(of: string, url = redis): Promise<{ limiters: Limiters; redis: SharedRedis }> {
      const shared = new SharedRedis({ url, prefix: of, logger: createLogger({ level: 'silent' }) });
      open.push(shared);
      await until(() => shared.client.status === 'ready');
      return { limiters: new Limiters(shared), redis: shared };
    }

    async function severable(of: string) {
      const proxy = await SeverableProxy.before(redis, 6379);
      open.push({ close: () => proxy.stop() });
      return { ...(await instance(of, proxy.through(redis))), proxy };
    }

    afterEach(async () => {
      for (const resource of open.splice(0)) await resource.close();
    });

    it('hold over all instances, and not over installations', async () => {
      const mine = prefix();
      const [a, b] = [await instance(mine), await instance(mine)];
      const other = await instance(prefix());
      const [atA, atB] = [a.limiters.create(options), b.limiters.create(options)];
      const counts = await Promise.all([allowed(atA, 20), allowed(atB, 20)]);
      expect(counts[0] + counts[1]).toBe(10);
      expect(await allowed(other.limiters.create(options), 20)).toBe(10);
      await atA.reward('person', 3);
      // Eleven and more were counted: what was refused counts as well, as in memory.
      await atB.delete('person');
      expect(await allowed(atB, 20)).toBe(10);
    });

    it('end with their window', async () => {
      const { limiters } = await instance(prefix());
      const limiter = limiters.create({ ...options, seconds: 1 });
      expect(await allowed(limiter, 12)).toBe(10);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect(await allowed(limiter, 12)).toBe(10);
    });

    it('are local while Redis is away, at once and never open, and shared again when it is back', async () => {
      const mine = prefix();
      const a = await instance(mine);
      const b = await severable(mine);
      const [atA, atB] = [a.limiters.create(options), b.limiters.create(options)];
      expect(await allowed(atA, 4)).toBe(4);
      b.proxy.sever();
      await until(() => b.redis.client.status !== 'ready');
      const began = performance.now();
      expect(await allowed(atB, 50)).toBe(10);
      expect(performance.now() - began).toBeLessThan(1000);
      b.proxy.restore();
      await until(() => b.redis.client.status === 'ready');
      expect(await allowed(atB, 20)).toBe(6);
    });

    it('wait 300 ms, once, for a Redis that does not answer', async () => {
      const b = await severable(prefix());
      const limiter = b.limiters.create(options);
      expect(await allowed(limiter, 1)).toBe(1);
      b.proxy.blackHole();
      let began = performance.now();
      // Side by side: all of them wait at the same time.
      const first = await Promise.all(Array.from({ length: 5 }, () => allowed(limiter, 1)));
      expect(first).toEqual([1, 1, 1, 1, 1]);
      expect(performance.now() - began).toBeLessThan(1200);
      await until(() => b.redis.client.status !== 'ready');
      began = performance.now();
      expect(await allowed(limiter, 50)).toBe(5);
      expect(performance.now() - began).toBeLessThan(1000);
      // New connections are taken by the black hole as well: still nobody waits.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      began = performance.now();
      expect(await allowed(limiter, 50, 'another')).toBe(10);
      expect(performance.now() - began).toBeLessThan(1000);
      b.proxy.restore();
      await until(() => b.redis.client.status === 'ready', 6000);
      expect(await allowed(limiter, 20)).toBe(9);
    }, 20_000);

    it('work where Redis was never reachable', async () => {
      let warnings = 0;
      const logger = { warn: () => warnings++, info: () => undefined } as unknown as SharedRedisOptions['logger'];
      const shared = new SharedRedis({ url: 'redis://127.0.0.1:1', prefix: prefix(), logger });
      open.push(shared);
      expect(await allowed(new Limiters(shared).create(options), 20)).toBe(10);
      // Several attempts to connect later it was said once.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(warnings).toBe(1);
    });
  });
}
