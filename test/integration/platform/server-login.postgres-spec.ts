import { randomBytes } from 'node:crypto';
import { createLogger } from '#platform/logging';
import { loadConfig } from '#platform/config';
import { judgeSession, loginOf, LoginRefusedError, openDatabase, UnitOfWork, WORKING_ROLES } from '#platform/database';
import { migrate } from '#platform/migration';
import { PgBossJobQueue } from '#platform/queue';
import { Client, escapeLiteral } from 'pg';
import { scramVerifier } from '../../../src/platform/migration/scram-verifier.js';
import { prepareDatabase } from '../../../src/prepare-database.js';
import { databaseUrl } from '../../support/seeded-template.js';
import { TestDatabase } from '../../support/test-database.js';

const SERVER = process.env['DATABASE_URL'] ?? '';
const suffix = randomBytes(5).toString('hex');
const PASSWORD = `it's a "pass\\word" ${suffix}`;

/** THREATS 27: the server signs in as somebody who could not leave the wall between tenants if he wanted to. */
describe('the login of a server', () => {
  let database: TestDatabase;
  const roles: string[] = [];
  const databases: string[] = [];

  beforeAll(async () => {
    database = await TestDatabase.start({ pool: 2 });
  }, 60_000);
  afterAll(async () => {
    await database.stop();
    for (const name of databases) await asOwner(SERVER, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const name of roles)
      await asOwner(SERVER, `DROP OWNED BY ${name}`, `DROP ROLE ${name}`).catch(() => undefined);
  });

  async function asOwner(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      let rows: Record<string, unknown>[] = [];
      for (const statement of statements) rows = (await client.query<Record<string, unknown>>(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }
  /** The same database as somebody else. */
  function as(user: string, url = database.ownerUrl, password = PASSWORD): string {
    const address = new URL(url);
    address.username = user;
    address.password = encodeURIComponent(password);
    return address.href;
  }
  function role(name: string): string {
    roles.push(`${name}_${suffix}`);
    return `${name}_${suffix}`;
  }
  async function emptyDatabase(owner?: string): Promise<string> {
    const name = `switchboard_login_${randomBytes(5).toString('hex')}`;
    databases.push(name);
    await asOwner(SERVER, `CREATE DATABASE ${name}${owner === undefined ? '' : ` OWNER ${owner}`}`);
    return databaseUrl(SERVER, name);
  }
  /** A login that could serve, before a test gives it more. */
  async function servant(name: string): Promise<string> {
    const login = role(name);
    await migrate({ ownerUrl: database.ownerUrl, loginUrl: as(login) });
    return login;
  }

  it('becomes neither a superuser, nor the owner, nor the role that looks past the tenants', async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>('SELECT rolname::text AS name FROM pg_roles');
      const may: string[] = [];
      for (const { name } of rows) {
        await client.query(`SET ROLE ${client.escapeIdentifier(name)}`).then(
          () => may.push(name),
          () => undefined,
        );
        await client.query('RESET ROLE');
      }
      const me = decodeURIComponent(new URL(database.url).username);
      expect(may.sort()).toEqual([me, 'switchboard_app', 'switchboard_none', 'switchboard_queue'].sort());
      await expect(client.query(`SET SESSION AUTHORIZATION postgres`)).rejects.toThrow(/permission denied/);
      await expect(client.query('SET row_security = off; SELECT count(*) FROM app.tenant')).rejects.toThrow();
    } finally {
      await client.end();
    }
  });

  it('sees nothing while it is itself, and nothing past a unit of work', async () => {
    const { tenantId } = await database.tenant();
    for (const table of ['app.tenant', 'app.principal', 'pgboss.job']) {
      await expect(asOwner(database.url, `SELECT 1 FROM ${table}`)).rejects.toThrow(/permission denied/);
    }
    await expect(
      database.uow.run({ tenantId }, async (tx) => {
        await tx.query('COMMIT');
        await tx.query('SELECT 1 FROM app.tenant');
      }),
    ).rejects.toThrow(/permission denied/);
    await expect(
      database.uow.run({ tenantId }, async (tx) => {
        await tx.query('RESET ROLE');
        await tx.query('SET LOCAL ROLE postgres');
      }),
    ).rejects.toThrow(/permission denied/);
  });

  it('is made by migrate, by its password, and only once', async () => {
    const login = role('made');
    const first = await migrate({ ownerUrl: database.ownerUrl, loginUrl: as(login) });
    expect(first).toEqual({ migrations: [], madeLogin: login });
    const [row] = await asOwner(SERVER, `SELECT rolpassword AS kept FROM pg_authid WHERE rolname = '${login}'`);
    expect(row?.['kept']).toMatch(/^SCRAM-SHA-256\$4096:/);
    // Postgres makes of the password itself, with a salt of its own, what ours makes of it with the same salt.
    const other = role('other');
    const [theirs] = await asOwner(
      SERVER,
      `CREATE ROLE ${other} PASSWORD ${escapeLiteral(PASSWORD)}`,
      `SELECT rolpassword AS kept FROM pg_authid WHERE rolname = '${other}'`,
    );
    const salt = String(theirs?.['kept']).split(/[:$]/)[2] ?? '';
    expect(scramVerifier(PASSWORD, Buffer.from(salt, 'base64'))).toBe(theirs?.['kept']);
    expect(await migrate({ ownerUrl: database.ownerUrl, loginUrl: as(login) })).toEqual({
      migrations: [],
      madeLogin: null,
    });
    expect(await loginOf(as(login))).toBeNull();
  });

  it('may not migrate, and is told who may', async () => {
    await expect(migrate({ ownerUrl: database.url })).rejects.toThrow(/server's own login.*DATABASE_OWNER_URL/s);
    const [row] = await asOwner(
      database.ownerUrl,
      `SELECT pg_has_role('${decodeURIComponent(new URL(database.url).username)}', 'switchboard_lookup', 'MEMBER') AS more`,
    );
    expect(row).toEqual({ more: false });
  });

  it('gets back what it was denied', async () => {
    const login = await servant('mended');
    await asOwner(database.ownerUrl, `REVOKE switchboard_app FROM ${login}`);
    expect((await loginOf(as(login)))?.message).toContain('is no member of switchboard_app');
    await migrate({ ownerUrl: database.ownerUrl, loginUrl: as(login) });
    expect(await loginOf(as(login))).toBeNull();
  });

  const EXCESS: [string, (login: string) => string[], RegExp][] = [
    ['a superuser', (login) => [`ALTER ROLE ${login} SUPERUSER`], /is a superuser/],
    ['one past row level security', (login) => [`ALTER ROLE ${login} BYPASSRLS`], /bypasses row level security/],
    ['one that makes roles', (login) => [`ALTER ROLE ${login} CREATEROLE`], /may make roles/],
    ['one that replicates', (login) => [`ALTER ROLE ${login} REPLICATION`], /may replicate/],
    ['a member of another role', (login) => [`GRANT pg_read_all_data TO ${login}`], /may become pg_read_all_data/],
    ['a member of the look-up role', (login) => [`GRANT switchboard_lookup TO ${login}`], /become switchboard_lookup/],
    ['one that inherits', (login) => [`GRANT switchboard_app TO ${login} WITH INHERIT TRUE`], /inherits what/],
    ['an owner', (login) => [`ALTER TABLE app.feature OWNER TO ${login}`], /owns 1 object/],
  ];
  it.each(EXCESS)('is refused when it is %s, at the start and by each new connection', async (_what, give, words) => {
    const login = await servant(`strong${roles.length}`);
    await asOwner(database.ownerUrl, 'CREATE TABLE IF NOT EXISTS app.feature (id int)', ...give(login));
    const refused = await loginOf(as(login));
    expect(refused?.message).toMatch(words);
    expect(refused?.message).toMatch(/DATABASE_OWNER_URL.*migrate/s);
    expect(refused?.message).not.toContain(PASSWORD);
    await expect(openDatabase({ url: as(login), login: 'powerless', pool: 1 })).rejects.toThrow(LoginRefusedError);
    const queue = new PgBossJobQueue({ url: as(login), login: 'powerless', logger: createLogger({ level: 'silent' }) });
    await expect(queue.check()).rejects.toThrow(words);
    await queue.stop();
    await expect(migrate({ ownerUrl: database.ownerUrl, loginUrl: as(login) })).rejects.toThrow(words);
    await asOwner(database.ownerUrl, 'DROP TABLE IF EXISTS app.feature');
  });

  it('is refused by a connection that is opened after it was given more', async () => {
    const login = await servant('later');
    const pool = await openDatabase({ url: as(login), login: 'powerless', pool: 2 });
    try {
      const work = new UnitOfWork(pool);
      expect(await work.lookup('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await asOwner(database.ownerUrl, `ALTER ROLE ${login} SUPERUSER`);
      await asOwner(
        database.ownerUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${login}'`,
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      await expect(work.lookup('SELECT 1')).rejects.toMatchObject({ cause: { name: 'LoginRefusedError' } });
    } finally {
      await pool.destroy();
    }
  });

  it('is refused where its sessions do not get the role that they ask for', async () => {
    const login = await servant('pooled');
    // As behind a pooler that drops `options`: the session has no other role than its user.
    const client = new Client({ connectionString: as(login) });
    client.on('error', () => undefined);
    await client.connect();
    await expect(judgeSession('switchboard_none')(client)).rejects.toThrow(/drops the start-up parameter "options"/);
  });

  it('starts no server in production that signs in as the owner, and says how it would', async () => {
    const logged: string[] = [];
    const logger = { info: () => undefined, warn: (...words: unknown[]) => logged.push(String(words.at(-1))) } as never;
    const env = { DATABASE_URL: database.ownerUrl };
    const production = { ...env, NODE_ENV: 'production', ...(await keys()) };
    await expect(prepareDatabase(loadConfig(production), database.ownerUrl, logger)).rejects.toThrow(
      /is a superuser.*DATABASE_OWNER_URL.*migrate/s,
    );
    // The same is a warning for somebody who develops on his own Postgres.
    expect(await prepareDatabase(loadConfig(env), database.ownerUrl, logger)).toBe('unchecked');
    expect(logged.join()).toMatch(/is a superuser.*in production it will not start/s);
    const good = { ...production, DATABASE_URL: database.url };
    expect(await prepareDatabase(loadConfig(good), database.url, logger)).toBe('powerless');
  });

  it('keeps a second installation of the cluster apart, whose owner need be no superuser', async () => {
    const [owner, theirs] = [role('owner'), role('theirs')];
    await asOwner(SERVER, `CREATE ROLE ${owner} LOGIN CREATEROLE PASSWORD ${escapeLiteral(PASSWORD)}`);
    const url = await emptyDatabase(owner);
    const options = { ownerUrl: as(owner, url), loginUrl: as(theirs, url) };
    await expect(migrate(options)).rejects.toThrow(/Another installation.*WITH ADMIN OPTION/s);
    await asOwner(SERVER, `GRANT ${WORKING_ROLES.join(', ')} TO ${owner} WITH ADMIN OPTION, INHERIT FALSE`);
    await expect(migrate(options)).rejects.toThrow(/CREATE EXTENSION vector/);
    await asOwner(url, 'CREATE EXTENSION vector');
    expect(await migrate(options)).toMatchObject({ madeLogin: theirs });
    const pool = await openDatabase({ url: as(theirs, url), login: 'powerless', pool: 1 });
    expect(await new UnitOfWork(pool).lookup('SELECT * FROM app.tenant_ids(NULL, 1)')).toEqual([]);
    await pool.destroy();
    // Each login reaches its own installation and no other.
    await expect(asOwner(as(theirs, database.ownerUrl), 'SELECT 1')).rejects.toThrow(/permission denied for database/);
    await expect(asOwner(database.url.replace(/\/[^/]*$/, new URL(url).pathname), 'SELECT 1')).rejects.toThrow(
      /permission denied for database/,
    );
  });

  async function keys(): Promise<Record<string, string>> {
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return {
      JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      SECRETS_KEY: randomBytes(32).toString('base64'),
    };
  }
});
