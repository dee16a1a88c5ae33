import { randomUUID } from 'node:crypto';
import { type Envelope, readEnvelope, writeEnvelope } from './envelope.js';
import { PeerBus, type PeerBusOptions } from './peer.bus.js';
import type { Wire, WireListener } from './wire.js';

/** A wire of which the spec holds the other end. */
class HandWire implements Wire {
  readonly driver = 'memory';
  readonly carriesText = false;
  readonly limit = 7000;
  readonly sent: { to: string | null; envelope: Envelope | null }[] = [];
  readonly resets: string[] = [];
  listener!: WireListener;
  echoes = true;
  private number = 0;

  open(_instance: string, listener: WireListener): void {
    this.listener = listener;
  }
  publish(to: string | null, text: string): void {
    this.sent.push({ to, envelope: readEnvelope(text) });
    if (to === null && this.echoes) this.listener.received(text);
  }
  reset(reason: Error): void {
    this.resets.push(reason.message);
    this.listener.down(reason);
  }
  async close(): Promise<void> {}
  say(envelope: Envelope): void {
    this.listener.received(writeEnvelope(envelope, this.number++));
  }
}

describe('PeerBus', () => {
  const peer = randomUUID();
  let wire: HandWire;
  let bus: PeerBus;
  let gaps: number;
  let lines: string[];

  beforeEach(() => {
    jest.useFakeTimers();
    wire = new HandWire();
    lines = [];
    const write = (level: string) => () => void lines.push(level);
    const logger = {
      warn: write('warn'),
      info: write('info'),
      error: write('error'),
    } as unknown as PeerBusOptions['logger'];
    bus = new PeerBus(wire, { logger });
    gaps = 0;
    bus.onGap(() => gaps++);
    bus.start();
    wire.listener.up();
  });
  afterEach(async () => {
    await bus.stop();
    jest.useRealTimers();
  });

  const helloes = (to: string | null) => wire.sent.filter((text) => text.to === to && text.envelope?.kind === 'hello');

  it('says hello at once and every three seconds, and answers the hello of a stranger once', () => {
    expect(helloes(null)).toHaveLength(1);
    jest.advanceTimersByTime(9000);
    expect(helloes(null)).toHaveLength(4);
    wire.say({ kind: 'hello', from: peer, losses: 0 });
    wire.say({ kind: 'hello', from: peer, losses: 0 });
    expect(helloes(peer)).toHaveLength(1);
    expect(gaps).toBe(0);
  });

  it('takes whoever speaks for a peer, and for gone after ten seconds of silence', () => {
    wire.say({ kind: 'message', from: peer, topic: 'word', message: {} });
    expect([...bus.peers()]).toEqual([peer]);
    jest.advanceTimersByTime(9000);
    wire.say({ kind: 'message', from: peer, topic: 'word', message: {} });
    jest.advanceTimersByTime(9000);
    expect(bus.peers().size).toBe(1);
    jest.advanceTimersByTime(2000);
    expect(bus.peers().size).toBe(0);
  });

  it('tells of a gap when a peer comes back that had expired, not when one comes back that had left', () => {
    wire.say({ kind: 'hello', from: peer, losses: 0 });
    wire.say({ kind: 'bye', from: peer });
    wire.say({ kind: 'hello', from: peer, losses: 0 });
    expect(gaps).toBe(0);
    jest.advanceTimersByTime(12_000);
    wire.say({ kind: 'hello', from: peer, losses: 0 });
    expect(gaps).toBe(1);
  });

  it('tells of a gap when a peer says that it lost something since we know it', () => {
    wire.say({ kind: 'hello', from: peer, losses: 4 });
    wire.say({ kind: 'hello', from: peer, losses: 4 });
    expect(gaps).toBe(0);
    wire.say({ kind: 'hello', from: peer, losses: 5 });
    wire.say({ kind: 'hello', from: peer, losses: 5 });
    expect(gaps).toBe(1);
  });

  it('says in its hello that its own wire was down', () => {
    wire.listener.down(new Error('cut'));
    wire.listener.down(new Error('still'));
    wire.listener.up();
    expect(gaps).toBe(1);
    expect(helloes(null).map(({ envelope }) => envelope)).toEqual([
      { kind: 'hello', from: bus.instance, losses: 0 },
      { kind: 'hello', from: bus.instance, losses: 1 },
    ]);
  });

  it('makes the wire anew when its own hello does not come back', () => {
    wire.echoes = false;
    jest.advanceTimersByTime(7000);
    expect(wire.resets).toEqual([]);
    jest.advanceTimersByTime(1500);
    expect(wire.resets).toHaveLength(1);
    // And once more, should that not have helped; whatever the wire thinks of itself.
    jest.advanceTimersByTime(8000);
    expect(wire.resets).toHaveLength(2);
    wire.echoes = true;
    wire.listener.up();
    jest.advanceTimersByTime(60_000);
    expect(wire.resets).toHaveLength(2);
  });

  it('tells of a gap, to itself and its peers, when this process stood still', () => {
    wire.say({ kind: 'hello', from: peer, losses: 0 });
    const now = performance.now();
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now + 60_000);
    jest.advanceTimersByTime(1000);
    clock.mockRestore();
    expect(gaps).toBe(1);
    expect(helloes(null).at(-1)?.envelope).toMatchObject({ losses: 1 });
    // It is not the peer that was silent.
    expect(bus.peers().size).toBe(1);
    expect(wire.resets).toEqual([]);
  });

  it('sends nothing while nobody would hear it, and to nobody that it does not know', () => {
    bus.broadcast('word', {});
    bus.send(peer, 'word', {});
    wire.say({ kind: 'hello', from: peer, losses: 0 });
    bus.send(randomUUID(), 'word', {});
    expect(wire.sent.filter(({ envelope }) => envelope?.kind === 'message')).toEqual([]);
    bus.broadcast('word', {});
    bus.send(peer, 'word', {});
    expect(wire.sent.filter(({ envelope }) => envelope?.kind === 'message').map(({ to }) => to)).toEqual([null, peer]);
  });

  it('drops what is too long or not JSON, where it is not strict', () => {
    wire.say({ kind: 'hello', from: peer, losses: 0 });
    const before = wire.sent.length;
    expect(() => bus.broadcast('word', { text: 'x'.repeat(7000) })).not.toThrow();
    expect(() => bus.broadcast('word', { n: 1n })).not.toThrow();
    expect(wire.sent).toHaveLength(before);
  });

  it('logs an outage once, however often it is tried, and its end', () => {
    for (let n = 0; n < 5; n++) wire.listener.down(new Error('refused'));
    wire.listener.up();
    wire.listener.down(new Error('refused'));
    expect(lines).toEqual(['warn', 'info', 'warn']);
  });

  it('survives every text', () => {
    for (const text of ['', '{', 'null', '[]', '{"from":1}', 'x'.repeat(100_000)]) wire.listener.received(text);
    expect(bus.peers().size).toBe(0);
  });
});
