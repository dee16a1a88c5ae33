import type { TenantScope } from '#platform/context';
import { isUuid, type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { Tenant } from './tenant.js';
import { TenantRowEntity } from './tenant.entity.js';
import { TenantNotFoundError } from './tenant.errors.js';

/** With what it is entitled to, so that one statement says what holds for it. */
const COLUMNS = `id, slug, name, status, settings, created_at AS "createdAt", updated_at AS "updatedAt",
  (SELECT to_jsonb(e) FROM app.entitlement e WHERE e.tenant_id = tenant.id) AS entitlements`;

type NewTenantRow = Pick<TenantRowEntity, 'slug' | 'name' | 'settings'>;
export type TenantChange = Pick<Tenant, 'name' | 'status'> & { readonly settings: object };

@Injectable()
export class TenantRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @throws TenantNotFoundError */
  async get(scope: TenantScope): Promise<Tenant> {
    const [tenant] = await this.unitOfWork.query<Tenant>(scope, `SELECT ${COLUMNS} FROM app.tenant WHERE id = $1`, [
      scope.tenantId,
    ]);
    if (tenant === undefined) throw new TenantNotFoundError();
    return tenant;
  }

  /** The row, locked against a change by somebody else until the transaction ends. */
  async getForUpdate(tx: TenantTx): Promise<Tenant> {
    const tenant = await tx.one<Tenant>(`SELECT ${COLUMNS} FROM app.tenant WHERE id = $1 FOR UPDATE`, [tx.tenantId]);
    if (tenant === null) throw new TenantNotFoundError();
    return tenant;
  }

  /** Locks the tenant, but lets through what only refers to it. */
  async hold(tx: TenantTx): Promise<void> {
    await tx.execute('SELECT 1 FROM app.tenant WHERE id = $1 FOR NO KEY UPDATE', [tx.tenantId]);
  }

  async findIdBySlug(slug: string): Promise<string | null> {
    const [row] = await this.unitOfWork.lookup<{ id: string | null }>('SELECT app.tenant_id_by_slug($1) AS id', [slug]);
    return row?.id ?? null;
  }

  /** @returns false when the slug is taken */
  async insert(tx: TenantTx, tenant: NewTenantRow): Promise<boolean> {
    return (await tx.rows(TenantRowEntity).insertNew({ ...tenant, status: 'active' })) !== null;
  }

  async update(tx: TenantTx, change: TenantChange): Promise<Tenant> {
    const { name, settings, status } = change;
    await tx.rows(TenantRowEntity).update({}, { name, status, settings });
    return this.getForUpdate(tx);
  }

  /** With everything that still refers to it. @returns false when it is gone already */
  async delete(tx: TenantTx): Promise<boolean> {
    return (await tx.rows(TenantRowEntity).delete({})) > 0;
  }

  /** Ids of all tenants, newest first: for platform admins. */
  async listIds(after: string | null, limit: number): Promise<string[]> {
    if (after !== null && !isUuid(after)) return [];
    const rows = await this.unitOfWork.lookup<{ id: string }>('SELECT tenant_id AS id FROM app.tenant_ids($1, $2)', [
      after,
      limit,
    ]);
    return rows.map((row) => row.id);
  }

  /** True when some active tenant lists one of these (`patternsFor` a browser's origin). */
  async isKnownOrigin(patterns: readonly string[]): Promise<boolean> {
    const sql = 'SELECT app.origin_is_known($1) AS known';
    const [row] = await this.unitOfWork.lookup<{ known: boolean }>(sql, [patterns]);
    return row?.known === true;
  }
}
