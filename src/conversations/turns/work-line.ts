/** Work that is done one piece after the other; a piece whose key is in the line already is left out. */
export class WorkLine {
  private readonly keys = new Set<string>();
  private last: Promise<void> = Promise.resolve();

  /** What waits or is being done. */
  get size(): number {
    return this.keys.size;
  }

  /** @param work must not reject */
  add(key: string, work: () => Promise<void>): void {
    if (this.keys.has(key)) return;
    this.keys.add(key);
    this.last = this.last.then(work).finally(() => this.keys.delete(key));
  }

  /** Resolves when what is in the line now is done. */
  done(): Promise<void> {
    return this.last;
  }
}
