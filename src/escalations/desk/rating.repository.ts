import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { RatingEntity } from './rating.entity.js';

export type Rating = Readonly<Omit<RatingEntity, 'tenantId'>>;

@Injectable()
export class RatingRepository {
  /** Also over what was said before. */
  async put(tx: TenantTx, rating: Omit<Rating, 'createdAt' | 'updatedAt'>): Promise<Rating> {
    const rows = tx.rows(RatingEntity);
    await rows.upsert({ ...rating, updatedAt: new Date() }, ['conversationId']);
    const stored = await rows.findOne({ conversationId: rating.conversationId });
    if (stored === null) throw new Error('The rating was not stored');
    return stored;
  }
}
