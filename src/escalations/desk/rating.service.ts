import { Injectable } from '@nestjs/common';
import { ConversationNotFoundError, HandoverService } from '#conversations';
import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { ConflictError } from '#platform/errors';
import { isOpen } from '../model/escalation.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { type Rating, RatingRepository } from './rating.repository.js';

/** How it was, by whose conversation it is. */
@Injectable()
export class RatingService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly handover: HandoverService,
    private readonly escalations: EscalationRepository,
    private readonly ratings: RatingRepository,
  ) {}

  /**
   * After the end of the conversation, or of a person's part in it.
   * @throws ConversationNotFoundError, ConflictError while it goes on
   */
  rate(ctx: RequestContext, conversationId: string, opinion: { score: number; comment: string }): Promise<Rating> {
    return this.uow.run(ctx, async (tx) => {
      const conversation = await this.handover.findOwn(tx, ctx, conversationId);
      if (conversation === null) throw new ConversationNotFoundError();
      const escalation = await this.escalations.latestOf(tx, conversationId);
      const isOver = conversation.status === 'ended' || (escalation !== null && !isOpen(escalation));
      if (!isOver) throw new ConflictError('This conversation goes on: rate it when it has ended');
      return this.ratings.put(tx, { conversationId, escalationId: escalation?.id ?? null, ...opinion });
    });
  }
}
