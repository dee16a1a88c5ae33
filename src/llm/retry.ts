import { setTimeout as sleep } from 'node:timers/promises';
import { LlmError } from './llm.errors.js';

const ATTEMPTS = 2;
const LONGEST_WAIT_MS = 5000;
const SHORT_WAIT_MS = 250;

/**
 * Runs `attempt`, once more when it failed quickly for a passing reason. Never after anything was shown: `mayRepeat` says.
 * A provider that asks for more patience than a person has is not asked again.
 */
export async function withRetry<T>(
  attempt: () => Promise<T>,
  mayRepeat: () => boolean,
  signal: AbortSignal,
): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof LlmError) || !error.transient || count >= ATTEMPTS || !mayRepeat()) throw error;
      const wait = error.retryAfterMs ?? SHORT_WAIT_MS * (1 + Math.random());
      if (wait > LONGEST_WAIT_MS) throw error;
      await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
