import type { z } from 'zod';

/** Plain JSON. It names the tenant: a job has no other context. */
export type JobPayload = Readonly<Record<string, unknown>>;

export interface JobWorker<T extends JobPayload> {
  readonly queue: string;
  /** Jobs at once in this process. */
  readonly concurrency: number;
  /** Checked before the handler: a job may be older than the program. */
  readonly schema: z.ZodType<T>;
  /**
   * Idempotent: a job comes again when its worker died. What it throws makes it come again a few times; expected failures
   * are written to the job's own row instead.
   * @param signal aborted on shutdown
   */
  handle(payload: T, signal: AbortSignal): Promise<void>;
}

export interface AddOptions {
  /** At most one waiting job of a queue has this key; another is dropped. One that runs does not count. */
  readonly key?: string;
}

/**
 * Work that outlives a request. Jobs are hints: the rows that they speak of are the truth, and whoever adds jobs also
 * looks for rows that no job speaks of.
 */
export abstract class JobQueue {
  /** Adds a job; it starts as soon as a worker is free. */
  abstract add(queue: string, payload: JobPayload, options?: AddOptions): Promise<void>;

  /** Drops what is kept of a tenant's jobs (`tenant_id` of their payload), also of those that are over. */
  abstract forget(tenantId: string): Promise<void>;

  /** Whether jobs can be added and fetched now. @returns how many run here; rejects when the queue is away */
  abstract check(): Promise<{ readonly running: number }>;

  /** Starts a worker in this process. Call it once a queue. */
  abstract work<T extends JobPayload>(worker: JobWorker<T>): Promise<void>;
}
