import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectoryLock } from './data-directory.js';

it('names the server that wanted the database, also where it has died and init has its child', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'switchboard-lock-'));
  try {
    const lock = await DataDirectoryLock.acquire(directory, 1, 4_194_000);
    const held: unknown = JSON.parse(await readFile(join(directory, 'postgres.lock'), 'utf8'));
    expect(held).toMatchObject({ pid: process.pid, parent: 4_194_000 });
    lock.release();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
