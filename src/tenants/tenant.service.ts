import { AppConfig } from '#platform/config';
import type { RequestContext, TenantScope } from '#platform/context';
import { isUuid, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AuditService } from './audit/audit.service.js';
import { assertBelow, ceilingsOf } from './entitlements/ceilings.js';
import { OPERATOR_DEFAULTS } from './entitlements/entitlements.js';
import { assertServable, servedBy } from './settings/llm-choice.js';
import { TenantSettingsCache } from './settings/tenant-settings.cache.js';
import type { OperatorSettings, StoredSettings } from './settings/settings.schema.js';
import { readSettings } from './settings/tenant-settings.js';
import { RESERVED_SLUGS, type Tenant } from './tenant.js';
import { SlugReservedError, SlugTakenError, TenantNotFoundError } from './tenant.errors.js';
import { TenantCreated, TenantSuspended } from './tenant.events.js';
import { TenantRepository } from './tenant.repository.js';

const SUSPENDED = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new TenantSuspended(tenantId));

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
      action: 'tenant.created',
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
   * Changes name or status of one tenant; a suspended tenant's people are signed out.
   * @param check runs on the locked row, before the change (`If-Match`)
   */
  async update(
    ctx: RequestContext,
    id: string,
    change: { name?: string; status?: Tenant['status'] },
    check: (current: Tenant) => void = () => undefined,
  ): Promise<Tenant> {
    if (!isUuid(id)) throw new TenantNotFoundError();
    const updated = await this.unitOfWork.run({ tenantId: id }, async (tx: TenantTx) => {
      const current = await this.tenants.getForUpdate(tx);
      check(current);
      return this.tenants.update(tx, { ...current, ...defined(change) });
    });
    this.settings.invalidate(id);
    await this.audit.recordNow(ctx, {
      action: 'tenant.updated',
      targetType: 'tenant',
      targetId: id,
      details: defined(change),
    });
    if (updated.status === 'suspended') await this.events.publish(new TenantSuspended(id));
    return updated;
  }

  /** @param after id of the last tenant of the previous page */
  async list(after: string | null, limit: number): Promise<Tenant[]> {
    const ids = await this.tenants.listIds(after, limit);
    return Promise.all(ids.map((tenantId) => this.tenants.get({ tenantId })));
  }
}

function toRow(input: NewTenant): { slug: string; name: string; settings: unknown } {
  const operator = input.operator === undefined ? {} : { operator: input.operator };
  return { slug: input.slug, name: input.name, settings: { ...input.settings, ...operator } };
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;
}
