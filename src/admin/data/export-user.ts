import type { BlobKey } from '#platform/blobs';
import { belongingTo, tenantTables, UnitOfWork } from '#platform/database';
import { DocumentService } from '#rag';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { JobResult } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.repository.js';
import { type JobProgress, JobRunner, type JobWork } from '../jobs/job-runner.js';
import { ArchiveWriter } from './archive-writer.js';
import { portable } from './portable-data.js';

/**
 * One archive of what a person has: of whatever would go with the person's row, and what names the person, what is theirs to
 * take along (`portable`); and owned files. The same for the person and for staff, who hand it on.
 */
@Injectable()
export class ExportUser implements JobWork, OnModuleInit {
  readonly kind = 'user.export';

  constructor(
    private readonly runner: JobRunner,
    private readonly archives: ArchiveWriter,
    private readonly unitOfWork: UnitOfWork,
    private readonly documents: DocumentService,
  ) {}

  onModuleInit(): void {
    this.runner.register(this);
  }

  async run(job: Job, progress: JobProgress): Promise<JobResult> {
    const scope = { tenantId: job.tenantId };
    const tables = await this.unitOfWork.run(scope, tenantTables);
    const owned = await this.documents.ownedBy(scope, job.targetId);
    const content = {
      scope,
      tables: portable(belongingTo(tables, job.targetId)).map((of) => ({ table: of.table, of })),
      files: owned.filter(({ hasFile }) => hasFile).map(({ id }): BlobKey => ({ ...scope, purpose: 'document', id })),
    };
    return this.archives.write(job, content, progress);
  }
}
