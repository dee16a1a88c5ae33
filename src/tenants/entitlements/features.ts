import type { TenantScope } from '#platform/context';
import { ForbiddenError } from '#platform/errors';
import type { Feature } from '#platform/http';
import { Injectable } from '@nestjs/common';
import { TenantSettingsCache } from '../settings/tenant-settings.cache.js';
import { isEntitled } from './entitlements.js';

/** 403: the operator has not enabled it for this tenant. What was made earlier stays, to be read and deleted. */
export class FeatureNotEnabledError extends ForbiddenError {
  constructor(feature: Feature) {
    super(`The operator of this service has not enabled "${feature}" for this tenant: ask the operator for it`);
  }
}

/**
 * @param granted of the tenant's entitlements; null: the operator's default, which is all
 * @throws FeatureNotEnabledError
 */
export function assertEnabled(granted: readonly string[] | null, feature: Feature): void {
  if (!isEntitled(granted, [feature])) throw new FeatureNotEnabledError(feature);
}

/** Which features a tenant has now; a change holds within seconds, on every instance. */
@Injectable()
export class Features {
  constructor(private readonly settings: TenantSettingsCache) {}

  async has(scope: TenantScope, feature: Feature): Promise<boolean> {
    return isEntitled((await this.settings.get(scope)).entitlements.features, [feature]);
  }

  /** @throws FeatureNotEnabledError */
  async assertEnabled(scope: TenantScope, feature: Feature): Promise<void> {
    assertEnabled((await this.settings.get(scope)).entitlements.features, feature);
  }
}
