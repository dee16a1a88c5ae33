import { MIGRATIONS } from '#migrations';
import { Client, types } from 'pg';
import { DataSource, type DataSourceOptions, getMetadataArgsStorage } from 'typeorm';
import { statementMs, TRANSACTION_MS } from './deadline.js';
import { judging, loginFaults, type LoginPolicy, type LoginRefusedError, POWERLESS_ROLE } from './login.js';
import { SnakeNaming } from './snake-naming.js';

/** bigint as a number: our largest is a clock in µs (1.8e15), which a double holds exactly. */
types.setTypeParser(types.builtins.INT8, Number);

export interface DatabaseOptions {
  readonly url: string;
  /** Most connections held at once. */
  readonly pool: number;
  /** Of the user in `url`. */
  readonly login: LoginPolicy;
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
 * @throws LoginRefusedError when the user may do more than serve
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
      ...judging(options.login, POWERLESS_ROLE),
    },
  }).initialize();
}

/**
 * Judges the user of an address, by a connection without any role.
 * @returns why it must not serve, or null
 */
export async function loginOf(url: string): Promise<LoginRefusedError | null> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await loginFaults(client);
  } finally {
    await client.end();
  }
}

/** A connection of the owner's for migrations, which run one by one, each in a transaction of its own. */
export async function openForMigrations(ownerUrl: string): Promise<DataSource> {
  return new DataSource({
    ...base({ url: ownerUrl, pool: 2 }),
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migration',
    migrationsTransactionMode: 'each',
    extra: { max: 2, connectionTimeoutMillis: 10_000 },
  }).initialize();
}

/** How many migrations this build knows; readiness compares it with what the database has. */
export const knownMigrations: number = MIGRATIONS.length;

function base(options: Omit<DatabaseOptions, 'login'>): DataSourceOptions & { type: 'postgres' } {
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
