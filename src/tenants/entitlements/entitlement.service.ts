import type { RequestContext, TenantScope } from '#platform/context';
import { isUuid, UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { changesBetween } from '../audit/audit-changes.js';
import { actorOf, AuditService } from '../audit/audit.service.js';
import { TenantNotFoundError } from '../tenant.errors.js';
import { TenantChanged } from '../tenant.events.js';
import { TenantRepository } from '../tenant.repository.js';
import { EntitlementRepository } from './entitlement.repository.js';
import { type Entitlements, LIMIT_NAMES } from './entitlements.js';

/** What the operator grants a tenant. What holds right now is read with the tenant's settings. */
@Injectable()
export class EntitlementService {
  constructor(
    private readonly entitlements: EntitlementRepository,
    private readonly tenants: TenantRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly events: EventBus,
  ) {}

  /** @throws TenantNotFoundError */
  async get(scope: TenantScope): Promise<Entitlements> {
    if (!isUuid(scope.tenantId)) throw new TenantNotFoundError();
    await this.tenants.get(scope);
    return this.unitOfWork.run(scope, (tx) => this.entitlements.find(tx));
  }

  /**
   * Replaces all of a tenant's entitlements; they hold at once, on every instance. Kept in the tenant's own audit and in
   * that of whoever did it.
   * @param check runs on what holds before the change, with the tenant locked (`If-Match`)
   * @throws TenantNotFoundError
   */
  async replace(
    ctx: RequestContext,
    tenantId: string,
    next: Entitlements,
    check: (current: Entitlements) => void,
  ): Promise<Entitlements> {
    if (!isUuid(tenantId)) throw new TenantNotFoundError();
    const entry = { action: 'entitlements.update', targetType: 'tenant', targetId: tenantId };
    const changes = await this.unitOfWork.run({ tenantId }, async (tx) => {
      await this.tenants.getForUpdate(tx);
      const current = await this.entitlements.find(tx);
      check(current);
      await this.entitlements.put(tx, next);
      const changed = changesBetween(fieldsOf(current), fieldsOf(next));
      await this.audit.record(tx, actorOf(ctx), { ...entry, changes: changed });
      return changed;
    });
    await this.events.publish(new TenantChanged(tenantId));
    if (ctx.tenantId !== tenantId) await this.audit.recordNow(ctx, { ...entry, changes });
    return next;
  }

  /** For seeds: the lists that a tenant starts with, unless it has entitlements already. */
  async ensure(scope: TenantScope, first: Entitlements): Promise<void> {
    await this.unitOfWork.run(scope, async (tx) => {
      await this.tenants.getForUpdate(tx);
      if (!(await this.entitlements.exist(tx))) await this.entitlements.put(tx, first);
    });
    await this.events.publish(new TenantChanged(scope.tenantId));
  }
}

/** Each limit is a field of its own. */
function fieldsOf({ limits, ...lists }: Entitlements): Record<string, unknown> {
  return { ...lists, ...Object.fromEntries(LIMIT_NAMES.map((name) => [`limits.${name}`, limits[name] ?? null])) };
}
