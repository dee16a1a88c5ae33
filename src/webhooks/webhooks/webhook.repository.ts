import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { DeepPartial, QueryDeepPartialEntity } from 'typeorm';
import type { Webhook, WebhookDraft } from './webhook.js';
import type { SealedSecrets } from './webhook-secrets.js';
import { WebhookEntity } from './webhook.entity.js';

type Change = Partial<WebhookDraft & SealedSecrets & Pick<Webhook, 'failingSince' | 'disabledAt' | 'disabledReason'>>;

@Injectable()
export class WebhookRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<Webhook[]> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(WebhookEntity).newest(before, limit));
  }

  find(tx: TenantTx, id: string, lock?: 'for update'): Promise<Webhook | null> {
    return tx.rows(WebhookEntity).findOne({ id }, lock);
  }

  findSealed(tx: TenantTx, id: string): Promise<(Webhook & { readonly sealed: Buffer }) | null> {
    return tx.rows(WebhookEntity).query('w').addSelect('w.sealed').andWhere('w.id = :id', { id }).getOne();
  }

  /** Oldest first, so that a list of them is always in the same order. */
  enabled(tx: TenantTx): Promise<Webhook[]> {
    return tx.rows(WebhookEntity).find({ where: { enabled: true }, order: { id: 'ASC' } });
  }

  count(tx: TenantTx): Promise<number> {
    return tx.rows(WebhookEntity).count();
  }

  insert(tx: TenantTx, webhook: WebhookDraft & SealedSecrets & { readonly id: string }): Promise<Webhook> {
    return tx.rows(WebhookEntity).insert(webhook as DeepPartial<WebhookEntity>);
  }

  async update(tx: TenantTx, id: string, change: Change): Promise<void> {
    await tx.rows(WebhookEntity).update({ id }, change as QueryDeepPartialEntity<WebhookEntity>);
  }

  async delete(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(WebhookEntity).delete({ id });
  }

  /** Something arrived. */
  async isWell(tx: TenantTx, id: string): Promise<void> {
    await tx.execute(
      'UPDATE app.webhook SET failing_since = NULL WHERE tenant_id = $1 AND id = $2 AND failing_since IS NOT NULL',
      [tx.tenantId, id],
    );
  }

  /** Something did not arrive. @returns for how many seconds nothing has */
  async isFailing(tx: TenantTx, id: string): Promise<number> {
    const values = [tx.tenantId, id];
    await tx.execute(
      `UPDATE app.webhook SET failing_since = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 AND failing_since IS NULL`,
      values,
    );
    const row = await tx.one<{ seconds: number | null }>(
      `SELECT extract(epoch FROM clock_timestamp() - failing_since)::float8 AS seconds
         FROM app.webhook WHERE tenant_id = $1 AND id = $2`,
      values,
    );
    return row?.seconds ?? 0;
  }
}
