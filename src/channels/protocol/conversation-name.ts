import type { ConversationReference } from '#conversations';
import { isUuid } from '#platform/database';

/** What a client called a conversation: the reference, and the name to echo as `session_id` (null: none). */
export interface ConversationName {
  readonly reference: ConversationReference;
  readonly sessionId: string | number | null;
}

export const NEW_CONVERSATION: ConversationName = { reference: { kind: 'new' }, sessionId: null };

/**
 * A UUID in `conversation_id` is ours; anything else, and whatever stands in `session_id`, is the client's own key. A number
 * and the same number as text are one key.
 * @param field the client's word for it
 */
export function conversationName(name: string | number, field: string): ConversationName {
  if (name === 'new') return NEW_CONVERSATION;
  if (field !== 'session_id' && isUuid(name)) {
    return { reference: { kind: 'id', id: name.toLowerCase() }, sessionId: null };
  }
  return { reference: { kind: 'key', key: String(name) }, sessionId: name };
}
