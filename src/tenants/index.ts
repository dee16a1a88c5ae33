/**
 * The tenants: who they are, what holds for them (settings over the operator's configuration over defaults), how much their
 * people may send, and the record of who did what. Modules below ask `TenantSettingsCache` for settings and
 * `MessageRateLimiter` before a message starts anything; nothing here knows users, agents or conversations.
 */
export { TenantsModule } from './tenants.module.js';
export { TenantService, type NewTenant } from './tenant.service.js';
export { createTenantBody } from './tenant.dto.js';
export { PLATFORM_SLUG, RESERVED_SLUGS, type Tenant } from './tenant.js';
export { TenantChanged, TenantCreated, TenantResumed, TenantSuspended } from './tenant.events.js';
export { PlatformTenantError, SlugReservedError, SlugTakenError, TenantNotFoundError } from './tenant.errors.js';
export { TenantSettingsCache } from './settings/tenant-settings.cache.js';
export { readSettings, type TenantSettings } from './settings/tenant-settings.js';
export {
  DEFAULT_TRACES_DAYS,
  type OperatorSettings,
  type StatusStep,
  type StoredSettings,
  type TextKey,
} from './settings/settings.schema.js';
export { EntitlementService } from './entitlements/entitlement.service.js';
export { assertEnabled, FeatureNotEnabledError, Features } from './entitlements/features.js';
export { Quotas } from './entitlements/quotas.js';
export { type Entitlements, isEntitled, OPERATOR_DEFAULTS } from './entitlements/entitlements.js';
export { allowsModel, atMost, type Ceilings } from './entitlements/ceilings.js';
export { messageLimitOf, MessageRateLimiter } from './limits/message-rate-limiter.js';
export { OriginDirectory } from './origins/origin-directory.js';
export { type CallingPage, TenantOrigins } from './origins/tenant-origins.js';
export { BudgetExceededError, type Estimate, SpendingLimits } from './limits/spending-limits.js';
export { releaseReservation } from './limits/budget.repository.js';
export { type RequestBucket, requestBuckets, requestLimiter } from './limits/request-limits.js';
export { type AuditChange, changesBetween } from './audit/audit-changes.js';
export { type AuditActor, type AuditEntry, actorOf, AuditService, SYSTEM_ACTOR } from './audit/audit.service.js';
