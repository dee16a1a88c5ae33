import { loginFaults, openForMigrations, sqlState } from '#platform/database';
import { prepareQueue } from '#platform/queue';
import { Client } from 'pg';
import { MigrationRefusedError } from './migration.errors.js';
import { prepareLogin } from './server-login.js';
import { prepareWorkingRoles } from './working-roles.js';

export interface MigrateOptions {
  /** Of the database's owner: a superuser, or who may make roles and owns the database. */
  readonly ownerUrl: string;
  /** As the server will sign in; its user is made if there is none. Left out where owner and server are one. */
  readonly loginUrl?: string;
}

export interface MigrationReport {
  /** Names of the migrations that ran. */
  readonly migrations: readonly string[];
  /** The user that was made for the server. */
  readonly madeLogin: string | null;
}

/**
 * Brings everything up to date; what is up to date is left alone, what is missing is mended. Several instances may start
 * at once: an advisory lock lets one migrate while the others wait (it excludes nobody on the embedded database, which has one
 * process anyway).
 * @throws MigrationRefusedError, LoginRefusedError when somebody has to do something first
 */
export async function migrate({ ownerUrl, loginUrl }: MigrateOptions): Promise<MigrationReport> {
  const owner = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await owner.connect();
  try {
    await refuseServersLogin(owner);
    await owner.query('SELECT pg_advisory_lock(7318300)');
    await prepareWorkingRoles(owner);
    const migrations = await runMigrations(ownerUrl);
    await prepareQueue(owner);
    const madeLogin = loginUrl === undefined ? null : await prepareLogin(owner, loginUrl);
    return { migrations, madeLogin };
  } finally {
    await owner.query('SELECT pg_advisory_unlock(7318300)').catch(() => undefined);
    await owner.end();
  }
}

/** It could make nothing, and is to be given nothing with which it could. */
async function refuseServersLogin(owner: Client): Promise<void> {
  if ((await loginFaults(owner)) !== null) return;
  throw new MigrationRefusedError(
    `The user "${owner.user ?? ''}" is the server's own login, which may change no table. Migrate as the database's owner: DATABASE_OWNER_URL`,
  );
}

async function runMigrations(ownerUrl: string): Promise<string[]> {
  const source = await openForMigrations(ownerUrl);
  try {
    const done = await source.runMigrations();
    return done.map((migration) => migration.name);
  } catch (error) {
    if (sqlState(error) === '42501' && /extension "vector"/.test(String(error))) {
      throw new MigrationRefusedError(
        'Only a superuser may install pgvector here. Let one run this in the database, then migrate again: CREATE EXTENSION vector',
        { cause: error },
      );
    }
    throw error;
  } finally {
    await source.destroy();
  }
}
