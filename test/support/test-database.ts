import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgres, type LoginPolicy, newId, openDatabase, UnitOfWork } from '#platform/database';
import { migrate } from '#platform/migration';
import { builtFile, projectRoot } from '#platform/paths';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { databaseUrl, loginUrl } from './seeded-template.js';

/** How a server, and how the owner, reaches a database of the tests. */
export interface TestAddress {
  /** As a server signs in: on a real Postgres a login without any power. */
  readonly url: string;
  /** Past every policy and grant. */
  readonly ownerUrl: string;
  /** On the embedded database both are its one session. */
  readonly login: LoginPolicy;
  readonly dispose: () => Promise<void>;
}

/**
 * A migrated database of a spec file's own: a copy of a template directory for the embedded Postgres, or a fresh database of the
 * server in DATABASE_URL. The template is made once for a set of migrations and kept in the temporary folder.
 */
export class TestDatabase {
  readonly url: string;
  readonly ownerUrl: string;
  readonly login: LoginPolicy;

  private constructor(
    private readonly address: TestAddress,
    readonly dataSource: DataSource,
  ) {
    this.url = address.url;
    this.ownerUrl = address.ownerUrl;
    this.login = address.login;
  }

  static async start(options: { pool?: number } = {}): Promise<TestDatabase> {
    const address = await TestDatabase.create();
    const dataSource = await openDatabase({ url: address.url, login: address.login, pool: options.pool ?? 8 });
    return new TestDatabase(address, dataSource);
  }

  /** An empty, migrated database without a pool, for a server that opens its own. */
  static async create(): Promise<TestAddress> {
    const server = process.env['DATABASE_URL'];
    return server === undefined || server === '' ? startEmbedded() : createOn(server);
  }

  get uow(): UnitOfWork {
    return new UnitOfWork(this.dataSource);
  }

  /** A tenant row with nothing else. */
  async tenant(slug = `t-${newId().slice(-10)}`): Promise<{ tenantId: string; slug: string }> {
    const tenantId = newId();
    await this.uow.query({ tenantId }, 'INSERT INTO app.tenant (id, slug, name) VALUES ($1, $2, $2)', [tenantId, slug]);
    return { tenantId, slug };
  }

  async principal(tenantId: string, role = 'end_user', persona: string | null = null): Promise<string> {
    const id = newId();
    await this.uow.query(
      { tenantId },
      `INSERT INTO app.principal (tenant_id, id, kind, email, role, persona) VALUES ($1, $2, $3, $4, $5, $6)`,
      [tenantId, id, role === 'end_user' ? 'end_user' : 'staff', `${id}@example.test`, role, persona],
    );
    return id;
  }

  async stop(): Promise<void> {
    await this.dataSource.destroy();
    await this.address.dispose();
  }
}

async function createOn(server: string): Promise<TestAddress> {
  const name = `switchboard_test_${newId().replaceAll('-', '')}`;
  await asOwner(server, (client) => client.query(`CREATE DATABASE ${name}`));
  const ownerUrl = databaseUrl(server, name);
  const url = loginUrl(ownerUrl);
  await migrate({ ownerUrl, loginUrl: url });
  return {
    url,
    ownerUrl,
    login: 'powerless',
    dispose: () => asOwner(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

async function asOwner(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function startEmbedded(): Promise<TestAddress> {
  const template = await templateDirectory();
  const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-test-'));
  await cp(template, dataDir, { recursive: true });
  const embedded = await EmbeddedPostgres.start({ dataDir, childFile });
  return {
    url: embedded.url,
    ownerUrl: embedded.url,
    login: 'unchecked',
    dispose: async () => {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const childFile = builtFile('platform/database/embedded/embedded-postgres.child.js');

/** Several Jest workers may want it at once: the first to rename its own makes it. */
export async function templateDirectory(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(projectRoot, 'node_modules/pg-boss/package.json')));
  for (const folder of ['migrations', 'src/platform/migration', 'src/platform/queue']) {
    const path = join(projectRoot, folder);
    for (const file of (await readdir(path)).sort()) hash.update(await readFile(join(path, file)));
  }
  const template = join(tmpdir(), `switchboard-template-${hash.digest('hex').slice(0, 16)}`);
  if (await exists(template)) return template;
  const building = await mkdtemp(join(tmpdir(), 'switchboard-building-'));
  const embedded = await EmbeddedPostgres.start({ dataDir: building, childFile });
  await migrate({ ownerUrl: embedded.url }).finally(() => embedded.stop());
  await rename(building, template).catch(async (error: unknown) => {
    await rm(building, { recursive: true, force: true });
    await sleep(100);
    if (!(await exists(template))) throw error;
  });
  return template;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
