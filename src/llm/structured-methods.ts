/** The ways to ask for structured output, best first. */
const METHODS = ['json_schema', 'tool', 'text'] as const;
export type Method = (typeof METHODS)[number];

/** One failure may be a gateway's bad moment; two, one after the other, with the next way working each time, are not. */
const FAILURES = 2;
/** Servers are updated and gateways mended: after that a way that was given up is tried again. */
const REMEMBERED_MS = 600_000;

interface Failures {
  readonly count: number;
  readonly at: number;
}

/** What one endpoint and model could not do lately. Times are in milliseconds of one clock that never goes back. */
export class StructuredMethods {
  private readonly failures = new Map<Method, Failures>();

  /** The ways to try, in order; never none. */
  usable(now: number): readonly Method[] {
    return METHODS.filter((method) => method === 'text' || this.recent(method, now) < FAILURES);
  }

  /**
   * A call in which this way failed and the next one did not.
   * @param begun when the call began: calls side by side meet the same bad moment, so together they count once
   */
  failed(method: Method, begun: number, now = performance.now()): void {
    const known = this.failures.get(method);
    if (known !== undefined && begun < known.at) return;
    this.failures.set(method, { count: this.recent(method, now) + 1, at: now });
  }

  worked(method: Method): void {
    this.failures.delete(method);
  }

  private recent(method: Method, now: number): number {
    const known = this.failures.get(method);
    return known === undefined || now - known.at >= REMEMBERED_MS ? 0 : known.count;
  }
}
