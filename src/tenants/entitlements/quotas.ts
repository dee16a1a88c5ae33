import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { TenantRepository } from '../tenant.repository.js';
import { EntitlementRepository } from './entitlement.repository.js';

/** How much of something a tenant may have at a time. Read where it is counted, so that neither is out of date. */
@Injectable()
export class Quotas {
  constructor(
    private readonly entitlements: EntitlementRepository,
    private readonly tenants: TenantRepository,
  ) {}

  /**
   * The limit, with the tenant locked until the transaction ends: of many at once, each counts what those before it took.
   * Call it before the transaction writes anything. A tenant without a limit is not locked.
   * @returns null without a limit
   */
  async hold(tx: TenantTx, name: 'users' | 'storage_mb'): Promise<number | null> {
    if ((await this.read(tx, name)) === null) return null;
    await this.tenants.hold(tx);
    return this.read(tx, name);
  }

  private async read(tx: TenantTx, name: 'users' | 'storage_mb'): Promise<number | null> {
    return (await this.entitlements.find(tx)).limits[name] ?? null;
  }
}
