import { Lanes } from '#platform/limits';

/** Work that is begun in the order it came, `lanes` pieces at once; a piece whose key is in the line already is left out. */
export class WorkLine {
  private readonly inLine = new Map<string, Promise<void>>();
  private readonly lanes: Lanes;

  constructor(lanes: number) {
    this.lanes = new Lanes(lanes);
  }

  /** What waits or is being done. */
  get size(): number {
    return this.inLine.size;
  }

  /** @param work must not reject */
  add(key: string, work: () => Promise<void>): void {
    if (this.inLine.has(key)) return;
    this.inLine.set(
      key,
      this.lanes.run(work).finally(() => this.inLine.delete(key)),
    );
  }

  /** Resolves when what is in the line now is done. */
  async done(): Promise<void> {
    await Promise.all(this.inLine.values());
  }
}
