import { Bus, type BusMessage } from '#platform/bus';
import type { ConnectionRegistry } from '../websocket/connection-registry.js';
import { PeerConnections } from './peer-connections.js';

/** A bus of which the spec plays the peers. */
class StageBus extends Bus {
  override readonly instance = 'me';
  override readonly carriesText = true;
  override readonly driver = 'memory';
  override readonly connected = true;
  readonly others = new Set<string>();
  readonly said: { to: string | null; topic: string; message: BusMessage }[] = [];
  private readonly handlers = new Map<string, (message: BusMessage, from: string) => void>();
  private changed = (): void => undefined;

  override peers(): ReadonlySet<string> {
    return this.others;
  }
  override broadcast(topic: string, message: BusMessage): void {
    this.said.push({ to: null, topic, message });
  }
  override send(to: string, topic: string, message: BusMessage): void {
    this.said.push({ to, topic, message });
  }
  override on(topic: string, handler: (message: BusMessage, from: string) => void): () => void {
    this.handlers.set(topic, handler);
    return () => undefined;
  }
  override onGap(): () => void {
    return () => undefined;
  }
  override onPeers(handler: () => void): () => void {
    this.changed = handler;
    return () => undefined;
  }
  hear(from: string, topic: string, message: BusMessage): void {
    this.handlers.get(topic)?.(message, from);
  }
  leave(peer: string): void {
    this.others.delete(peer);
    this.changed();
  }
}

describe('the sockets on other instances', () => {
  let bus: StageBus;
  let elsewhere: PeerConnections;
  beforeEach(() => {
    jest.useFakeTimers();
    bus = new StageBus();
    const registry = { countOf: (tenant: string, user: string) => (`${tenant}/${user}` === 't/u' ? 2 : 0) };
    elsewhere = new PeerConnections(bus, registry as unknown as ConnectionRegistry);
    elsewhere.onModuleInit();
  });
  afterEach(() => jest.useRealTimers());

  const answer = (from: string, count: unknown) =>
    bus.hear(from, 'presence.answer', { question: bus.said[0]?.message['question'], count });

  it('are none, without a question, where there is no other instance', async () => {
    await expect(elsewhere.count('t', 'u')).resolves.toBe(0);
    expect(bus.said).toEqual([]);
  });

  it('are known as soon as everybody has answered, once each', async () => {
    bus.others.add('p').add('q');
    const count = elsewhere.count('t', 'u');
    answer('p', 3);
    answer('p', 50);
    answer('a stranger', 50);
    answer('q', 1);
    // No time has passed.
    await expect(count).resolves.toBe(4);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are those of whoever answered within 300 ms', async () => {
    bus.others.add('p').add('q');
    const count = elsewhere.count('t', 'u');
    answer('p', 3);
    jest.advanceTimersByTime(300);
    await expect(count).resolves.toBe(3);
    answer('q', 5);
  });

  it('do not wait for an instance that has left', async () => {
    bus.others.add('p').add('q');
    const count = elsewhere.count('t', 'u');
    answer('p', 3);
    bus.leave('q');
    await expect(count).resolves.toBe(3);
  });

  it('are not counted by nonsense', async () => {
    bus.others.add('p');
    const count = elsewhere.count('t', 'u');
    bus.hear('p', 'presence.answer', {});
    bus.hear('p', 'presence.ask', { question: 1 });
    answer('p', 'many');
    await expect(count).resolves.toBe(0);
  });

  it('are told to whoever asks', () => {
    bus.hear('p', 'presence.ask', { question: 'x', tenant: 't', user: 'u' });
    bus.hear('p', 'presence.ask', { question: 'y', tenant: 't2', user: 'u' });
    expect(bus.said).toEqual([
      { to: 'p', topic: 'presence.answer', message: { question: 'x', count: 2 } },
      { to: 'p', topic: 'presence.answer', message: { question: 'y', count: 0 } },
    ]);
  });
});
