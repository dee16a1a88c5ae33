import type { Role, TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';

export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly last4: string;
  readonly role: Role;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

const COLUMNS = `id, name, last4, role, created_by AS "createdBy", created_at AS "createdAt",
  last_used_at AS "lastUsedAt", expires_at AS "expiresAt", revoked_at AS "revokedAt"`;

@Injectable()
export class ApiKeyRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async insert(
    tx: TenantTx,
    key: {
      id: string;
      name: string;
      hash: Buffer;
      last4: string;
      role: Role;
      createdBy: string;
      expiresAt: Date | null;
    },
  ): Promise<ApiKeyRecord> {
    const row = await tx.one<ApiKeyRecord>(
      `INSERT INTO app.api_key (tenant_id, id, name, key_hash, last4, role, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
      [tx.tenantId, key.id, key.name, key.hash, key.last4, key.role, key.createdBy, key.expiresAt],
    );
    if (row === null) throw new Error('The key was not stored');
    return row;
  }

  list(scope: TenantScope, before: string | null, limit: number): Promise<ApiKeyRecord[]> {
    return this.unitOfWork.query<ApiKeyRecord>(
      scope,
      `SELECT ${COLUMNS} FROM app.api_key
       WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [scope.tenantId, before, limit],
    );
  }

  async find(scope: TenantScope, id: string): Promise<ApiKeyRecord | null> {
    const [row] = await this.unitOfWork.query<ApiKeyRecord>(
      scope,
      `SELECT ${COLUMNS} FROM app.api_key WHERE tenant_id = $1 AND id = $2`,
      [scope.tenantId, id],
    );
    return row ?? null;
  }

  /** Also disables the principal that the key acts as, so that its open sockets end. False when there is no such key. */
  async revoke(tx: TenantTx, id: string): Promise<boolean> {
    const touched = await tx.execute(
      `UPDATE app.api_key SET revoked_at = COALESCE(revoked_at, now()) WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id],
    );
    if (touched === 0) return false;
    await tx.execute(
      `UPDATE app.principal SET disabled_at = COALESCE(disabled_at, now()) WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id],
    );
    return true;
  }
}
