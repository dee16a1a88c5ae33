/** A few pieces of work at once, the others in the order they came. */
export class Lanes {
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  constructor(private readonly count: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy >= this.count) await new Promise<void>((go) => this.waiting.push(go));
    else this.busy++;
    try {
      return await work();
    } finally {
      // Whoever waits longest takes over the lane.
      const next = this.waiting.shift();
      if (next === undefined) this.busy--;
      else next();
    }
  }
}
