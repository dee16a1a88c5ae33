import {
  type DeepPartial,
  type EntityManager,
  type EntityTarget,
  type FindOptionsOrder,
  type FindOptionsWhere,
  LessThan,
  type ObjectLiteral,
  type QueryDeepPartialEntity,
  type Repository,
  type SelectQueryBuilder,
} from 'typeorm';
import type { TenantEntity } from './tenant-entity.js';

/** Columns and values that a row must have; the tenant is added and cannot be given. */
export type RowsWhere<E extends TenantEntity> = Partial<Omit<FindOptionsWhere<E>, 'tenantId'>>;

/**
 * The rows of one table that belong to the transaction's tenant, by TypeORM's repository. Each statement names the tenant,
 * though row level security would hide the others': a repository cannot forget it. For administrative resources; turns,
 * ingestion and search write their SQL by hand. `save` and `remove` are not offered: they read first and commit alone.
 */
export class TenantRows<E extends TenantEntity & ObjectLiteral> {
  private readonly repository: Repository<E>;

  /** @internal By `TenantTx.rows`. */
  constructor(
    private readonly tenantId: string,
    manager: EntityManager,
    entity: EntityTarget<E>,
  ) {
    this.repository = manager.getRepository(entity);
  }

  /** @returns the stored row as it would be read: with what the database filled in, without columns that are not selected */
  async insert(row: Omit<DeepPartial<E>, 'tenantId'>): Promise<E> {
    const entity = this.owned(row);
    await this.repository.insert(entity as QueryDeepPartialEntity<E>);
    return this.asRead(entity);
  }

  /** As `insert`. @returns null when a unique constraint has it already: then nothing was written, and the transaction goes on */
  async insertNew(row: Omit<DeepPartial<E>, 'tenantId'>): Promise<E | null> {
    const entity = this.owned(row);
    const key = this.repository.metadata.primaryColumns.map(({ databaseName }) => databaseName);
    const statement = this.repository
      .createQueryBuilder()
      .insert()
      .values(entity as QueryDeepPartialEntity<E>);
    const { raw } = (await statement.orIgnore().returning(key).execute()) as { raw: unknown[] };
    return raw.length === 0 ? null : this.asRead(entity);
  }

  /** In one statement. */
  async insertAll(rows: readonly Omit<DeepPartial<E>, 'tenantId'>[]): Promise<void> {
    if (rows.length === 0) return;
    await this.repository.insert(rows.map((row) => this.owned(row)) as QueryDeepPartialEntity<E>[]);
  }

  /** Inserts the row, or changes the one that has the same `keys` (property names of a unique constraint without the tenant). */
  async upsert(row: Omit<DeepPartial<E>, 'tenantId'>, keys: readonly (keyof E & string)[]): Promise<void> {
    const entity = { ...row, tenantId: this.tenantId } as unknown as QueryDeepPartialEntity<E>;
    await this.repository.upsert(entity, ['tenantId', ...keys]);
  }

  /** @returns how many rows were changed */
  async update(where: RowsWhere<E>, change: Omit<QueryDeepPartialEntity<E>, 'tenantId'>): Promise<number> {
    const result = await this.repository.update(this.of(where), change as QueryDeepPartialEntity<E>);
    return result.affected ?? 0;
  }

  /** @returns how many rows are gone */
  async delete(where: RowsWhere<E>): Promise<number> {
    return (await this.repository.delete(this.of(where))).affected ?? 0;
  }

  /** @param lock holds the row against a change by somebody else until the transaction ends */
  findOne(where: RowsWhere<E>, lock?: 'for update'): Promise<E | null> {
    const locked = lock === undefined ? {} : { lock: { mode: 'pessimistic_write' as const } };
    return this.repository.findOne({ where: this.of(where), ...locked });
  }

  find(options: { where?: RowsWhere<E>; order?: FindOptionsOrder<E>; limit?: number } = {}): Promise<E[]> {
    return this.repository.find({ where: this.of(options.where), order: options.order, take: options.limit });
  }

  /**
   * A page of rows whose ids ascend with time, newest first.
   * @param before the last id of the page before; null: from the newest
   */
  newest(before: string | null, limit: number): Promise<E[]> {
    const where = before === null ? {} : { id: LessThan(before) };
    return this.find({ where: where as RowsWhere<E>, order: { id: 'DESC' } as unknown as FindOptionsOrder<E>, limit });
  }

  count(where?: RowsWhere<E>): Promise<number> {
    return this.repository.count({ where: this.of(where) });
  }

  /** A query with the tenant's condition in it already: add with `andWhere`, never `where`, which would replace it. */
  query(alias: string): SelectQueryBuilder<E> {
    return this.repository
      .createQueryBuilder(alias)
      .where(`${alias}.tenantId = :rowsTenantId`, { rowsTenantId: this.tenantId });
  }

  private owned(row: object): E {
    return this.repository.create({ ...row, tenantId: this.tenantId } as unknown as DeepPartial<E>);
  }

  private asRead(entity: E): E {
    const stored: Record<string, unknown> = entity;
    for (const { isSelect, propertyName } of this.repository.metadata.columns) {
      if (!isSelect) delete stored[propertyName];
      else stored[propertyName] ??= null;
    }
    return entity;
  }

  private of(where?: RowsWhere<E>): FindOptionsWhere<E> {
    return { ...where, tenantId: this.tenantId } as unknown as FindOptionsWhere<E>;
  }
}
