import type { UnitOfWork } from '#platform/database';
import type { Logger } from '#platform/logging';
import { type HealthCheck, HealthService } from './health.service.js';

const logger = { warn: () => undefined } as unknown as Logger;
const MANY = 1000;

function world(options: { migrations?: number } = {}) {
  let asked = 0;
  const lookup = async () => {
    asked++;
    return [{ done: options.migrations ?? MANY }];
  };
  const health = new HealthService({ lookup } as unknown as UnitOfWork, logger);
  const add = (name: string, check: HealthCheck['check'], essential = false) =>
    health.register({ name, essential, check });
  return { health, add, asked: () => asked };
}

describe('the health of an instance', () => {
  it('is ok when every check is, degraded when one that can be done without is not', async () => {
    const { add, health } = world();
    add('queue', async () => ({ running: 2 }));
    expect(await health.report()).toMatchObject({ status: 'up', overall: 'ok', checks: { queue: { running: 2 } } });
    add('redis', () => Promise.reject(new Error('redis://user:secret@host is away')));
    const report = await health.report();
    expect(report).toMatchObject({
      ready: true,
      status: 'up',
      overall: 'degraded',
      checks: { redis: { status: 'down' } },
    });
    expect(JSON.stringify(report)).not.toContain('secret');
    expect(await health.isReady()).toBe(true);
  });

  it('is degraded by a warning', async () => {
    const { add, health } = world();
    add('disk', async () => ({ free_percent: 2, warning: 'little is free' }));
    expect(await health.report()).toMatchObject({ status: 'up', overall: 'degraded' });
  });

  it('is down without what is essential: a database with every migration', async () => {
    const { health } = world({ migrations: 0 });
    expect(await health.report()).toMatchObject({ ready: false, status: 'down', overall: 'down' });
    expect(await health.isReady()).toBe(false);
  });

  it('is down while it stops, and asks nobody to know it', async () => {
    const { asked, health } = world();
    health.startDraining();
    expect([await health.isReady(), asked()]).toEqual([false, 0]);
    expect(await health.report()).toMatchObject({
      overall: 'down',
      draining: true,
      checks: { shutdown: { status: 'down' } },
    });
  });

  it('is asked once for many who ask together, and anew for those who come later', async () => {
    const { asked, health } = world();
    await Promise.all(Array.from({ length: 50 }, () => health.report()));
    expect(asked()).toBe(1);
    await health.isReady();
    expect(asked()).toBe(2);
  });
});
