import { BlobStore } from '#platform/blobs';
import type { RequestContext } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { ConflictError, ForbiddenError, NotFoundError } from '#platform/errors';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { JobKind } from './job.entity.js';
import { mayHave } from './job-access.js';
import { type Job, JobRepository } from './job.repository.js';
import { JobRunner } from './job-runner.js';

/** One that is open when we insert may be over when we look. */
const MOST_ATTEMPTS = 3;

/** Jobs as those who asked for them see them. */
@Injectable()
export class JobService {
  constructor(
    private readonly jobs: JobRepository,
    private readonly runner: JobRunner,
    private readonly blobs: BlobStore,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Asks for a job, in the caller's tenant. One that is asked for again while it runs is the same one.
   * @throws ForbiddenError for an archive of more than the caller may read
   */
  async ask(ctx: RequestContext, kind: JobKind, targetId: string): Promise<Job> {
    if (!mayHave(ctx, { kind, targetId })) {
      throw new ForbiddenError('An export has everything in it: ask with a role or key that may read all of that');
    }
    const job = await this.unitOfWork.run(ctx, async (tx) => {
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
        const open = await this.jobs.findOpen(tx, { kind, targetId });
        if (open !== null) return open;
        const made = await this.jobs.insert(tx, { id: newId(), kind, targetId, createdBy: ctx.principal.id });
        if (made === null) continue;
        await this.audit.record(tx, ctx, { action: `${kind}.request`, targetType: kind.split('.')[0], targetId });
        return made;
      }
      throw new ConflictError('The same job was begun and ended meanwhile: ask again');
    });
    await this.runner.wake(ctx, job.id);
    return this.get(ctx, job.id);
  }

  /** Newest first, of those that the caller may have. */
  async list(ctx: RequestContext, before: string | null, limit: number): Promise<Job[]> {
    const shown: Job[] = [];
    for (let from = before; ;) {
      const rows = await this.jobs.list(ctx, from, limit);
      shown.push(...rows.filter((job) => mayHave(ctx, job)));
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit || shown.length >= limit) return shown.slice(0, limit);
      from = last.id;
    }
  }

  /** @throws NotFoundError */
  async get(ctx: RequestContext, id: string): Promise<Job> {
    const job = await this.jobs.find(ctx, id);
    if (job === null || !mayHave(ctx, job)) throw new NotFoundError();
    return job;
  }

  /** The archive that it made. @throws NotFoundError when there is none (yet) */
  async file(ctx: RequestContext, id: string): Promise<{ stream: Readable; size: number }> {
    const job = await this.get(ctx, id);
    const file = job.status === 'succeeded' ? await this.blobs.open({ ...ctx, purpose: 'export', id: job.id }) : null;
    if (file === null)
      throw new NotFoundError('This job has no file: only an export that succeeded has one, for seven days');
    return file;
  }

  /** What an erasure has erased stays so. @throws NotFoundError, ConflictError when it is over */
  async cancel(ctx: RequestContext, id: string): Promise<Job> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const job = await this.jobs.lock(tx, id);
      if (job === null || !mayHave(ctx, job)) throw new NotFoundError();
      if (job.status === 'queued') await this.jobs.change(tx, id, { status: 'cancelled', endedAt: new Date() });
      else if (job.status === 'running') await this.jobs.change(tx, id, { cancelRequested: true });
      else throw new ConflictError(`The job is over already (${job.status})`);
      await this.audit.record(tx, ctx, { action: 'job.cancel', targetType: 'job', targetId: id });
    });
    return this.get(ctx, id);
  }
}
