import { randomInt } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { newId } from '#platform/database';
import { copyOfSeed, TestServer } from '../support/test-server.js';
import { PostgresProxy } from './postgres-proxy.js';
import { Provider } from './provider.js';
import { TcpProxy } from './tcp-proxy.js';
import { eventually } from './waiting.js';

/** How servers may hear of each other: by Postgres always, by Redis where there is one. */
export const WITH_REDIS = (process.env['REDIS_URL'] ?? '') !== '';
export const BUSES = [
  { bus: 'by Postgres alone', redis: false },
  ...(WITH_REDIS ? [{ bus: 'by Redis', redis: true }] : []),
];

export interface ClusterOptions {
  /** 2 */
  readonly servers?: number;
  readonly redis?: boolean;
  readonly leaseSeconds?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Somebody who chats. Ask for the token each time: it lives for minutes, and a storm for longer. */
export interface Person {
  readonly id: string;
  token(): Promise<string>;
}

/**
 * Built servers on one database, as a deployment has them, with every cable in the test's hands:
 *
 *   clients ──> a ──> PostgresProxy ──┐                    each server calls the model provider under
 *          └──> b ──> PostgresProxy ──┴──> one Postgres    a path of its own
 *               └───> TcpProxy ──────────> Redis (or none)
 */
export class Cluster {
  private apiKey: Promise<string> | null = null;

  private constructor(
    readonly provider: Provider,
    readonly servers: readonly ClusterServer[],
    /** Straight to the database, past every proxy and every row-level policy. */
    readonly database: Pool,
    readonly ownerUrl: string,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const seed = await copyOfSeed();
    if (seed.databaseUrl === null || seed.ownerUrl === null) throw new Error('The faults suite needs DATABASE_URL');
    const provider = await Provider.start();
    // Scenarios that share a cluster ask at the same time.
    const database = new Pool({ connectionString: seed.ownerUrl, max: 4 });
    // Connections are forced off when the database is dropped.
    database.on('error', () => undefined);
    const servers: ClusterServer[] = [];
    for (const name of ['a', 'b', 'c', 'd'].slice(0, options.servers ?? 2)) {
      const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-faults-'));
      await cp(seed.dataDir, dataDir, { recursive: true });
      const redis = options.redis === true ? await TcpProxy.start(process.env['REDIS_URL'] ?? '') : null;
      servers.push(
        new ClusterServer(name, dataDir, await PostgresProxy.start(seed.databaseUrl), redis, {
          OPENAI_BASE_URL: provider.urlFor(name),
          LEASE_SECONDS: String(options.leaseSeconds ?? 6),
          WS_MAX_PER_ADDRESS: '2000',
          HTTP_MAX_PER_ADDRESS: '5000',
          WS_MAX_PER_USER: '500',
          LOG_LEVEL: 'info',
          ...options.env,
        }),
      );
    }
    const cluster = new Cluster(provider, servers, database, seed.ownerUrl, async () => {
      await database.end().catch(() => undefined);
      await seed.cleanUp();
    });
    try {
      await Promise.all(servers.map((server) => server.start()));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get a(): ClusterServer {
    return this.named('a');
  }
  get b(): ClusterServer {
    return this.named('b');
  }

  named(name: string): ClusterServer {
    const server = this.servers.find((one) => one.name === name);
    if (server === undefined) throw new Error(`There is no server ${name}`);
    return server;
  }

  /** Everything as it was at the start: each server up, thawed and connected. Scenarios that share a cluster end so. */
  async restore(): Promise<void> {
    await Promise.all(
      this.servers.map(async (server) => {
        await server.release();
        if (!server.alive) await server.start();
      }),
    );
  }

  /**
   * kill -9 of whichever server is up, at random; while none is, it waits for one. It starts again in the background.
   * @returns its name, and its start
   */
  async killAny(): Promise<{ name: string; back: Promise<void> }> {
    const up = await eventually(() => {
      const alive = this.servers.filter((server) => server.alive);
      return alive.length > 0 && alive;
    }, 'a server to be up');
    const server = up[randomInt(up.length)]!;
    await server.kill();
    this.provider.prune();
    return { name: server.name, back: server.start() };
  }

  /** A new end user of the tenant acme. */
  async person(name = 'somebody'): Promise<Person> {
    const external_id = `${name}-${newId()}`;
    let held = { token: '', until: 0, id: '' };
    const token = async () => {
      if (Date.now() < held.until) return held.token;
      const answer = await this.ask('/api/auth/end-user-tokens', { external_id, name }, await this.adminKey());
      held = { token: answer['access_token'], until: Date.now() + 600_000, id: answer['user'].id };
      return held.token;
    };
    await token();
    return { id: held.id, token };
  }

  /** An administrator's key of the tenant acme, as a bearer token; it does not end with the minutes. */
  adminKey(): Promise<string> {
    return (this.apiKey ??= this.makeApiKey());
  }

  /** Sends something as an administrator of acme to whichever server answers. @returns the answer's body */
  async admin(path: string, body: unknown) {
    return this.ask(`/api/admin/${path}`, body, await this.adminKey());
  }

  /** Statuses in the database: what the product says about itself is compared with this. */
  async turns(
    where: string,
    values: readonly unknown[] = [],
  ): Promise<{ id: string; status: string; conversation_id: string }[]> {
    const { rows } = await this.database.query(
      `SELECT id, status, conversation_id FROM app.turn WHERE ${where} ORDER BY created_at`,
      [...values],
    );
    return rows;
  }

  async turnStatus(id: string): Promise<string | null> {
    return (await this.turns('id = $1', [id]))[0]?.status ?? null;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.dispose()));
    await this.provider.stop();
    await this.cleanUp();
  }

  private async makeApiKey(): Promise<string> {
    const admin = await this.a.process.login('admin@acme.test');
    return (await this.ask('/api/admin/api-keys', { name: 'faults', role: 'tenant_admin' }, admin.token))['key'];
  }

  /** Of whichever server answers. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  private async ask(path: string, body: unknown, token: string): Promise<Record<string, any>> {
    let refused = 'no server was up';
    for (let tries = 0; tries < 60; tries++) {
      const server = this.servers[tries % this.servers.length];
      try {
        const answer = await server!.api(path, { body, token });
        if (answer.status < 300) return answer.body;
        refused = `${answer.status} ${JSON.stringify(answer.body)}`;
      } catch (error) {
        refused = String(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`${path}: ${refused}`);
  }
}

/** One server of a cluster: it keeps its port, its directory and its cables over restarts. */
export class ClusterServer {
  private running: TestServer | null = null;
  private port = '0';
  private earlier = '';
  private frozen = false;
  /** By a scenario: killed or drained. */
  private ended = false;

  constructor(
    readonly name: string,
    private readonly dataDir: string,
    readonly postgres: PostgresProxy,
    readonly redis: TcpProxy | null,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  /** How it ended, when nobody here ended it. */
  get diedByItself(): string | null {
    if (this.alive || this.ended || this.running === null) return null;
    const { exitCode, signalCode } = this.running.child;
    return `server ${this.name} ended by itself with ${exitCode ?? signalCode}: ${this.log.slice(-600)}`;
  }
  get alive(): boolean {
    const child = this.running?.child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }
  get process(): TestServer {
    if (this.running === null) throw new Error(`Server ${this.name} is down`);
    return this.running;
  }
  get pid(): number {
    return this.process.child.pid ?? 0;
  }
  /** All that it printed, over all of its starts. */
  get log(): string {
    return this.earlier + (this.running?.log ?? '');
  }

  async start(): Promise<void> {
    this.earlier = this.log;
    this.running = null;
    this.running = await TestServer.start({
      dataDir: this.dataDir,
      databaseUrl: this.postgres.url,
      env: { ...this.env, PORT: this.port, ...(this.redis === null ? {} : { REDIS_URL: this.redis.url }) },
    });
    this.ended = false;
    this.port = new URL(this.running.url).port;
  }

  /** kill -9 */
  async kill(): Promise<void> {
    this.frozen = false;
    this.ended = true;
    await this.process.kill();
  }

  /** SIGSTOP: it holds its connections and does nothing. */
  freeze(): void {
    this.frozen = true;
    this.process.child.kill('SIGSTOP');
  }
  thaw(): void {
    this.frozen = false;
    this.process.child.kill('SIGCONT');
  }

  /** SIGTERM, until it has ended. @returns its exit code and how long it took */
  async drain(): Promise<{ code: number | null; ms: number }> {
    const began = Date.now();
    this.ended = true;
    const code = await this.process.stop();
    return { code, ms: Date.now() - began };
  }

  /** A request that never waits for ever, also to a server that is down or frozen. */
  async api(
    path: string,
    options: { method?: string; token?: string; body?: unknown; headers?: Record<string, string>; ms?: number } = {},
  ) {
    const response = await fetch(`${this.url}${path}`, {
      method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: AbortSignal.timeout(options.ms ?? 30_000),
    });
    const text = await response.text();
    // The shape is what a scenario is about; it asserts on it.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as any };
  }

  /** Undoes what a scenario that failed half-way may have left. */
  async release(): Promise<void> {
    if (this.frozen && this.alive) this.thaw();
    await this.postgres.restore();
    await this.redis?.restore();
  }

  async dispose(): Promise<void> {
    await this.release();
    if (this.alive) {
      const child = this.process.child;
      // A server that does not end must not hold up the suite.
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await this.process.stop();
      clearTimeout(timer);
    }
    await this.postgres.stop();
    await this.redis?.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
