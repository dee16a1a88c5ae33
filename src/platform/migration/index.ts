/**
 * Brings a database up to date as its owner: the working roles, our schema, the job queue's tables, and the login that the
 * server signs in as. Whoever starts a server or the command `migrate` calls it; nothing of a running server does.
 */
export { migrate, type MigrateOptions, type MigrationReport } from './migrate.js';
export { MigrationRefusedError } from './migration.errors.js';
