import type { AwaitingInput, HistoryMessage } from '../turn.types.js';

/** What the last answer asked the user for, if it was the last thing said. */
export function awaitingOf(history: readonly HistoryMessage[]): AwaitingInput | null {
  const last = history.findLast(({ role }) => role !== 'system');
  if (last === undefined || last.role !== 'assistant') return null;
  const { awaiting } = last.metadata;
  return isAwaiting(awaiting) ? awaiting : null;
}

/** Agents of the last answer, for follow-ups that only make sense with it. */
export function lastAgentsOf(history: readonly HistoryMessage[]): string[] {
  const last = history.findLast(({ role }) => role === 'assistant');
  const agents = last?.metadata['agents'];
  return Array.isArray(agents) ? agents.filter((agent) => typeof agent === 'string') : [];
}

/** The language of the last answer, which a short message goes on with. */
export function lastLanguageOf(history: readonly HistoryMessage[]): string | null {
  const last = history.findLast(({ role }) => role === 'assistant');
  const language = last?.metadata['language'];
  return typeof language === 'string' && language !== '' ? language : null;
}

function isAwaiting(value: unknown): value is AwaitingInput {
  if (typeof value !== 'object' || value === null) return false;
  const { agent, tool, entities, missing } = value as Record<string, unknown>;
  return (
    typeof agent === 'string' &&
    typeof tool === 'string' &&
    typeof entities === 'object' &&
    entities !== null &&
    Array.isArray(missing) &&
    missing.every((name) => typeof name === 'string')
  );
}
