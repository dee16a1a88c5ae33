import { setImmediate as nextTick } from 'node:timers/promises';

/** How long work may keep the event loop to itself at a time, in ms. */
const SLICE_MS = 5;

/** Lets others have the event loop whenever a slice of work is done. */
export class Pace {
  private since = performance.now();

  /** @returns undefined, at once, as long as the slice is not used up */
  rest(): Promise<void> | undefined {
    if (performance.now() - this.since < SLICE_MS) return undefined;
    return nextTick().then(() => {
      this.since = performance.now();
    });
  }
}

/** Runs work that yields wherever it may be interrupted, a slice at a time. */
export async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  const pace = new Pace();
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await pace.rest();
  }
}

/** The same work to its end, for whoever may keep the event loop: a test, a process of its own. */
export function inOneGo<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
