#!/usr/bin/env node
import { environment, loadConfig } from '#platform/config';
import { EmbeddedPostgres, migrate } from '#platform/database';
import { builtFile } from '#platform/paths';

const USAGE = `usage: switchboard <command>
  migrate   bring the database of DATABASE_URL (or the embedded one in DATA_DIR) up to date
`;

async function run(command: string | undefined): Promise<number> {
  if (command !== 'migrate') {
    process.stderr.write(USAGE);
    return command === undefined || command === '--help' ? 0 : 2;
  }
  // A migration needs no keys; only what names the database is read.
  const { DATABASE_URL, DATA_DIR } = environment();
  const config = loadConfig({ DATABASE_URL, DATA_DIR });
  const embedded =
    config.env.DATABASE_URL === undefined
      ? await EmbeddedPostgres.start({
          dataDir: config.dataDir,
          childFile: builtFile('platform/database/embedded/embedded-postgres.child.js'),
        })
      : null;
  try {
    const done = await migrate(config.env.DATABASE_URL ?? embedded?.url ?? '');
    process.stdout.write(done.length === 0 ? 'the database is up to date\n' : `ran ${done.join(', ')}\n`);
    return 0;
  } finally {
    await embedded?.stop();
  }
}

run(process.argv[2]).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
