import type { Belonging } from '#platform/database';

/**
 * What a person is given of each table: who they are here, what was said and shown to them, what they own and did, with ids and
 * times, and who else was sent their words. Not what the product noted for itself (leases, keys of repeats, costs), nor what a
 * tool's server answered: that is its owner's, may be about others, and what of it was for the person stands in the answer.
 */
const PORTABLE: Readonly<Record<string, readonly string[]>> = {
  principal: [
    ...['id', 'kind', 'email', 'external_id', 'name', 'role', 'persona', 'attributes'],
    ...['created_at', 'updated_at'],
  ],
  session: ['id', 'user_agent', 'created_at', 'last_used_at', 'expires_at', 'revoked_at'],
  visitor: ['id', 'widget_id', 'created_at', 'last_seen_at', 'moved_at'],
  invitation: ['id', 'email', 'role', 'persona', 'created_at', 'accepted_at'],
  conversation: [
    ...['id', 'client_key', 'channel', 'persona', 'title', 'status', 'owner', 'summary', 'message_count', 'metadata'],
    ...['last_interaction_at', 'created_at', 'updated_at'],
  ],
  message: [
    ...['id', 'conversation_id', 'turn_id', 'role', 'state', 'content', 'payloads', 'metadata'],
    ...['client_message_id', 'created_at'],
  ],
  turn: [
    ...['id', 'conversation_id', 'message_id', 'answer_id', 'status', 'attempt', 'content', 'agent', 'error'],
    ...['created_at', 'ended_at'],
  ],
  tool_call: ['id', 'conversation_id', 'turn_id', 'message_id', 'tool_key', 'status', 'started_at', 'ended_at'],
  feedback: ['message_id', 'conversation_id', 'rating', 'comment', 'created_at', 'updated_at'],
  escalation: [
    ...['id', 'conversation_id', 'status', 'cause', 'reason', 'language', 'email', 'summary', 'waiting_since'],
    ...['assigned_at', 'first_reply_at', 'ended_at', 'created_at', 'updated_at'],
  ],
  escalation_note: ['id', 'escalation_id', 'content', 'created_at'],
  conversation_rating: ['conversation_id', 'score', 'comment', 'created_at', 'updated_at'],
  supporter_presence: ['status', 'capacity', 'skills', 'languages', 'updated_at'],
  webhook_delivery: ['id', 'webhook_id', 'conversation_id', 'type', 'status', 'created_at', 'ended_at'],
  document: [
    ...['id', 'knowledge_base_id', 'title', 'source_type', 'source_url', 'mime_type', 'file_name', 'size', 'metadata'],
    ...['record', 'created_at', 'updated_at'],
  ],
  chunk: ['id', 'document_id', 'ordinal', 'page', 'section', 'content'],
  usage_record: ['id', 'turn_id', 'principal_id', 'kind', 'provider', 'model', 'created_at'],
  // Of what was changed only the name of the deed: the values may be others'.
  audit_event: ['id', 'action', 'target_type', 'target_id', 'address', 'created_at'],
};

/** Of the person as well, but made from the rest, gone in a day, or a secret's trace. */
export const NOT_PORTABLE: ReadonlySet<string> = new Set([
  ...['chunk_term', 'chunk_vector', 'idempotency_key', 'recovery', 'turn_live'],
]);

/** Each with the columns that the person is given; tables that are not theirs to have are left out. */
export function portable(belongings: readonly Belonging[]): Belonging[] {
  return belongings.flatMap((of) => {
    const shown = PORTABLE[of.table.name];
    if (shown === undefined) return [];
    const columns = of.table.columns.filter(({ name }) => shown.includes(name));
    return [{ ...of, table: { ...of.table, columns } }];
  });
}

/** For tests: what is named here has to be there. */
export const portableColumns: readonly (readonly [table: string, column: string])[] = Object.entries(PORTABLE).flatMap(
  ([table, columns]) => columns.map((column) => [table, column] as const),
);
