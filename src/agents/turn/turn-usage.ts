import type { LlmUsage, MeteredCall, UsageEntry } from '#llm';
import type { TurnEventSink } from './turn-event.js';

/**
 * What a turn's calls cost, told as it happens: a turn that fails or is aborted returns nothing, and is paid for all the
 * same.
 *
 *   call to a provider ─▶ LlmUsage (when it is over, however) ─▶ `usage` event
 *
 * Also knows the calls that are still under way: a sibling agent, or a search that nobody needs any more, is a moment
 * behind the one whose end ended the turn.
 */
export class TurnUsage {
  private readonly running = new Set<Promise<unknown>>();
  private readonly told: UsageEntry[] = [];

  constructor(private readonly emit: TurnEventSink) {}

  /** Makes calls for this purpose on the turn's account. */
  metered(purpose: string): MeteredCall {
    const onUsage = (usage: LlmUsage): void => {
      const entry = { purpose, ...usage };
      this.told.push(entry);
      this.emit({ type: 'usage', entry });
    };
    return async (call) => {
      const running = call(onUsage);
      this.running.add(running);
      try {
        return await running;
      } finally {
        this.running.delete(running);
      }
    };
  }

  /** What was told since the last time, for the graph's state. */
  take(): UsageEntry[] {
    return this.told.length === 0 ? [] : this.told.splice(0);
  }

  /** Resolves once no call is under way, or after `ms`: what is told later is told to nobody. */
  async settled(ms: number): Promise<void> {
    if (this.running.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([Promise.allSettled(this.running), late]);
    clearTimeout(timer);
  }
}
