import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { In, IsNull } from 'typeorm';
import { PrincipalEntity } from '../principals/principal.entity.js';
import type { PrincipalRecord } from '../principals/principal.js';
import { ApiKeyEntity } from './api-key.entity.js';

type Stored = Readonly<Omit<ApiKeyEntity, 'tenantId' | 'keyHash'>>;
export type ApiKeyRecord = Stored & { readonly maker: PrincipalRecord | null };
export type NewApiKey = Pick<
  ApiKeyEntity,
  'id' | 'name' | 'keyHash' | 'last4' | 'role' | 'scopes' | 'createdBy' | 'parentId' | 'expiresAt'
>;

@Injectable()
export class ApiKeyRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async insert(tx: TenantTx, key: NewApiKey): Promise<void> {
    await tx.rows(ApiKeyEntity).insert(key);
  }

  /** Newest first. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<ApiKeyRecord[]> {
    return this.unitOfWork.run(scope, async (tx) => withMakers(tx, await tx.rows(ApiKeyEntity).newest(before, limit)));
  }

  /** @param lock holds the row against a change by somebody else until the transaction ends */
  async find(tx: TenantTx, id: string, lock?: 'for update'): Promise<ApiKeyRecord | null> {
    const key = await tx.rows(ApiKeyEntity).findOne({ id }, lock);
    return key === null ? null : ((await withMakers(tx, [key]))[0] ?? null);
  }

  /** Those that would still work, had they somebody to answer for them. */
  async idsOwnedBy(tx: TenantTx, principalId: string): Promise<string[]> {
    const keys = await tx.rows(ApiKeyEntity).find({ where: { createdBy: principalId, revokedAt: IsNull() } });
    return keys.map((key) => key.id);
  }

  async setOwner(tx: TenantTx, id: string, principalId: string): Promise<void> {
    await tx.rows(ApiKeyEntity).update({ id }, { createdBy: principalId });
  }

  /**
   * Revokes a key with all that it made, and they theirs.
   * @returns the ids of those that were not revoked before
   */
  async revoke(tx: TenantTx, id: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `WITH RECURSIVE family AS (
         SELECT k.id FROM app.api_key k WHERE k.tenant_id = $1 AND k.id = $2
         UNION
         SELECT k.id FROM app.api_key k JOIN family f ON k.parent_id = f.id WHERE k.tenant_id = $1
       )
       UPDATE app.api_key k SET revoked_at = now() FROM family f
       WHERE k.tenant_id = $1 AND k.id = f.id AND k.revoked_at IS NULL RETURNING k.id`,
      [tx.tenantId, id],
    );
    return rows.map((row) => row.id);
  }
}

async function withMakers(tx: TenantTx, keys: readonly ApiKeyEntity[]): Promise<ApiKeyRecord[]> {
  const ids = [...new Set(keys.flatMap(({ createdBy }) => (createdBy === null ? [] : [createdBy])))];
  const makers = ids.length === 0 ? [] : await tx.rows(PrincipalEntity).find({ where: { id: In(ids) } });
  return keys.map((key) => ({ ...key, maker: makers.find(({ id }) => id === key.createdBy) ?? null }));
}
