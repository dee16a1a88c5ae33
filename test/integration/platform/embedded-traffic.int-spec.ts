import { createHash } from 'node:crypto';
import type { EmbeddedPostgres } from '../../../src/platform/database/embedded/embedded-postgres.js';
import type { Client } from 'pg';
import { Scratch } from './embedded-support.js';

/**
 * One engine session serves every connection. If messages of two connections ever mixed, clients would hang or, worse,
 * receive each other's rows without an error: so every row of every answer is checked.
 */
const DURATION_MS = 10_000;
const LARGE = 200_000;

jest.setTimeout(60_000);

describe('mixed traffic on the embedded Postgres', () => {
  const scratch = new Scratch();
  let database: EmbeddedPostgres;

  beforeAll(async () => {
    database = await scratch.start(scratch.dataDir('traffic'));
    const owner = await scratch.connect(database.url);
    await owner.query(`
      CREATE ROLE switchboard_none; CREATE ROLE writer; GRANT writer TO switchboard_none WITH INHERIT FALSE;
      CREATE TABLE entry (client int, n int, body text NOT NULL, PRIMARY KEY (client, n));
      GRANT ALL ON entry TO writer`);
  });

  afterAll(() => scratch.dispose());

  it(
    'gives each client its own rows and loses none',
    async () => {
      const kinds = [
        ...Array.from({ length: 6 }, () => autocommit),
        ...Array.from({ length: 6 }, () => transactional),
        ...Array.from({ length: 4 }, () => pipelined),
      ];
      const until = Date.now() + DURATION_MS;
      const written = await Promise.all(
        kinds.map(async (run, id) => {
          const client = await scratch.connect(database.url, {
            pipeline: run === pipelined,
            // The autocommit ones are the owner's: the role changes with the turn.
            ...(run === autocommit ? {} : { options: '-c role=switchboard_none' }),
          });
          let n = 0;
          while (Date.now() < until) {
            await run(client, id, n);
            n++;
          }
          return n;
        }),
      );

      for (const count of written) expect(count).toBeGreaterThan(10);
      const owner = await scratch.connect(database.url);
      for (const [client, count] of written.entries()) {
        const { rows } = await owner.query<{ n: number; md5: string }>(
          'SELECT n, md5(body) FROM entry WHERE client = $1 ORDER BY n',
          [client],
        );
        expect(rows).toEqual(Array.from({ length: count }, (_, n) => ({ n, md5: md5(body(client, n)) })));
      }
    },
    DURATION_MS + 60_000,
  );
});

async function autocommit(client: Client, id: number, n: number): Promise<void> {
  const text = body(id, n);
  await client.query('INSERT INTO entry VALUES ($1, $2, $3)', [id, n, text]);
  const named = n % 2 === 0 ? { name: 'read' } : {};
  const { rows } = await client.query({
    ...named,
    text: 'SELECT client, n, body FROM entry WHERE client = $1 AND n = $2',
    values: [id, n],
  });
  check(rows, id, n, text);
}

async function transactional(client: Client, id: number, n: number): Promise<void> {
  const text = body(id, n);
  await client.query('BEGIN');
  await client.query('SET LOCAL ROLE writer');
  await client.query('INSERT INTO entry VALUES ($1, $2, $3)', [id, n, 'replaced below']);
  await client.query({
    name: 'update',
    text: 'UPDATE entry SET body = $3 WHERE client = $1 AND n = $2',
    values: [id, n, text],
  });
  const { rows } = await client.query('SELECT client, n, body FROM entry WHERE client = $1 AND n = $2', [id, n]);
  check(rows, id, n, text);
  await client.query('COMMIT');
}

async function pipelined(client: Client, id: number, n: number): Promise<void> {
  const text = body(id, n);
  const [, , inserted, read] = await Promise.all([
    client.query('BEGIN'),
    client.query('SET LOCAL ROLE writer'),
    client.query('INSERT INTO entry VALUES ($1, $2, $3)', [id, n, text]),
    client.query({
      name: 'read',
      text: 'SELECT client, n, body FROM entry WHERE client = $1 AND n = $2',
      values: [id, n],
    }),
    client.query('COMMIT'),
  ]);
  expect(inserted.rowCount).toBe(1);
  check(read.rows, id, n, text);
}

/** Strict equality of the strings themselves: a report of 200 kB helps nobody. */
function check(rows: { client: number; n: number; body: string }[], id: number, n: number, text: string): void {
  expect(rows.map((row) => [row.client, row.n, row.body === text])).toEqual([[id, n, true]]);
}

/** Every third is large. Differs from any other client's and any other turn's. */
function body(id: number, n: number): string {
  const unit = `client ${id} entry ${n}; `;
  return n % 3 === 0 ? unit.repeat(Math.ceil(LARGE / unit.length)) : unit;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
