import { LOGIN_ROLES, loginFaults, LoginRefusedError } from '#platform/database';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { again } from './again.js';
import { scramVerifier } from './scram-verifier.js';

/**
 * Makes the user of DATABASE_URL, as powerless as it has to be, and mends what it is allowed. One that exists keeps its
 * password, and is refused when it could do more than serve.
 * @returns its name if it was made
 */
export async function prepareLogin(owner: Client, loginUrl: string): Promise<string | null> {
  const { password, username } = new URL(loginUrl);
  const login = decodeURIComponent(username);
  if (login === '') throw new LoginRefusedError('', [], ['is not named in DATABASE_URL']);
  const { rows } = await owner.query<{ known: boolean; me: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS known, session_user = $1 AS me`,
    [login],
  );
  const { known = false, me = false } = rows[0] ?? {};
  if (me) throw new LoginRefusedError(login, ['is the owner that migrates']);
  if (!known) await makeLogin(owner, login, decodeURIComponent(password));
  else await refuseStrong(owner, login);
  await grantRoles(owner, login);
  await openDatabaseFor(owner, login);
  const fault = await loginFaults(owner, login);
  if (fault !== null) throw fault;
  return known ? null : login;
}

async function makeLogin(owner: Client, login: string, password: string): Promise<void> {
  // The verifier and not the password, which the server's log could show. Without one the cluster lets it in otherwise.
  const secret = password === '' ? '' : ` PASSWORD ${escapeLiteral(scramVerifier(password))}`;
  await again(() => owner.query(`CREATE ROLE ${escapeIdentifier(login)} LOGIN NOINHERIT${secret}`));
}

/** Before anything is granted: somebody's own user is not to be drawn into this by a slip in DATABASE_URL. */
async function refuseStrong(owner: Client, login: string): Promise<void> {
  const fault = await loginFaults(owner, login);
  if (fault !== null && fault.excess.length > 0) throw new LoginRefusedError(login, fault.excess);
}

async function grantRoles(owner: Client, login: string): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT rolname::text AS name FROM pg_roles
      WHERE rolname = ANY ($2::text[]) AND NOT pg_has_role($1::name, oid, 'SET')`,
    [login, LOGIN_ROLES],
  );
  for (const { name } of rows) {
    await again(() => owner.query(`GRANT ${name} TO ${escapeIdentifier(login)} WITH INHERIT FALSE, SET TRUE`));
  }
}

/**
 * The working roles are known in every database of the cluster, so which installation's data a login reaches is decided by
 * the databases that it may connect to. As Postgres makes a database everybody may; that is taken back once, as long
 * as nobody has decided it otherwise.
 */
async function openDatabaseFor(owner: Client, login: string): Promise<void> {
  const { rows } = await owner.query<{ name: string; ours: boolean; untouched: boolean; open: boolean }>(
    `SELECT d.datname::text AS name, d.datacl IS NULL AS untouched,
        pg_has_role(session_user, d.datdba, 'USAGE') AS ours, has_database_privilege($1::name, d.oid, 'CONNECT') AS open
       FROM pg_database d WHERE d.datname = current_database()`,
    [login],
  );
  const [database] = rows;
  if (database === undefined || !database.ours) return;
  const name = escapeIdentifier(database.name);
  if (database.untouched) await again(() => owner.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${name} FROM PUBLIC`));
  if (database.untouched || !database.open) {
    await again(() => owner.query(`GRANT CONNECT ON DATABASE ${name} TO ${escapeIdentifier(login)}`));
  }
}
