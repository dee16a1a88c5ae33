import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import type { OneTimeSecret } from './one-time-secret.js';
import { RecoveryEntity } from './recovery.entity.js';

@Injectable()
export class RecoveryRepository {
  /** The person's earlier one is void from now on. */
  async replace(tx: TenantTx, principalId: string, secret: OneTimeSecret, expiresAt: Date): Promise<void> {
    const recoveries = tx.rows(RecoveryEntity);
    const row = { id: secret.id, principalId, secretHash: secret.hash, expiresAt };
    await recoveries.upsert(row, ['principalId']);
  }

  /** Whose password it sets, while it still does. */
  async holderOf(tx: TenantTx, secret: OneTimeSecret): Promise<string | null> {
    return (await tx.rows(RecoveryEntity).findOne(open(secret)))?.principalId ?? null;
  }

  /** @returns false when it was used, replaced or has run out: of two at once, one gets true */
  async use(tx: TenantTx, secret: OneTimeSecret): Promise<boolean> {
    return (await tx.rows(RecoveryEntity).delete(open(secret))) > 0;
  }
}

function open({ hash, id }: OneTimeSecret) {
  return { id, secretHash: hash, expiresAt: MoreThan(new Date()) };
}
