import type { BusDriver } from './bus.port.js';

/** What a wire tells the bus that it belongs to. */
export interface WireListener {
  /** Texts can be sent and are received from now on: at first, or again after `down`. */
  up(): void;
  /** Not connected, or no longer: what was on the way may be lost. May be told more than once. */
  down(error: Error): void;
  /** A text has come; also the wire's own broadcasts, which show that it carries. */
  received(text: string): void;
}

/**
 * What carries a bus: texts, to every instance or to one. A wire knows nothing of peers and topics. It connects again by
 * itself, for ever, and never holds texts for later: what cannot go now is lost.
 */
export interface Wire {
  readonly driver: BusDriver;
  readonly carriesText: boolean;
  /** The longest text, in bytes. */
  readonly limit: number;
  open(instance: string, listener: WireListener): void;
  /** In order, without waiting. @param to an instance, or null for all of them, the sender included */
  publish(to: string | null, text: string): void;
  /** Connects anew: nothing is heard although the connection looks alive. */
  reset(reason: Error): void;
  /** Sends what was published, within half a second, and disconnects. */
  close(): Promise<void>;
}

const FIRST_WAIT_MS = 50;
/** Short, since readers that wait for a message want it within seconds after the other side is back. */
const LONGEST_WAIT_MS = 2000;

/** How long to wait before the attempt to connect that follows `failures` failed ones. */
export function reconnectWait(failures: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1), LONGEST_WAIT_MS);
}

/** An attempt to connect that takes longer has failed. */
export const CONNECT_TIMEOUT_MS = 2000;
export const CLOSE_TIMEOUT_MS = 500;
