import { Lanes } from './lanes.js';

/** Lanes of each key's own: work of one key waits for that key's work only. */
export class KeyedLanes {
  private readonly lanes = new Map<string, { readonly lanes: Lanes; users: number }>();

  /** @param count how many pieces of one key are in work at once */
  constructor(private readonly count: number) {}

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const own = this.lanes.get(key) ?? { lanes: new Lanes(this.count), users: 0 };
    this.lanes.set(key, own);
    own.users++;
    try {
      return await own.lanes.run(work);
    } finally {
      own.users--;
      if (own.users === 0) this.lanes.delete(key);
    }
  }

  /** What of this key is in work or waits. */
  size(key: string): number {
    return this.lanes.get(key)?.users ?? 0;
  }
}
