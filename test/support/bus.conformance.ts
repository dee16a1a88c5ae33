import { setTimeout as sleep } from 'node:timers/promises';
import type { BusPace, PeerBus } from '#platform/bus';

export interface BusesUnderTest {
  /** A bus of one installation, the same at each call, not yet started. */
  create(pace?: Partial<BusPace>): PeerBus;
  /** Another whose connection the test may break. */
  createSeverable(pace?: Partial<BusPace>): Promise<SeverableBus>;
  close(): Promise<void>;
}

export interface SeverableBus {
  readonly bus: PeerBus;
  sever(): void;
  /** Connections stand and carry nothing; null where there is no connection. */
  readonly blackHole: (() => void) | null;
  restore(): void;
}

/** Quick, and yet not so quick that a busy machine takes the living for dead. */
const PACE: BusPace = { hello: 200, expiry: 2000, silence: 1200 };

/** What every bus does. */
export function busConformance(name: string, setUp: () => Promise<BusesUnderTest>): void {
  describe(`a bus ${name}`, () => {
    let subject: BusesUnderTest;
    const started: PeerBus[] = [];

    beforeAll(async () => {
      subject = await setUp();
    }, 60_000);
    afterEach(async () => {
      for (const bus of started.splice(0)) await bus.stop();
    });
    afterAll(() => subject.close());

    function start(bus: PeerBus): PeerBus {
      started.push(bus);
      bus.start();
      return bus;
    }

    async function two(): Promise<[PeerBus, PeerBus]> {
      const pair: [PeerBus, PeerBus] = [start(subject.create()), start(subject.create())];
      await acquainted(pair);
      return pair;
    }

    it('brings messages to every other instance, in order, and not to the sender', async () => {
      const [a, b] = await two();
      const c = start(subject.create());
      await acquainted([a, b, c]);
      const heard: Record<string, unknown[]> = { a: [], b: [], c: [] };
      a.on('numbers', ({ n }) => void heard['a']?.push(n));
      b.on('numbers', ({ n }, from) => void heard['b']?.push(from === a.instance ? n : 'a stranger'));
      c.on('numbers', ({ n }) => void heard['c']?.push(n));
      c.on('letters', () => void heard['c']?.push('another topic'));
      for (let n = 0; n < 500; n++) {
        a.broadcast('numbers', { n });
        if (n % 100 === 50) await sleep(5);
      }
      await until(() => heard['b']?.length === 500 && heard['c']?.length === 500);
      const all = Array.from({ length: 500 }, (_, n) => n);
      expect(heard).toEqual({ a: [], b: all, c: all });
    });

    it('brings a message to one instance alone, in order with those to all', async () => {
      const [a, b] = await two();
      const c = start(subject.create());
      await acquainted([a, b, c]);
      const heard: string[] = [];
      for (const [name, bus] of Object.entries({ a, b, c })) {
        bus.on('word', ({ word }) => void heard.push(`${name} ${String(word)}`));
      }
      a.broadcast('word', { word: 1 });
      a.send(b.instance, 'word', { word: 2 });
      a.broadcast('word', { word: 3 });
      a.send(a.instance, 'word', { word: 'to itself' });
      await until(() => heard.length === 5);
      await sleep(50);
      expect(heard.filter((line) => line.startsWith('b'))).toEqual(['b 1', 'b 2', 'b 3']);
      expect(heard.filter((line) => !line.startsWith('b'))).toEqual(['c 1', 'c 3']);
    });

    it('delivers equal messages as often as they were sent', async () => {
      const [a, b] = await two();
      let heard = 0;
      b.on('same', () => heard++);
      for (let n = 0; n < 20; n++) a.broadcast('same', { equal: true });
      await until(() => heard === 20);
    });

    it('keeps what JSON can say, line breaks, quotes and other alphabets included', async () => {
      const [a, b] = await two();
      const message = {
        quoted: `it's "so"\n\u0000 $1 \\`,
        other: 'नमस्ते 👋',
        none: null,
        list: [1.5, true, { deep: {} }],
      };
      let heard: unknown;
      b.on('any', (value) => void (heard = value));
      a.broadcast('any', message);
      await until(() => heard !== undefined);
      expect(heard).toEqual(message);
    });

    it('stops after the subscription has ended, and survives a listener that fails', async () => {
      const [a, b] = await two();
      const heard: string[] = [];
      b.on('word', () => {
        throw new Error('deaf');
      });
      b.on('word', () => Promise.reject(new Error('deaf later')) as never);
      const stop = b.on('word', () => void heard.push('first'));
      b.on('word', () => void heard.push('second'));
      a.broadcast('word', {});
      await until(() => heard.length === 2);
      stop();
      a.broadcast('word', {});
      await until(() => heard.length === 3);
      expect(heard).toEqual(['first', 'second', 'second']);
    });

    it('knows its peers within a second, and that one has left at once', async () => {
      // With the product's own pace.
      const a = start(subject.create({}));
      await sleep(100);
      const b = start(subject.create({}));
      let changes = 0;
      a.onPeers(() => changes++);
      await until(() => a.peers().has(b.instance) && b.peers().has(a.instance), 1000);
      expect([a.peers().size, b.peers().size, changes]).toEqual([1, 1, 1]);
      await b.stop();
      await until(() => a.peers().size === 0, 1000);
      expect(changes).toBe(2);
    });

    it('takes a peer for gone that is silent, and hears again of one that comes back, with a gap', async () => {
      const a = start(subject.create());
      const severable = await subject.createSeverable(PACE);
      const b = start(severable.bus);
      await acquainted([a, b]);
      let gaps = 0;
      a.onGap(() => gaps++);
      severable.sever();
      await until(() => a.peers().size === 0 && b.peers().size === 0, 5000);
      expect(gaps).toBe(0);
      severable.restore();
      await until(() => a.peers().size === 1 && b.peers().size === 1 && gaps > 0, 5000);
    });

    it('tells of a gap on both sides after a short cut, and carries again', async () => {
      const a = start(subject.create());
      // It outlives the cut in its peers' memory.
      const severable = await subject.createSeverable({ ...PACE, expiry: 20_000 });
      const b = start(severable.bus);
      await acquainted([a, b]);
      const gaps = { a: 0, b: 0 };
      a.onGap(() => gaps.a++);
      b.onGap(() => gaps.b++);
      const heard: unknown[] = [];
      a.on('word', ({ word }) => void heard.push(word));
      severable.sever();
      await sleep(100);
      expect(() => b.broadcast('word', { word: 'lost' })).not.toThrow();
      severable.restore();
      await until(() => gaps.a > 0 && gaps.b > 0, 5000);
      b.broadcast('word', { word: 'heard' });
      await until(() => heard.length > 0);
      expect(heard).toEqual(['heard']);
    });

    it('notices a connection that stands and carries nothing', async () => {
      const a = start(subject.create());
      const severable = await subject.createSeverable(PACE);
      if (severable.blackHole === null) return;
      const b = start(severable.bus);
      await acquainted([a, b]);
      let gaps = 0;
      b.onGap(() => gaps++);
      severable.blackHole();
      const began = performance.now();
      for (let n = 0; n < 1000; n++) b.broadcast('word', { word: 'lost' });
      // Nobody waits for it.
      expect(performance.now() - began).toBeLessThan(500);
      await sleep(PACE.silence + 600);
      severable.restore();
      await until(() => gaps > 0 && b.peers().size === 1 && a.peers().size === 1, 10_000);
    }, 20_000);

    it('comes up later where it could not connect at first', async () => {
      const a = start(subject.create());
      const severable = await subject.createSeverable(PACE);
      severable.sever();
      const b = start(severable.bus);
      await sleep(300);
      expect(b.peers().size).toBe(0);
      severable.restore();
      await acquainted([a, b]);
    });

    it('does not carry what is too long, or not JSON: the program is wrong then', async () => {
      const [a] = await two();
      expect(() => a.broadcast('long', { text: 'x'.repeat(2_000_000) })).toThrow(/long/);
      expect(() => a.broadcast('circle', { n: 1n })).toThrow();
      if (!a.carriesText) expect(() => a.broadcast('long', { text: 'é'.repeat(3600) })).toThrow(/7000 bytes/);
    });

    it('stops twice, and is silent afterwards', async () => {
      const [a, b] = await two();
      let heard = 0;
      b.on('word', () => heard++);
      await a.stop();
      await a.stop();
      a.broadcast('word', {});
      await until(() => b.peers().size === 0);
      expect([heard, a.peers().size]).toEqual([0, 0]);
    });
  });
}

export async function acquainted(buses: readonly PeerBus[]): Promise<void> {
  await until(
    () => buses.every((bus) => buses.every((other) => other === bus || bus.peers().has(other.instance))),
    10_000,
  );
}

export async function until(condition: () => boolean, ms = 5000): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end && !condition();) await sleep(10);
  expect(condition()).toBe(true);
}

export { PACE as QUICK_PACE };
