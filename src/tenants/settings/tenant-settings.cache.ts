import { AppConfig } from '#platform/config';
import type { TenantScope } from '#platform/context';
import { EventBus, NewsMissed } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { TenantChanged } from '../tenant.events.js';
import { TenantRepository } from '../tenant.repository.js';
import { resolveSettings, type TenantSettings } from './tenant-settings.js';

const CHANGED = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new TenantChanged(tenantId));

const LIFETIME_MS = 5_000;
const MOST_TENANTS = 5_000;

/**
 * The settings of the tenants that are active now, so that the path of a turn reads them without a query. A change shows
 * at once (`invalidate`), on other instances as soon as they hear of it, and nowhere later than after five seconds.
 */
@Injectable()
export class TenantSettingsCache {
  private readonly entries = new LRUCache<string, Promise<TenantSettings>>({ max: MOST_TENANTS, ttl: LIFETIME_MS });

  constructor(
    private readonly config: AppConfig,
    private readonly tenants: TenantRepository,
    private readonly events: EventBus,
  ) {
    events.share(TenantChanged, { name: 'tenant.changed', schema: CHANGED });
    events.on(TenantChanged, ({ tenantId }) => void this.entries.delete(tenantId));
    events.on(NewsMissed, () => this.entries.clear());
  }

  /** @throws TenantNotFoundError */
  get(scope: TenantScope): Promise<TenantSettings> {
    const known = this.entries.get(scope.tenantId);
    if (known !== undefined) return known;
    const settings = this.tenants.get(scope).then((tenant) => resolveSettings(this.config, tenant));
    this.entries.set(scope.tenantId, settings);
    // A failed read is not remembered.
    settings.catch(() => {
      if (this.entries.peek(scope.tenantId) === settings) this.entries.delete(scope.tenantId);
    });
    return settings;
  }

  /** After a change of the tenant or its settings is committed. */
  invalidate(tenantId: string): void {
    this.entries.delete(tenantId);
    void this.events.publish(new TenantChanged(tenantId));
  }
}
