import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '#platform/database';
import { builtFile, projectRoot } from '#platform/paths';
import { ChatClient } from './chat-client.js';
import { databaseUrl, loginUrl, onServer, seededTemplate } from './seeded-template.js';

export const DEMO_PASSWORD = 'a demo password for tests';

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A directory of its own, kept for a second start; default: a copy of the seeded one. */
  readonly dataDir?: string;
  /** With DATABASE_URL: the database to use, as its login; default: a copy of the seeded one. */
  readonly databaseUrl?: string;
}

/**
 * The built server as a child process on a port of its own, with the demo tenants. Its data is a copy of what
 * `test/support/seed.global-setup.ts` made once for the run, so a start takes a second.
 */
export class TestServer {
  private output = '';

  private constructor(
    readonly child: ChildProcess,
    readonly dataDir: string,
    readonly databaseUrl: string | null,
    private readonly cleanUp: () => Promise<void>,
  ) {
    const listen = (chunk: Buffer) => (this.output += chunk.toString());
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
  }

  url = '';

  static async start(options: StartOptions = {}): Promise<TestServer> {
    const { dataDir, databaseUrl, cleanUp } = await data(options);
    // `npm run test:node24` names another Node than the one that runs the tests.
    const child = spawn(process.env['SWITCHBOARD_TEST_NODE'] ?? process.execPath, [builtFile('main.js')], {
      cwd: projectRoot,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        NODE_ENV: 'test',
        PORT: '0',
        DATA_DIR: dataDir,
        SEED_DEMO: 'true',
        DEMO_PASSWORD,
        MESSAGES_PER_MINUTE: '0',
        REQUESTS_PER_MINUTE: '0',
        ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
        // The secret of the demo's widget was sealed with another one.
        ...(options.dataDir === undefined && options.env?.['SECRETS_KEY'] !== undefined
          ? { SECRETS_KEY_PREVIOUS: await sealingKeyOf(dataDir) }
          : {}),
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new TestServer(child, dataDir, databaseUrl, cleanUp);
    try {
      server.url = await server.ready();
      // Whole suites say nothing of walls where the server could step over them.
      if (databaseUrl !== null && server.log.includes('Nothing but this program keeps tenants apart'))
        throw new Error('the server under test signed in as more than a login without power');
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Everything it printed. */
  get log(): string {
    return this.output;
  }

  /** The log's lines that are JSON. */
  get logLines(): Record<string, unknown>[] {
    return this.output
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));
  }

  async api(
    path: string,
    options: { method?: string; token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const response = await fetch(`${this.url}${path}`, {
      method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    // The shape is what a test is about; it asserts on it.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return { status: response.status, headers: response.headers, body: (text === '' ? null : parse(text)) as any };
  }

  async login(
    email: string,
    tenant = email.replace(/^.*@|\.test$/g, ''),
  ): Promise<{ token: string; refresh: string; userId: string }> {
    const { status, body } = await this.api('/api/auth/login', { body: { tenant, email, password: DEMO_PASSWORD } });
    if (status !== 200) throw new Error(`login of ${email} answered ${status}: ${JSON.stringify(body)}`);
    return { token: body.access_token, refresh: body.refresh_token, userId: body.user.id };
  }

  /** A socket that is signed in. `query` goes behind the path: `stream=false&resume=latest`. */
  async chat(token: string, query = '', path = '/ws/chat'): Promise<ChatClient> {
    const client = ChatClient.connect(`${this.url.replace('http', 'ws')}${path}?${query}`, {
      authorization: `Bearer ${token}`,
    });
    await client.next('ready');
    return client;
  }

  /** Ends the process as a crash would; the data stays. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited();
    // Its database notices that the parent is gone and closes; the next start waits for it.
    await sleep(50);
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    const code = await this.exited();
    await this.cleanUp();
    return code;
  }

  private async exited(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  private async ready(): Promise<string> {
    for (let waited = 0; waited < 60_000; waited += 25) {
      const url = /Switchboard is ready at (\S+)/.exec(this.output)?.[1];
      if (url !== undefined) return url;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`the server ended: ${this.output}`);
      await sleep(25);
    }
    throw new Error(`the server did not become ready: ${this.output}`);
  }
}

/** What a server of this directory seals with when nobody gives it a key. */
export async function sealingKeyOf(dataDir: string): Promise<string> {
  return (await readFile(join(dataDir, 'secrets-key'), 'utf8')).trim();
}

/** A directory and, with DATABASE_URL, a database of one's own with the demo tenants in them. */
export function copyOfSeed(): Promise<Copy> {
  return data({});
}

interface Copy {
  readonly dataDir: string;
  /** As a server signs in. */
  readonly databaseUrl: string | null;
  readonly ownerUrl: string | null;
  readonly cleanUp: () => Promise<void>;
}

async function data(options: StartOptions): Promise<Copy> {
  const server = process.env['DATABASE_URL'] ?? '';
  const own = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'switchboard-e2e-')));
  const removeDir = () =>
    options.dataDir === undefined ? rm(own, { recursive: true, force: true }) : Promise.resolve();
  if (options.dataDir !== undefined)
    return { dataDir: own, databaseUrl: options.databaseUrl ?? null, ownerUrl: null, cleanUp: removeDir };
  const template = await seededTemplate(seedDemo);
  await cp(template.dir, own, { recursive: true });
  if (template.database === null) return { dataDir: own, databaseUrl: null, ownerUrl: null, cleanUp: removeDir };
  const name = `switchboard_e2e_${newId().replaceAll('-', '')}`;
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${template.database}`);
  const cleanUp = async () => {
    await removeDir();
    await onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  const ownerUrl = databaseUrl(server, name);
  return { dataDir: own, databaseUrl: loginUrl(ownerUrl), ownerUrl, cleanUp };
}

/** Starts a server on an empty directory and waits until every demo document can be searched. */
async function seedDemo(dataDir: string, ownerUrl: string | undefined): Promise<void> {
  const server = await TestServer.start(
    ownerUrl === undefined
      ? { dataDir }
      : { dataDir, databaseUrl: loginUrl(ownerUrl), env: { DATABASE_OWNER_URL: ownerUrl } },
  );
  try {
    for (const email of ['admin@acme.test', 'admin@jobs.test']) await allIndexed(server, email);
  } finally {
    await server.stop();
  }
}

async function allIndexed(server: TestServer, email: string): Promise<void> {
  const { token } = await server.login(email);
  for (let waited = 0; waited < 120_000; waited += 250) {
    const bases = await server.api('/api/admin/knowledge-bases', { token });
    let open = 0;
    for (const base of bases.body.data) {
      for (const status of ['queued', 'parsing', 'chunking', 'embedding', 'failed']) {
        const { body } = await server.api(`/api/admin/knowledge-bases/${base.id}/documents?status=${status}`, {
          token,
        });
        if (status === 'failed' && body.data.length > 0) throw new Error(`not indexed: ${JSON.stringify(body.data)}`);
        open += body.data.length;
      }
    }
    if (open === 0 && bases.body.data.length > 0) return;
    await sleep(250);
  }
  throw new Error('the demo documents were not indexed in time');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
