import { ExpiryService } from '#platform/expiry';
import { TenantSettingsCache } from '#tenants';
import { Injectable } from '@nestjs/common';

const DAY_SECONDS = 24 * 3600;
/** A conversation that only failed, after its last attempt (`last_seq` is a clock): nobody sees it, nothing was answered. */
const FAILED_KEPT_SECONDS = 30 * DAY_SECONDS;
/** Its owner removes it with the turn's end; what a process left that died is older than any turn. */
const LIVE_KEPT_SECONDS = 3600;
/** Messages and turns go with a conversation. */
const CONVERSATIONS_AT_ONCE = 50;

@Injectable()
export class ConversationExpiry {
  constructor(expiry: ExpiryService, settings: TenantSettingsCache) {
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
      ofTenant: async (scope) => {
        const days = (await settings.get(scope)).retention.conversationsDays;
        return days === null ? null : days * DAY_SECONDS;
      },
      condition: `(message_count > 0 OR NOT failed_only)
        AND last_interaction_at < now() - make_interval(secs => $2)
        AND NOT EXISTS (
          SELECT 1 FROM app.turn t WHERE t.tenant_id = $1 AND t.conversation_id = conversation.id AND t.status IN ('queued', 'running'))`,
      batch: CONVERSATIONS_AT_ONCE,
    });
    expiry.register({
      name: 'texts of turns that were followed',
      table: 'app.turn_live',
      key: ['turn_id'],
      afterSeconds: LIVE_KEPT_SECONDS,
      tenants: 'app.tenants_of_forgotten_texts',
      condition: 'updated_at < now() - make_interval(secs => $2)',
    });
  }
}
