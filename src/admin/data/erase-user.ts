import { PrincipalService } from '#auth';
import { forgetSupporter } from '#conversations';
import { forgetUser } from '#llm';
import { belongingTo, countOf, tenantTables, UnitOfWork } from '#platform/database';
import { SHARED_REDIS, type SharedRedis } from '#platform/redis';
import { DocumentService } from '#rag';
import { AuditService } from '#tenants';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { JobResult } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.repository.js';
import { type JobProgress, JobRunner, type JobWork } from '../jobs/job-runner.js';
import { Archives } from './archives.js';
import { contextOf } from './job-context.js';

/**
 * Takes a person away who was disabled when it was asked for, and still is: owned documents with their files and their part in the
 * statistics, then the person's row with everything that goes with it, and what is left in the books and the record is made
 * nobody's. Each step finds what is left, so that a killed process's job goes on.
 */
@Injectable()
export class EraseUser implements JobWork, OnModuleInit {
  readonly kind = 'user.erase';

  constructor(
    private readonly runner: JobRunner,
    private readonly principals: PrincipalService,
    private readonly documents: DocumentService,
    private readonly archives: Archives,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    @Inject(SHARED_REDIS) private readonly redis: SharedRedis | null,
  ) {}

  onModuleInit(): void {
    this.runner.register(this);
  }

  async run(job: Job, progress: JobProgress): Promise<JobResult> {
    const scope = { tenantId: job.tenantId };
    const userId = job.targetId;
    const counts = { ...progress.counts };
    await this.principals.assertErasable(scope, userId);
    if (counts['principal'] === undefined) {
      const tables = await this.unitOfWork.run(scope, tenantTables);
      for (const of of belongingTo(tables, userId).filter(({ table }) => table.deletable)) {
        const rows = await this.unitOfWork.run(scope, (tx) => countOf(tx, of));
        if (rows > 0) counts[of.table.name] = rows;
      }
    }
    await progress.at(0.1, counts);
    const owned = await this.documents.ownedBy(scope, userId);
    for (const [index, document] of owned.entries()) {
      // Its title stands there, whoever did something with it.
      await this.unitOfWork.run(scope, (tx) => this.audit.redact(tx, document.id));
      await this.documents.removeOwned(scope, document);
      await progress.at(0.1 + (0.5 * (index + 1)) / owned.length, counts);
    }
    await this.archives.deleteOf(scope, userId);
    await forgetSupporter(this.unitOfWork, scope, userId);
    await this.principals.erase(scope, userId);
    await forgetUser(this.unitOfWork, scope, userId);
    await this.redis?.forget(userId).catch(() => undefined);
    const entry = { action: 'user.erase', targetType: 'user', targetId: userId, details: { counts } };
    await this.audit.recordNow(contextOf(job), entry);
    return { counts };
  }
}
