import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** A peer that leaves this many bytes unread is too slow. */
export const HIGH_WATER_BYTES = 1024 * 1024;
/** Where a paced catch-up goes on. */
const LOW_WATER_BYTES = HIGH_WATER_BYTES / 4;
const LARGE_FRAME = HIGH_WATER_BYTES / 8;
const DRAIN_PATIENCE_MS = 15_000;
const DRAIN_LOOK_MS = 20;

export const CLOSE = {
  shutdown: 1012,
  tooSlow: 1013,
  tryLater: 1013,
  notText: 1003,
  flood: 1008,
  badRequest: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  notFound: 4404,
  tooMany: 4429,
} as const;

const TEXT = { binary: false, compress: false } as const;

/**
 * The one way out to a socket, and the tap of what comes in. What is sent in one tick leaves in one write; a peer that does not read is closed with 1013
 * and comes back with `resume` instead of costing memory.
 */
export class SocketWriter {
  private corked = false;
  private ending = false;
  private left = false;
  /** Bytes of the largest frame that may still be on its way: one frame alone does not make its reader slow. */
  private largest = 0;
  /** Told once, when nothing will be sent any more. */
  onEnd: () => void = () => undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Duplex,
  ) {}

  get open(): boolean {
    return !this.ending && this.socket.readyState === WebSocket.OPEN;
  }

  send(text: string): void {
    if (!this.open) return;
    const unread = this.socket.bufferedAmount;
    if (unread <= HIGH_WATER_BYTES) this.largest = 0;
    else if (unread > HIGH_WATER_BYTES + this.largest) {
      this.close(CLOSE.tooSlow, 'Too slow: reconnect and resume');
      return;
    }
    if (!this.corked) {
      this.corked = true;
      this.stream.cork();
      process.nextTick(this.uncork);
    }
    if (text.length > LARGE_FRAME) this.largest = Math.max(this.largest, Buffer.byteLength(text));
    this.socket.send(text, TEXT);
  }

  /** For a burst whose size is not the peer's fault: resolves when it has read enough for more, or was closed. */
  async drained(): Promise<void> {
    if (this.socket.bufferedAmount <= LOW_WATER_BYTES) return;
    const giveUpAt = Date.now() + DRAIN_PATIENCE_MS;
    while (this.open && this.socket.bufferedAmount > LOW_WATER_BYTES) {
      if (Date.now() > giveUpAt) return this.close(CLOSE.tooSlow, 'Too slow: reconnect and resume');
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    }
  }

  /** Stops reading: what the peer sends waits on its side of the network. */
  pause(): void {
    if (this.open) this.socket.pause();
  }

  resume(): void {
    if (this.socket.isPaused) this.socket.resume();
  }

  get paused(): boolean {
    return this.socket.isPaused;
  }

  close(code: number, reason: string): void {
    if (this.ending) return;
    this.ended();
    // The peer's own goodbye has to be read.
    this.resume();
    this.socket.close(code, reason);
  }

  /** Notes that the socket is gone, whoever ended it. */
  ended(): void {
    this.ending = true;
    if (this.left) return;
    this.left = true;
    this.onEnd();
  }

  ping(): void {
    if (this.open) this.socket.ping();
  }

  /** Left out for a peer that does not read: an unread answer is worth nothing, and it would cost memory. */
  pong(data: Buffer): void {
    if (this.open && this.socket.bufferedAmount <= HIGH_WATER_BYTES) this.socket.pong(data);
  }

  terminate(): void {
    this.ended();
    this.socket.terminate();
  }

  private readonly uncork = (): void => {
    this.corked = false;
    this.stream.uncork();
  };
}
