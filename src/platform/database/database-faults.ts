import { UnavailableError } from '#platform/errors';

/**
 * What an error of the database means to whoever has to go on. Three questions, asked of raw errors of `pg` (also wrapped by
 * TypeORM) and of what `UnitOfWork` makes of them:
 *
 *   isConnectionLost   the connection is gone; what was under way on it may or may not have happened
 *   isPassing          the same work may succeed later: lost, busy, full, a deadlock, a time limit
 *   isDiskFull         passing as well, but somebody has to make room first
 *
 * Everything else (22… data, 23… constraints, 42… a wrong statement, 54… a limit) is refused for its content: a repeat
 * is refused again.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof UnavailableError) return true;
  const state = sqlState(error);
  return state === null ? isConnectionLost(error) : PASSING.test(state);
}

/** Errors of the connection itself, as against those of a statement. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return LOST.test(state);
  if (typeof error !== 'object' || error === null) return false;
  return LOST_SOCKET.test(text(error, 'code')) || LOST_CLIENT.test(text(error, 'message'));
}

export function isDiskFull(error: unknown): boolean {
  if (sqlState(error) === '53100') return true;
  return error instanceof UnavailableError && error.cause !== undefined && isDiskFull(error.cause);
}

/** Refused only because an earlier statement of the same transaction had failed. */
export function isAbortedTransaction(error: unknown): boolean {
  return sqlState(error) === '25P02';
}

/** The five characters by which Postgres says what went wrong; null for errors that are not a statement's. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const code = text(error, 'code');
  // Of the codes of Node's own errors EPIPE has five characters as well; no class of Postgres begins with E.
  return /^[0-9FHPX][0-9A-Z]{4}$/.test(code) ? code : null;
}

/**
 * 503, and nobody knows whether it was saved: the connection was lost, or the time ran out, after COMMIT had been sent.
 * Whoever must know asks the database again.
 */
export class CommitInDoubtError extends UnavailableError {
  constructor(cause: unknown) {
    super('The database stopped answering while this was being saved: see whether it is there before you repeat it', {
      cause,
    });
  }
}

/**
 * - 08 connection · 40001, 40003, 40P01 serialisation, unknown completion, deadlock · 53 out of disk, memory, connections
 * - 55006, 55P03 in use, lock not available · 57 cancelled (57014: time limit), shutting down, starting
 * - 25006 read-only (a standby before its promotion) · 25P03, 25P04 a transaction's time limit
 * - 58 the system below it (I/O) · XX000 internal; XX001 and XX002 are corruption, which does not pass
 */
const PASSING = /^(08...|40001|40003|40P01|53...|55006|55P03|57...|25006|25P0[34]|58...|XX000)$/;
const LOST = /^(08...|57P0[1-35]|53300|25P0[34])$/;
const LOST_SOCKET = /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|EHOST|ENET)/;
/** What `pg`, its pool and TypeORM's runner say of a connection that is gone. */
const LOST_CLIENT =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|timeout expired|timeout exceeded when trying to connect|Query runner already released)/i;

function text(error: object, key: 'code' | 'message'): string {
  const value: unknown = key in error ? (error as Record<string, unknown>)[key] : '';
  return typeof value === 'string' ? value : '';
}

/** A row of these keys is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** A row names another that is not there (or, of a tenant's, is not its own). */
export function isForeignKeyViolation(error: unknown): boolean {
  return sqlState(error) === '23503';
}
