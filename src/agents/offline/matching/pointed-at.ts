import type { RecordCatalog } from '#rag';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { answeredBy, listsOf, shownBy } from '../../turn/shown-items.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import type { Pointed } from '../../steps/wish-extractor.js';
import { type Said, saidWishes } from './said-wishes.js';

const NOTHING: Pointed = { documentIds: [], fields: [], listed: null };

/** Which of the records that were shown a message asks about: "the second one", "what does it pay?". */
export function pointedAt(
  {
    agent,
    catalog,
    history,
    text,
  }: {
    readonly agent: AgentDefinition;
    readonly catalog: RecordCatalog;
    readonly history: readonly HistoryMessage[];
    readonly text: string;
  },
  { about, asked, explains, pick }: Said = saidWishes(text, catalog, agent),
): Pointed {
  // "How do I apply for the second one?" is not in the record.
  if (explains && asked.length === 0) return NOTHING;
  if (pick !== null) {
    // "And the third?" goes on from the list, though the second was shown since.
    const lists = listsOf(history, agent.key);
    const list = lists.find(({ length }) => length > 1) ?? lists[0];
    if (list === undefined) return NOTHING;
    const id = pick < 0 ? list.at(pick) : list[pick - 1];
    return id === undefined
      ? { ...NOTHING, listed: list.length }
      : { documentIds: [id], fields: asked, listed: list.length };
  }
  if (!about || asked.length === 0) return NOTHING;
  const last = history.findLast(({ role }) => role === 'assistant');
  if (last === undefined || !answeredBy(last, agent.key)) return NOTHING;
  const shown = shownBy(last);
  return { documentIds: shown, fields: asked, listed: shown.length };
}
