import { Client } from 'pg';
import { PostgresProxy, running } from './postgres-proxy.js';

const TABLE = `switchboard_proxy_${process.pid}_${Date.now()}`;

/** That the proxy does to a real Postgres what the scenarios think it does. */
describe('a COMMIT whose reply is lost', () => {
  const direct = new Client({ connectionString: process.env['DATABASE_URL'] });
  let proxy: PostgresProxy;
  beforeAll(async () => {
    await direct.connect();
    await direct.query(`CREATE TABLE ${TABLE} (id integer)`);
    proxy = await PostgresProxy.start(process.env['DATABASE_URL'] ?? '');
  });
  afterAll(async () => {
    await proxy.stop();
    await direct.query(`DROP TABLE ${TABLE}`);
    await direct.end();
  });

  async function connected(): Promise<Client> {
    const client = new Client({ connectionString: proxy.url });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }
  const insert = (id: number) => ({ name: 'keep', text: `INSERT INTO ${TABLE} VALUES ($1)`, values: [id] });
  const stored = async () =>
    (await direct.query<{ id: number }>(`SELECT id FROM ${TABLE} ORDER BY id`)).rows.map((row) => row.id);

  it('has happened, though the program sees its connection end; others are not touched', async () => {
    const [client, other] = [await connected(), await connected()];
    await client.query(insert(1));
    const { lost } = proxy.loseCommit(running('keep'));
    // As the product sends it: all at once, the COMMIT behind the last statement.
    const replies = [
      client.query('BEGIN; SET LOCAL statement_timeout = 5000'),
      client.query(insert(2)),
      client.query('COMMIT'),
    ];
    const [begun, inserted, committed] = await Promise.allSettled(replies);
    expect([begun?.status, inserted?.status, committed?.status]).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(await lost).toMatchObject({ names: ['keep'], values: ['2'] });
    expect(await stored()).toEqual([1, 2]);
    await other.query(insert(3));
    await other.end();
    expect(await stored()).toEqual([1, 2, 3]);
  });

  it('is not one that rolled back', async () => {
    const client = await connected();
    const { lost, cancel } = proxy.loseCommit(running('keep'));
    await client.query('BEGIN');
    await expect(
      client.query({ name: 'keep', text: `INSERT INTO ${TABLE} VALUES ($1 / 0)`, values: [4] }),
    ).rejects.toThrow('zero');
    expect((await client.query('COMMIT')).command).toBe('ROLLBACK');
    await client.query('BEGIN');
    await client.query(insert(5)).catch(() => undefined);
    cancel();
    await client.query('ROLLBACK');
    expect(await Promise.race([lost, Promise.resolve('nothing was lost')])).toBe('nothing was lost');
    await client.end();
  });
});
