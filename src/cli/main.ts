#!/usr/bin/env node
import { ACCOUNTS_USAGE, runAccounts } from './accounts.command.js';
import { failureOf } from './failure.js';
import { runMigrate } from './migrate.command.js';
import { rotateSecrets } from './secrets-rotate.command.js';
import { runTenant, TENANT_USAGE } from './tenant.command.js';

const USAGE = `usage: switchboard <command>
  migrate [--json]   bring the database up to date, as the owner in DATABASE_OWNER_URL, and make the login of DATABASE_URL
                     (without DATABASE_OWNER_URL: as the user in DATABASE_URL; without either: the embedded one in DATA_DIR)
  secrets rotate [--json] [--discard-lost]
                     seal everything at rest with SECRETS_KEY, opened by it or by SECRETS_KEY_PREVIOUS; can be killed and run
                     again. --discard-lost gives up what none of the keys opens: credentials are emptied, kept answers deleted
${ACCOUNTS_USAGE}${TENANT_USAGE}`;

async function run(command: string | undefined, args: readonly string[]): Promise<number> {
  if (command === 'user' || command === 'key') return runAccounts([command, ...args]);
  if (command === 'tenant') return runTenant(args);
  const json = args.includes('--json');
  const unknown = args.find((arg) => arg.startsWith('-') && !['--json', '--discard-lost', '--help'].includes(arg));
  if (unknown !== undefined) {
    process.stderr.write(`${unknown} is not known\n${USAGE}`);
    return 2;
  }
  if (command === 'migrate') return runMigrate({ json });
  if (command === 'secrets' && args[0] === 'rotate') {
    return rotateSecrets({ json, discardLost: args.includes('--discard-lost') });
  }
  process.stderr.write(USAGE);
  return command === undefined || command === '--help' ? 0 : 2;
}

run(process.argv[2], process.argv.slice(3)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { code, words } = failureOf(error);
    process.stderr.write(`${words}\n`);
    process.exit(code);
  },
);
