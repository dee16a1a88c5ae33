import { MIGRATIONS } from '#migrations';
import { types } from 'pg';
import { DataSource, type DataSourceOptions, getMetadataArgsStorage } from 'typeorm';
import { statementMs, TRANSACTION_MS } from './deadline.js';
import { SnakeNaming } from './snake-naming.js';

/** bigint as a number: our largest is a clock in µs (1.8e15), which a double holds exactly. */
types.setTypeParser(types.builtins.INT8, Number);

/** The role that every session falls back to: it may do nothing (see migrations and `UnitOfWork`). */
export const POWERLESS_ROLE = 'switchboard_none';

export interface DatabaseOptions {
  readonly url: string;
  /** Most connections held at once. */
  readonly pool: number;
  readonly applicationName?: string;
  /** A connection that nobody used was lost. The pool opens another; the line is for people who look for a reason. */
  readonly onLost?: (error: Error) => void;
}

/**
 * How long a request waits for a connection, a new or a used one: a saturated or unreachable database is told within 5 s.
 */
const CONNECT_MS = 4000;

/**
 * The limits are Postgres's own halves of the unit of work's deadline. The second ends a transaction whose process was cut
 * off in the middle of it, so that its locks are held no longer than the process itself waits.
 */
const SESSION = [
  `-c role=${POWERLESS_ROLE}`,
  `-c statement_timeout=${statementMs(TRANSACTION_MS)}`,
  `-c idle_in_transaction_session_timeout=${TRANSACTION_MS}`,
].join(' ');

/**
 * The pool that serves the product: each of its sessions starts in the powerless role. It knows the entities of every module
 * that is loaded by now, so that nobody keeps a list of them.
 */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  return new DataSource({
    ...base(options),
    entities: getMetadataArgsStorage().tables.flatMap(({ target }) => (typeof target === 'function' ? [target] : [])),
    namingStrategy: new SnakeNaming(),
    extra: {
      max: options.pool,
      pipeline: true,
      options: SESSION,
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
    },
  }).initialize();
}

/**
 * Brings the schema up to date as the database's owner. Several instances may start at once: an advisory
 * lock lets one migrate while the others wait (it excludes nobody on the embedded database, which has one process anyway).
 * @returns the names of the migrations that ran
 */
export async function migrate(url: string): Promise<string[]> {
  const owner = await new DataSource({
    ...base({ url, pool: 2 }),
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migration',
    migrationsTransactionMode: 'each',
    extra: { max: 2, connectionTimeoutMillis: 10_000 },
  }).initialize();
  const guard = owner.createQueryRunner();
  try {
    await guard.query('SELECT pg_advisory_lock(7318300)');
    const done = await owner.runMigrations();
    return done.map((migration) => migration.name);
  } finally {
    await guard.query('SELECT pg_advisory_unlock(7318300)').catch(() => undefined);
    await guard.release();
    await owner.destroy();
  }
}

/** How many migrations this build knows; readiness compares it with what the database has. */
export const knownMigrations: number = MIGRATIONS.length;

function base(options: DatabaseOptions): DataSourceOptions & { type: 'postgres' } {
  return {
    type: 'postgres',
    url: options.url,
    applicationName: options.applicationName ?? 'switchboard',
    synchronize: false,
    logging: false,
    // Both would otherwise widen a query to every row when a value is missing.
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
    installExtensions: false,
    poolSize: options.pool,
    // Without a handler an idle connection's end would be an uncaught 'error'.
    poolErrorHandler: (error: Error) => options.onLost?.(error),
  };
}
