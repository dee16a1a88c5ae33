import type { ChatMessage } from '#llm';
import { neutralise } from '#platform/text';
import type { HistoryMessage } from '../turn/turn.types.js';

const LONGEST = 4000;

/** Earlier messages as a model takes them. Old citation numbers are taken off: they mean other passages now. */
export function chatHistory(history: readonly HistoryMessage[]): ChatMessage[] {
  return history
    .filter(({ content }) => content.trim() !== '')
    .map(({ role, content }) => {
      if (role === 'user') return { role: 'user', content: content.slice(0, LONGEST) };
      const said = neutralise(content, LONGEST).replace(/\s*\[\d{1,2}\]/g, '');
      // What a colleague left who had the conversation, and gave it back.
      return { role: 'assistant', content: role === 'system' ? `(Note of a colleague: ${said})` : said };
    });
}

/** The last messages as lines of one text, for calls that judge a conversation and take no part in it. */
export function talk(history: readonly HistoryMessage[], messages: number, longest: number): string[] {
  return history
    .filter(({ role }) => role !== 'system')
    .slice(-messages)
    .map(({ role, content }) => `${role === 'user' ? 'Customer' : 'Service'}: ${neutralise(content, longest)}`);
}
