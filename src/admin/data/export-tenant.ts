import { BlobStore } from '#platform/blobs';
import { tenantTables, UnitOfWork } from '#platform/database';
import { readSettings, TenantService } from '#tenants';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { JobResult } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.repository.js';
import { type JobProgress, JobRunner, type JobWork } from '../jobs/job-runner.js';
import { ArchiveWriter } from './archive-writer.js';

/** Rows of files: the files themselves are in the archive. */
export const PIECES_OF_FILES: ReadonlySet<string> = new Set(['blob_chunk']);

/** One archive of everything that a tenant has: rows of every table that the catalog knows of, and its files. */
@Injectable()
export class ExportTenant implements JobWork, OnModuleInit {
  readonly kind = 'tenant.export';

  constructor(
    private readonly runner: JobRunner,
    private readonly archives: ArchiveWriter,
    private readonly unitOfWork: UnitOfWork,
    private readonly blobs: BlobStore,
    private readonly tenants: TenantService,
  ) {}

  onModuleInit(): void {
    this.runner.register(this);
  }

  async run(job: Job, progress: JobProgress): Promise<JobResult> {
    const scope = { tenantId: job.targetId };
    const tables = await this.unitOfWork.run(scope, tenantTables);
    const { entitlements: _, ...tenant } = await this.tenants.get(scope);
    const content = {
      scope,
      tables: tables.filter(({ name }) => !PIECES_OF_FILES.has(name)).map((table) => ({ table })),
      files: (await this.blobs.ofTenant(scope)).filter(({ purpose }) => purpose !== 'export'),
      // The operator's part is not theirs.
      extra: { tenant: [{ ...tenant, settings: readSettings(tenant.settings).stored }] },
    };
    return this.archives.write(job, content, progress);
  }
}
