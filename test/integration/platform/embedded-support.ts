import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtFile } from '#platform/paths';
import { Client, type ClientConfig } from 'pg';
import { EmbeddedPostgres } from '../../../src/platform/database/embedded/embedded-postgres.js';

/** The process under test is the built one. */
export const CHILD_FILE = builtFile('platform/database/embedded/embedded-postgres.child.js');

export function startEmbedded(dataDir: string): Promise<EmbeddedPostgres> {
  return EmbeddedPostgres.start({ dataDir, childFile: CHILD_FILE });
}

/** A folder of its own, and everything that was opened in it closed again. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
  private readonly clients: Client[] = [];
  private readonly databases: Promise<EmbeddedPostgres>[] = [];

  dataDir(name: string): string {
    return join(this.folder, name);
  }

  start(dataDir: string): Promise<EmbeddedPostgres> {
    const starting = startEmbedded(dataDir);
    this.databases.push(starting);
    return starting;
  }

  /** A connection; its errors after a kill are expected and show in the queries themselves. */
  async connect(url: string, config: ClientConfig & { pipeline?: boolean } = {}): Promise<Client> {
    const client = new Client({ connectionString: url, ...config });
    client.on('error', () => undefined);
    await client.connect();
    this.clients.push(client);
    return client;
  }

  async dispose(): Promise<void> {
    await Promise.allSettled(this.clients.map((client) => client.end()));
    // Those too whose test ran out of time while they started: a process left over would keep Jest from ending.
    await Promise.allSettled(this.databases.map(async (starting) => (await starting).stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @throws when it does not come true in time */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}

/** The error that a promise is rejected with. (Those of Node itself are no `Error` of Jest's own world.) */
export async function errorOf(promise: Promise<unknown>): Promise<{ code?: string; message: string }> {
  return promise.then(
    () => {
      throw new Error('Expected a rejection');
    },
    (error: { code?: string; message: string }) => error,
  );
}
