import type { ClientFrame } from '../protocol/parse-frame.js';

/** Frames that wait: for the verification, or for the frame before them. At so many the socket is not read any further. */
export const MOST_WAITING_FRAMES = 100;
const MOST_WAITING_BYTES = 512 * 1024;

/** A frame as it came, or read already where that could not wait. */
export type WaitingFrame = { readonly data: Buffer } | { readonly frame: ClientFrame; readonly bytes: number };

/**
 * The frames of a socket that have arrived and have not been handled. They are kept as bytes: a burst costs what it weighs,
 * and is read one by one at the speed at which it is handled.
 *
 * It may hold a little more than its limit: what came off the network in one piece is here before reading stops.
 */
export class FrameInbox {
  private frames: WaitingFrame[] = [];
  private next = 0;
  private bytes = 0;

  get size(): number {
    return this.frames.length - this.next;
  }

  get full(): boolean {
    return this.size >= MOST_WAITING_FRAMES || this.bytes >= MOST_WAITING_BYTES;
  }

  /** True when there is room for more than a frame or two, so that reading does not stop and go for each. */
  get roomy(): boolean {
    return this.size <= MOST_WAITING_FRAMES / 2 && this.bytes <= MOST_WAITING_BYTES / 2;
  }

  add(frame: WaitingFrame): void {
    this.frames.push(frame);
    this.bytes += weightOf(frame);
  }

  take(): WaitingFrame | undefined {
    const frame = this.frames[this.next];
    if (frame === undefined) return undefined;
    this.next++;
    this.bytes -= weightOf(frame);
    if (this.next > MOST_WAITING_FRAMES || this.next === this.frames.length) {
      this.frames = this.frames.slice(this.next);
      this.next = 0;
    }
    return frame;
  }

  clear(): void {
    this.frames = [];
    this.next = 0;
    this.bytes = 0;
  }
}

function weightOf(frame: WaitingFrame): number {
  return 'data' in frame ? frame.data.length : frame.bytes;
}
