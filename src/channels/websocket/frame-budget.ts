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
    this.level = Math.min(this.capacity, this.level + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
    if (this.level < 1) return false;
    this.level--;
    return true;
  }
}

/** Far above what people and their programs send, far below what costs the other sockets anything. */
export const FRAMES = { burst: 120, perSecond: 40 } as const;
export const BAD_FRAMES = { burst: 40, perSecond: 1 } as const;

/** How much one socket may send. Past either limit it is closed (1008). */
export class FrameBudget {
  private readonly frames: Bucket;
  private readonly badFrames: Bucket;

  constructor(private readonly now: () => number = () => performance.now()) {
    const start = now();
    this.frames = new Bucket(FRAMES.burst, FRAMES.perSecond, start);
    this.badFrames = new Bucket(BAD_FRAMES.burst, BAD_FRAMES.perSecond, start);
  }

  takeFrame(): boolean {
    return this.frames.take(this.now());
  }

  takeBadFrame(): boolean {
    return this.badFrames.take(this.now());
  }
}
