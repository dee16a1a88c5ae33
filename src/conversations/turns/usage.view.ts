import type { UsageEntry } from '#agents';
import { newId } from '#platform/database';
import type { UsageView } from '../model/conversation-event.js';

/** The turn's usage as one figure, of the models that wrote (embeddings have their records); null when none was asked. */
export function totalUsage(calls: readonly UsageEntry[]): UsageView | null {
  const entries = calls.filter(({ kind }) => kind === 'chat');
  const last = entries.at(-1);
  if (last === undefined) return null;
  const known = entries.every((entry) => entry.costUsd !== null);
  return {
    input_tokens: sum(entries, (entry) => entry.inputTokens),
    output_tokens: sum(entries, (entry) => entry.outputTokens),
    cost_usd: known ? sum(entries, (entry) => entry.costUsd ?? 0) : null,
    model: last.model,
  };
}

/** One row for each call of a model. */
export function usageRecords(entries: readonly UsageEntry[]): object[] {
  return entries.map((entry) => ({
    id: newId(),
    kind: entry.kind,
    purpose: entry.purpose,
    model: entry.model,
    input_tokens: entry.inputTokens,
    output_tokens: entry.outputTokens,
    cost_usd: entry.costUsd,
    estimated: entry.estimated,
  }));
}

function sum(entries: readonly UsageEntry[], of: (entry: UsageEntry) => number): number {
  return entries.reduce((total, entry) => total + of(entry), 0);
}
