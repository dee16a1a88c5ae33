import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is neither undefined, null nor false; says what it waited for when it never is. */
export async function eventually<T>(
  probe: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  what: string | (() => string),
  ms = 10_000,
): Promise<T> {
  const giveUpAt = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > giveUpAt) throw new Error(`waited ${ms} ms for ${typeof what === 'string' ? what : what()}`);
    await sleep(20);
  }
}

/** Again and again, as long as something goes on; then as that ended. */
export async function whileOpen<T>(over: Promise<T>, everyMs: number, work: () => Promise<unknown>): Promise<T> {
  let running = true;
  const stop = () => (running = false);
  over.then(stop, stop);
  while (running) {
    await work();
    await sleep(everyMs);
  }
  return over;
}

/** A promise and the two ends of it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
