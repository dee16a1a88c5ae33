/** From asking for a connection to the answer of COMMIT, unless the caller says otherwise. */
export const TRANSACTION_MS = 15_000;

/** Postgres gives a statement up a little before we give the connection up. */
export function statementMs(deadlineMs: number): number {
  return Math.ceil(deadlineMs * 0.9);
}

/** Why a transaction was ended from outside. Callers see an `UnavailableError` whose cause it is. */
export class DeadlinePassed extends Error {
  constructor(ms: number) {
    super(`No answer from the database within ${ms} ms`);
    this.name = 'DeadlinePassed';
  }
}

/** One timer for all that a transaction waits for. `clear` it, or it keeps the process for as long. */
export class Deadline {
  private readonly timer: NodeJS.Timeout;
  private readonly over: Promise<never>;
  private fired = false;

  constructor(ms: number) {
    let fire: (reason: DeadlinePassed) => void;
    this.over = new Promise((_, reject) => (fire = reject));
    // Heard in `within`; what it interrupts may have ended a moment before.
    this.over.catch(() => undefined);
    this.timer = setTimeout(() => {
      this.fired = true;
      fire(new DeadlinePassed(ms));
    }, ms);
  }

  get passed(): boolean {
    return this.fired;
  }

  /** @throws DeadlinePassed when the time is over first; `work` is then left to itself, and its failure is heard */
  within<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.over]);
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}
