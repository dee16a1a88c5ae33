import { setTimeout as sleep } from 'node:timers/promises';
import { BlobStore } from '#platform/blobs';
import type { TenantScope } from '#platform/context';
import { childrenFirst, deleteSome, tenantTables, UnitOfWork } from '#platform/database';
import { JobQueue } from '#platform/queue';
import { SHARED_REDIS, type SharedRedis } from '#platform/redis';
import { AuditService, TenantNotFoundError, TenantService } from '#tenants';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { JobResult } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.repository.js';
import { type JobProgress, JobRunner, type JobWork } from '../jobs/job-runner.js';
import { Archives } from './archives.js';
import { contextOf } from './job-context.js';

const ROWS_AT_ONCE = 1000;
/** The last turns and sockets end, also on other instances, before what they write is taken away. */
const LAST_WRITES_MS = 2500;

/**
 * Takes a tenant away, so that nothing of it is found any more.
 *
 *   suspended (nobody and nothing writes) ─▶ files, archives of it ─▶ rows, children first, some at a time ─▶ the tenant's own row with the
 *   rest ─▶ queue, Redis ─▶ the platform's record redacted ─▶ receipt: how many of what
 *
 * Which tables there are the catalog says. Each step finds what is left, so that a killed process's job goes on. Runs in
 * the platform's tenant, with which its receipt stays.
 */
@Injectable()
export class EraseTenant implements JobWork, OnModuleInit {
  readonly kind = 'tenant.erase';

  constructor(
    private readonly runner: JobRunner,
    private readonly tenants: TenantService,
    private readonly unitOfWork: UnitOfWork,
    private readonly blobs: BlobStore,
    private readonly archives: Archives,
    private readonly queue: JobQueue,
    private readonly audit: AuditService,
    @Inject(SHARED_REDIS) private readonly redis: SharedRedis | null,
  ) {}

  onModuleInit(): void {
    this.runner.register(this);
  }

  async run(job: Job, progress: JobProgress): Promise<JobResult> {
    const scope = { tenantId: job.targetId };
    const counts = { ...progress.counts };
    await this.shut(job, scope);
    await this.archives.deleteOf(job, scope.tenantId);
    await this.eraseFiles(scope, counts, progress);
    await this.eraseRows(scope, counts, progress);
    await this.tenants.remove(scope);
    await this.queue.forget(scope.tenantId);
    // Counters, which end by themselves within a minute: a Redis that is away holds nothing up.
    await this.redis?.forget(scope.tenantId).catch(() => undefined);
    await this.unitOfWork.run(job, (tx) => this.audit.redact(tx, scope.tenantId));
    await this.audit.recordNow(contextOf(job), {
      action: 'tenant.erase',
      targetType: 'tenant',
      targetId: scope.tenantId,
      details: { counts },
    });
    return { counts };
  }

  private async shut(job: Job, { tenantId }: TenantScope): Promise<void> {
    try {
      await this.tenants.update(contextOf(job), tenantId, { status: 'suspended' });
    } catch (error) {
      // An earlier attempt came to its end, but for the receipt.
      if (!(error instanceof TenantNotFoundError)) throw error;
      return;
    }
    await sleep(LAST_WRITES_MS);
  }

  private async eraseFiles(scope: TenantScope, counts: Record<string, number>, progress: JobProgress): Promise<void> {
    const files = await this.blobs.ofTenant(scope);
    for (const [index, file] of files.entries()) {
      await this.blobs.delete(file);
      counts['files'] = (counts['files'] ?? 0) + 1;
      await progress.at((0.3 * (index + 1)) / files.length, counts);
    }
  }

  private async eraseRows(scope: TenantScope, counts: Record<string, number>, progress: JobProgress): Promise<void> {
    const tables = childrenFirst(await this.unitOfWork.run(scope, tenantTables)).filter(({ deletable }) => deletable);
    for (const [index, table] of tables.entries()) {
      for (let deleted = ROWS_AT_ONCE; deleted === ROWS_AT_ONCE;) {
        deleted = await this.unitOfWork.run(scope, (tx) => deleteSome(tx, table, ROWS_AT_ONCE));
        if (deleted > 0) counts[table.name] = (counts[table.name] ?? 0) + deleted;
        await progress.at(0.3 + (0.6 * (index + 1)) / tables.length, counts);
      }
    }
  }
}
