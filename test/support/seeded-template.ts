import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '#platform/paths';
import { Client } from 'pg';

export interface SeededTemplate {
  readonly dir: string;
  /** With DATABASE_URL: the database to copy. */
  readonly database: string | null;
}

/**
 * What every e2e server starts on a copy of: the demo tenants with all their documents indexed. Made once for a build, by
 * whichever worker comes first; the others wait for it.
 * @param make seeds the directory (and database), then stops
 */
export async function seededTemplate(
  make: (dir: string, ownerUrl: string | undefined) => Promise<void>,
): Promise<SeededTemplate> {
  const hash = await buildHash();
  const server = process.env['DATABASE_URL'] ?? '';
  const key = `${hash}${server === '' ? '' : '-pg'}`;
  const dir = join(tmpdir(), `switchboard-seeded-${key}`);
  const database = server === '' ? null : `switchboard_seeded_${hash}`;
  const lock = `${dir}.lock`;
  for (let waited = 0; !(await exists(dir)); waited += 200) {
    const mine = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (mine) {
      try {
        await removeOld(key);
        const building = `${dir}.building`;
        await rm(building, { recursive: true, force: true });
        await mkdir(building);
        if (database !== null) {
          await onServer(server, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
          await onServer(server, `CREATE DATABASE ${database}`);
        }
        await make(building, database === null ? undefined : databaseUrl(server, database));
        await writeFile(join(building, 'seeded'), new Date().toISOString());
        await rename(building, dir);
      } finally {
        await rm(lock, { recursive: true, force: true });
      }
    } else if (waited > 150_000) {
      await rm(lock, { recursive: true, force: true });
      throw new Error(`the demo data was not made in time; ${lock} was left by a run that died and is removed now`);
    } else await sleep(200);
  }
  return { dir, database };
}

export function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** The address of a database as servers under test sign in to it: `migrate` makes the user, which has no power of its own. */
export function loginUrl(ownerUrl: string): string {
  const url = new URL(ownerUrl);
  url.username = 'switchboard_test_login';
  url.password = 'powerless';
  return url.href;
}

export async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Of everything that decides what the seed makes. */
async function buildHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['dist', 'src/demo/documents']) {
    const root = join(projectRoot, folder);
    const files = (await readdir(root, { recursive: true })).filter((file) => !file.endsWith('.map')).sort();
    for (const file of files) {
      const path = join(root, file);
      if ((await stat(path)).isFile()) hash.update(file).update(await readFile(path));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(current: string): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (/^switchboard-seeded-[0-9a-f]{16}(-pg)?$/.test(name) && name !== `switchboard-seeded-${current}`) {
      await rm(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
