import { randomUUID } from 'node:crypto';
import { asError } from '#platform/errors';
import type { Logger } from '#platform/logging';
import { Bus, type BusDriver, type BusMessage } from './bus.port.js';
import { type Envelope, isFrom, readEnvelope, writeEnvelope } from './envelope.js';
import type { Wire } from './wire.js';

export interface PeerBusOptions {
  readonly logger: Pick<Logger, 'warn' | 'info' | 'error'>;
  /** Throw where a message cannot be sent because of the program: too long, not JSON. Otherwise it is logged and dropped. */
  readonly strict?: boolean;
  readonly pace?: Partial<BusPace>;
}

/** Milliseconds. */
export interface BusPace {
  readonly hello: number;
  /** A peer that was not heard for this long is gone. */
  readonly expiry: number;
  /** A wire that has not brought the own hello for this long is dead, whatever it says. */
  readonly silence: number;
}

const PACE: BusPace = { hello: 3000, expiry: 10_000, silence: 7500 };
const PEERS_REMEMBERED = 1000;

interface Peer {
  heardAt: number;
  losses: number;
}

type Handler = (message: BusMessage, from: string) => void;

/**
 * The bus over any wire: who else lives, who listens to what, and when something may have been missed.
 *
 *   start ── hello to all ──▶ a peer that did not know us answers with its hello, so both know at once
 *   every 3 s: hello to all   our own comes back over the wire, or the wire is dead and is made anew
 *   10 s without a word: the peer is gone   bye: it is gone at once
 *
 * A gap is told when our wire was down, when a peer says that its own was (`losses`), when a peer comes back that had
 * expired, and when this process itself stood still for so long that others took it for gone.
 */
export class PeerBus extends Bus {
  override readonly instance = randomUUID();
  override readonly carriesText: boolean;
  private readonly pace: BusPace;
  private readonly known = new Map<string, Peer>();
  private readonly live = new Set<string>();
  private readonly expired = new Set<string>();
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly gapHandlers = new Set<() => void>();
  private readonly peerHandlers = new Set<() => void>();
  private state: 'new' | 'open' | 'closed' = 'new';
  private ticker: NodeJS.Timeout | undefined;
  private wireIsUp = false;
  private outage = false;
  private losses = 0;
  private sent = 0;
  private ownHeardAt = 0;
  private saidHelloAt = 0;
  private tickedAt = 0;

  constructor(
    private readonly wire: Wire,
    private readonly options: PeerBusOptions,
  ) {
    super();
    this.carriesText = wire.carriesText;
    this.pace = { ...PACE, ...options.pace };
  }

  /** Connects in the background; peers appear as they answer. */
  start(): void {
    if (this.state !== 'new') return;
    this.state = 'open';
    this.tickedAt = performance.now();
    this.ownHeardAt = this.tickedAt;
    this.wire.open(this.instance, {
      up: () => this.up(),
      down: (error) => this.down(error),
      received: (text) => this.received(text),
    });
    this.ticker = setInterval(() => this.tick(performance.now()), Math.min(1000, this.pace.hello / 3));
    this.ticker.unref();
  }

  /** Says bye and disconnects. */
  async stop(): Promise<void> {
    if (this.state !== 'open') return;
    if (this.wireIsUp) this.write(null, { kind: 'bye', from: this.instance });
    this.state = 'closed';
    clearInterval(this.ticker);
    this.known.clear();
    this.live.clear();
    await this.wire.close();
  }

  override get driver(): BusDriver {
    return this.wire.driver;
  }

  override get connected(): boolean {
    return this.wireIsUp;
  }

  override peers(): ReadonlySet<string> {
    return this.live;
  }

  override broadcast(topic: string, message: BusMessage): void {
    this.write(null, { kind: 'message', from: this.instance, topic, message }, this.live.size > 0);
  }

  override send(instance: string, topic: string, message: BusMessage): void {
    this.write(instance, { kind: 'message', from: this.instance, topic, message }, this.live.has(instance));
  }

  override on(topic: string, handler: Handler): () => void {
    const listening = this.handlers.get(topic) ?? new Set<Handler>();
    this.handlers.set(topic, listening.add(handler));
    return () => void listening.delete(handler);
  }

  override onGap(handler: () => void): () => void {
    return subscribe(this.gapHandlers, handler);
  }

  override onPeers(handler: () => void): () => void {
    return subscribe(this.peerHandlers, handler);
  }

  /** @param heard whether there is somebody to hear it; the strict check what nobody hears as well */
  private write(to: string | null, envelope: Envelope, heard = true): void {
    if (this.state !== 'open' || (!heard && this.options.strict !== true)) return;
    try {
      const text = writeEnvelope(envelope, this.sent++);
      // A character is at most three bytes: most texts need no count.
      if (text.length * 3 > this.wire.limit && Buffer.byteLength(text) > this.wire.limit) {
        const topic = envelope.kind === 'message' ? envelope.topic : envelope.kind;
        throw new Error(`A message of topic ${topic} is longer than the ${this.wire.limit} bytes that the bus carries`);
      }
      if (heard) this.wire.publish(to, text);
    } catch (error) {
      if (this.options.strict === true) throw error;
      this.options.logger.error({ err: asError(error) }, 'a message could not be put on the bus');
    }
  }

  private hello(to: string | null = null): void {
    if (to === null) this.saidHelloAt = performance.now();
    this.write(to, { kind: 'hello', from: this.instance, losses: this.losses });
  }

  private up(): void {
    if (this.state !== 'open' || this.wireIsUp) return;
    this.wireIsUp = true;
    this.ownHeardAt = performance.now();
    const wasDown = this.outage;
    if (wasDown) {
      this.outage = false;
      this.losses++;
      this.options.logger.info('the bus is connected again');
    }
    this.hello();
    if (wasDown) this.gap();
  }

  private down(error: Error): void {
    this.wireIsUp = false;
    if (this.outage || this.state !== 'open') return;
    this.outage = true;
    this.options.logger.warn(
      { err: error },
      'the bus is not connected: other instances are heard of late; trying to connect again',
    );
  }

  private received(text: string): void {
    if (this.state !== 'open') return;
    if (isFrom(text, this.instance)) {
      this.ownHeardAt = performance.now();
      return;
    }
    const envelope = readEnvelope(text);
    if (envelope === null) return;
    if (envelope.kind === 'bye') {
      this.forget(envelope.from);
      return;
    }
    this.heard(envelope);
    if (envelope.kind === 'message') this.deliver(envelope.topic, envelope.message, envelope.from);
  }

  private heard(envelope: Exclude<Envelope, { kind: 'bye' }>): void {
    const { from } = envelope;
    const peer = this.known.get(from);
    const losses = envelope.kind === 'hello' ? envelope.losses : null;
    if (peer === undefined) {
      if (this.known.size >= PEERS_REMEMBERED) return;
      // Its losses before we knew it are none of ours; -1: not yet known.
      this.known.set(from, { heardAt: performance.now(), losses: losses ?? -1 });
      this.live.add(from);
      this.hello(from);
      run(this.peerHandlers, this.options.logger);
      if (this.expired.delete(from)) this.gap();
      return;
    }
    peer.heardAt = performance.now();
    if (losses === null) return;
    const missed = peer.losses >= 0 && losses > peer.losses;
    peer.losses = losses;
    if (missed) this.gap();
  }

  private forget(instance: string): void {
    if (!this.known.delete(instance)) return;
    this.live.delete(instance);
    run(this.peerHandlers, this.options.logger);
  }

  private deliver(topic: string, message: BusMessage, from: string): void {
    const failed = (error: unknown) =>
      this.options.logger.error({ err: asError(error), topic }, 'a listener of the bus failed');
    for (const handler of [...(this.handlers.get(topic) ?? [])]) {
      try {
        // It may be an async function all the same.
        const result: unknown = handler(message, from);
        if (result instanceof Promise) result.catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }

  private tick(now: number): void {
    const stoodStill = now - this.tickedAt >= this.pace.expiry - this.pace.hello;
    this.tickedAt = now;
    if (stoodStill) {
      // Others may have taken this process for gone. What waits in its sockets is read before anybody is judged by it.
      for (const peer of this.known.values()) peer.heardAt = now;
      this.ownHeardAt = now;
      this.losses++;
      this.hello();
      this.gap();
      return;
    }
    for (const [instance, peer] of this.known) {
      if (now - peer.heardAt < this.pace.expiry) continue;
      this.expired.add(instance);
      if (this.expired.size > PEERS_REMEMBERED) this.expired.clear();
      this.forget(instance);
    }
    if (now - this.ownHeardAt > this.pace.silence) {
      const reason = new Error(`Nothing was heard on the bus for ${Math.round(now - this.ownHeardAt)} ms`);
      // The next one has its time as well.
      this.ownHeardAt = now;
      this.wire.reset(reason);
      return;
    }
    if (!this.wireIsUp) return;
    if (now - this.saidHelloAt >= this.pace.hello) this.hello();
  }

  private gap(): void {
    run(this.gapHandlers, this.options.logger);
  }
}

function subscribe(handlers: Set<() => void>, handler: () => void): () => void {
  // Wrapped, so that two subscriptions of one function are two.
  const own = () => handler();
  handlers.add(own);
  return () => void handlers.delete(own);
}

function run(handlers: ReadonlySet<() => void>, logger: PeerBusOptions['logger']): void {
  for (const handler of [...handlers]) {
    try {
      const result: unknown = handler() as unknown;
      if (result instanceof Promise) {
        result.catch((error: unknown) => logger.error({ err: asError(error) }, 'a listener of the bus failed'));
      }
    } catch (error) {
      logger.error({ err: asError(error) }, 'a listener of the bus failed');
    }
  }
}
