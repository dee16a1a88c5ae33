import { asError } from '#platform/errors';
import { LRUCache } from 'lru-cache';

/** Tenants whose last turn is remembered. */
const REMEMBERED = 1000;

interface Waiter {
  readonly tenantId: string;
  readonly start: () => void;
}

/**
 * Places for pieces of work, given to tenants in turn: to the one that holds the fewest, then to the one that was served
 * the longest ago. A long document asks for a place for each of its pieces, so that a short one of somebody else passes.
 */
export class TenantTurns {
  private readonly waiting: Waiter[] = [];
  private readonly working = new Map<string, number>();
  private readonly served = new LRUCache<string, number>({ max: REMEMBERED });
  private taken = 0;
  private turns = 0;

  constructor(private readonly places: number) {}

  /** @throws the signal's reason when it is aborted before the work has begun */
  async take<T>(tenantId: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.start(tenantId, signal);
    try {
      return await work();
    } finally {
      this.end(tenantId);
    }
  }

  /** Tenants that were served, the last one last. */
  servedLately(): string[] {
    return [...this.served.rkeys()];
  }

  private async start(tenantId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.taken < this.places) return this.enter(tenantId);
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        reject(asError(signal.reason));
      };
      const waiter: Waiter = {
        tenantId,
        start: () => {
          signal.removeEventListener('abort', giveUp);
          this.enter(tenantId);
          resolve();
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(waiter);
    });
  }

  private enter(tenantId: string): void {
    this.taken++;
    this.working.set(tenantId, (this.working.get(tenantId) ?? 0) + 1);
    this.served.set(tenantId, ++this.turns);
  }

  private end(tenantId: string): void {
    this.taken--;
    const left = (this.working.get(tenantId) ?? 1) - 1;
    if (left > 0) this.working.set(tenantId, left);
    else this.working.delete(tenantId);
    const [first, ...others] = this.waiting;
    if (first === undefined) return;
    const next = others.reduce((best, other) => (this.comesBefore(other, best) ? other : best), first);
    this.waiting.splice(this.waiting.indexOf(next), 1);
    next.start();
  }

  private comesBefore(one: Waiter, other: Waiter): boolean {
    const work = (this.working.get(one.tenantId) ?? 0) - (this.working.get(other.tenantId) ?? 0);
    if (work !== 0) return work < 0;
    return (this.served.peek(one.tenantId) ?? 0) < (this.served.peek(other.tenantId) ?? 0);
  }
}
