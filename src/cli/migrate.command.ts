import { environment, loadConfig } from '#platform/config';
import { EmbeddedPostgres } from '#platform/database';
import { migrate, type MigrationReport } from '#platform/migration';
import { builtFile } from '#platform/paths';

/** `switchboard migrate`. @returns the exit code */
export async function runMigrate({ json }: { json: boolean }): Promise<number> {
  // A migration needs no keys; only what names the database is read.
  const { DATABASE_OWNER_URL, DATABASE_URL, DATA_DIR } = environment();
  const config = loadConfig({ DATABASE_OWNER_URL, DATABASE_URL, DATA_DIR });
  const { env } = config;
  const embedded = config.embeddedDatabase
    ? await EmbeddedPostgres.start({
        dataDir: config.dataDir,
        childFile: builtFile('platform/database/embedded/embedded-postgres.child.js'),
      })
    : null;
  try {
    const report = await migrate(
      env.DATABASE_OWNER_URL === undefined
        ? { ownerUrl: env.DATABASE_URL ?? embedded?.url ?? '' }
        : { ownerUrl: env.DATABASE_OWNER_URL, loginUrl: env.DATABASE_URL },
    );
    process.stdout.write(json ? `${JSON.stringify(asJson(report))}\n` : inWords(report));
    if (env.DATABASE_OWNER_URL === undefined && embedded === null) process.stderr.write(NO_LOGIN);
    return 0;
  } finally {
    await embedded?.stop();
  }
}

const NO_LOGIN = `DATABASE_OWNER_URL is not set, so the user in DATABASE_URL is the owner now, and the server will not sign in as it in
production. Put this address into DATABASE_OWNER_URL, one with another user and password into DATABASE_URL, and migrate again.
`;

function asJson({ madeLogin, migrations }: MigrationReport) {
  return { migrations, made_login: madeLogin };
}

function inWords({ madeLogin, migrations }: MigrationReport): string {
  const done = migrations.length === 0 ? 'the database is up to date' : `ran ${migrations.join(', ')}`;
  return `${done}\n${madeLogin === null ? '' : `made the server's login "${madeLogin}"\n`}`;
}
