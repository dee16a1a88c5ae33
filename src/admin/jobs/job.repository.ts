import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { JobEntity, type JobResult } from './job.entity.js';

export type Job = Readonly<JobEntity>;
export type NewJob = Pick<JobEntity, 'id' | 'kind' | 'targetId' | 'createdBy'>;

/** A worker that gave no sign of life for so long is taken for dead. */
const ABANDONED_SECONDS = 30;

/** Somebody else took the job over, or it was ended. */
export class JobLostError extends Error {
  constructor() {
    super('The job is no longer ours');
    this.name = 'JobLostError';
  }
}

@Injectable()
export class JobRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @returns null when one of this kind for this target is open: somebody was faster */
  insert(tx: TenantTx, job: NewJob): Promise<Job | null> {
    return tx.rows(JobEntity).insertNew(job);
  }

  /** The job of this kind that is not over yet. */
  findOpen(tx: TenantTx, { kind, targetId }: Pick<NewJob, 'kind' | 'targetId'>): Promise<Job | null> {
    return tx.rows(JobEntity).findOne({ kind, targetId, status: In(['queued', 'running']) }, 'for update');
  }

  /** Newest first. */
  list(scope: TenantScope, before: string | null, limit: number): Promise<Job[]> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(JobEntity).newest(before, limit));
  }

  find(scope: TenantScope, id: string): Promise<Job | null> {
    return this.unitOfWork.run(scope, (tx) => tx.rows(JobEntity).findOne({ id }));
  }

  lock(tx: TenantTx, id: string): Promise<Job | null> {
    return tx.rows(JobEntity).findOne({ id }, 'for update');
  }

  async change(
    tx: TenantTx,
    id: string,
    change: Partial<Pick<Job, 'status' | 'endedAt' | 'cancelRequested'>>,
  ): Promise<void> {
    await tx.rows(JobEntity).update({ id }, change);
  }

  /** @returns the job, ours from now on; null when it is over, or somebody is at it */
  async claim(scope: TenantScope, id: string): Promise<Job | null> {
    const claimed = await this.unitOfWork.query(
      scope,
      `UPDATE app.job SET status = 'running', attempt = attempt + 1, heartbeat_at = now()
        WHERE tenant_id = $1 AND id = $2
          AND (status = 'queued' OR (status = 'running' AND heartbeat_at < now() - make_interval(secs => $3)))
       RETURNING 1`,
      [scope.tenantId, id, ABANDONED_SECONDS],
    );
    return claimed.length === 0 ? null : this.find(scope, id);
  }

  /** A sign of life, with how far it is. @returns whether somebody wants it to stop @throws JobLostError */
  async beat(job: Job, at: { progress?: number; result?: JobResult } = {}): Promise<boolean> {
    const [row] = await this.unitOfWork.query<{ stop: boolean }>(
      job,
      `UPDATE app.job SET heartbeat_at = now(), progress = greatest(progress, $4::real), result = coalesce($5, result)
        WHERE tenant_id = $1 AND id = $2 AND attempt = $3 AND status = 'running' RETURNING cancel_requested AS stop`,
      [...owned(job), at.progress ?? 0, at.result === undefined ? null : JSON.stringify(at.result)],
    );
    if (row === undefined) throw new JobLostError();
    return row.stop;
  }

  async end(
    job: Job,
    end: { status: 'succeeded' | 'failed' | 'cancelled'; error?: JobEntity['error']; result?: JobResult },
  ): Promise<void> {
    await this.unitOfWork.query(
      job,
      `UPDATE app.job SET status = $4, error = $5, result = coalesce($6, result), ended_at = now(), heartbeat_at = NULL,
         progress = CASE WHEN $4 = 'succeeded' THEN 1 ELSE progress END
        WHERE tenant_id = $1 AND id = $2 AND attempt = $3 AND status = 'running'`,
      [
        ...owned(job),
        end.status,
        end.error === undefined ? null : JSON.stringify(end.error),
        end.result === undefined ? null : JSON.stringify(end.result),
      ],
    );
  }

  /** Gives it back: the process stops, or the database was away. */
  async release(job: Job): Promise<void> {
    await this.unitOfWork.query(
      job,
      `UPDATE app.job SET status = 'queued', heartbeat_at = NULL
        WHERE tenant_id = $1 AND id = $2 AND attempt = $3 AND status = 'running'`,
      owned(job),
    );
  }

  /** Of all tenants. */
  due(most: number): Promise<{ tenantId: string; jobId: string }[]> {
    return this.unitOfWork.lookup('SELECT tenant_id AS "tenantId", job_id AS "jobId" FROM app.due_jobs($1, $2)', [
      ABANDONED_SECONDS,
      most,
    ]);
  }
}

function owned({ attempt, id, tenantId }: Job): unknown[] {
  return [tenantId, id, attempt];
}
