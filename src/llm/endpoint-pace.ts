import { setTimeout as sleep } from 'node:timers/promises';
import { LlmError, LlmTimeoutError } from './llm.errors.js';

/** Batches of passages at one endpoint at once: what else it can do is for people who chat. */
const BATCHES_AT_ONCE = 2;
const FIRST_PAUSE_MS = 1000;
const LONGEST_BACKOFF_MS = 60_000;
/** A provider that asks for more is tried again all the same. */
const LONGEST_PAUSE_MS = 30 * 60_000;
const FIRST_GAP_MS = 100;
const LONGEST_GAP_MS = 10_000;
/** A batch steps aside for questions under way, but not for ever. */
const COURTESY_MS = 1000;
const COURTESY_STEP_MS = 20;

/** Whether a failed call may go through later as it is: too many, a server's fault, refused, broken off, silent. */
export function isPassingFault(error: unknown): error is LlmError | LlmTimeoutError {
  return error instanceof LlmTimeoutError || (error instanceof LlmError && error.transient);
}

/**
 * How fast passages may be sent to one endpoint, by all who take documents in. It obeys `Retry-After`, backs off from
 * faults that pass, and after a 429 leaves a gap between batches that shrinks again while they go through. Questions of
 * people who chat never wait here; their 429 slows the passages too.
 *
 *   passages ─▶ pauseMs() = 0? ─▶ one of two places ─▶ gap ─▶ steps aside for questions ─▶ the provider
 *   queries ──────────────────────────────────────────────────────────────────────────▶ the provider
 */
export class EndpointPace {
  private resumeAt = 0;
  private nextAt = 0;
  private gapMs = 0;
  private refusals = 0;
  private queries = 0;
  private batches = 0;
  private readonly waiting: (() => void)[] = [];
  /** What the last fault was, in words of ours. */
  reason = '';

  /** How long passages must stay away; 0: they may be sent. The caller waits, and says why. */
  pauseMs(): number {
    return Math.max(0, this.resumeAt - Date.now());
  }

  /** Runs a call for passages when it is their turn. Not tried again here. */
  async passages<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.place(signal);
    try {
      const now = Date.now();
      const at = Math.max(now, this.nextAt);
      this.nextAt = at + this.gapMs;
      if (at > now) await sleep(at - now, undefined, { signal });
      for (let waited = 0; this.queries > 0 && waited < COURTESY_MS; waited += COURTESY_STEP_MS) {
        await sleep(COURTESY_STEP_MS, undefined, { signal });
      }
      const result = await call();
      this.refusals = 0;
      this.gapMs = this.gapMs < FIRST_GAP_MS ? 0 : this.gapMs * 0.8;
      return result;
    } catch (error) {
      signal.throwIfAborted();
      this.judge(error);
      throw error;
    } finally {
      const next = this.waiting.shift();
      // The place goes straight to the one who waited longest.
      if (next !== undefined) next();
      else this.batches--;
    }
  }

  /** Runs a call that somebody waits for: at once. */
  async query<T>(call: () => Promise<T>): Promise<T> {
    this.queries++;
    try {
      return await call();
    } catch (error) {
      if (error instanceof LlmError && error.status === 429) this.judge(error);
      throw error;
    } finally {
      this.queries--;
    }
  }

  private judge(error: unknown): void {
    if (!isPassingFault(error)) return;
    const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_PAUSE_MS * 2 ** this.refusals) * (1 + Math.random() * 0.2);
    const pause = Math.min(LONGEST_PAUSE_MS, error.retryAfterMs ?? backoff);
    // Batches that were under way together fail together: that is one refusal.
    if (this.pauseMs() === 0) this.refusals++;
    this.resumeAt = Math.max(this.resumeAt, Date.now() + pause);
    this.reason = wordsFor(error);
    if (error instanceof LlmError && error.status === 429) {
      this.gapMs = Math.min(LONGEST_GAP_MS, Math.max(FIRST_GAP_MS, this.gapMs * 2));
    }
  }

  private async place(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.batches < BATCHES_AT_ONCE) {
      this.batches++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(take), 1);
        reject(signal.reason as Error);
      };
      const take = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(take);
    });
  }
}

/** For the people whose document waits; none of the provider's words. */
function wordsFor(error: LlmError | LlmTimeoutError): string {
  if (error instanceof LlmTimeoutError) return 'The embedding provider does not answer';
  if (error.status === 429) return 'The embedding provider takes no more for now (HTTP 429)';
  if (error.status !== null) return `The embedding provider has a fault (HTTP ${error.status})`;
  return 'The embedding provider cannot be reached';
}
