import type { ClientBase } from 'pg';

/** The role that every session falls back to: it may do nothing (see migrations and `UnitOfWork`). */
export const POWERLESS_ROLE = 'switchboard_none';
/** Taken by a unit of work for its transaction: it sees one tenant. */
export const TENANT_ROLE = 'switchboard_app';
/** Owns the functions that run before a tenant is known. Nobody signs in as it or becomes it but the database's owner. */
export const LOOKUP_ROLE = 'switchboard_lookup';
/** Uses the job queue's schema. */
export const QUEUE_ROLE = 'switchboard_queue';

/** Belong to the whole cluster; whose data they open is the business of each database, by CONNECT and its own grants. */
export const WORKING_ROLES: readonly string[] = [POWERLESS_ROLE, TENANT_ROLE, LOOKUP_ROLE, QUEUE_ROLE];
/** What the server's own login may become: no other role, or it could leave the wall between tenants. */
export const LOGIN_ROLES: readonly string[] = [POWERLESS_ROLE, TENANT_ROLE, QUEUE_ROLE];

/**
 * `powerless`: every new connection is judged, and refused when its user could leave the tenants' wall. `unchecked` is for
 * the embedded database, whose one session is a superuser's, and for development on a superuser's own Postgres.
 */
export type LoginPolicy = 'powerless' | 'unchecked';

interface Login {
  readonly login: string;
  readonly role: string;
  readonly powers: readonly string[];
  readonly others: readonly string[];
  readonly missing: readonly string[];
  readonly inherited: readonly string[];
  readonly strengthened: readonly string[];
  readonly owned: number;
}

/** $1 the user, null for the session's own · $2 roles that it may become · $3 all working roles. Readable for everybody. */
const LOGIN = `
  SELECT me.rolname::text AS login, current_user::text AS role,
    array_remove(ARRAY[
      CASE WHEN me.rolsuper THEN 'is a superuser' END,
      CASE WHEN me.rolbypassrls THEN 'bypasses row level security' END,
      CASE WHEN me.rolcreaterole THEN 'may make roles' END,
      CASE WHEN me.rolcreatedb THEN 'may make databases' END,
      CASE WHEN me.rolreplication THEN 'may replicate' END], NULL) AS powers,
    ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.oid <> me.oid AND r.rolname <> ALL ($2::text[])
      AND NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER') ORDER BY 1) AS others,
    ARRAY(SELECT name FROM unnest($2::text[]) AS wanted(name) WHERE NOT me.rolsuper AND NOT EXISTS (
      SELECT 1 FROM pg_roles r WHERE r.rolname = name AND pg_has_role(me.oid, r.oid, 'MEMBER'))) AS missing,
    ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = ANY ($2::text[])
      AND NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'USAGE') ORDER BY 1) AS inherited,
    ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = ANY ($3::text[])
      AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcanlogin) ORDER BY 1) AS strengthened,
    (SELECT count(*)::int FROM pg_shdepend d
      WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = me.oid AND d.deptype = 'o') AS owned
  FROM pg_roles me WHERE me.rolname = coalesce($1::text, session_user::text)`;

/** The user of a connection could leave the wall between tenants, or cannot work. The message says how to make one. */
export class LoginRefusedError extends Error {
  constructor(
    readonly login: string,
    /** What it can do and must not. */
    readonly excess: readonly string[],
    /** What it needs and has not. */
    readonly lacking: readonly string[] = [],
  ) {
    super(
      `The database's user "${login}" ${[...excess, ...lacking].join('; ')}. The server needs a login that owns nothing and ` +
        `may become only ${LOGIN_ROLES.join(', ')}: set DATABASE_URL to a user of its own, DATABASE_OWNER_URL to the ` +
        `database's owner, and run "switchboard migrate" (node dist/cli/main.js migrate), which makes it`,
    );
    this.name = 'LoginRefusedError';
  }
}

/**
 * Whether a user may serve.
 * @param login null: the one that this session signed in as
 * @returns why not, or null
 */
export async function loginFaults(client: ClientBase, login: string | null = null): Promise<LoginRefusedError | null> {
  const { rows } = await client.query<Login>(LOGIN, [login, LOGIN_ROLES, WORKING_ROLES]);
  return faultsOf(rows[0]);
}

function faultsOf(login: Login | undefined, role = login?.role): LoginRefusedError | null {
  if (login === undefined) return new LoginRefusedError('', [], ['does not exist']);
  const excess = [...login.powers];
  if (login.owned > 0) excess.push(`owns ${login.owned} ${login.owned === 1 ? 'object' : 'objects'}`);
  if (login.others.length > 0) excess.push(`may become ${login.others.join(', ')}`);
  if (login.inherited.length > 0) excess.push(`inherits what ${login.inherited.join(', ')} may do`);
  if (login.strengthened.length > 0) excess.push(`may become ${login.strengthened.join(', ')}, which has powers now`);
  if (role !== login.role) excess.push(droppedRole(String(role), login.role));
  const lacking = login.missing.length > 0 ? [`is no member of ${login.missing.join(', ')}`] : [];
  return excess.length + lacking.length === 0 ? null : new LoginRefusedError(login.login, excess, lacking);
}

/** An unanswered question must not hold up whoever waits for the connection longer than the connection itself may. */
const ASK_MS = 4000;

/**
 * For the `onConnect` of a pool: judges a new connection before anybody has it.
 * @param role that its session asked for at the start, and has unless something between here and there dropped it
 */
export function judgeSession(role: string): (client: ClientBase) => Promise<void> {
  return async (client) => {
    try {
      const { rows } = await client.query<Login>({
        text: LOGIN,
        values: [null, LOGIN_ROLES, WORKING_ROLES],
        // Of pg itself, though its typings know it for whole clients only.
        ...{ query_timeout: ASK_MS },
      });
      const fault = faultsOf(rows[0], role);
      if (fault !== null) throw fault;
    } catch (error) {
      // The pool says goodbye and waits for an answer, which a dead connection does not give.
      socketOf(client).destroy();
      throw error;
    }
  };
}

/** `ALTER ROLE … SET role`, or a pooler. */
function droppedRole(wanted: string, role: string): string {
  return (
    `has a session in the role ${role} instead of ${wanted} (what stands between the server and Postgres drops the ` +
    `start-up parameter "options", as poolers do: connect without it)`
  );
}

/** For the options of a pool, whose typings do not say that it waits for `onConnect`. */
export function judging(login: LoginPolicy, role: string): object {
  return login === 'unchecked' ? {} : { onConnect: judgeSession(role) };
}

function socketOf(client: ClientBase): { destroy(): void } {
  return (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream;
}
