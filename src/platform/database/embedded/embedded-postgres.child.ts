import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  databaseFolder,
  DataDirectoryLock,
  firstBootFolder,
  hasDatabase,
  removeUnfinishedBoots,
} from './data-directory.js';
import type { FromChild, ToChild } from './embedded-postgres.messages.js';
import { Maintenance } from './maintenance.js';
import { PostgresEngine } from './postgres-engine.js';
import { WireServer } from './wire-server.js';

/**
 * The process of the embedded Postgres: `node embedded-postgres.child.js <dataDir> <pid of the parent>`, forked by EmbeddedPostgres.
 *
 *   listen ─▶ lock the directory ─▶ first boot, when there is no database ─▶ open ─▶ serve ─▶ close ─▶ unlock
 *
 * It ends when its parent says so or is gone, and on SIGTERM; SIGINT is left to the parent, which drains first.
 * It may be killed at any moment: what was committed is in the files, what was not is undone at the next start.
 */

const POWERLESS_ROLE = 'switchboard_none';
const MAX_CONNECTIONS = 100;
const IDLE_IN_TRANSACTION_MS = 30_000;
const LEAVE_MS = 20_000;

const startedAt = performance.now();
let lock: DataDirectoryLock | undefined;
let opened: { engine: PostgresEngine; maintenance: Maintenance } | undefined;
let leaving = false;
let failing = false;

const password = randomBytes(24).toString('base64url');
const server = new WireServer({
  password,
  maxConnections: MAX_CONNECTIONS,
  idleInTransactionMs: IDLE_IN_TRANSACTION_MS,
  log,
});

process.on('SIGINT', () => undefined);
process.on('SIGTERM', leave);
process.on('disconnect', leave);
process.on('message', (message: ToChild) => {
  if (message.kind === 'stop') leave();
});
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

await start(process.argv[2], Number(process.argv[3] ?? process.ppid));

async function start(dataDir: string | undefined, parent: number): Promise<void> {
  if (dataDir === undefined) throw new Error('usage: embedded-postgres.child.js <data directory>');
  const port = await server.listen();
  lock = await DataDirectoryLock.acquire(dataDir, port, parent);
  removeUnfinishedBoots(dataDir);
  const firstBoot = !hasDatabase(dataDir);
  if (firstBoot) await initialise(dataDir);
  const engine = await PostgresEngine.open(databaseFolder(dataDir), fail);
  if (leaving) return;
  server.open(engine);
  server.restrict(POWERLESS_ROLE);
  opened = { engine, maintenance: new Maintenance(server, log) };
  tell({
    kind: 'ready',
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    firstBoot,
    startMs: Math.round(performance.now() - startedAt),
  });
}

/** The database appears under its name only when it is complete and closed. */
async function initialise(dataDir: string): Promise<void> {
  log('embedded database: first start, initialising (a few seconds)');
  const folder = firstBootFolder(dataDir);
  mkdirSync(folder, { mode: 0o700 });
  const worker = new Worker(join(dirname(process.argv[1] ?? ''), 'embedded-postgres.init.js'), { workerData: folder });
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`initialising the database failed (${code})`)),
    );
  }).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  renameSync(folder, databaseFolder(dataDir));
}

/** Closes everything in order. Before the database is open there is nothing that a kill could harm. */
function leave(): void {
  if (leaving) return;
  leaving = true;
  // A close that hangs must not leave a process behind that keeps the directory: better as if killed.
  setTimeout(() => process.exit(1), LEAVE_MS).unref();
  void (async () => {
    opened?.maintenance.stop();
    const told = server.close();
    await opened?.engine.close();
    lock?.release();
    await told;
    server.stopListening();
    process.exit(0);
  })();
}

/** The engine may be in any state now: nothing is closed, as if killed. The lock goes last. */
function fail(error: unknown): void {
  if (failing) return;
  failing = true;
  const text = error instanceof Error ? error.message : String(error);
  const exit = (): void => {
    lock?.release();
    process.exit(1);
  };
  const message = opened === undefined ? text : `the embedded database broke down: ${text}`;
  if (process.send === undefined) process.stderr.write(`${message}\n`, exit);
  else if (process.connected) process.send({ kind: 'failed', message } satisfies FromChild, exit);
  else exit();
}

function log(line: string): void {
  tell({ kind: 'log', line });
}

function tell(message: FromChild): void {
  // Without a parent to tell (started by hand) the terminal gets it.
  if (process.send !== undefined) {
    if (process.connected) process.send(message);
  } else {
    process.stdout.write(`${JSON.stringify(message)}\n`);
  }
}
