/** Work that is begun in the order it came, `lanes` pieces at once; a piece whose key is in the line already is left out. */
export class WorkLine {
  private readonly inLine = new Map<string, Promise<void>>();
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  constructor(private readonly lanes: number) {}

  /** What waits or is being done. */
  get size(): number {
    return this.inLine.size;
  }

  /** @param work must not reject */
  add(key: string, work: () => Promise<void>): void {
    if (this.inLine.has(key)) return;
    const turn = this.busy < this.lanes ? Promise.resolve() : new Promise<void>((go) => this.waiting.push(go));
    this.busy++;
    const done = turn.then(work).finally(() => {
      this.busy--;
      this.inLine.delete(key);
      this.waiting.shift()?.();
    });
    this.inLine.set(key, done);
  }

  /** Resolves when what is in the line now is done. */
  async done(): Promise<void> {
    await Promise.all(this.inLine.values());
  }
}
