import type { TenantScope } from '#platform/context';
import { asError, DomainError, UnavailableError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { JobQueue } from '#platform/queue';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { z } from 'zod';
import type { JobKind, JobResult } from './job.entity.js';
import { type Job, JobLostError, JobRepository } from './job.repository.js';

const QUEUE = 'admin.jobs';
const payload = z.object({ tenant_id: z.guid(), job_id: z.guid() });
const BEAT_MS = 5000;
/** How often rows are looked for that no hint spoke of: of a killed process, or of a queue that was away. */
const POLL_MS = 10_000;
const FOUND_AT_ONCE = 10;
/** A job that took so many processes with it is not begun again. */
const MOST_ATTEMPTS = 5;

export interface JobProgress {
  readonly signal: AbortSignal;
  /** What an earlier attempt had counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** @param share 0–1. @throws JobCancelledError, JobLostError */
  at(share: number, counts: Readonly<Record<string, number>>): Promise<void>;
}

/** Does one kind of job. It may be begun again where another process left it. */
export interface JobWork {
  readonly kind: JobKind;
  run(job: Job, progress: JobProgress): Promise<JobResult>;
}

class JobCancelledError extends Error {}

/**
 * Runs the jobs of administrators, one at a time in a process. Their rows are the truth; the queue only wakes.
 *
 *   claim (attempt + 1) ─▶ work, a sign of life every 5 s ─▶ succeeded | failed | cancelled
 *                            └─ killed: another process claims it after 30 s and goes on
 */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly works = new Map<JobKind, JobWork>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly queue: JobQueue,
    private readonly jobs: JobRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  register(work: JobWork): void {
    this.works.set(work.kind, work);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.work({
      queue: QUEUE,
      concurrency: 1,
      schema: payload,
      handle: ({ job_id: jobId, tenant_id: tenantId }) => this.run({ tenantId }, jobId),
    });
    this.timer = setInterval(() => void this.sweep(), POLL_MS);
    this.timer.unref();
    void this.sweep();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort(new DOMException('The process is stopping', 'AbortError'));
    await this.running;
  }

  /** Call it once the job's row is committed. */
  async wake(scope: TenantScope, jobId: string): Promise<void> {
    await this.queue
      .add(QUEUE, { tenant_id: scope.tenantId, job_id: jobId }, { key: jobId })
      .catch((error: unknown) => {
        this.logger.warn({ err: asError(error), job: jobId }, 'a job waits until its row is found');
      });
  }

  /** Takes up what nobody works on. Never rejects. */
  async sweep(): Promise<void> {
    try {
      for (const { jobId, tenantId } of await this.jobs.due(FOUND_AT_ONCE)) await this.run({ tenantId }, jobId);
    } catch (error) {
      if (!this.stopping.signal.aborted)
        this.logger.warn({ err: asError(error) }, 'waiting jobs could not be looked for');
    }
  }

  /**
   * Runs a job here and now, unless somebody is at it. One after the other: an export or an erasure is work for the database.
   */
  run(scope: TenantScope, jobId: string): Promise<void> {
    const run = this.running.then(() => this.take(scope, jobId));
    this.running = run.catch(() => undefined);
    return run;
  }

  private async take(scope: TenantScope, jobId: string): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const job = await this.jobs.claim(scope, jobId);
    if (job === null) return;
    const log = this.logger.child({ tenant: job.tenantId, job: job.id, kind: job.kind, attempt: job.attempt });
    const lost = new AbortController();
    const beat = setInterval(() => {
      this.jobs.beat(job).catch((error: unknown) => {
        if (error instanceof JobLostError) lost.abort(error);
      });
    }, BEAT_MS);
    try {
      const work = this.works.get(job.kind);
      if (work === undefined) throw new Error(`nobody does jobs of the kind ${job.kind}`);
      if (job.attempt > MOST_ATTEMPTS) throw new Error('it ended several processes');
      const result = await work.run(job, this.progressOf(job, AbortSignal.any([this.stopping.signal, lost.signal])));
      await this.jobs.end(job, { status: 'succeeded', result });
      log.info('a job succeeded');
    } catch (error) {
      await this.failed(job, error, log);
    } finally {
      clearInterval(beat);
    }
  }

  private progressOf(job: Job, signal: AbortSignal): JobProgress {
    return {
      signal,
      counts: job.result?.counts ?? {},
      at: async (share, counts) => {
        signal.throwIfAborted();
        if (await this.jobs.beat(job, { progress: share, result: { counts } })) throw new JobCancelledError();
      },
    };
  }

  private async failed(job: Job, error: unknown, log: Logger): Promise<void> {
    if (error instanceof JobLostError) return;
    if (error instanceof JobCancelledError) return this.jobs.end(job, { status: 'cancelled' });
    if (this.stopping.signal.aborted || error instanceof UnavailableError) {
      log.info({ err: asError(error) }, 'a job was given back');
      await this.jobs.release(job).catch(() => undefined);
      return;
    }
    log.error({ err: asError(error) }, 'a job failed');
    const told =
      error instanceof DomainError
        ? { code: error.code, message: error.message }
        : {
            code: 'INTERNAL',
            message: 'Something went wrong on our side: ask for it again, or look at the server’s log',
          };
    await this.jobs.end(job, { status: 'failed', error: told });
  }
}
