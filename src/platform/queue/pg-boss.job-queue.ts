import { randomUUID } from 'node:crypto';
import { judging, type LoginPolicy, QUEUE_ROLE } from '#platform/database';
import { asError } from '#platform/errors';
import type { Logger } from '#platform/logging';
import { Pool, type QueryResult } from 'pg';
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import { type AddOptions, type JobPayload, JobQueue, type JobWorker } from './job-queue.port.js';
import { QUEUE_SCHEMA } from './queue-schema.js';

export interface PgBossQueueOptions {
  readonly url: string;
  /** Of the user in `url`. */
  readonly login: LoginPolicy;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
  /** How often a worker looks for jobs of other instances; its own wake it at once. */
  readonly pollMs?: number;
  /** A statement that is not answered by then takes its connection with it: pg-pool drops the client. */
  readonly queryMs?: number;
}

const POLL_MS = 2000;
const CONNECT_MS = 5000;
const QUERY_MS = 30_000;
/** A worker that died this long ago has lost its job. */
const EXPIRE_SECONDS = 15 * 60;
const RETRIES = 3;
const RETRY_SECONDS = 5;
const KEPT_SECONDS = 24 * 3600;

/**
 * Jobs in Postgres by pg-boss, in a schema of their own (made by `prepareQueue`) and with a role of their own: its sessions
 * see no tenant's row and change no table.
 *
 * The fetch loop is ours. Pg-boss' own workers poll each for itself and learn of new jobs by LISTEN/NOTIFY, which the
 * embedded database does not deliver; here one timer a queue polls, and `add` in this process wakes it.
 */
export class PgBossJobQueue extends JobQueue {
  private readonly pool: Pool;
  private readonly logger: PgBossQueueOptions['logger'];
  private readonly pollMs: number;
  private readonly stopping = new AbortController();
  private readonly lanes = new Map<string, Lane>();
  private readonly queues = new Map<string, Promise<void>>();
  private started: Promise<PgBoss> | null = null;

  constructor({ logger, login, pollMs = POLL_MS, queryMs = QUERY_MS, url }: PgBossQueueOptions) {
    super();
    this.logger = logger;
    this.pollMs = pollMs;
    this.pool = new Pool({
      connectionString: url,
      max: 2,
      // Postgres gives a statement up a little earlier, which spares the connection.
      options: `-c role=${QUEUE_ROLE} -c statement_timeout=${Math.ceil(queryMs * 0.9)}`,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: queryMs,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      ...judging(login, QUEUE_ROLE),
    });
    this.pool.on('error', (error) => logger.warn({ err: error }, 'a connection of the job queue was lost'));
  }

  override async add(queue: string, payload: JobPayload, options: AddOptions = {}): Promise<void> {
    const boss = await this.ready(queue);
    // The queue's policy takes jobs without a key for jobs of the same key.
    await boss.send(queue, payload, { singletonKey: options.key ?? randomUUID() });
    this.lanes.get(queue)?.wake();
  }

  override async work<T extends JobPayload>(worker: JobWorker<T>): Promise<void> {
    if (this.lanes.has(worker.queue)) throw new Error(`The queue ${worker.queue} has a worker already`);
    const lane = new Lane(() => this.fetch(worker), worker.concurrency, this.pollMs, this.logger);
    this.lanes.set(worker.queue, lane);
    await this.ready(worker.queue);
    lane.start();
  }

  override async forget(tenantId: string): Promise<void> {
    // Nobody may have used the queue yet: then it has no tables.
    const { rows } = await this.pool.query<{ there: boolean }>(
      `SELECT to_regclass('${QUEUE_SCHEMA}.job') IS NOT NULL AS there`,
    );
    if (rows[0]?.there !== true) return;
    await this.pool.query(`DELETE FROM ${QUEUE_SCHEMA}.job WHERE data ->> 'tenant_id' = $1`, [tenantId]);
  }

  override async check(): Promise<{ readonly running: number }> {
    await this.pool.query('SELECT 1');
    return { running: [...this.lanes.values()].reduce((sum, lane) => sum + lane.size, 0) };
  }

  /** Aborts what runs, waits for it, and closes the connections. Jobs that were aborted come again. */
  async stop(): Promise<void> {
    this.stopping.abort(new DOMException('The process is stopping', 'AbortError'));
    await Promise.all([...this.lanes.values()].map((lane) => lane.stop()));
    const boss = await this.started?.catch(() => null);
    // The database may be away; what is left of the queue there is found again by others.
    await boss
      ?.stop({ graceful: false })
      .catch((error: unknown) => this.logger.warn({ err: asError(error) }, 'the job queue was not stopped in order'));
    await this.pool.end();
  }

  /** Pg-boss, with this queue made. Started by whoever comes first; a failed start is tried again. */
  private async ready(queue: string): Promise<PgBoss> {
    this.started ??= this.start().catch((error: unknown) => {
      this.started = null;
      throw error;
    });
    const boss = await this.started;
    let created = this.queues.get(queue);
    if (created === undefined) {
      // `short`: of one key, one job may wait while another runs.
      created = boss
        .createQueue(queue, {
          policy: 'short',
          retryLimit: RETRIES,
          retryDelay: RETRY_SECONDS,
          retryBackoff: true,
          expireInSeconds: EXPIRE_SECONDS,
          deleteAfterSeconds: KEPT_SECONDS,
        })
        .then(() => undefined);
      this.queues.set(queue, created);
      created.catch(() => this.queues.delete(queue));
    }
    await created;
    return boss;
  }

  private async start(): Promise<PgBoss> {
    // Loaded when it is needed: it is 100 ms of a start that people wait for.
    const { PgBoss } = await import('pg-boss');
    const boss = new PgBoss({
      schema: QUEUE_SCHEMA,
      createSchema: false,
      migrate: false,
      schedule: false,
      supervise: true,
      reindex: false,
      monitorVacuum: false,
      db: { executeSql: (text, values) => this.execute(text, values) },
    });
    boss.on('error', (error) => this.logger.error({ err: asError(error) }, 'the job queue had a fault'));
    await boss.start();
    return boss;
  }

  /** @returns what runs one job, or null when none waits */
  private async fetch<T extends JobPayload>(worker: JobWorker<T>): Promise<JobRun | null> {
    if (this.stopping.signal.aborted) return null;
    const boss = await this.ready(worker.queue);
    const [job] = await boss.fetch<JobPayload>(worker.queue, { batchSize: 1, includeMetadata: true });
    return job === undefined ? null : () => this.run(boss, worker, job);
  }

  private async run<T extends JobPayload>(
    boss: PgBoss,
    worker: JobWorker<T>,
    job: JobWithMetadata<JobPayload>,
  ): Promise<void> {
    try {
      await worker.handle(worker.schema.parse(job.data), this.stopping.signal);
      await boss.complete(worker.queue, job.id);
    } catch (error) {
      if (!this.stopping.signal.aborted)
        this.logger.error({ err: asError(error), queue: worker.queue }, 'a job failed');
      await boss
        .fail(worker.queue, job.id, { message: asError(error).message })
        .catch((lost: unknown) => this.logger.warn({ err: asError(lost) }, 'a failed job could not be given back'));
    }
  }

  private async execute(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
    const result: QueryResult | QueryResult[] = await this.pool.query(text, values);
    // Several statements in one text: pg-boss wants them all.
    return result as { rows: unknown[] };
  }
}

type JobRun = () => Promise<void>;

/** Keeps up to `concurrency` jobs of one queue running. */
class Lane {
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private pumping: Promise<void> | null = null;
  private again = false;
  private open = false;

  constructor(
    private readonly next: () => Promise<JobRun | null>,
    private readonly concurrency: number,
    private readonly pollMs: number,
    private readonly logger: PgBossQueueOptions['logger'],
  ) {}

  get size(): number {
    return this.running.size;
  }

  start(): void {
    this.open = true;
    this.wake();
  }

  wake(): void {
    if (!this.open) return;
    clearTimeout(this.timer);
    if (this.pumping !== null) {
      this.again = true;
      return;
    }
    this.pumping = this.pump().finally(() => {
      this.pumping = null;
      if (!this.open) return;
      if (this.again) {
        this.again = false;
        this.wake();
        return;
      }
      this.timer = setTimeout(() => this.wake(), this.pollMs);
      this.timer.unref();
    });
  }

  async stop(): Promise<void> {
    this.open = false;
    clearTimeout(this.timer);
    await this.pumping;
    await Promise.all(this.running);
  }

  private async pump(): Promise<void> {
    try {
      while (this.open && this.running.size < this.concurrency) {
        const run = await this.next();
        if (run === null) return;
        const tracked = run().finally(() => {
          this.running.delete(tracked);
          this.wake();
        });
        this.running.add(tracked);
      }
    } catch (error) {
      if (this.open) this.logger.warn({ err: asError(error) }, 'the job queue could not be read; trying again');
    }
  }
}
