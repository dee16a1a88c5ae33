import { AppConfig } from '#platform/config';
import type { TenantScope } from '#platform/context';
import { Injectable } from '@nestjs/common';
import { TenantRepository } from '../tenant.repository.js';
import { resolveSettings, type TenantSettings } from './tenant-settings.js';

const LIFETIME_MS = 5_000;
const MOST_TENANTS = 5_000;

/**
 * The settings of the tenants that are active now, so that the path of a turn reads them without a query. A change made
 * here shows at once; one made by another instance within five seconds.
 */
@Injectable()
export class TenantSettingsCache {
  private readonly entries = new Map<string, { until: number; settings: Promise<TenantSettings> }>();

  constructor(
    private readonly config: AppConfig,
    private readonly tenants: TenantRepository,
  ) {}

  /** @throws TenantNotFoundError */
  get(scope: TenantScope): Promise<TenantSettings> {
    const known = this.entries.get(scope.tenantId);
    if (known !== undefined && known.until > Date.now()) return known.settings;
    if (this.entries.size >= MOST_TENANTS) this.entries.clear();
    const settings = this.tenants.get(scope).then((tenant) => resolveSettings(this.config, tenant));
    this.entries.set(scope.tenantId, { until: Date.now() + LIFETIME_MS, settings });
    // A failed read is not remembered.
    settings.catch(() => this.entries.delete(scope.tenantId));
    return settings;
  }

  invalidate(tenantId: string): void {
    this.entries.delete(tenantId);
  }
}
