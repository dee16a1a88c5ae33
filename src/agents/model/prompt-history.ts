import { neutralise } from '#platform/text';
import type { ChatMessage } from '#llm';
import type { HistoryMessage } from '../turn/turn.types.js';

const LONGEST = 4000;

/** Earlier messages as a model takes them. Old citation numbers are taken off: they mean other passages now. */
export function chatHistory(history: readonly HistoryMessage[]): ChatMessage[] {
  return history
    .filter(({ role, content }) => role !== 'system' && content.trim() !== '')
    .map(({ role, content }) =>
      role === 'user'
        ? { role: 'user', content: content.slice(0, LONGEST) }
        : { role: 'assistant', content: neutralise(content, LONGEST).replace(/\s*\[\d{1,2}\]/g, '') },
    );
}
