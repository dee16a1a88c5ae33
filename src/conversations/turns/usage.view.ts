import type { UsageEntry } from '#agents';
import type { UsageView } from '../model/conversation-event.js';

/** The turn's usage as one figure, named by the model that wrote; null when no provider was asked. */
export function totalUsage(entries: readonly UsageEntry[]): UsageView | null {
  const last = entries.findLast(({ kind }) => kind === 'chat') ?? entries.at(-1);
  if (last === undefined) return null;
  const known = entries.every((entry) => entry.costUsd !== null);
  return {
    input_tokens: sum(entries, (entry) => entry.inputTokens),
    output_tokens: sum(entries, (entry) => entry.outputTokens),
    cost_usd: known ? sum(entries, (entry) => entry.costUsd ?? 0) : null,
    model: last.model,
  };
}

function sum(entries: readonly UsageEntry[], of: (entry: UsageEntry) => number): number {
  return entries.reduce((total, entry) => total + of(entry), 0);
}
