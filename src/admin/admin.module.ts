import { AuthModule } from '#auth';
import { BlobsModule } from '#platform/blobs';
import { RagModule } from '#rag';
import { TenantsModule } from '#tenants';
import { Module } from '@nestjs/common';
import { AnalyticsController } from './analytics/analytics.controller.js';
import { AnalyticsRepository } from './analytics/analytics.repository.js';
import { ArchiveWriter } from './data/archive-writer.js';
import { Archives } from './data/archives.js';
import { EraseTenant } from './data/erase-tenant.js';
import { EraseUser } from './data/erase-user.js';
import { ExportTenant } from './data/export-tenant.js';
import { ExportUser } from './data/export-user.js';
import { TenantDataController } from './data/tenant-data.controller.js';
import { TenantDataService } from './data/tenant-data.service.js';
import { UserDataController } from './data/user-data.controller.js';
import { JobRepository } from './jobs/job.repository.js';
import { JobRunner } from './jobs/job-runner.js';
import { JobService } from './jobs/job.service.js';
import { JobsController } from './jobs/jobs.controller.js';

@Module({
  imports: [TenantsModule, AuthModule, BlobsModule, RagModule],
  controllers: [AnalyticsController, JobsController, TenantDataController, UserDataController],
  providers: [
    AnalyticsRepository,
    JobRepository,
    JobRunner,
    JobService,
    ArchiveWriter,
    Archives,
    ExportTenant,
    EraseTenant,
    ExportUser,
    EraseUser,
    TenantDataService,
  ],
  exports: [JobRunner, JobService, TenantDataService],
})
export class AdminModule {}
