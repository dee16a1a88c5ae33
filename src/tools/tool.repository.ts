import type { CredentialUse } from '#llm';
import type { TenantScope } from '#platform/context';
import { isForeignKeyViolation, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, InvalidInputError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import { type DeepPartial, In, type QueryDeepPartialEntity } from 'typeorm';
import { ToolEntity } from './tool.entity.js';
import type { ToolDefinition } from './tool.js';

export type StoredTool = Readonly<Omit<ToolEntity, 'tenantId' | 'requiresApproval'>>;

export type NewTool = Omit<ToolDefinition, 'id'> & {
  /** True unless told: agents are not given disabled tools. */
  readonly enabled?: boolean;
};

@Injectable()
export class ToolRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<StoredTool[]> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(ToolEntity).newest(before, limit));
  }

  find(tx: TenantTx, id: string): Promise<StoredTool | null> {
    return tx.rows(ToolEntity).findOne({ id });
  }

  lock(tx: TenantTx, id: string): Promise<StoredTool | null> {
    return tx.rows(ToolEntity).findOne({ id }, 'for update');
  }

  /** In the order of their keys, so that two who lock the same do not wait for each other. */
  async lockByKeys(tx: TenantTx, keys: readonly string[]): Promise<StoredTool[]> {
    return tx
      .rows(ToolEntity)
      .query('t')
      .andWhere('t.key IN (:...keys)', { keys })
      .orderBy('t.key')
      .setLock('pessimistic_write')
      .getMany();
  }

  async idsByKey(tx: TenantTx, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const tools = await tx.rows(ToolEntity).find({ where: { key: In(keys) } });
    return new Map(tools.map(({ id, key }) => [key, id]));
  }

  /**
   * @returns null when the key is taken, and then nothing was written
   * @throws InvalidInputError when the tenant has no such credential
   */
  insert(tx: TenantTx, { credentialId = null, enabled = true, ...tool }: NewTool): Promise<StoredTool | null> {
    const row = { id: newId(), ...tool, credentialId, enabled };
    return this.checked(tx.rows(ToolEntity).insertNew(row as DeepPartial<ToolEntity>));
  }

  /** @throws InvalidInputError when the tenant has no such credential */
  async update(tx: TenantTx, id: string, { key: _key, kind: _kind, ...change }: Partial<NewTool>): Promise<void> {
    const columns = change as QueryDeepPartialEntity<ToolEntity>;
    await this.checked(tx.rows(ToolEntity).update({ id }, columns));
  }

  /** @returns false when there is no such tool */
  async delete(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.rows(ToolEntity).delete({ id })) > 0;
  }

  /** By the id of a credential: the tools that name it. */
  async usesOf(tx: TenantTx, credentialIds: readonly string[]): Promise<ReadonlyMap<string, readonly CredentialUse[]>> {
    const uses = new Map<string, CredentialUse[]>();
    const tools = await tx.rows(ToolEntity).find({ where: { credentialId: In(credentialIds) }, order: { key: 'ASC' } });
    for (const { credentialId, id, name } of tools)
      if (credentialId !== null)
        uses.set(credentialId, [...(uses.get(credentialId) ?? []), { type: 'tool', id, name }]);
    return uses;
  }

  private async checked<T>(statement: Promise<T>): Promise<T> {
    try {
      return await statement;
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error;
      throw new InvalidInputError('credential_id: there is no such credential', { field: 'credential_id' });
    }
  }
}

export function keyTaken(key: string): ConflictError {
  return new ConflictError(`There is a tool "${key}" already`, { field: 'key' });
}
