/**
 * What a connection may expect of "its" session: its role and its settings. There is one session for all
 * connections, so these are put in force when the turn passes to the connection.
 */
export interface SessionProfile {
  /** null: the database's owner, who bypasses row security. */
  readonly role: string | null;
  readonly settings: ReadonlyMap<string, string>;
}

export const OWNER_PROFILE: SessionProfile = { role: null, settings: new Map() };

/** Part of the handshake itself, or without effect here: timeouts never fire in a single-user session. */
const NOT_SETTINGS = new Set([
  'user',
  'database',
  'options',
  'replication',
  'client_encoding',
  'application_name',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
]);

/** From the startup packet: `options=-c role=… -c search_path=…`, and settings given as parameters of their own. */
export function profileFromStartup(parameters: ReadonlyMap<string, string>): SessionProfile {
  const settings = new Map<string, string>();
  for (const [name, value] of parameters) if (isSetting(name)) settings.set(name, value);
  for (const [name, value] of parseOptions(parameters.get('options') ?? ''))
    if (isSetting(name)) settings.set(name, value);
  const role = settings.get('role');
  settings.delete('role');
  return { role: role === undefined || role === 'none' ? null : role, settings };
}

function isSetting(name: string): boolean {
  return !NOT_SETTINGS.has(name) && !name.startsWith('_pq_.');
}

/** `-c name=value` and `--name=value`, with backslashes before blanks, as Postgres reads them. */
export function parseOptions(options: string): [string, string][] {
  const words = (options.match(/(?:\\.|\S)+/gs) ?? []).map((word) => word.replace(/\\(.)/gs, '$1'));
  const settings: [string, string][] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const assignment =
      word === '-c'
        ? (words[++i] ?? '')
        : word.startsWith('--')
          ? word.slice(2)
          : word.startsWith('-c')
            ? word.slice(2)
            : '';
    const equals = assignment.indexOf('=');
    if (equals < 1) continue;
    settings.push([assignment.slice(0, equals).toLowerCase().replaceAll('-', '_'), assignment.slice(equals + 1)]);
  }
  return settings;
}

/** Profiles with the same key need no switch between them. */
export function profileKey(profile: SessionProfile): string {
  return JSON.stringify([profile.role, [...profile.settings].sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Puts the profile in force, whatever was before: one implicit transaction, so that it takes effect whole or not at all. */
export function enforceSql(profile: SessionProfile): string {
  const statements = ['RESET ROLE', 'RESET ALL'];
  for (const [name, value] of profile.settings) {
    statements.push(`SELECT pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`);
  }
  if (profile.role !== null) statements.push(`SET ROLE "${profile.role.replaceAll('"', '""')}"`);
  return statements.join('; ');
}

/** Reads back role and settings after a connection changed them itself; run as two statements, two answers. */
export const SNAPSHOT_SQL = `SHOW role; RESET ROLE; SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session' AND context IN ('user', 'superuser') AND name NOT LIKE 'transaction\\_%' AND name NOT IN ('role', 'session_authorization', 'is_superuser', 'seed')`;

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
