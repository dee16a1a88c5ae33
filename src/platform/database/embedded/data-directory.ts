import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The folder that holds the embedded database:
 *
 *   <dataDir>/postgres             the database; appears only when its first boot is complete
 *   <dataDir>/postgres.init-<pid>  a first boot under way
 *   <dataDir>/postgres.lock        who has it open
 *
 * Everything that tells about a running process is outside of `postgres`, so that a copy of it starts anywhere.
 */

export const databaseFolder = (dataDir: string): string => join(dataDir, 'postgres');
export const firstBootFolder = (dataDir: string): string => join(dataDir, `postgres.init-${process.pid}`);

/** Whether there is a complete database. @throws when something else is in its place */
export function hasDatabase(dataDir: string): boolean {
  const folder = databaseFolder(dataDir);
  if (existsSync(join(folder, 'PG_VERSION'))) return true;
  if (!existsSync(folder)) return false;
  if (readdirSync(folder).length > 0) {
    throw new Error(
      `${folder} holds something that is not a Postgres database: move it away, or choose another data directory`,
    );
  }
  rmdirSync(folder);
  return false;
}

/** Removes what killed first boots left behind. Only for the owner of the lock. */
export function removeUnfinishedBoots(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (/^postgres\.init-\d+$/.test(name)) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}

interface Holder {
  readonly token: string;
  readonly pid: number;
  /** The server that started the database's process. */
  readonly parent: number;
  readonly host: string;
  /** Where the holder listens: it begins before the lock is taken and the system ends it with the process. */
  readonly port: number;
  readonly since: string;
}

const HEARTBEAT_MS = 2000;
/** How long an orphaned process may need to close its database. */
const LEAVING_MS = 30_000;

/** At most one process has it. A killed holder's lock is taken over by the next. */
export class DataDirectoryLock {
  private readonly heartbeat: NodeJS.Timeout;

  private constructor(
    private readonly file: string,
    private readonly holder: Holder,
  ) {
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  /**
   * @param port where this process listens already, so that others can tell a live holder from a reused process id
   * @param parent the server that wants the database: told, since one that was killed meanwhile has left its child to init,
   *   and a holder that init started looks as if it were to stay
   * @throws Error naming the process that has the directory
   */
  static async acquire(dataDir: string, port: number, parent = process.ppid): Promise<DataDirectoryLock> {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const file = join(dataDir, 'postgres.lock');
    const mine: Holder = {
      token: randomUUID(),
      pid: process.pid,
      parent,
      host: hostname(),
      port,
      since: new Date().toISOString(),
    };
    const deadline = Date.now() + LEAVING_MS;
    for (;;) {
      if (createWhole(file, JSON.stringify(mine))) return new DataDirectoryLock(file, mine);
      const content = read(file);
      if (content === undefined) continue;
      const holder = parse(content);
      const verdict = holder === undefined ? 'stale' : await judge(holder, file, port);
      if (verdict === 'stale') await removeStale(file, content);
      else if (verdict === 'held' || Date.now() > deadline) throw new Error(refusal(dataDir, holder!));
      else await sleep(50);
    }
  }

  release(): void {
    clearInterval(this.heartbeat);
    if (parse(read(this.file) ?? '')?.token === this.holder.token) rmSync(this.file, { force: true });
  }

  private beat(): void {
    try {
      utimesSync(this.file, new Date(), new Date());
    } catch {
      // The lock was deleted by hand; the database goes on.
    }
  }
}

function refusal(dataDir: string, holder: Holder): string {
  const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
  return (
    `The data directory ${dataDir} is in use by process ${holder.pid}${where}, started by process ${holder.parent} at ${holder.since}: ` +
    'stop that server, choose another data directory, or set DATABASE_URL to let several servers share a database'
  );
}

/** Creates a file with its content in one step. @returns false when it exists */
function createWhole(file: string, content: string): boolean {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, content);
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    // Some mounted file systems have no hard links. There, readers may meet the file before its content.
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL')) throw error;
    try {
      writeFileSync(file, content, { flag: 'wx' });
      return true;
    } catch (second) {
      if (hasCode(second, 'EEXIST')) return false;
      throw second;
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes the lock if it still is the one that was found stale. Only one process at a time gets to compare and remove:
 * otherwise a slow one could remove the fresh lock of a faster one.
 */
async function removeStale(file: string, content: string): Promise<void> {
  const guard = `${file}.takeover`;
  try {
    writeFileSync(guard, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    // Guarded work takes a millisecond; a guard of this age belongs to a process that was killed in it.
    if (Date.now() - (modifiedAt(guard) ?? Infinity) > 10_000) rmSync(guard, { force: true });
    await sleep(50);
    return;
  }
  try {
    if (read(file) === content) unlinkSync(file);
  } finally {
    rmSync(guard, { force: true });
  }
}

async function judge(holder: Holder, file: string, ownPort: number): Promise<'held' | 'leaving' | 'stale'> {
  // Process ids mean nothing across machines and containers: there only a lock that is no longer touched tells.
  if (holder.host !== hostname()) return (await isTouched(file)) ? 'held' : 'stale';
  if (holder.pid === process.pid || !isAlive(holder.pid)) return 'stale';
  // The id may have been given to another process since; that one does not listen where the holder did.
  if (holder.port === ownPort || !(await isListening(holder.port))) return 'stale';
  return isAlive(holder.parent) ? 'held' : 'leaving';
}

async function isTouched(file: string): Promise<boolean> {
  const before = modifiedAt(file);
  await sleep(HEARTBEAT_MS * 3);
  const after = modifiedAt(file);
  return before !== undefined && after !== undefined && after > before;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** A process that is busy or stopped still has its port: the system accepts for it. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const done = (listening: boolean): void => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => done(true));
    socket.once('error', (error) => done(!hasCode(error, 'ECONNREFUSED')));
    socket.setTimeout(2000, () => done(true));
  });
}

function modifiedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parse(content: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(content);
    return isHolder(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { token, pid, parent, host, port, since } = value as Record<keyof Holder, unknown>;
  return [token, host, since].every((text) => typeof text === 'string') && [pid, parent, port].every(Number.isInteger);
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
