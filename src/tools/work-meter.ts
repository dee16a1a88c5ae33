/** It would have taken more work than anybody is given. */
export class WorkExceededError extends Error {
  constructor() {
    super('The work for this check is used up');
    this.name = 'WorkExceededError';
  }
}

/**
 * Steps that checking may take: counted, not timed, so that a busy machine decides as an idle one does. A step is a part
 * of a schema applied to a value, or a character held against an instruction of a pattern: some 50 ns either way.
 */
export class WorkMeter {
  private left: number;

  constructor(readonly steps: number) {
    this.left = steps;
  }

  get spent(): number {
    return this.steps - this.left;
  }

  get exhausted(): boolean {
    return this.left < 0;
  }

  /** @throws WorkExceededError */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new WorkExceededError();
  }
}
