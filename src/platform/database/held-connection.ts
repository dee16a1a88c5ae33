import { AsyncLocalStorage } from 'node:async_hooks';

/** Null where nobody watches, which is everywhere but in tests: the check costs the paths of a turn nothing. */
let held: AsyncLocalStorage<true> | null = null;

/** For tests: from now on, what is awaited inside a unit of work and must not be (DESIGN §3.4) fails. */
export function watchHeldConnections(): void {
  held ??= new AsyncLocalStorage();
}

/** @internal Runs the work of a unit of work. */
export function holdingConnection<T>(work: () => Promise<T>): Promise<T> {
  return held === null ? work() : held.run(true, work);
}

/**
 * Said by what may take long: a model, a tool, an address on the network, a parser.
 * @throws Error when watched and called inside a unit of work, whose connection would be held meanwhile
 */
export function assertNoConnectionHeld(what: string): void {
  if (held?.getStore() === true) throw new Error(`${what} is awaited inside a unit of work, which holds a connection`);
}
