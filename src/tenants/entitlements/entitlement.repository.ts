import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { EntitlementEntity } from './entitlement.entity.js';
import { type Entitlements, readEntitlements } from './entitlements.js';

@Injectable()
export class EntitlementRepository {
  async find(tx: TenantTx): Promise<Entitlements> {
    return readEntitlements(await tx.rows(EntitlementEntity).findOne({}));
  }

  async exist(tx: TenantTx): Promise<boolean> {
    return (await tx.rows(EntitlementEntity).count()) > 0;
  }

  async put(tx: TenantTx, { agents, features, limits, models, tools }: Entitlements): Promise<void> {
    const copy = (list: readonly string[] | null) => (list === null ? null : [...list]);
    const row = {
      agents: copy(agents),
      tools: copy(tools),
      models: copy(models),
      features: copy(features),
      limits,
      updatedAt: new Date(),
    };
    await tx.rows(EntitlementEntity).upsert(row, []);
  }
}
