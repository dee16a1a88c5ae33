import { environment, loadConfig } from '#platform/config';
import { EmbeddedPostgres, loginOf, openDatabase, UnitOfWork } from '#platform/database';
import { builtFile } from '#platform/paths';
import { resealAll, type Resealed } from '#platform/sealed';
import { openSecretBox } from '#platform/secrets';
import { SEALED_COLUMNS } from '../sealed-columns.js';

/**
 * `switchboard secrets rotate`: seals everything anew with SECRETS_KEY, opened by it or by SECRETS_KEY_PREVIOUS. Killed, it is
 * run again and goes on.
 * @returns the exit code: 1 when something was left that no key opens
 */
export async function rotateSecrets(options: { json: boolean; discardLost: boolean }): Promise<number> {
  const { DATABASE_URL, DATA_DIR, NODE_ENV, SECRETS_KEY, SECRETS_KEY_PREVIOUS } = environment();
  // What a server needs besides is not needed here; in production a key must be named all the same, not made.
  const config = loadConfig({ DATABASE_URL, DATA_DIR, SECRETS_KEY, SECRETS_KEY_PREVIOUS });
  if (NODE_ENV === 'production' && SECRETS_KEY === undefined) throw new Error('SECRETS_KEY: required in production');
  const embedded = config.embeddedDatabase
    ? await EmbeddedPostgres.start({
        dataDir: config.dataDir,
        childFile: builtFile('platform/database/embedded/embedded-postgres.child.js'),
      })
    : null;
  try {
    const url = config.env.DATABASE_URL ?? embedded?.url ?? '';
    const mayServe = embedded === null && (await loginOf(url)) === null;
    const pool = await openDatabase({ url, login: mayServe ? 'powerless' : 'unchecked', pool: 2 });
    try {
      const results = await resealAll(new UnitOfWork(pool), openSecretBox(config), SEALED_COLUMNS, {
        discardLost: options.discardLost,
        progress: (done) => process.stderr.write(`${inWords(done, options.discardLost)}\n`),
      });
      process.stdout.write(options.json ? `${JSON.stringify({ data: results })}\n` : summary(results, options));
      return options.discardLost || results.every(({ lost }) => lost === 0) ? 0 : 1;
    } finally {
      await pool.destroy();
    }
  } finally {
    await embedded?.stop();
  }
}

function summary(results: readonly Resealed[], options: { discardLost: boolean }): string {
  const lines = results.map((done) => inWords(done, options.discardLost));
  const lost = results.some(({ lost }) => lost > 0) && !options.discardLost;
  const hint = lost
    ? 'None of the keys opens these: add the key that sealed them to SECRETS_KEY_PREVIOUS, or give them up with --discard-lost'
    : 'Everything is sealed with SECRETS_KEY. Once every server has it, SECRETS_KEY_PREVIOUS may go';
  return `${[...lines, hint].join('\n')}\n`;
}

function inWords({ lost, name, resealed }: Resealed, discarded: boolean): string {
  const rest = lost === 0 ? '' : `, ${lost} that no key opens ${discarded ? 'given up' : 'left'}`;
  return `${name}: ${resealed} sealed anew${rest}`;
}
