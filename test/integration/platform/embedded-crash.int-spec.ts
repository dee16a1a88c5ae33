import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { builtFile } from '#platform/paths';
import type { Client } from 'pg';
import { EmbeddedPostgres } from '../../../src/platform/database/embedded/embedded-postgres.js';
import { CHILD_FILE, errorOf, eventually, Scratch } from './embedded-support.js';

jest.setTimeout(60_000);

describe('the embedded Postgres and the death of processes', () => {
  const scratch = new Scratch();
  const template = scratch.dataDir('template');

  beforeAll(async () => {
    const database = await scratch.start(template);
    const owner = await scratch.connect(database.url);
    await owner.query('CREATE TABLE entry (client int, n int, body text NOT NULL, PRIMARY KEY (client, n))');
    await owner.end();
    await database.stop();
  });

  afterAll(() => scratch.dispose());

  /** A closed database that was copied, as the specs of other modules do. */
  function copyOfTemplate(name: string): string {
    const dataDir = scratch.dataDir(name);
    cpSync(template, dataDir, { recursive: true });
    return dataDir;
  }

  it('leaves nothing beside the database when it is closed, and starts from a copy of it', async () => {
    expect(readdirSync(template)).toEqual(['postgres']);
    expect(wasShutDown(template)).toBe(true);
    const database = await scratch.start(copyOfTemplate('copied'));
    expect(wasShutDown(scratch.dataDir('copied'))).toBe(false);
    expect(database.firstBoot).toBe(false);
    const client = await scratch.connect(database.url);
    expect((await client.query('SELECT count(*)::int AS n FROM entry')).rows).toEqual([{ n: 0 }]);
  });

  it('loses no committed row when it is killed while clients write', async () => {
    const dataDir = copyOfTemplate('killed');
    const committed = [0, 0, 0, 0];
    for (let round = 0; round < 4; round++) {
      const database = await scratch.start(dataDir);
      const clients = await Promise.all(
        committed.map((_, i) => scratch.connect(database.url, { pipeline: i % 2 === 0 })),
      );
      const before = [...committed];
      const writing = clients.map((client, i) => writeUntilKilled(client, i, committed));
      // However busy the machine is: each client has written some rows when the kill comes.
      while (committed.some((count, i) => count < (before[i] ?? 0) + 4)) await sleep(5);
      await sleep(round * 50);
      process.kill(database.pid, 'SIGKILL');
      await Promise.all(writing);
    }
    expect(Math.min(...committed)).toBeGreaterThan(10);

    const database = await scratch.start(dataDir);
    const owner = await scratch.connect(database.url);
    for (const [i, count] of committed.entries()) {
      const { rows } = await owner.query<{ n: number; complete: boolean }>(
        'SELECT n, body = repeat($2, 500) AS complete FROM entry WHERE client = $1 AND n >= 0 AND n < $3 ORDER BY n',
        [i, `${i};`, count],
      );
      expect(rows).toEqual(Array.from({ length: count }, (_, n) => ({ n, complete: true })));
      // Transactions are whole: the second row of each was written in a statement of its own.
      const halves = await owner.query(
        'SELECT n FROM entry a WHERE client = $1 AND n >= 0 AND NOT EXISTS (SELECT FROM entry b WHERE b.client = $1 AND b.n = -1 - a.n)',
        [i],
      );
      expect(halves.rows).toEqual([]);
    }
  });

  it('starts after its first boot was killed, whenever that was', async () => {
    const dataDir = scratch.dataDir('first-boot');
    for (const afterMs of [200, 1000, 2000, 3000]) {
      const child = spawn(process.execPath, [CHILD_FILE, dataDir], { stdio: 'ignore' });
      await sleep(afterMs);
      child.kill('SIGKILL');
      await once(child, 'exit');
      // A first boot that was complete makes the next rounds pointless.
      if (existsSync(join(dataDir, 'postgres'))) break;
    }
    const database = await scratch.start(dataDir);
    const client = await scratch.connect(database.url);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres.lock']);
  });

  it('refuses a second process and names the first', async () => {
    const dataDir = copyOfTemplate('second');
    const first = await scratch.start(dataDir);
    const { message } = await errorOf(EmbeddedPostgres.start({ dataDir, childFile: CHILD_FILE }));
    expect(message).toContain(`in use by process ${first.pid}, started by process ${process.pid}`);
    const client = await scratch.connect(first.url);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await first.stop();
    await (await scratch.start(dataDir)).stop();
  });

  it('lets exactly one of several win that start at once, also over the lock of a killed one', async () => {
    const dataDir = copyOfTemplate('race');
    for (let round = 0; round < 3; round++) {
      const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => scratch.start(dataDir)));
      const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected')
          expect(String(outcome.reason)).toContain(`in use by process ${winners[0]!.pid}`);
      }
      const exited = new Promise<void>((resolve) => winners[0]!.onExit(() => resolve()));
      process.kill(winners[0]!.pid, 'SIGKILL');
      await exited;
      expect(existsSync(join(dataDir, 'postgres.lock'))).toBe(true);
    }
  });

  it('is not kept out by a lock whose process id now belongs to another process, or that is damaged', async () => {
    const dataDir = copyOfTemplate('stale');
    const unused = { token: 'x', parent: process.pid, host: hostname(), port: 1, since: 'long ago' };
    for (const content of [JSON.stringify({ ...unused, pid: process.pid }), '{"half', '']) {
      writeFileSync(join(dataDir, 'postgres.lock'), content);
      await (await scratch.start(dataDir)).stop();
    }
  });

  it('takes over from another machine only when that one no longer touches its lock', async () => {
    const dataDir = copyOfTemplate('elsewhere');
    const file = join(dataDir, 'postgres.lock');
    const elsewhere = { token: 'x', pid: 1, parent: 1, host: 'another-machine', port: 1, since: 'a while ago' };
    writeFileSync(file, JSON.stringify(elsewhere));
    const touching = setInterval(() => writeFileSync(file, JSON.stringify(elsewhere)), 500);
    const { message } = await errorOf(EmbeddedPostgres.start({ dataDir, childFile: CHILD_FILE }));
    clearInterval(touching);
    expect(message).toContain('in use by process 1 on another-machine');
    await (await scratch.start(dataDir)).stop();
  });

  it('refuses a folder that holds something else', async () => {
    const dataDir = scratch.dataDir('foreign');
    mkdirSync(join(dataDir, 'postgres'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'holiday.jpg'), '');
    const { message } = await errorOf(EmbeddedPostgres.start({ dataDir, childFile: CHILD_FILE }));
    expect(message).toContain('not a Postgres database');
    expect(readdirSync(dataDir)).toEqual(['postgres']);
  });

  it('closes cleanly when its parent is killed, and the next server gets the directory at once', async () => {
    const dataDir = copyOfTemplate('orphan');
    const server = startServerProcess(dataDir);
    const { url } = await firstLine(server);
    const client = await scratch.connect(url);
    await client.query("INSERT INTO entry VALUES (1, 1, 'committed')");
    server.kill('SIGKILL');
    const database = await scratch.start(dataDir);
    expect(await errorOf(scratch.connect(url))).toMatchObject({ code: 'ECONNREFUSED' });
    const next = await scratch.connect(database.url);
    expect((await next.query('SELECT body FROM entry')).rows).toEqual([{ body: 'committed' }]);
  });

  it('ignores the interrupt of a terminal, and closes cleanly when it is told to terminate', async () => {
    const dataDir = copyOfTemplate('signals');
    const database = await scratch.start(dataDir);
    const client = await scratch.connect(database.url);
    process.kill(database.pid, 'SIGINT');
    await sleep(200);
    await client.query("INSERT INTO entry VALUES (2, 2, 'after the interrupt')");
    const reasons: boolean[] = [];
    database.onExit(({ expected }) => reasons.push(expected));
    process.kill(database.pid, 'SIGTERM');
    await eventually('the process has ended', () => reasons.length > 0);
    expect(reasons).toEqual([false]);
    expect(readdirSync(dataDir)).toEqual(['postgres']);
    expect(wasShutDown(dataDir)).toBe(true);
    const next = await scratch.connect((await scratch.start(dataDir)).url);
    expect((await next.query('SELECT body FROM entry')).rows).toEqual([{ body: 'after the interrupt' }]);
  });

  it('can be stopped while clients are connected and a transaction is open', async () => {
    const dataDir = copyOfTemplate('stop');
    const database = await scratch.start(dataDir);
    const [open, waiting] = [await scratch.connect(database.url), await scratch.connect(database.url)];
    await open.query('BEGIN');
    await open.query("INSERT INTO entry VALUES (3, 3, 'never committed')");
    const answer = errorOf(waiting.query('SELECT 1'));
    const exits: boolean[] = [];
    database.onExit(({ expected }) => exits.push(expected));
    await Promise.all([database.stop(), database.stop()]);
    expect(exits).toEqual([true]);
    await answer;
    const next = await scratch.connect((await scratch.start(dataDir)).url);
    expect((await next.query('SELECT body FROM entry')).rows).toEqual([]);
  });

  /** A server process in miniature, which prints the database's address. */
  function startServerProcess(dataDir: string): ChildProcess {
    const script = `
      const { EmbeddedPostgres } = await import(${JSON.stringify(pathToFileURL(builtFile('platform/database/embedded/embedded-postgres.js')).href)});
      const database = await EmbeddedPostgres.start(${JSON.stringify({ dataDir, childFile: CHILD_FILE })});
      console.log(JSON.stringify({ url: database.url }));`;
    const file = join(scratch.folder, 'server.mjs');
    writeFileSync(file, script);
    return spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  }
});

/** Whether Postgres closed the database itself (DB_SHUTDOWNED in its control file), as against being killed. */
function wasShutDown(dataDir: string): boolean {
  return readFileSync(join(dataDir, 'postgres', 'global', 'pg_control')).readInt32LE(16) === 1;
}

async function firstLine(server: ChildProcess): Promise<{ url: string }> {
  const [chunk] = (await once(server.stdout!, 'data')) as [Buffer];
  return JSON.parse(chunk.toString()) as { url: string };
}

/** Writes transactions of two rows; counts a transaction when its commit was acknowledged. */
async function writeUntilKilled(client: Client, id: number, committed: number[]): Promise<void> {
  const body = `${id};`.repeat(500);
  const insert = 'INSERT INTO entry VALUES ($1, $2, $3) ON CONFLICT (client, n) DO UPDATE SET body = excluded.body';
  try {
    for (;;) {
      const n = committed[id]!;
      const statements: [string, unknown[]][] = [
        ['BEGIN', []],
        [insert, [id, n, body]],
        [insert, [id, -1 - n, body]],
        ['COMMIT', []],
      ];
      if (id % 2 === 0) await Promise.all(statements.map(([text, values]) => client.query(text, values)));
      else for (const [text, values] of statements) await client.query(text, values);
      committed[id] = n + 1;
    }
  } catch {
    // The connection broke with the process.
  }
}
