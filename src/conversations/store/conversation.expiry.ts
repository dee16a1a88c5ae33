import { ExpiryService } from '#platform/expiry';
import { DEFAULT_TRACES_DAYS } from '#tenants';
import { Injectable } from '@nestjs/common';

/** A conversation that only failed, after its last attempt (`last_seq` is a clock): nobody sees it, nothing was answered. */
const FAILED_KEPT_SECONDS = 30 * 24 * 3600;
/** What was handed on is of use only for finding out what happened last week. */
const OUTBOX_KEPT_SECONDS = 7 * 24 * 3600;
/** Its owner removes it with the turn's end; what a process left that died is older than any turn. */
const LIVE_KEPT_SECONDS = 3600;
/** What tools were asked and answered, for finding out why an answer was given. A tenant may say another time. */
const TRACES_KEPT_SECONDS = DEFAULT_TRACES_DAYS * 24 * 3600;
/** Messages and turns go with a conversation. */
const CONVERSATIONS_AT_ONCE = 50;

@Injectable()
export class ConversationExpiry {
  constructor(expiry: ExpiryService) {
    expiry.register({
      name: 'conversations that only failed',
      table: 'app.conversation',
      key: ['id'],
      afterSeconds: FAILED_KEPT_SECONDS,
      tenants: 'app.tenants_of_failed_conversations',
      condition: `failed_only AND message_count = 0
        AND last_seq < (extract(epoch FROM now() - make_interval(secs => $2)) * 1000000)::bigint`,
      batch: CONVERSATIONS_AT_ONCE,
    });
    expiry.register({
      name: 'conversations',
      table: 'app.conversation',
      key: ['id'],
      afterSeconds: null,
      tenants: 'app.tenants_of_old_conversations',
      condition: `(message_count > 0 OR NOT failed_only)
        AND last_interaction_at < now() - make_interval(secs => coalesce(
          (SELECT conversations_kept_days * 86400 FROM app.tenant WHERE id = $1), $2))
        AND NOT EXISTS (
          SELECT 1 FROM app.turn t WHERE t.tenant_id = $1 AND t.conversation_id = conversation.id AND t.status IN ('queued', 'running'))`,
      batch: CONVERSATIONS_AT_ONCE,
    });
    expiry.register({
      name: 'tool calls',
      table: 'app.tool_call',
      key: ['id'],
      afterSeconds: TRACES_KEPT_SECONDS,
      tenants: 'app.tenants_of_old_tool_calls',
      condition: `started_at < now() - make_interval(secs => coalesce(
        (SELECT traces_kept_days * 86400 FROM app.tenant WHERE id = $1), $2))`,
    });
    expiry.register({
      name: 'texts of turns that were followed',
      table: 'app.turn_live',
      key: ['turn_id'],
      afterSeconds: LIVE_KEPT_SECONDS,
      tenants: 'app.tenants_of_forgotten_texts',
      condition: 'updated_at < now() - make_interval(secs => $2)',
    });
    expiry.register({
      name: 'processed events',
      table: 'app.outbox',
      key: ['id'],
      afterSeconds: OUTBOX_KEPT_SECONDS,
      tenants: 'app.tenants_of_processed_events',
      condition: 'processed_at < now() - make_interval(secs => $2)',
    });
  }
}
