import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { NotFoundError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import { type Feedback, FeedbackRepository } from './feedback.repository.js';

/** Thumbs on answers, given by those who asked. */
@Injectable()
export class FeedbackService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly feedback: FeedbackRepository,
  ) {}

  /**
   * @param conversationId must be the answer's, when it is named
   * @throws NotFoundError for a question, another user's answer, or one of another conversation
   */
  rate(
    ctx: RequestContext,
    answer: { readonly messageId: string; readonly conversationId?: string },
    opinion: { readonly rating: 'up' | 'down'; readonly comment: string },
  ): Promise<Feedback> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const conversationId = await this.feedback.conversationOfAnswer(tx, ctx.principal.id, answer.messageId);
      if (conversationId === null || (answer.conversationId ?? conversationId) !== conversationId)
        throw new NotFoundError('Message not found or access denied');
      return this.feedback.put(tx, {
        messageId: answer.messageId,
        principalId: ctx.principal.id,
        conversationId,
        ...opinion,
      });
    });
  }
}
