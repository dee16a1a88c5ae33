import { Injectable } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { TenantSettingsCache } from '#tenants';
import { isOpenAt } from '../model/hours.js';

/** Whether a tenant's people are at work, by `settings.hours`. Without hours they are whenever somebody is online. */
@Injectable()
export class OpeningHours {
  constructor(private readonly settings: TenantSettingsCache) {}

  async areOpen(scope: TenantScope, at = new Date()): Promise<boolean> {
    const { hours } = await this.settings.get(scope);
    return hours === null || isOpenAt(hours, at);
  }
}
