import type { ChatMessage } from '#llm';
import { neutralise } from '#platform/text';
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

/** The last messages as lines of one text, for calls that judge a conversation and take no part in it. */
export function talk(history: readonly HistoryMessage[], messages: number, longest: number): string[] {
  return history
    .filter(({ role }) => role !== 'system')
    .slice(-messages)
    .map(({ role, content }) => `${role === 'user' ? 'Customer' : 'Service'}: ${neutralise(content, longest)}`);
}
