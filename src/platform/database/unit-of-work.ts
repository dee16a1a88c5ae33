import { asError, DomainError, UnavailableError } from '#platform/errors';
import type { TenantScope } from '#platform/context';
import type { Pool, PoolClient, QueryResult } from 'pg';
import type { DataSource, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import { Checkout } from './checkout.js';
import {
  CommitInDoubtError,
  isAbortedTransaction,
  isConnectionLost,
  isDiskFull,
  isPassing,
} from './database-faults.js';
import { Deadline, statementMs, TRANSACTION_MS } from './deadline.js';
import { holdingConnection } from './held-connection.js';
import { isUuid } from './ids.js';
import type { TenantEntity } from './tenant-entity.js';
import { TenantRows } from './tenant-rows.js';

/** A ROLLBACK that is not answered by then is left to the end of its connection. */
const ROLLBACK_MS = 1000;

export interface TransactionOptions {
  /** Instead of `TRANSACTION_MS`: less where somebody waits who has less time, more for bulk work in the background. */
  readonly deadlineMs?: number;
}

export interface StatementOptions extends TransactionOptions {
  /** Makes it a prepared statement of the connection: worth it on paths that run for every turn. */
  readonly name?: string;
}

/** Of one process. */
export interface DatabaseFigures {
  /** `waiting`: callers who want a connection. */
  readonly connections: { readonly total: number; readonly idle: number; readonly waiting: number };
  /** Transactions that passed their deadline. */
  readonly deadlines: number;
  /** When the database last said that its disk is full, by this process's clock. */
  readonly diskFullAt: number | null;
}

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
 *
 * One timer covers all of it, from the wait for a connection to the answer of COMMIT. When it fires, the connection is
 * destroyed and the caller has its answer: a database that took the packets and says nothing holds nobody up longer.
 * Postgres itself cancels a slow statement a little earlier (`statement_timeout`), which spares the connection.
 */
export class UnitOfWork {
  private deadlines = 0;
  private diskFullAt: number | null = null;

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one transaction that sees this tenant's rows only; rolls back when it throws.
   * @throws UnavailableError when the database is away, busy, full or too slow; `CommitInDoubtError` when it went away
   *   during COMMIT
   */
  async run<T>(scope: TenantScope, work: (tx: TenantTx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.transaction(tenantSql(scope.tenantId), scope.tenantId, work, options.deadlineMs);
  }

  /** One statement in a transaction of its own, in a single round trip. */
  async query<R>(
    scope: TenantScope,
    text: string,
    values: readonly unknown[] = [],
    options: string | StatementOptions = {},
  ): Promise<R[]> {
    const { name, deadlineMs } = typeof options === 'string' ? { name: options } : options;
    return this.run(
      scope,
      (tx) => tx.commitWith<R>(text, values, name),
      deadlineMs === undefined ? undefined : { deadlineMs },
    );
  }

  /**
   * One of the look-up functions that run before a tenant is known (`app.tenant_id_by_slug`, `app.expired_turns`, …): the
   * working role without a tenant, so plain tables show no row.
   */
  async lookup<R>(text: string, values: readonly unknown[] = [], options: StatementOptions = {}): Promise<R[]> {
    return this.transaction('', '', (tx) => tx.commitWith<R>(text, values, options.name), options.deadlineMs);
  }

  /** What operators want to know of it; cheap. */
  figures(): DatabaseFigures {
    const { master: pool } = this.dataSource.driver as unknown as { readonly master?: Pool };
    const { idleCount = 0, totalCount = 0, waitingCount = 0 } = pool ?? {};
    return {
      connections: { total: totalCount, idle: idleCount, waiting: waitingCount },
      deadlines: this.deadlines,
      diskFullAt: this.diskFullAt,
    };
  }

  private async transaction<T>(
    scopeSql: string,
    tenantId: string,
    work: (tx: TenantTx) => Promise<T>,
    deadlineMs = TRANSACTION_MS,
  ): Promise<T> {
    const deadline = new Deadline(deadlineMs);
    try {
      const checkout = await Checkout.of(this.dataSource, deadline);
      const tx = new TenantTx(tenantId, checkout.client, checkout.runner, beginSql(deadlineMs) + scopeSql);
      try {
        return await deadline.within(finish(tx, work));
      } catch (error) {
        const cause = tx.causeOf(error);
        const told = tell(cause, tx, deadline);
        if (isDiskFull(cause)) this.diskFullAt = Date.now();
        if (deadline.passed) checkout.destroy(asError(cause));
        else await rollBack(tx, checkout);
        throw told;
      } finally {
        tx.leave();
        await checkout.release();
      }
    } finally {
      if (deadline.passed) this.deadlines++;
      deadline.clear();
    }
  }
}

async function finish<T>(tx: TenantTx, work: (tx: TenantTx) => Promise<T>): Promise<T> {
  const result = await holdingConnection(() => work(tx));
  await tx.commit();
  return result;
}

/** What was meant to be told to people stays; what passes is 503; anything else is a fault of ours. */
function tell(error: unknown, tx: TenantTx, deadline: Deadline): unknown {
  if (!deadline.passed && (error instanceof DomainError || !isPassing(error))) return error;
  if (tx.isCommitting && (deadline.passed || isConnectionLost(error))) return new CommitInDoubtError(error);
  return new UnavailableError('The database is not reachable or too busy: try again in a moment', { cause: error });
}

async function rollBack(tx: TenantTx, checkout: Checkout): Promise<void> {
  const limit = new Deadline(ROLLBACK_MS);
  try {
    await limit.within(tx.rollback());
  } catch (error) {
    checkout.destroy(asError(error));
  } finally {
    limit.clear();
  }
}

/** One open transaction for one tenant. Statements that are not awaited one by one leave together. */
export class TenantTx {
  /** A promise while BEGIN and the scope are on the wire. */
  private readonly begun: Promise<unknown>;
  private state: 'open' | 'committing' | 'closed' = 'open';
  /** What ended the transaction, of statements that left together: the others are refused because of it. */
  private firstFailure: unknown = null;

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

  /** The tenant's rows of a table with an entity. */
  rows<E extends TenantEntity & ObjectLiteral>(entity: EntityTarget<E>): TenantRows<E> {
    if (this.state !== 'open') throw new Error('The unit of work is over: no statement may follow its commit');
    return new TenantRows(this.tenantId, this.runner.manager, entity);
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
    if (result.status === 'rejected') throw this.refused(result.reason);
    if (outcome.status === 'rejected') throw this.refused(outcome.reason);
    this.state = 'closed';
    return result.value.rows as R[];
  }

  /** @internal COMMIT was sent and not answered: nobody knows what became of it. */
  get isCommitting(): boolean {
    return this.state === 'committing';
  }

  /** @internal Called by `UnitOfWork`. */
  async commit(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'committing';
    const result = await this.client.query('COMMIT').catch((error: unknown) => {
      throw this.refused(error);
    });
    this.state = 'closed';
    // A statement failed and somebody swallowed it: Postgres answers COMMIT with ROLLBACK.
    if (result.command === 'ROLLBACK')
      throw new Error('The transaction was rolled back: one of its statements had failed');
    await this.begun;
  }

  /** @internal A rollback that fails means a dead connection, which the pool drops by itself. */
  async rollback(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'closed';
    await this.client.query('ROLLBACK').catch(() => undefined);
  }

  /** @internal Of several statements' errors the one to judge by, whichever of them was heard of first. */
  causeOf(error: unknown): unknown {
    return isAbortedTransaction(error) ? (this.firstFailure ?? error) : error;
  }

  /** @internal */
  leave(): void {
    Object.assign(this.runner, { isTransactionActive: false, transactionDepth: 0 });
  }

  private send(text: string, values: readonly unknown[], name?: string): Promise<QueryResult> {
    // The statement's own type for `name` does not take undefined.
    const sent = this.client.query(
      name === undefined ? { text, values: [...values] } : { name, text, values: [...values] },
    );
    sent.catch((error: unknown) => (this.firstFailure ??= error));
    return sent;
  }

  /** Postgres said no, which ended the transaction; a lost connection said nothing. */
  private refused(error: unknown): unknown {
    if (!isConnectionLost(error)) this.state = 'closed';
    return error;
  }
}

/** The sessions' own limit serves `TRANSACTION_MS` (see `openDatabase`); only another one is worth a statement. */
function beginSql(deadlineMs: number): string {
  const begin = 'BEGIN; SET LOCAL ROLE switchboard_app';
  return deadlineMs === TRANSACTION_MS ? begin : `${begin}; SET LOCAL statement_timeout = ${statementMs(deadlineMs)}`;
}

/** The id is checked to be a uuid, so it can stand in the text: one simple-protocol message for all of it. */
function tenantSql(tenantId: string): string {
  if (!isUuid(tenantId)) throw new Error('A unit of work needs the id of a tenant');
  return `; SET LOCAL app.tenant_id = '${tenantId}'`;
}
