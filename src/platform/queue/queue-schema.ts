import { QUEUE_ROLE } from '#platform/database';
import type { Client } from 'pg';

/** Of pg-boss. Made by the first migration, without tables. */
export const QUEUE_SCHEMA = 'pgboss';

/** What a queue does all day; nothing of it changes a table. */
const GRANTS = `
  REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA} FROM PUBLIC;
  GRANT USAGE ON SCHEMA ${QUEUE_SCHEMA} TO ${QUEUE_ROLE};
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${QUEUE_ROLE};
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA} TO ${QUEUE_ROLE}`;

/**
 * Makes the queue's tables as this version of pg-boss wants them, or brings those of an earlier one up to date, and lets the
 * queue's role use them. Pg-boss' own plans do it whole or not at all.
 * @param owner of the database: the tables are the owner's
 */
export async function prepareQueue(owner: Client): Promise<void> {
  const { rows } = await owner.query<{ exists: boolean }>(
    `SELECT to_regclass('${QUEUE_SCHEMA}.version') IS NOT NULL AS exists`,
  );
  const version = rows[0]?.exists === true ? await versionOf(owner) : null;
  const { getConstructionPlans, getMigrationPlans } = await import('pg-boss');
  const construction = getConstructionPlans(QUEUE_SCHEMA, { createSchema: false });
  if (version === null) await owner.query(construction);
  else if (version < wantedBy(construction)) await owner.query(getMigrationPlans(QUEUE_SCHEMA, version));
  await owner.query(GRANTS);
}

async function versionOf(owner: Client): Promise<number> {
  const { rows } = await owner.query<{ version: number }>(`SELECT version FROM ${QUEUE_SCHEMA}.version`);
  return Number(rows[0]?.version);
}

/** Pg-boss says its schema's number nowhere but in the plan that writes it down. */
function wantedBy(construction: string): number {
  const [, version] = /INSERT INTO pgboss\.version[^;]*?'?(\d+)'?\s*\)/.exec(construction) ?? [];
  if (version === undefined) throw new Error('This pg-boss does not say which schema it wants');
  return Number(version);
}
