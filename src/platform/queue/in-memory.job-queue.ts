import { asError } from '#platform/errors';
import type { Logger } from '#platform/logging';
import { type AddOptions, type JobPayload, JobQueue, type JobWorker } from './job-queue.port.js';

interface Waiting {
  readonly payload: JobPayload;
  readonly key: string | undefined;
}

interface Lane {
  readonly waiting: Waiting[];
  readonly keys: Set<string>;
  readonly running: Set<Promise<void>>;
  worker: JobWorker<JobPayload> | null;
}

/** Jobs of this process alone, gone with it: for tests, and where the rows themselves are found again. */
export class InMemoryJobQueue extends JobQueue {
  private readonly lanes = new Map<string, Lane>();
  private readonly stopping = new AbortController();

  constructor(private readonly logger: Pick<Logger, 'error'>) {
    super();
  }

  override add(queue: string, payload: JobPayload, options: AddOptions = {}): Promise<void> {
    const lane = this.lane(queue);
    const { key } = options;
    if (key !== undefined && lane.keys.has(key)) return Promise.resolve();
    if (key !== undefined) lane.keys.add(key);
    lane.waiting.push({ payload, key });
    this.pump(lane);
    return Promise.resolve();
  }

  override work<T extends JobPayload>(worker: JobWorker<T>): Promise<void> {
    const lane = this.lane(worker.queue);
    if (lane.worker !== null) throw new Error(`The queue ${worker.queue} has a worker already`);
    lane.worker = worker as unknown as JobWorker<JobPayload>;
    this.pump(lane);
    return Promise.resolve();
  }

  override forget(tenantId: string): Promise<void> {
    for (const lane of this.lanes.values()) {
      for (const job of lane.waiting.filter(({ payload }) => payload['tenant_id'] === tenantId)) {
        lane.waiting.splice(lane.waiting.indexOf(job), 1);
        if (job.key !== undefined) lane.keys.delete(job.key);
      }
    }
    return Promise.resolve();
  }

  override check(): Promise<{ readonly running: number }> {
    return Promise.resolve({ running: [...this.lanes.values()].reduce((sum, lane) => sum + lane.running.size, 0) });
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    for (;;) {
      const running = [...this.lanes.values()].flatMap((lane) => [...lane.running]);
      if (running.length === 0) return;
      await Promise.all(running);
    }
  }

  /** Aborts what runs and waits for it. */
  async stop(): Promise<void> {
    this.stopping.abort(new DOMException('The process is stopping', 'AbortError'));
    await this.idle();
  }

  private lane(queue: string): Lane {
    let lane = this.lanes.get(queue);
    if (lane === undefined) {
      lane = { waiting: [], keys: new Set(), running: new Set(), worker: null };
      this.lanes.set(queue, lane);
    }
    return lane;
  }

  private pump(lane: Lane): void {
    const { worker } = lane;
    while (worker !== null && !this.stopping.signal.aborted && lane.running.size < worker.concurrency) {
      const job = lane.waiting.shift();
      if (job === undefined) return;
      if (job.key !== undefined) lane.keys.delete(job.key);
      const run = this.runJob(worker, job).finally(() => {
        lane.running.delete(run);
        this.pump(lane);
      });
      lane.running.add(run);
    }
  }

  private async runJob(worker: JobWorker<JobPayload>, job: Waiting): Promise<void> {
    try {
      await worker.handle(worker.schema.parse(job.payload), this.stopping.signal);
    } catch (error) {
      if (!this.stopping.signal.aborted)
        this.logger.error({ err: asError(error), queue: worker.queue }, 'a job failed');
    }
  }
}
