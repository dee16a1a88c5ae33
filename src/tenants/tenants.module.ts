import { Module } from '@nestjs/common';
import { AuditLogController } from './audit/audit-log.controller.js';
import { AuditLogRepository } from './audit/audit-log.repository.js';
import { AuditService } from './audit/audit.service.js';
import { EntitlementRepository } from './entitlements/entitlement.repository.js';
import { EntitlementService } from './entitlements/entitlement.service.js';
import { Features } from './entitlements/features.js';
import { Quotas } from './entitlements/quotas.js';
import { EntitlementsController } from './entitlements/entitlements.controller.js';
import { BudgetRepository } from './limits/budget.repository.js';
import { CurrentLimits } from './limits/current-limits.js';
import { CurrentLimitsController } from './limits/current-limits.controller.js';
import { MessageRateLimiter } from './limits/message-rate-limiter.js';
import { KnownOrigins } from '#platform/http';
import { OriginDirectory } from './origins/origin-directory.js';
import { TenantOrigins } from './origins/tenant-origins.js';
import { SpendingLimits } from './limits/spending-limits.js';
import { TokenLimiter } from './limits/token-limiter.js';
import { SettingsController } from './settings/settings.controller.js';
import { SettingsService } from './settings/settings.service.js';
import { TenantSettingsCache } from './settings/tenant-settings.cache.js';
import { TenantRepository } from './tenant.repository.js';
import { TenantService } from './tenant.service.js';
import { TenantsController } from './tenants.controller.js';

@Module({
  controllers: [
    TenantsController,
    EntitlementsController,
    SettingsController,
    AuditLogController,
    CurrentLimitsController,
  ],
  providers: [
    TenantRepository,
    TenantService,
    TenantSettingsCache,
    SettingsService,
    AuditLogRepository,
    EntitlementRepository,
    EntitlementService,
    Features,
    Quotas,
    AuditService,
    MessageRateLimiter,
    BudgetRepository,
    TokenLimiter,
    SpendingLimits,
    CurrentLimits,
    OriginDirectory,
    TenantOrigins,
    { provide: KnownOrigins, useExisting: OriginDirectory },
  ],
  exports: [
    TenantService,
    Features,
    Quotas,
    EntitlementService,
    TenantSettingsCache,
    AuditService,
    MessageRateLimiter,
    SpendingLimits,
    OriginDirectory,
    TenantOrigins,
  ],
})
export class TenantsModule {}
