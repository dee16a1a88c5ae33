import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { TenantRepository } from '../tenant.repository.js';
import { EntitlementRepository } from './entitlement.repository.js';

export const QUOTA_NAMES = ['users', 'storage_mb'] as const;
export type Quota = (typeof QUOTA_NAMES)[number];
type Count = (tx: TenantTx) => Promise<number>;

export interface QuotaState {
  readonly name: Quota;
  readonly limit: number;
  /** In the limit's unit; above it where the limit went down. */
  readonly used: number;
}

/** How much of something a tenant may have at a time. Read where it is counted, so that neither is out of date. */
@Injectable()
export class Quotas {
  private readonly counts = new Map<Quota, Count>();

  constructor(
    private readonly entitlements: EntitlementRepository,
    private readonly tenants: TenantRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** For the module that owns what is counted. @param count how much of it a tenant has, in the limit's unit */
  countedBy(name: Quota, count: Count): void {
    this.counts.set(name, count);
  }

  /** Those that are limited, as far as somebody here counts them. */
  async current(scope: TenantScope): Promise<QuotaState[]> {
    return this.unitOfWork.run(scope, async (tx) => {
      const { limits } = await this.entitlements.find(tx);
      const states: QuotaState[] = [];
      for (const name of QUOTA_NAMES) {
        const [limit, count] = [limits[name] ?? null, this.counts.get(name)];
        if (limit !== null && count !== undefined) states.push({ name, limit, used: await count(tx) });
      }
      return states;
    });
  }

  /**
   * The limit, with the tenant locked until the transaction ends: of many at once, each counts what those before it took.
   * Call it before the transaction writes anything. A tenant without a limit is not locked.
   * @returns null without a limit
   */
  async hold(tx: TenantTx, name: Quota): Promise<number | null> {
    if ((await this.read(tx, name)) === null) return null;
    await this.tenants.hold(tx);
    return this.read(tx, name);
  }

  private async read(tx: TenantTx, name: Quota): Promise<number | null> {
    return (await this.entitlements.find(tx)).limits[name] ?? null;
  }
}
