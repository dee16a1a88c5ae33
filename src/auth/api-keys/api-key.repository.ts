import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { IsNull, LessThan } from 'typeorm';
import { ApiKeyEntity } from './api-key.entity.js';

export type ApiKeyRecord = Readonly<Omit<ApiKeyEntity, 'tenantId' | 'keyHash'>>;
export type NewApiKey = Pick<ApiKeyEntity, 'id' | 'name' | 'keyHash' | 'last4' | 'role' | 'createdBy' | 'expiresAt'>;

@Injectable()
export class ApiKeyRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  insert(tx: TenantTx, key: NewApiKey): Promise<ApiKeyRecord> {
    return tx.rows(ApiKeyEntity).insert(key);
  }

  /** Newest first. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<ApiKeyRecord[]> {
    const where = before === null ? {} : { id: LessThan(before) };
    return this.unitOfWork.run(scope, (tx) => tx.rows(ApiKeyEntity).find({ where, order: { id: 'DESC' }, limit }));
  }

  find(scope: TenantScope, id: string): Promise<ApiKeyRecord | null> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(ApiKeyEntity).findOne({ id }));
  }

  /** @returns false when there is no such key */
  async revoke(tx: TenantTx, id: string): Promise<boolean> {
    const keys = tx.rows(ApiKeyEntity);
    await keys.update({ id, revokedAt: IsNull() }, { revokedAt: () => 'now()' });
    return (await keys.count({ id })) > 0;
  }
}
