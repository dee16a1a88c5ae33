import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { Credential } from './credential.js';
import { CredentialEntity } from './credential.entity.js';

export type NewCredential = Omit<CredentialEntity, 'tenantId' | 'createdAt' | 'updatedAt' | 'testedAt' | 'testError'>;
export type CredentialChange = Partial<Omit<NewCredential, 'id' | 'kind'>>;

@Injectable()
export class CredentialRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<Credential[]> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(CredentialEntity).newest(before, limit));
  }

  find(tx: TenantTx, id: string): Promise<Credential | null> {
    return tx.rows(CredentialEntity).findOne({ id });
  }

  lock(tx: TenantTx, id: string): Promise<Credential | null> {
    return tx.rows(CredentialEntity).findOne({ id }, 'for update');
  }

  /** With the sealed secret. */
  findSealed(scope: TenantScope, id: string): Promise<(Credential & { readonly sealed: Buffer }) | null> {
    return this.unitOfWork.run(scope, (tx) =>
      tx.rows(CredentialEntity).query('c').addSelect('c.sealed').andWhere('c.id = :id', { id }).getOne(),
    );
  }

  async isNameTaken(tx: TenantTx, name: string, but: string | null = null): Promise<boolean> {
    const found = await tx.rows(CredentialEntity).findOne({ name });
    return found !== null && found.id !== but;
  }

  insert(tx: TenantTx, credential: NewCredential): Promise<Credential> {
    return tx.rows(CredentialEntity).insert(credential);
  }

  async update(tx: TenantTx, id: string, change: CredentialChange): Promise<void> {
    // What another secret or address is worth, a test of the last one does not say.
    await tx.rows(CredentialEntity).update({ id }, { ...change, testedAt: null, testError: null });
  }

  async setTested(scope: TenantScope, id: string, error: string | null): Promise<void> {
    await this.unitOfWork.query(
      scope,
      'UPDATE app.credential SET tested_at = now(), test_error = $3 WHERE tenant_id = $1 AND id = $2',
      [scope.tenantId, id, error],
    );
  }

  async delete(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(CredentialEntity).delete({ id });
  }
}
