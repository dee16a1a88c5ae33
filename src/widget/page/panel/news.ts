import type { ConversationState } from '../../../sdk/index.js';

export interface StoredAnswer {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly seq: number;
}

/** What agents and people wrote after the last message that was on the screen. */
export function newsIn({ items }: Pick<ConversationState, 'items'>, seen: number): StoredAnswer[] {
  return items.flatMap((item) => {
    const message = item.kind === 'turn' ? item.answer : item.message;
    if (message === null || message.role === 'user' || message.role === 'system') return [];
    const { content, id, role, seq = 0 } = message;
    return seq > seen ? [{ id, role, content, seq }] : [];
  });
}
