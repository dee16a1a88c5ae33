import { createHash } from 'node:crypto';
import type { UnitOfWork } from './unit-of-work.js';

/** The cluster's own number, and the database's within it. */
const IDENTITY = `
  SELECT c.system_identifier || '/' || d.oid AS identity
  FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()`;
/** Where a hosted database does not let anybody read the first. */
const LESSER_IDENTITY = `SELECT datname || '/' || oid AS identity FROM pg_database WHERE datname = current_database()`;

interface Row {
  readonly identity: string;
}

/**
 * A name for this database that all of its instances agree on, whatever address they reach it by: installations that
 * share a Redis are told apart by it.
 */
export async function installationOf(work: UnitOfWork): Promise<string> {
  const rows = await work.lookup<Row>(IDENTITY).catch((error: unknown) => {
    if (!isForbidden(error)) throw error;
    return work.lookup<Row>(LESSER_IDENTITY);
  });
  const [row] = rows;
  if (row === undefined) throw new Error('The database does not say who it is');
  return createHash('sha256').update(row.identity).digest('hex').slice(0, 16);
}

function isForbidden(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === '42501';
}
