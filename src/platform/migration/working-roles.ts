import { sqlState, WORKING_ROLES } from '#platform/database';
import { type Client, escapeIdentifier } from 'pg';
import { MigrationRefusedError } from './migration.errors.js';
import { again } from './again.js';

/** $1 names. What of them the owner has not got: the role itself, or the right to become it and hand things over to it. */
const MISSING = `
  SELECT name, r.oid IS NULL AS absent, r.rolcanlogin OR r.rolsuper OR r.rolbypassrls OR r.rolcreaterole AS strong
  FROM unnest($1::text[]) AS wanted(name) LEFT JOIN pg_roles r ON r.rolname = name
  WHERE r.oid IS NULL OR NOT pg_has_role(current_user, r.oid, 'SET')
    OR r.rolcanlogin OR r.rolsuper OR r.rolbypassrls OR r.rolcreaterole`;

/**
 * Makes the working roles, and the owner a member of them. They belong to the whole cluster, so that another database of it
 * may have them already: installations share the names, and stay apart because a login may connect to its own database only.
 */
export async function prepareWorkingRoles(owner: Client): Promise<void> {
  const { rows } = await owner.query<{ name: string; absent: boolean; strong: boolean | null }>(MISSING, [
    WORKING_ROLES,
  ]);
  for (const { absent, name, strong } of rows) {
    if (strong === true) {
      throw new MigrationRefusedError(
        `The role ${name} has been given a login or powers, with which the wall between tenants would not hold. Take ` +
          `them away: ALTER ROLE ${name} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE`,
      );
    }
    // Names of ours: nothing in them to quote.
    if (absent) await again(() => owner.query(`CREATE ROLE ${name} NOLOGIN NOINHERIT`));
    await again(() => owner.query(`GRANT ${name} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE`)).catch(
      (error: unknown) => {
        if (sqlState(error) !== '42501') throw error;
        throw refused(owner.user ?? '', error);
      },
    );
  }
}

function refused(owner: string, cause: unknown): MigrationRefusedError {
  return new MigrationRefusedError(
    `Another installation on this cluster made the roles that the server works with, and "${owner}" may not use them. If ` +
      "that is the database's owner, let a superuser (or the owner of the other one) run: GRANT " +
      `${WORKING_ROLES.join(', ')} TO ${escapeIdentifier(owner)} WITH ADMIN OPTION. If it is not, migrate as the owner: DATABASE_OWNER_URL`,
    { cause },
  );
}
