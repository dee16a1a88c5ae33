import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { changesBetween } from '../audit/audit-changes.js';
import { AuditService } from '../audit/audit.service.js';
import { assertBelow, type Ceiled } from '../entitlements/ceilings.js';
import { TenantRepository } from '../tenant.repository.js';
import { assertServable, servedBy } from './llm-choice.js';
import { applyPatch, type SettingsPatch } from './settings-patch.js';
import { TenantSettingsCache } from './tenant-settings.cache.js';
import type { StoredSettings } from './settings.schema.js';
import { readSettings, resolveSettings, type TenantSettings } from './tenant-settings.js';
import { AppConfig } from '#platform/config';

/** What a tenant's admins read and change. The operator's part of the document is neither shown nor touched. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly config: AppConfig,
    private readonly tenants: TenantRepository,
    private readonly cache: TenantSettingsCache,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
  ) {}

  async get(ctx: RequestContext): Promise<TenantSettings> {
    return resolveSettings(this.config, await this.tenants.get(ctx));
  }

  /** @param check runs on what holds before the change, with the row locked (`If-Match`) */
  async patch(
    ctx: RequestContext,
    patch: SettingsPatch,
    check: (current: TenantSettings) => void,
  ): Promise<TenantSettings> {
    const updated = await this.unitOfWork.run(ctx, async (tx) => {
      const tenant = await this.tenants.getForUpdate(tx);
      const current = resolveSettings(this.config, tenant);
      check(current);
      const { stored, operator } = readSettings(tenant.settings);
      const next: StoredSettings = applyPatch(stored, patch);
      // What was stored before the operator took a provider away must not stop a change of something else.
      if (patch.llm !== undefined) assertServable(this.config, next.llm);
      assertBelow(current.ceilings, touched(patch, next), servedBy(this.config, next.llm));
      await this.audit.record(tx, ctx, { action: 'settings.update', changes: changesBetween(stored, next) });
      return this.tenants.update(tx, { ...tenant, settings: { ...next, operator } });
    });
    this.cache.invalidate(ctx.tenantId);
    return resolveSettings(this.config, updated);
  }
}

/** Of the settings as they would be, the groups that a patch speaks of: what stood above a ceiling before may stay. */
function touched(patch: SettingsPatch, next: StoredSettings): Ceiled {
  return Object.fromEntries(Object.keys(patch).map((key) => [key, next[key as keyof StoredSettings]]));
}
