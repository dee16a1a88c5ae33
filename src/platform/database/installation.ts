import { createHash } from 'node:crypto';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * A name for this database that all of its instances agree on, whatever address they reach it by: installations that
 * share a Redis are told apart by it.
 */
export async function installationOf(work: UnitOfWork): Promise<string> {
  const [row] = await work.lookup<{ readonly identity: string }>(
    `SELECT c.system_identifier || '/' || d.oid AS identity
     FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()`,
  );
  if (row === undefined) throw new Error('The database does not say who it is');
  return createHash('sha256').update(row.identity).digest('hex').slice(0, 16);
}
