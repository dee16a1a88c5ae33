import { UnavailableError } from '#platform/errors';
import type { TenantScope } from '#platform/context';
import type { PoolClient, QueryResult } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { isUuid } from './ids.js';

/**
 * The only way to tenant data.
 *
 *   work ── BEGIN · SET LOCAL ROLE switchboard_app · app.tenant_id ─┐
 *            first statement ──────────────────────────────────────┤ one round trip (pg's pipeline mode)
 *            … further statements, one round trip each
 *            COMMIT (`tx.commitWith` sends it together with the last statement)
 *
 * The session's own role is `switchboard_none`, which may do nothing: a statement that slips out of the transaction
 * (or runs after an early COMMIT) fails instead of seeing other tenants. The transaction is begun on the pg client so that
 * it can be pipelined, and TypeORM's runner is told that it is inside one: `manager.save` then neither commits early nor
 * opens its own. Never await a model, a tool or the network inside `run`: the connection is held.
 */
export class UnitOfWork {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one transaction that sees this tenant's rows only; rolls back when it throws.
   * @throws UnavailableError when no connection can be had (pool exhausted, database away)
   */
  async run<T>(scope: TenantScope, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.transaction(tenantScopeSql(scope.tenantId), scope.tenantId, work);
  }

  /** One statement in a transaction of its own, in a single round trip. */
  async query<R>(scope: TenantScope, text: string, values: readonly unknown[] = [], name?: string): Promise<R[]> {
    return this.run(scope, (tx) => tx.commitWith<R>(text, values, name));
  }

  /**
   * One of the look-up functions that run before a tenant is known (`app.tenant_id_by_slug`, `app.expired_turns`, …): the
   * working role without a tenant, so plain tables show no row.
   */
  async lookup<R>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    return this.transaction(NO_TENANT_SQL, '', (tx) => tx.commitWith<R>(text, values));
  }

  private async transaction<T>(scopeSql: string, tenantId: string, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = await connect(runner);
    const tx = new TenantTx(tenantId, client, runner, scopeSql);
    try {
      const result = await work(tx);
      await tx.commit();
      return result;
    } catch (error) {
      await tx.rollback();
      throw connectionLost(error)
        ? new UnavailableError('The database is not reachable: try again in a moment', { cause: error })
        : error;
    } finally {
      tx.leave();
      await runner.release();
    }
  }
}

/** One open transaction for one tenant. Statements that are not awaited one by one leave together. */
export class TenantTx {
  /** A promise while BEGIN and the scope are on the wire. */
  private readonly begun: Promise<unknown>;
  private state: 'open' | 'committing' | 'closed' = 'open';

  constructor(
    readonly tenantId: string,
    private readonly client: PoolClient,
    private readonly runner: QueryRunner,
    scopeSql: string,
  ) {
    Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
    this.begun = client.query(scopeSql);
    // Its failure shows in the first statement as well; without a handler it would be an unhandled rejection.
    this.begun.catch(() => undefined);
  }

  /** TypeORM's manager on this transaction, for tables with an entity. `save`, `remove` and `transaction` are banned by lint. */
  get manager(): EntityManager {
    return this.runner.manager;
  }

  /** @param name makes it a prepared statement of the connection: worth it on paths that run for every turn. */
  async query<R>(text: string, values: readonly unknown[] = [], name?: string): Promise<R[]> {
    if (this.state !== 'open') throw new Error('The unit of work is over: no statement may follow its commit');
    const result = await this.send(text, values, name);
    return result.rows as R[];
  }

  /** The row, or null. More than one is a fault in the query. */
  async one<R>(text: string, values: readonly unknown[] = [], name?: string): Promise<R | null> {
    const rows = await this.query<R>(text, values, name);
    if (rows.length > 1) throw new Error(`Expected at most one row, got ${rows.length}`);
    return rows[0] ?? null;
  }

  /** How many rows a statement touched. */
  async execute(text: string, values: readonly unknown[] = [], name?: string): Promise<number> {
    if (this.state !== 'open') throw new Error('The unit of work is over: no statement may follow its commit');
    return (await this.send(text, values, name)).rowCount ?? 0;
  }

  /** The last statement, with COMMIT behind it in the same round trip. Resolves after the commit. */
  async commitWith<R>(text: string, values: readonly unknown[] = [], name?: string): Promise<R[]> {
    if (this.state !== 'open') throw new Error('The unit of work is over: no statement may follow its commit');
    this.state = 'committing';
    const statement = this.send(text, values, name);
    const commit = this.client.query('COMMIT');
    const [result, outcome] = await Promise.allSettled([statement, commit]);
    this.state = 'closed';
    if (result.status === 'rejected') throw result.reason;
    if (outcome.status === 'rejected') throw outcome.reason;
    return result.value.rows as R[];
  }

  /** @internal Called by `UnitOfWork`. */
  async commit(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'committing';
    const result = await this.client.query('COMMIT');
    this.state = 'closed';
    // A statement failed and somebody swallowed it: Postgres answers COMMIT with ROLLBACK.
    if (result.command === 'ROLLBACK')
      throw new Error('The transaction was rolled back: one of its statements had failed');
    await this.begun;
  }

  /** @internal A rollback that fails means a dead connection, which the pool drops by itself. */
  async rollback(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'closed';
    await this.client.query('ROLLBACK').catch(() => undefined);
  }

  /** @internal */
  leave(): void {
    Object.assign(this.runner, { isTransactionActive: false, transactionDepth: 0 });
  }

  private send(text: string, values: readonly unknown[], name?: string): Promise<QueryResult> {
    // The statement's own type for `name` does not take undefined.
    return this.client.query(name === undefined ? { text, values: [...values] } : { name, text, values: [...values] });
  }
}

const STATEMENT_TIMEOUT_MS = 15_000;
const NO_TENANT_SQL = `BEGIN; SET LOCAL ROLE switchboard_app; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`;

/** One simple-protocol message. The id is checked to be a uuid, so it can stand in the text. */
function tenantScopeSql(tenantId: string): string {
  if (!isUuid(tenantId)) throw new Error('A unit of work needs the id of a tenant');
  return `${NO_TENANT_SQL}; SET LOCAL app.tenant_id = '${tenantId}'`;
}

async function connect(runner: QueryRunner): Promise<PoolClient> {
  try {
    const client: unknown = await runner.connect();
    return client as PoolClient;
  } catch (error) {
    throw new UnavailableError('The database is busy or not reachable: try again in a moment', { cause: error });
  }
}

/** Errors of the connection itself, as against those of a statement (which carry a five character SQLSTATE). */
function connectionLost(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || error instanceof UnavailableError) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = 'message' in error && typeof error.message === 'string' ? error.message : '';
  return (
    /^(ECONN|EPIPE|ETIMEDOUT)/.test(code) ||
    /^(57P0[1-3]|08...|53300)$/.test(code) ||
    /^Connection terminated/.test(message)
  );
}
