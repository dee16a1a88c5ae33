import { connect } from 'node:net';
import { once } from 'node:events';
import type { EmbeddedPostgres } from '../../../src/platform/database/embedded/embedded-postgres.js';
import type { Client } from 'pg';
import { errorOf, eventually, Scratch } from './embedded-support.js';

jest.setTimeout(60_000);

describe('connections to the embedded Postgres', () => {
  const scratch = new Scratch();
  let database: EmbeddedPostgres;
  let owner: Client;

  beforeAll(async () => {
    database = await scratch.start(scratch.dataDir('session'));
    owner = await scratch.connect(database.url);
    await owner.query(`
      CREATE ROLE switchboard_none; CREATE ROLE reader;
      GRANT reader TO switchboard_none WITH INHERIT FALSE;
      CREATE TABLE secret (id int PRIMARY KEY, text text);
      INSERT INTO secret VALUES (1, 'one'), (2, 'two');
      GRANT SELECT, INSERT ON secret TO reader`);
  });

  afterAll(() => scratch.dispose());

  const powerless = (): Promise<Client> => scratch.connect(database.url, { options: '-c role=switchboard_none' });

  describe('roles', () => {
    it('gives each connection the role that it asked for, turn by turn', async () => {
      const normal = await powerless();
      for (let i = 0; i < 20; i++) {
        expect((await owner.query('SELECT count(*)::int AS n FROM secret')).rows[0].n).toBe(2);
        expect((await normal.query('SELECT current_user::text AS role')).rows).toEqual([{ role: 'switchboard_none' }]);
        expect(await errorOf(normal.query('SELECT * FROM secret'))).toMatchObject({ code: '42501' });
      }
    });

    it('keeps the roles apart while both kinds work at once', async () => {
      const clients = await Promise.all([
        powerless(),
        powerless(),
        scratch.connect(database.url),
        scratch.connect(database.url),
      ]);
      await Promise.all(
        clients.map(async (client, i) => {
          for (let n = 0; n < 100; n++) {
            const role = await client.query('SELECT current_user::text AS role');
            expect(role.rows[0].role).toBe(i < 2 ? 'switchboard_none' : 'postgres');
          }
        }),
      );
    });

    it('lets a transaction take a role for itself, and falls back to the powerless one after it', async () => {
      const normal = await powerless();
      await normal.query('BEGIN; SET LOCAL ROLE reader');
      expect((await normal.query('SELECT id FROM secret ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }]);
      await normal.query('COMMIT');
      expect(await errorOf(normal.query('SELECT * FROM secret'))).toMatchObject({ code: '42501' });
    });

    it('keeps a role that a connection set for itself from the others', async () => {
      const [changed, other] = [await powerless(), await powerless()];
      await changed.query('SET ROLE reader');
      expect(await errorOf(other.query('SELECT * FROM secret'))).toMatchObject({ code: '42501' });
      expect((await changed.query('SELECT id FROM secret')).rows).toHaveLength(2);
      const gone = await powerless();
      await gone.query('SET ROLE reader');
      await gone.end();
      expect(await errorOf(other.query('SELECT * FROM secret'))).toMatchObject({ code: '42501' });
    });

    it('keeps settings of a session from the others', async () => {
      const [a, b] = [
        await scratch.connect(database.url),
        await scratch.connect(database.url, { options: '-c work_mem=1MB' }),
      ];
      await a.query("SET work_mem = '7MB'; SET app.tenant_id = 'mine'");
      expect(
        (await b.query("SELECT current_setting('work_mem') AS mem, current_setting('app.tenant_id', true) AS tenant"))
          .rows,
      ).toEqual([{ mem: '1MB', tenant: '' }]);
      expect((await a.query('SHOW work_mem')).rows).toEqual([{ work_mem: '7MB' }]);
    });

    it('refuses a connection whose role does not exist', async () => {
      const refused = await errorOf(scratch.connect(database.url, { options: '-c role=nobody_knows' }));
      expect(refused).toMatchObject({ code: '22023', message: 'role "nobody_knows" does not exist' });
      expect((await owner.query('SELECT current_user::text AS role')).rows).toEqual([{ role: 'postgres' }]);
    });
  });

  it('refuses a connection without the password', async () => {
    const refused = await errorOf(scratch.connect(database.url.replace(/:[^:@]+@/, ':wrong@')));
    expect(refused).toMatchObject({ code: '28P01' });
  });

  it('takes prepared statements of the same name on several connections', async () => {
    const clients = await Promise.all([powerless(), scratch.connect(database.url), scratch.connect(database.url)]);
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(
        clients.map((client, i) =>
          client.query({ name: 'same', text: `SELECT ${i} AS which, $1::int AS n`, values: [round] }),
        ),
      );
      expect(answers.map(({ rows }) => rows[0])).toEqual(clients.map((_, i) => ({ which: i, n: round })));
    }
  });

  it('drops the prepared statements of a connection that ended', async () => {
    const before = (await owner.query('SELECT count(*)::int AS n FROM pg_prepared_statements')).rows[0].n;
    const client = await scratch.connect(database.url);
    await client.query({ name: 'short-lived', text: 'SELECT 1' });
    await client.end();
    await eventually('the statement is gone', async () => {
      return (await owner.query('SELECT count(*)::int AS n FROM pg_prepared_statements')).rows[0].n === before;
    });
  });

  it('makes other connections wait for a transaction, which sees its own rows only', async () => {
    const [writer, reader] = [await scratch.connect(database.url), await scratch.connect(database.url)];
    await writer.query('BEGIN');
    await writer.query("INSERT INTO secret VALUES (10, 'ten')");
    const waiting = reader.query('SELECT count(*)::int AS n FROM secret WHERE id = 10');
    await writer.query("INSERT INTO secret VALUES (11, 'eleven')");
    await writer.query('ROLLBACK');
    expect((await waiting).rows).toEqual([{ n: 0 }]);
  });

  it('rolls back the transaction of a client that vanished', async () => {
    const writer = await scratch.connect(database.url);
    await writer.query('BEGIN');
    await writer.query("INSERT INTO secret VALUES (20, 'twenty')");
    const waiting = owner.query('SELECT count(*)::int AS n FROM secret WHERE id = 20');
    socketOf(writer).destroy();
    expect((await waiting).rows).toEqual([{ n: 0 }]);
  });

  it('goes on after a client that vanished in the middle of a statement', async () => {
    const client = await scratch.connect(database.url);
    await client.query('BEGIN');
    // Parse without Sync, then the announcement of a large message of which only the beginning arrives.
    const parse = Buffer.concat([
      Buffer.from('P'),
      Buffer.from([0, 0, 0, 16]),
      Buffer.from('\0SELECT 1\0'),
      Buffer.from([0, 0]),
    ]);
    socketOf(client).write(Buffer.concat([parse, Buffer.from('B'), Buffer.from([0, 3, 0, 0]), Buffer.alloc(100)]));
    socketOf(client).end();
    expect((await owner.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('skips to the next Sync after an error, and goes on', async () => {
    expect(await errorOf(owner.query('SELECT $1::int / 0', [1]))).toMatchObject({ code: '22012' });
    expect((await owner.query('SELECT $1::int AS n', [5])).rows).toEqual([{ n: 5 }]);
  });

  it('answers a pipelined transaction whose statement fails, statement by statement', async () => {
    const client = await scratch.connect(database.url, { pipeline: true });
    const outcomes = await Promise.allSettled([
      client.query('BEGIN'),
      client.query('SELECT $1::int / 0', [1]),
      client.query('SELECT 1'),
      client.query('COMMIT'),
      client.query('SELECT $1::int AS n', [7]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(outcomes[3]).toMatchObject({ value: { command: 'ROLLBACK' } });
    expect(outcomes[4]).toMatchObject({ value: { rows: [{ n: 7 }] } });
  });

  it('passes large parameters and large results whole', async () => {
    const text = 'ä€x'.repeat(700_000);
    const answer = await owner.query('SELECT $1::text AS text, length($1) AS length', [text]);
    expect(answer.rows[0].length).toBe(2_100_000);
    expect(answer.rows[0].text === text).toBe(true);
    const many = await owner.query('SELECT n, repeat(n::text, 100) AS text FROM generate_series(1, 20000) n');
    expect(many.rows).toHaveLength(20_000);
    expect(many.rows[19_999]).toEqual({ n: 20_000, text: '20000'.repeat(100) });
  });

  it('reads a portal in portions without letting others between', async () => {
    const client = await scratch.connect(database.url);
    const portions = { text: 'SELECT n FROM generate_series(1, 10) n', rows: 3 };
    const [answer, other] = await Promise.all([client.query(portions), owner.query('SELECT $1::int AS n', [99])]);
    expect(answer.rows.map(({ n }: { n: number }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(other.rows).toEqual([{ n: 99 }]);
  });

  it('refuses COPY FROM STDIN with an error instead of ending the database', async () => {
    const copy = 'COPY secret FROM STDIN';
    expect(await errorOf(owner.query(copy))).toMatchObject({ code: '0A000' });
    expect(await errorOf(owner.query(`SELECT 1; /* then */ ${copy}`))).toMatchObject({ code: '0A000' });
    expect((await owner.query("SELECT 'COPY secret FROM STDIN' AS text")).rows).toEqual([{ text: copy }]);
  });

  it('tells the one connection too many so, and serves the others', async () => {
    const clients: Client[] = [];
    let refused: { code?: string } | undefined;
    while (refused === undefined && clients.length < 200) {
      await scratch.connect(database.url).then(
        (client) => clients.push(client),
        (error: { code?: string }) => (refused = error),
      );
    }
    expect(refused).toMatchObject({ code: '53300' });
    expect(clients.length).toBeGreaterThan(50);
    expect((await clients.at(-1)!.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await Promise.all(clients.map((client) => client.end()));
    await eventually('places are free again', async () => {
      const client = await scratch.connect(database.url).catch(() => undefined);
      return client !== undefined;
    });
  });

  it('closes a connection that does not speak the protocol, and serves the others', async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(database.url).port) });
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect((await owner.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('has pgvector', async () => {
    await owner.query('CREATE EXTENSION IF NOT EXISTS vector');
    expect((await owner.query("SELECT '[1,2]'::vector <-> '[4,6]' AS distance")).rows).toEqual([{ distance: 5 }]);
  });
});

/** The socket beneath a client, to break it off. */
function socketOf(client: Client): import('node:net').Socket {
  return (client as unknown as { connection: { stream: import('node:net').Socket } }).connection.stream;
}
