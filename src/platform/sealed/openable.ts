import type { UnitOfWork } from '#platform/database';
import type { SecretBox } from '#platform/secrets';
import { type SealedColumn, tenantsSql } from './sealed-column.js';

/** Tenants that a message names. */
const NAMED = 3;

/** Values are stored that none of the given keys opens. */
export class UnopenableValuesError extends Error {
  constructor(found: readonly string[]) {
    super(
      `SECRETS_KEY does not open what is stored: ${found.join('; ')}. Put the key that sealed it into SECRETS_KEY_PREVIOUS ` +
        '("switchboard secrets rotate" then seals everything with the new one). If that key is lost, "switchboard secrets ' +
        'rotate --discard-lost" gives up what nobody can open any more: credentials are emptied, kept answers deleted',
    );
    this.name = 'UnopenableValuesError';
  }
}

/**
 * Asks which keys are in use, by an index: nothing is opened, and a start does not get slower with what is stored.
 * @throws UnopenableValuesError naming kinds and tenants
 */
export async function assertOpenable(
  work: UnitOfWork,
  box: SecretBox,
  columns: readonly SealedColumn[],
): Promise<void> {
  const found: string[] = [];
  for (const column of columns) {
    const rows = await work.lookup<{ tenant_id: string }>(tenantsSql(column), [box.keyIds, null, NAMED + 1]);
    if (rows.length === 0) continue;
    const named = rows.slice(0, NAMED).map((row) => row.tenant_id);
    found.push(`${column.name} of tenant ${named.join(', ')}${rows.length > NAMED ? ' and more' : ''}`);
  }
  if (found.length > 0) throw new UnopenableValuesError(found);
}
