import type { AppConfig } from '#platform/config';
import { LoginRefusedError } from '#platform/database';
import { MigrationRefusedError } from '#platform/migration';
import { UnopenableValuesError } from '#platform/sealed';

/** Codes of Node and Postgres that mean: it is not there, or it does not let us in. */
const UNREACHABLE = ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN', 'ECONNRESET', '57P03'];
const REFUSED = ['28P01', '28000', '3D000'];
const NO_SCHEMA = ['3F000', '42P01'];
/** A session asked for a working role that is not there. */
const NO_ROLE = /^role "switchboard_\w+" does not exist$/;
/** What pg-boss says of tables that are not there, or of an earlier version. */
const NO_QUEUE = /^pg-boss (is not installed|database requires migrations)$/;
const NOT_WRITABLE = /^(?:EACCES|EPERM|EROFS|ENOTDIR|EEXIST|ENOSPC|ENOENT):/;

/**
 * What a person does about a start that failed for a reason outside the program.
 * @returns null for anything else: then the stack is worth more
 */
export function startFailure(
  error: unknown,
  config: Pick<AppConfig, 'env' | 'dataDir' | 'embeddedDatabase'>,
): string | null {
  if (!(error instanceof Error)) return null;
  const { message } = error;
  const { code = '', syscall = '' } = error as { code?: string; syscall?: string };
  const { HOST, PORT } = config.env;
  if (code === 'EADDRINUSE')
    return `Port ${PORT} on ${HOST} is in use. Stop the program that listens there, or choose another port: PORT=${PORT + 1}`;
  if (syscall === 'listen' && code === 'EACCES')
    return `Port ${PORT} needs rights that this user does not have. Choose one above 1023 with PORT`;
  if (code === 'EADDRNOTAVAIL' || message === `getaddrinfo ENOTFOUND ${HOST}`)
    return `HOST=${HOST} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of its addresses`;
  if (error instanceof UnopenableValuesError) return message;
  if (config.embeddedDatabase) {
    if (message.includes(' is in use by process ')) return message;
    if (NOT_WRITABLE.test(message))
      return `The data directory ${config.dataDir} cannot be used (${message}). Give this user the right to write there, or choose another with DATA_DIR`;
    return null;
  }
  if (UNREACHABLE.includes(code))
    return `The database cannot be reached (${message || code}). Is it running, and is DATABASE_URL right?`;
  if (REFUSED.includes(code)) return `The database refuses (${message}). Check user, password and name in DATABASE_URL`;
  if (error instanceof LoginRefusedError || error instanceof MigrationRefusedError) return message;
  if (NO_SCHEMA.includes(code) || NO_ROLE.test(message) || NO_QUEUE.test(message))
    return `The database has not been prepared (${message}). Run "node dist/cli/main.js migrate" with its owner in DATABASE_OWNER_URL`;
  if (code === '42501')
    return `The database's user may not do that (${message}). Set DATABASE_OWNER_URL to the database's owner and run "node dist/cli/main.js migrate", which gives the user in DATABASE_URL what the server needs`;
  return null;
}
