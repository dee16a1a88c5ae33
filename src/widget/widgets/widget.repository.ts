import type { TenantScope } from '#platform/context';
import { isForeignKeyViolation, type TenantTx, UnitOfWork } from '#platform/database';
import { InvalidInputError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import { type DeepPartial, Not, type QueryDeepPartialEntity } from 'typeorm';
import type { Widget, WidgetDraft } from './widget.js';
import { WidgetEntity } from './widget.entity.js';

export interface SealedPart {
  readonly sealed: Buffer;
  readonly last4: string;
}

@Injectable()
export class WidgetRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<Widget[]> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(WidgetEntity).newest(before, limit));
  }

  find(tx: TenantTx, id: string, lock?: 'for update'): Promise<Widget | null> {
    return tx.rows(WidgetEntity).findOne({ id }, lock);
  }

  /** With the sealed secret; null when it is disabled or there is none. */
  findServed(scope: TenantScope, publicKey: string): Promise<(Widget & { readonly sealed: Buffer }) | null> {
    return this.unitOfWork.run(scope, (tx) =>
      tx
        .rows(WidgetEntity)
        .query('w')
        .addSelect('w.sealed')
        .andWhere('w.publicKey = :publicKey AND w.enabled', { publicKey })
        .getOne(),
    );
  }

  /** Whether it is still there and enabled; held until the transaction ends, so that nobody is let in while it is disabled. */
  async holdServed(tx: TenantTx, id: string): Promise<boolean> {
    const sql = 'SELECT 1 FROM app.widget WHERE tenant_id = $1 AND id = $2 AND enabled FOR SHARE';
    return (await tx.query(sql, [tx.tenantId, id])).length > 0;
  }

  async isNameTaken(tx: TenantTx, name: string, byOtherThan: string): Promise<boolean> {
    return (await tx.rows(WidgetEntity).count({ name, id: Not(byOtherThan) })) > 0;
  }

  /**
   * @returns null when the name is taken; then nothing was written
   * @throws InvalidInputError when the tenant has no such agent
   */
  insert(
    tx: TenantTx,
    widget: WidgetDraft & SealedPart & { readonly id: string; readonly publicKey: string },
  ): Promise<Widget | null> {
    return naming(tx.rows(WidgetEntity).insertNew(widget as DeepPartial<WidgetEntity>));
  }

  /** @throws InvalidInputError when the tenant has no such agent */
  async update(tx: TenantTx, id: string, change: Partial<WidgetDraft & SealedPart>): Promise<void> {
    await naming(tx.rows(WidgetEntity).update({ id }, change as QueryDeepPartialEntity<WidgetEntity>));
  }

  async delete(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(WidgetEntity).delete({ id });
  }
}

async function naming<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new InvalidInputError('agent: there is no agent with this key', { field: 'agent' });
  }
}
