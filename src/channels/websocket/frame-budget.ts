/** A bucket of tokens that refills with time. */
class Bucket {
  private level: number;
  private at: number;

  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
    now: number,
  ) {
    this.level = capacity;
    this.at = now;
  }

  take(now: number): boolean {
    this.refill(now);
    if (this.level < 1) return false;
    this.level--;
    return true;
  }

  /** Until `take` succeeds, when nobody takes in between. */
  waitMs(now: number): number {
    this.refill(now);
    return Math.max(0, ((1 - this.level) / this.perSecond) * 1000);
  }

  private refill(now: number): void {
    this.level = Math.min(this.capacity, this.level + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
  }
}

/** Far above what people and their programs send, far below what costs the other sockets anything. */
export const FRAMES = { burst: 120, perSecond: 40 } as const;
export const BAD_FRAMES = { burst: 40, perSecond: 1 } as const;

/** How much one socket may send: beyond the first it has to wait, beyond the others it is closed (1008). */
export class FrameBudget {
  private readonly frames: Bucket;
  private readonly badFrames: Bucket;
  private readonly pings: Bucket;

  constructor(private readonly now: () => number = () => performance.now()) {
    const start = now();
    this.frames = new Bucket(FRAMES.burst, FRAMES.perSecond, start);
    this.badFrames = new Bucket(BAD_FRAMES.burst, BAD_FRAMES.perSecond, start);
    this.pings = new Bucket(FRAMES.burst, FRAMES.perSecond, start);
  }

  takeFrame(): boolean {
    return this.frames.take(this.now());
  }

  /** How long to wait before `takeFrame` can succeed. */
  get frameInMs(): number {
    return this.frames.waitMs(this.now());
  }

  /** Pings of WebSocket itself; apart, so that a burst of frames does not cost the peer its heartbeat. */
  takePing(): boolean {
    return this.pings.take(this.now());
  }

  takeBadFrame(): boolean {
    return this.badFrames.take(this.now());
  }
}
