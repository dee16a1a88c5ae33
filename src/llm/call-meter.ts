import { type LlmUsage, type UsageSink } from './llm-usage.js';
import type { PricedEndpoint } from './prices/prices.js';
import { LlmError } from './llm.errors.js';
import { type CountedTokens, usageOf } from './usage.js';

export interface MeteredRequest {
  readonly kind: LlmUsage['kind'];
  readonly endpoint: PricedEndpoint & { readonly provider?: string };
  /** What is sent, as one text; asked for only when it has to be counted. */
  readonly input: () => string;
}

/**
 * What one request to a provider costs, told once, however it ends.
 *
 *   completed ──────────────────────────────▶ as the provider counted; estimated where it did not say
 *   aborted, past a deadline, broken off ───▶ estimated: what was sent, and what had come back
 *   refused (401, 429, 500), never sent, or broken before any answer ─▶ nothing
 *
 * Providers bill no request that they refuse, and one that breaks before its headers is most likely one that they did not
 * take. But a request that *we* end while they are at work on it is theirs to bill, answer or not: were it not counted, a
 * budget could be walked around with `abort`.
 */
export class CallMeter {
  private reached: 'nobody' | 'provider' | 'answer' = 'nobody';
  private told = false;

  constructor(
    private readonly request: MeteredRequest,
    private readonly onUsage: UsageSink,
  ) {}

  /** The request is on the wire. */
  sent(): void {
    if (this.reached === 'nobody') this.reached = 'provider';
  }

  /** The provider began to answer, and not with a refusal. */
  answered(): void {
    this.reached = 'answer';
  }

  /** @param output the whole answer, for an estimate */
  completed(counted: CountedTokens, output: string): void {
    if (this.told) return;
    this.told = true;
    const { endpoint, input, kind } = this.request;
    this.onUsage(usageOf(kind, endpoint, counted, { input, output }));
  }

  /**
   * The request failed or was aborted. Synchronous and cheap: whoever aborted waits for it.
   * @param output what had come back
   */
  broken(error: unknown, counted: CountedTokens, output: string): void {
    const refused = this.reached === 'provider' && error instanceof LlmError;
    if (this.told || refused || this.reached === 'nobody') return;
    this.told = true;
    const { endpoint, input, kind } = this.request;
    this.onUsage(usageOf(kind, endpoint, counted, { input, output }));
  }
}
