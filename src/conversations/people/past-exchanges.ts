import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';

/** A message of a conversation of the past. */
export interface PastMessage {
  readonly id: string;
  readonly conversation_id: string;
  readonly role: 'user' | 'assistant' | 'supporter' | 'system';
  readonly content: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly created_at: Date;
}

const AT_ONCE = 10;
/** Long enough for a thousand conversations, short enough for somebody who waits for the answer. */
const MOST_MS = 20_000;

/** Conversations of the past, one after the other, for whoever asks what would have been. */
@Injectable()
export class PastExchanges {
  constructor(private readonly uow: UnitOfWork) {}

  /**
   * @param time of the last interaction: `from` is included, `to` is not
   * @param look gets the final messages of one conversation, oldest first; false: enough
   * @returns how many were looked at, and whether there were more
   */
  async each(
    scope: TenantScope,
    time: { readonly from: string; readonly to: string; readonly most: number },
    look: (messages: readonly PastMessage[]) => boolean,
  ): Promise<{ conversations: number; truncated: boolean }> {
    const endAt = performance.now() + MOST_MS;
    let conversations = 0;
    let after: { at: Date; id: string } | null = null;
    for (;;) {
      const page: { id: string; at: Date }[] = await this.uow.query(
        scope,
        `SELECT id, last_interaction_at AS at FROM app.conversation
          WHERE tenant_id = $1 AND (message_count > 0 OR NOT failed_only) AND last_interaction_at >= $2
            AND last_interaction_at < $3
            AND ($4::timestamptz IS NULL OR (last_interaction_at, id) < ($4::timestamptz, $5::uuid))
          ORDER BY last_interaction_at DESC, id DESC LIMIT $6`,
        [scope.tenantId, time.from, time.to, after?.at ?? null, after?.id ?? null, AT_ONCE],
      );
      const last = page.at(-1);
      if (last === undefined) return { conversations, truncated: false };
      if (conversations >= time.most) return { conversations, truncated: true };
      after = last;
      const messages = await this.uow.query<PastMessage>(
        scope,
        `SELECT id, conversation_id, role, content, metadata, created_at FROM app.message
          WHERE tenant_id = $1 AND conversation_id = ANY ($2) AND state = 'final' ORDER BY conversation_id, seq`,
        [scope.tenantId, page.map(({ id }) => id)],
      );
      for (const { id } of page) {
        conversations++;
        // Others are served meanwhile.
        await setImmediate();
        if (performance.now() > endAt) return { conversations, truncated: true };
        if (!look(messages.filter((message) => message.conversation_id === id)))
          return { conversations, truncated: true };
      }
    }
  }
}
