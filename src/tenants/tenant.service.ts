import { AppConfig } from '#platform/config';
import type { RequestContext, TenantScope } from '#platform/context';
import { isUuid, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { changesBetween } from './audit/audit-changes.js';
import { actorOf, type AuditEntry, AuditService } from './audit/audit.service.js';
import { assertBelow, ceilingsOf } from './entitlements/ceilings.js';
import { OPERATOR_DEFAULTS } from './entitlements/entitlements.js';
import { assertServable, servedBy } from './settings/llm-choice.js';
import { TenantSettingsCache } from './settings/tenant-settings.cache.js';
import type { OperatorSettings, StoredSettings } from './settings/settings.schema.js';
import { readSettings } from './settings/tenant-settings.js';
import { PLATFORM_SLUG, RESERVED_SLUGS, type Tenant } from './tenant.js';
import { PlatformTenantError, SlugReservedError, SlugTakenError, TenantNotFoundError } from './tenant.errors.js';
import { TenantCreated, TenantResumed, TenantSuspended } from './tenant.events.js';
import { TenantRepository } from './tenant.repository.js';

const SUSPENDED = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new TenantSuspended(tenantId));
const RESUMED = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new TenantResumed(tenantId));

/** What is left of a tenant's rows goes with it, the record of its deeds among them. */
const REMOVAL_MS = 60_000;

export interface NewTenant {
  readonly slug: string;
  readonly name: string;
  readonly settings?: StoredSettings;
  readonly operator?: OperatorSettings;
}

/** The tenants themselves: found by slug, made, changed, suspended. */
@Injectable()
export class TenantService {
  constructor(
    private readonly config: AppConfig,
    private readonly tenants: TenantRepository,
    private readonly settings: TenantSettingsCache,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly events: EventBus,
  ) {
    events.share(TenantSuspended, { name: 'tenant.suspended', schema: SUSPENDED });
    events.share(TenantResumed, { name: 'tenant.resumed', schema: RESUMED });
  }

  findIdBySlug(slug: string): Promise<string | null> {
    return this.tenants.findIdBySlug(slug);
  }

  /** @throws TenantNotFoundError */
  get(scope: TenantScope): Promise<Tenant> {
    return this.tenants.get(scope);
  }

  /**
   * A tenant for a customer, made by a platform admin.
   * @throws SlugReservedError, SlugTakenError; InvalidInputError for a model that this server cannot serve
   */
  async create(ctx: RequestContext, input: NewTenant): Promise<Tenant> {
    const { settings = {} } = input;
    assertServable(this.config, settings.llm);
    assertBelow(ceilingsOf(this.config, OPERATOR_DEFAULTS), settings, servedBy(this.config, settings.llm));
    if (RESERVED_SLUGS.includes(input.slug)) throw new SlugReservedError(input.slug);
    const tenantId = newId();
    const created = await this.unitOfWork.run({ tenantId }, async (tx) => {
      if (!(await this.tenants.insert(tx, toRow(input)))) throw new SlugTakenError(input.slug);
      return this.tenants.getForUpdate(tx);
    });
    await this.audit.recordNow(ctx, {
      action: 'tenant.create',
      targetType: 'tenant',
      targetId: tenantId,
      details: { slug: input.slug },
    });
    await this.events.publish(new TenantCreated(tenantId));
    return created;
  }

  /**
   * For seed and start: makes the tenant unless its slug exists, reserved slugs included. Operator settings of an existing
   * tenant are brought up to date; its own settings are left alone.
   * @returns its id, and whether it was made now
   */
  async ensure(input: NewTenant): Promise<{ id: string; created: boolean }> {
    const existing = await this.tenants.findIdBySlug(input.slug);
    if (existing !== null) {
      if (input.operator !== undefined) await this.setOperatorSettings({ tenantId: existing }, input.operator);
      return { id: existing, created: false };
    }
    const tenantId = newId();
    const inserted = await this.unitOfWork.run({ tenantId }, (tx) => this.tenants.insert(tx, toRow(input)));
    if (inserted) {
      // The demo brings agents of its own.
      if (input.operator?.demo === undefined) await this.events.publish(new TenantCreated(tenantId));
      return { id: tenantId, created: true };
    }
    const winner = await this.tenants.findIdBySlug(input.slug);
    if (winner === null) throw new SlugTakenError(input.slug);
    return { id: winner, created: false };
  }

  /** @throws TenantNotFoundError */
  async operatorSettings(scope: TenantScope): Promise<OperatorSettings> {
    return readSettings((await this.tenants.get(scope)).settings).operator;
  }

  /** Operator only: no REST route of a tenant leads here. */
  async setOperatorSettings(scope: TenantScope, operator: OperatorSettings): Promise<void> {
    await this.unitOfWork.run(scope, async (tx) => {
      const tenant = await this.tenants.getForUpdate(tx);
      const { stored } = readSettings(tenant.settings);
      await this.tenants.update(tx, { ...tenant, settings: { ...stored, operator } });
    });
    this.settings.invalidate(scope.tenantId);
  }

  /**
   * Changes name or status of one tenant. A suspended tenant's turns end, its people and programs are shut out, its jobs
   * pause; all of it comes back with `active`. Kept in the tenant's own audit and in that of whoever did it; a change to
   * what is so already is none.
   * @param check runs on the locked row, before the change (`If-Match`)
   * @throws PlatformTenantError when the platform's own tenant is to be suspended; TenantNotFoundError
   */
  async update(
    ctx: RequestContext,
    id: string,
    change: { name?: string; status?: Tenant['status'] },
    check: (current: Tenant) => void = () => undefined,
  ): Promise<Tenant> {
    if (!isUuid(id)) throw new TenantNotFoundError();
    const { before, entry, updated } = await this.unitOfWork.run({ tenantId: id }, async (tx: TenantTx) => {
      const current = await this.tenants.getForUpdate(tx);
      check(current);
      if (change.status === 'suspended' && current.slug === PLATFORM_SLUG) throw new PlatformTenantError('suspended');
      const recorded = changeEntry(current, change);
      if (recorded === null) return { before: current, entry: null, updated: current };
      const next = await this.tenants.update(tx, { ...current, ...defined(change) });
      await this.audit.record(tx, actorOf(ctx), recorded);
      return { before: current, entry: recorded, updated: next };
    });
    if (entry === null) return updated;
    this.settings.invalidate(id);
    if (ctx.tenantId !== id) await this.audit.recordNow(ctx, entry);
    if (updated.status !== before.status) {
      await this.events.publish(updated.status === 'suspended' ? new TenantSuspended(id) : new TenantResumed(id));
    }
    return updated;
  }

  /** The last step of an erasure: its other rows are gone already, but for a few. */
  async remove(scope: TenantScope): Promise<void> {
    const deadlineMs = REMOVAL_MS;
    await this.unitOfWork.run(scope, (tx) => this.tenants.delete(tx), { deadlineMs });
    this.settings.invalidate(scope.tenantId);
  }

  /** @param after id of the last tenant of the previous page */
  async list(after: string | null, limit: number): Promise<Tenant[]> {
    const ids = await this.tenants.listIds(after, limit);
    return Promise.all(ids.map((tenantId) => this.tenants.get({ tenantId })));
  }
}

function changeEntry(current: Tenant, change: { name?: string; status?: Tenant['status'] }): AuditEntry | null {
  const { name, status } = current;
  const changes = changesBetween({ name, status }, { name, status, ...defined(change) });
  if (changes.length === 0) return null;
  const verb = !changes.some(({ field }) => field === 'status')
    ? 'update'
    : change.status === 'suspended'
      ? 'suspend'
      : 'resume';
  return { action: `tenant.${verb}`, targetType: 'tenant', targetId: current.id, changes };
}

function toRow(input: NewTenant): { slug: string; name: string; settings: object } {
  const operator = input.operator === undefined ? {} : { operator: input.operator };
  return { slug: input.slug, name: input.name, settings: { ...input.settings, ...operator } };
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;
}
