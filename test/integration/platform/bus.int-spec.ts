import { randomUUID } from 'node:crypto';
import { type BusPace, memoryBus, MemoryHub, postgresBus, redisBus } from '#platform/bus';
import { POWERLESS_ROLE } from '#platform/database';
import { createLogger } from '#platform/logging';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { acquainted, busConformance, type BusesUnderTest, QUICK_PACE, until } from '../../support/bus.conformance.js';
import { SeverableProxy } from '../../support/severable-proxy.js';
import { TestDatabase } from '../../support/test-database.js';

const options = (pace: Partial<BusPace> = QUICK_PACE) => ({
  logger: createLogger({ level: 'silent' }),
  strict: true,
  pace,
});
const postgres = process.env['DATABASE_URL'] ?? '';
const redis = process.env['REDIS_URL'] ?? '';

busConformance('in memory', async (): Promise<BusesUnderTest> => {
  const hub = new MemoryHub();
  return {
    create: (pace) => memoryBus(options(pace), hub),
    createSeverable: async (pace) => {
      const bus = memoryBus(options(pace), hub);
      const start = bus.start.bind(bus);
      let join = (): void => undefined;
      let severed = false;
      // What is severed before it starts joins when it is restored.
      bus.start = () => {
        if (severed) join = start;
        else start();
      };
      return {
        bus,
        sever: () => {
          severed = true;
          join = hub.cut(bus.instance);
        },
        blackHole: null,
        restore: () => join(),
      };
    },
    close: async () => undefined,
  };
});

if (postgres !== '') {
  busConformance('on Postgres', async (): Promise<BusesUnderTest> => {
    const database = await TestDatabase.create();
    const proxies: SeverableProxy[] = [];
    return {
      create: (pace) => postgresBus(database.url, options(pace)),
      createSeverable: async (pace) => {
        const proxy = await SeverableProxy.before(database.url, 5432);
        proxies.push(proxy);
        return severable(postgresBus(proxy.through(database.url), options(pace)), proxy);
      },
      close: async () => {
        for (const proxy of proxies) await proxy.stop();
        await database.dispose();
      },
    };
  });

  describe('the bus on Postgres', () => {
    it('sends nothing but its hello while nobody else lives', async () => {
      const database = await TestDatabase.create();
      const listener = new Client({ connectionString: database.url });
      await listener.connect();
      const heard: string[] = [];
      listener.on('notification', ({ payload }) => void heard.push(payload ?? ''));
      await listener.query('LISTEN switchboard');
      const bus = postgresBus(database.url, options());
      bus.start();
      await until(() => heard.length > 1);
      bus.broadcast('word', { n: 1 });
      bus.send(randomUUID(), 'word', { n: 2 });
      const helloes = heard.length;
      await until(() => heard.length > helloes + 1);
      expect(heard.filter((text) => !text.includes('"hello"'))).toEqual([]);
      const { rows } = await listener.query(
        `SELECT query FROM pg_stat_activity WHERE application_name = 'switchboard bus' AND datname = current_database()`,
      );
      expect(rows).toHaveLength(1);
      await bus.stop();
      await listener.end();
      await database.dispose();
    }, 30_000);

    it('has a session of the role that may do nothing', async () => {
      const database = await TestDatabase.create();
      const proxy = await SeverableProxy.before(database.url, 5432);
      const [a, b] = [postgresBus(proxy.through(database.url), options()), postgresBus(database.url, options())];
      a.start();
      b.start();
      await acquainted([a, b]);
      expect(proxy.openings).toEqual([expect.stringContaining(`-c role=${POWERLESS_ROLE}`)]);
      await a.stop();
      await b.stop();
      await proxy.stop();
      await database.dispose();
    }, 30_000);
  });
}

if (redis !== '') {
  busConformance('on Redis', async (): Promise<BusesUnderTest> => {
    const prefix = `switchboard-test-${randomUUID()}`;
    const proxies: SeverableProxy[] = [];
    return {
      create: (pace) => redisBus(redis, prefix, options(pace)),
      createSeverable: async (pace) => {
        const proxy = await SeverableProxy.before(redis, 6379);
        proxies.push(proxy);
        return severable(redisBus(proxy.through(redis), prefix, options(pace)), proxy);
      },
      close: async () => {
        for (const proxy of proxies) await proxy.stop();
      },
    };
  });

  describe('the bus on Redis', () => {
    it('keeps two installations on one Redis apart, and sends nothing but its hello while nobody else lives', async () => {
      const [mine, theirs] = [`switchboard-test-${randomUUID()}`, `switchboard-test-${randomUUID()}`];
      const listener = new Redis(redis);
      const heard: string[] = [];
      listener.on('message', (_channel: string, text: string) => void heard.push(text));
      await listener.subscribe(`${mine}:bus`);
      const [a, b] = [redisBus(redis, mine, options()), redisBus(redis, theirs, options())];
      a.start();
      b.start();
      await until(() => heard.length > 3);
      a.broadcast('word', { n: 1 });
      const helloes = heard.length;
      await until(() => heard.length > helloes + 1);
      expect([a.peers().size, b.peers().size]).toEqual([0, 0]);
      expect(heard.filter((text) => !text.includes('"hello"') || !text.includes(a.instance))).toEqual([]);
      await a.stop();
      await b.stop();
      listener.disconnect();
    }, 30_000);
  });
}

function severable(bus: ReturnType<typeof postgresBus>, proxy: SeverableProxy) {
  return {
    bus,
    sever: () => proxy.sever(),
    blackHole: () => proxy.blackHole(),
    restore: () => proxy.restore(),
  };
}
