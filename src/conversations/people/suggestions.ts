import { Injectable } from '@nestjs/common';
import { AgentRuntime, type Citation, recordUsage, type UsageEntry, usageRow } from '#agents';
import { AppConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { ConflictError } from '#platform/errors';
import { SpendingLimits, TenantSettingsCache } from '#tenants';
import { ConversationNotFoundError } from '../model/errors.js';
import { ConversationRepository } from '../store/conversation.repository.js';
import { MessageRepository } from '../store/message.repository.js';

export interface Suggestion {
  readonly content: string;
  readonly citations: Citation[];
}

/** What the agent would answer, for the person who answers in its place. Stored nowhere; what it costs is. */
@Injectable()
export class Suggestions {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly runtime: AgentRuntime,
    private readonly settings: TenantSettingsCache,
    private readonly spending: SpendingLimits,
    private readonly config: AppConfig,
  ) {}

  /**
   * To the user's last message, as that user would be answered. Without tools: a call may do something, and is the user's to ask
   * for.
   * @throws ConversationNotFoundError, ConflictError when the user has said nothing yet; what a turn fails with
   */
  async suggest(ctx: RequestContext, conversationId: string): Promise<Suggestion> {
    const { historyMessages } = await this.settings.get(ctx);
    const { conversation, latest } = await this.uow.run(ctx, async (tx) => {
      const found = await this.conversations.findAny(tx, conversationId);
      if (found === null) throw new ConversationNotFoundError();
      const page = { limit: historyMessages + 1, after: null, descending: true };
      return { conversation: found, latest: (await this.messages.page(tx, conversationId, page)).reverse() };
    });
    const at = latest.findLastIndex(({ role }) => role === 'user');
    const question = latest[at];
    if (question === undefined) throw new ConflictError('The user has not said anything yet');
    const { persona, user_id: id } = conversation;
    const asUser: RequestContext = { ...ctx, principal: { id, role: 'end_user', persona, sessionId: null } };
    const input = {
      ...{ turnId: newId(), conversationId, messageId: question.id, attempt: 1, start: 1, agent: null, metadata: {} },
      content: question.content,
      history: latest.slice(0, at).map(({ content, metadata, role }) => ({ role, content, metadata })),
    };
    const used: UsageEntry[] = [];
    const emit = (event: { type: string; entry?: UsageEntry }) => {
      if (event.type === 'usage' && event.entry !== undefined) used.push(event.entry);
    };
    const signal = AbortSignal.timeout(this.config.env.MAX_TURN_SECONDS * 1000);
    const estimate = await this.runtime.estimate(asUser, question.content);
    try {
      const answer = await this.spending.within(ctx, estimate?.usd ?? 0, () =>
        this.runtime.run(asUser, input, emit, signal, { tools: false }),
      );
      return { content: answer.content, citations: [...answer.citations] };
    } finally {
      const account = { tenantId: ctx.tenantId, turnId: null, principalId: ctx.principal.id };
      if (used.length > 0) await recordUsage(this.uow, account, used.map(usageRow));
    }
  }
}
