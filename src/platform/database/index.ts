/**
 * The one way to the database. Owns the connection pool, the unit of work (a transaction that sees one tenant), the
 * migrations and the embedded Postgres. Nothing flows back up: modules hand in SQL, rows come out.
 */
export {
  UnitOfWork,
  TenantTx,
  type DatabaseFigures,
  type StatementOptions,
  type TransactionOptions,
} from './unit-of-work.js';
export { assertNoConnectionHeld, watchHeldConnections } from './held-connection.js';
export { TenantEntity } from './tenant-entity.js';
export { TenantRows, type RowsWhere } from './tenant-rows.js';
export {
  CommitInDoubtError,
  isConnectionLost,
  isDiskFull,
  isPassing,
  isForeignKeyViolation,
  isUniqueViolation,
  sqlState,
} from './database-faults.js';
export { isUuid, newId } from './ids.js';
export { installationOf } from './installation.js';
export { knownMigrations, loginOf, openDatabase, openForMigrations, type DatabaseOptions } from './database.js';
export {
  judgeSession,
  judging,
  LOGIN_ROLES,
  loginFaults,
  type LoginPolicy,
  LoginRefusedError,
  POWERLESS_ROLE,
  QUEUE_ROLE,
  WORKING_ROLES,
} from './login.js';
export { EmbeddedPostgres } from './embedded/embedded-postgres.js';
export { DatabaseModule, DATA_SOURCE } from './database.module.js';
export {
  type Belonging,
  belongingTo,
  childrenFirst,
  countOf,
  deleteSome,
  pageOf,
  type TableColumn,
  type TenantTable,
  tenantTables,
} from './tenant-tables.js';
