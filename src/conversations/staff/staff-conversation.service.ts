import type { RequestContext, TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { MessageView } from '../model/conversation-event.js';
import { ConversationNotFoundError } from '../model/errors.js';
import { PeopleRegistry } from '../model/people-registry.js';
import type { Transcript } from '../rest/transcript.js';
import { ConversationRepository, type TurnView } from '../store/conversation.repository.js';
import { MessageRepository } from '../store/message.repository.js';
import { TurnScheduler } from '../turns/turn-scheduler.js';
import {
  type ConversationFilter,
  type ConversationSort,
  type StaffConversation,
  StaffConversationRepository,
} from './staff-conversation.repository.js';

/** Conversations of all users of a tenant, as its staff reads them. Reading changes nothing: no title, no time of last use. */
@Injectable()
export class StaffConversationService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly staff: StaffConversationRepository,
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly scheduler: TurnScheduler,
    private readonly audit: AuditService,
    private readonly people: PeopleRegistry,
  ) {}

  list(
    scope: TenantScope,
    filter: ConversationFilter,
    page: { sort: ConversationSort; limit: number; after: { at: string; id: string } | null },
  ): Promise<StaffConversation[]> {
    return this.staff.page(scope, filter, page);
  }

  /** @throws ConversationNotFoundError */
  get(scope: TenantScope, id: string): Promise<StaffConversation> {
    return this.within(scope, id, async (_tx, conversation) => conversation);
  }

  listMessages(
    scope: TenantScope,
    id: string,
    page: { limit: number; after: number | null; descending: boolean },
  ): Promise<MessageView[]> {
    return this.within(scope, id, (tx) => this.messages.page(tx, id, page));
  }

  listTurns(scope: TenantScope, id: string, page: { limit: number; before: string | null }): Promise<TurnView[]> {
    return this.within(scope, id, (tx) => this.conversations.turns(tx, id, page));
  }

  transcript(scope: TenantScope, id: string): Promise<Transcript> {
    return this.within(scope, id, async (tx, { user: _user, ...conversation }) => ({
      conversation,
      messages: await this.messages.whole(tx, id),
    }));
  }

  /** As its user would: turns that run or wait end as cancelled. @throws ConversationNotFoundError */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    await this.within(ctx, id, async (tx, { user_id: userId }) => {
      await this.conversations.delete(tx, userId, id);
      await this.audit.record(tx, ctx, { action: 'conversation.delete', targetType: 'conversation', targetId: id });
    });
    this.scheduler.deleted(ctx, id);
    await this.people.deleted(ctx);
  }

  private within<T>(
    scope: TenantScope,
    id: string,
    work: (tx: TenantTx, conversation: StaffConversation) => Promise<T>,
  ): Promise<T> {
    return this.unitOfWork.run(scope, async (tx) => {
      const conversation = await this.staff.find(tx, id);
      if (conversation === null) throw new ConversationNotFoundError();
      return work(tx, conversation);
    });
  }
}
