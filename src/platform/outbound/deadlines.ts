import { OutboundError } from './outbound.errors.js';

export type Stage = 'connect' | 'first byte' | 'total';

/**
 * The clocks of one request and the caller's signal, as one `AbortSignal` whose reason is the `OutboundError` to throw.
 * Call `close` when the request is over.
 */
export class Deadlines {
  private readonly controller = new AbortController();
  private readonly timers = new Map<Stage, NodeJS.Timeout>();
  /** True once a connection stood; goes into the error. */
  sent = false;

  constructor(
    totalMs: number,
    private readonly external: AbortSignal | undefined,
  ) {
    this.start('total', totalMs);
    if (external?.aborted === true) this.onExternalAbort();
    else external?.addEventListener('abort', this.onExternalAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  start(stage: Stage, ms: number): void {
    this.stop(stage);
    const expire = (): void =>
      this.controller.abort(
        new OutboundError({
          code: 'TIMEOUT',
          message: `The service did not answer in time (${stage}: ${ms} ms). Try again later.`,
          sent: this.sent,
        }),
      );
    this.timers.set(stage, setTimeout(expire, ms));
  }

  stop(stage: Stage): void {
    clearTimeout(this.timers.get(stage));
    this.timers.delete(stage);
  }

  close(): void {
    for (const stage of this.timers.keys()) this.stop(stage);
    this.external?.removeEventListener('abort', this.onExternalAbort);
  }

  /** Settles with `work`, or rejects as soon as a deadline passes or the caller aborts. */
  async race<T>(work: Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    let abort: () => void = () => undefined;
    const stopped = new Promise<never>((_, reject) => {
      abort = () => reject(this.signal.reason);
      this.signal.addEventListener('abort', abort, { once: true });
    });
    try {
      return await Promise.race([work, stopped]);
    } finally {
      this.signal.removeEventListener('abort', abort);
    }
  }

  private readonly onExternalAbort = (): void => {
    this.controller.abort(
      new OutboundError({
        code: 'ABORTED',
        message: 'The request was cancelled.',
        sent: this.sent,
        cause: this.external?.reason,
      }),
    );
  };
}
