import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { FeedbackEntity } from './feedback.entity.js';

export type Feedback = Readonly<Omit<FeedbackEntity, 'tenantId' | 'principalId'>>;

@Injectable()
export class FeedbackRepository {
  /** Also over what the same person said of it before. */
  async put(tx: TenantTx, feedback: Omit<FeedbackEntity, 'tenantId' | 'createdAt' | 'updatedAt'>): Promise<Feedback> {
    const { messageId, principalId } = feedback;
    await tx.rows(FeedbackEntity).upsert(feedback, ['messageId', 'principalId']);
    const stored = await tx.rows(FeedbackEntity).findOne({ messageId, principalId });
    if (stored === null) throw new Error('The feedback was not stored');
    return stored;
  }

  find(tx: TenantTx, messageId: string, principalId: string): Promise<Feedback | null> {
    return tx.rows(FeedbackEntity).findOne({ messageId, principalId });
  }

  /** The conversation of an answer that its owner may rate; null for a question, another's, or none. */
  async conversationOfAnswer(tx: TenantTx, principalId: string, messageId: string): Promise<string | null> {
    const row = await tx.one<{ id: string }>(
      `SELECT c.id FROM app.message m JOIN app.conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
       WHERE m.tenant_id = $1 AND m.id = $2 AND c.principal_id = $3
         AND m.role IN ('assistant', 'supporter') AND m.state IN ('final', 'partial')`,
      [tx.tenantId, messageId, principalId],
    );
    return row?.id ?? null;
  }
}
