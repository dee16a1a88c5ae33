import { PeerBus, type PeerBusOptions } from './peer.bus.js';
import type { Wire, WireListener } from './wire.js';

const LIMIT = 1024 * 1024;

/** Where the buses of one process meet. */
export class MemoryHub {
  private readonly listeners = new Map<string, WireListener>();

  /** @internal */
  join(instance: string, listener: WireListener): void {
    this.listeners.set(instance, listener);
    listener.up();
  }

  /** @internal */
  leave(instance: string): void {
    this.listeners.delete(instance);
  }

  /** @internal Never within the sender's own call, as on any other wire. */
  carry(from: string, to: string | null, text: string): void {
    if (!this.listeners.has(from)) return;
    setImmediate(() => {
      if (to !== null) this.listeners.get(to)?.received(text);
      else for (const listener of [...this.listeners.values()]) listener.received(text);
    });
  }

  /** As if the connection of one bus were lost and found again: what others said meanwhile is gone. */
  cut(instance: string): () => void {
    const listener = this.listeners.get(instance);
    if (listener === undefined) return () => undefined;
    this.leave(instance);
    listener.down(new Error('cut'));
    return () => this.join(instance, listener);
  }
}

class MemoryWire implements Wire {
  readonly driver = 'memory';
  readonly carriesText = true;
  readonly limit = LIMIT;
  private instance = '';

  constructor(private readonly hub: MemoryHub) {}

  open(instance: string, listener: WireListener): void {
    this.instance = instance;
    this.hub.join(instance, listener);
  }

  publish(to: string | null, text: string): void {
    this.hub.carry(this.instance, to, text);
  }

  reset(): void {
    // There is no connection that could be dead.
  }

  async close(): Promise<void> {
    this.hub.leave(this.instance);
  }
}

/** Alone in its process, as on the embedded database, it has no peers and sends nothing; a hub shared by several is for tests. */
export function memoryBus(options: PeerBusOptions, hub = new MemoryHub()): PeerBus {
  return new PeerBus(new MemoryWire(hub), options);
}
