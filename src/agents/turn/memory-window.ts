import { toUSVString } from 'node:util';
import { estimateTokens } from '#platform/text';
import type { HistoryMessage } from './turn.types.js';

/** What a message costs beside its words (role, separators). */
const PER_MESSAGE = 4;

/**
 * The newest messages that fit into `tokens`, oldest first. The newest one is kept even when it alone is too long, cut
 * to fit, since a follow-up without what it follows makes no sense.
 */
export function memoryWindow(history: readonly HistoryMessage[], tokens: number): HistoryMessage[] {
  const kept: HistoryMessage[] = [];
  let left = tokens;
  for (let index = history.length - 1; index >= 0; index--) {
    const message = history[index];
    if (message === undefined) continue;
    const cost = estimateTokens(message.content) + PER_MESSAGE;
    if (cost > left) {
      if (kept.length === 0 && left > PER_MESSAGE) {
        kept.push({ ...message, content: toUSVString(message.content.slice(-(left - PER_MESSAGE) * 3)) });
      }
      break;
    }
    left -= cost;
    kept.push(message);
  }
  return kept.reverse();
}
