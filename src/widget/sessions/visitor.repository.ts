import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { VisitorEntity } from './visitor.entity.js';
import type { VisitorToken } from './visitor-token.js';

@Injectable()
export class VisitorRepository {
  async insert(tx: TenantTx, visitor: { id: string; widgetId: string; tokenHash: Buffer }): Promise<void> {
    await tx.rows(VisitorEntity).insert(visitor);
  }

  /** The visitor of this widget whose token it is, held against whoever else brings it until the transaction ends. */
  lockByToken(tx: TenantTx, widgetId: string, { hash, visitorId }: VisitorToken): Promise<VisitorEntity | null> {
    return tx.rows(VisitorEntity).findOne({ id: visitorId, widgetId, tokenHash: hash }, 'for update');
  }

  async setSeen(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(VisitorEntity).update({ id }, { lastSeenAt: () => 'now()' });
  }

  async setMoved(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(VisitorEntity).update({ id }, { movedAt: () => 'now()', lastSeenAt: () => 'now()' });
  }
}
