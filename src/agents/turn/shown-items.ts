import type { HistoryMessage } from './turn.types.js';

/** Documents of the records that an answer showed, in its order; `conversations` reads them from the answer's payloads. */
export function shownBy({ metadata, role }: HistoryMessage): readonly string[] {
  const { shown } = metadata;
  return role === 'assistant' && Array.isArray(shown) ? shown.filter((id) => typeof id === 'string') : [];
}

/** The lists that an agent showed, the newest first. */
export function listsOf(history: readonly HistoryMessage[], agent: string): (readonly string[])[] {
  return history
    .toReversed()
    .filter((message) => answeredBy(message, agent))
    .map(shownBy)
    .filter((list) => list.length > 0);
}

export function answeredBy({ metadata: { agents }, role }: HistoryMessage, agent: string): boolean {
  return role === 'assistant' && Array.isArray(agents) && agents.includes(agent);
}
