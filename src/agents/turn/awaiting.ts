import { detectLanguage } from '#platform/text';
import type { AwaitingInput, HistoryMessage } from './turn.types.js';

/** What the last answer asked the user for, in the order in which it did, if it was the last thing said. */
export function awaitingOf(history: readonly HistoryMessage[]): readonly AwaitingInput[] {
  const last = history.findLast(({ role }) => role !== 'system');
  if (last === undefined || last.role !== 'assistant') return [];
  const { awaiting } = last.metadata;
  return Array.isArray(awaiting) ? awaiting.filter(isAwaiting) : [];
}

/** Agents of the last answer, for follow-ups that only make sense with it. */
export function lastAgentsOf(history: readonly HistoryMessage[]): string[] {
  const last = history.findLast(({ role }) => role === 'assistant');
  const agents = last?.metadata['agents'];
  return Array.isArray(agents) ? agents.filter((agent) => typeof agent === 'string') : [];
}

/** The language that the conversation is held in, which a short message goes on with; null before it shows. */
export function languageSoFar(history: readonly HistoryMessage[]): string | null {
  for (const { content, metadata, role } of history.toReversed()) {
    const { language } = metadata;
    if (role === 'assistant' && typeof language === 'string' && language !== '') return language;
    const detected = role === 'user' ? detectLanguage(content, '') : '';
    if (detected !== '') return detected;
  }
  return null;
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
