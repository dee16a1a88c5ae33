import type { AppConfig } from '#platform/config';
import { type LoginPolicy, type LoginRefusedError, loginOf } from '#platform/database';
import type { Logger } from '#platform/logging';
import { migrate, type MigrateOptions } from '#platform/migration';

/**
 * Judges the user that the server signs in as, and brings the database up to date where that is the start's business.
 *
 *   embedded database        its one session is a superuser's; its wire server gives each connection the role it asks for
 *   a powerless login        serves; migrates by DATABASE_OWNER_URL, or leaves that to `switchboard migrate`
 *   any other, production    refused
 *   any other, else          serves (and migrates, as it may) with a warning: development on one's own Postgres
 *
 * @param url of the database as the server reaches it
 * @throws LoginRefusedError
 */
export async function prepareDatabase(config: AppConfig, url: string, logger: Logger): Promise<LoginPolicy> {
  const { DATABASE_OWNER_URL: ownerUrl } = config.env;
  if (config.embeddedDatabase) {
    if (config.migrateOnStart) await bringUpToDate({ ownerUrl: url }, logger);
    return 'unchecked';
  }
  if (ownerUrl !== undefined) {
    if (config.migrateOnStart) await bringUpToDate({ ownerUrl, loginUrl: url }, logger);
    else if (config.production) logger.warn('DATABASE_OWNER_URL is for migrations: the server should not know it');
  }
  const before = await loginOf(url);
  if (before === null) return 'powerless';
  if (config.production || ownerUrl !== undefined) throw before;
  // Its own owner, as far as it is known: what it lacks it may be able to make.
  if (config.migrateOnStart) await bringUpToDate({ ownerUrl: url }, logger);
  return warned(await loginOf(url), logger);
}

function warned(fault: LoginRefusedError | null, logger: Logger): LoginPolicy {
  if (fault === null) return 'powerless';
  if (fault.lacking.length > 0) throw fault;
  logger.warn(
    { user: fault.login },
    `${fault.message}. Nothing but this program keeps tenants apart now, and in production it will not start`,
  );
  return 'unchecked';
}

async function bringUpToDate(options: MigrateOptions, logger: Logger): Promise<void> {
  const { madeLogin, migrations } = await migrate(options);
  if (migrations.length > 0) logger.info({ migrations }, 'database migrated');
  if (madeLogin !== null) logger.info({ user: madeLogin }, "the server's login was made");
}
