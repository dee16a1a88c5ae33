import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { TrustedIssuerEntity } from './trusted-issuer.entity.js';
import type { TrustedIssuerRecord } from './trusted-issuer.js';

export type IssuerRow = Omit<TrustedIssuerRecord, 'createdAt' | 'updatedAt'>;

@Injectable()
export class TrustedIssuerRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The tenants that take tokens of this issuer for one of these audiences: one, unless two were saved at once. */
  async tenantsTrusting(issuer: string, audience: readonly string[]): Promise<string[]> {
    const rows = await this.unitOfWork.lookup<{ id: string }>(
      'SELECT tenant_id AS id FROM app.tenants_trusting($1, $2)',
      [issuer, audience],
    );
    return rows.map((row) => row.id);
  }

  /**
   * The same within a transaction, held against others who save this issuer until it ends. What another tenant has disabled
   * bars nobody: it is judged when it is enabled.
   */
  async othersTrusting(tx: TenantTx, issuer: string, audience: readonly string[]): Promise<number> {
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [issuer]);
    const rows = await tx.query('SELECT 1 FROM app.tenants_trusting($1, $2) t WHERE t.tenant_id <> $3', [
      issuer,
      audience,
      tx.tenantId,
    ]);
    return rows.length;
  }

  findByIssuer(scope: TenantScope, issuer: string): Promise<TrustedIssuerRecord | null> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(TrustedIssuerEntity).findOne({ issuer, enabled: true }));
  }

  find(tx: TenantTx, id: string, lock?: 'for update'): Promise<TrustedIssuerRecord | null> {
    return tx.rows(TrustedIssuerEntity).findOne({ id }, lock);
  }

  /** Newest first. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<TrustedIssuerRecord[]> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(TrustedIssuerEntity).newest(before, limit));
  }

  /** Whether the tenant has another row with this issuer. */
  async isKnown(tx: TenantTx, issuer: string, exceptId: string): Promise<boolean> {
    const row = await tx.rows(TrustedIssuerEntity).findOne({ issuer });
    return row !== null && row.id !== exceptId;
  }

  async insert(tx: TenantTx, row: IssuerRow): Promise<void> {
    await tx.rows(TrustedIssuerEntity).insert(copyOf(row));
  }

  async update(tx: TenantTx, row: IssuerRow): Promise<void> {
    await tx.rows(TrustedIssuerEntity).update({ id: row.id }, copyOf(row));
  }

  async delete(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(TrustedIssuerEntity).delete({ id });
  }
}

/** The columns and nothing that came along with them. */
function copyOf(row: IssuerRow) {
  const { algorithms, audience, claims, enabled, id, issuer, jwksUrl, publicKey, roles } = row;
  return {
    ...{ id, issuer, jwksUrl, publicKey, claims, enabled },
    audience: [...audience],
    algorithms: [...algorithms],
    roles: [...roles],
  };
}
