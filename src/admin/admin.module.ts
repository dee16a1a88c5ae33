import { AuthModule } from '#auth';
import { BlobsModule } from '#platform/blobs';
import { TenantsModule } from '#tenants';
import { Module } from '@nestjs/common';
import { EraseTenant } from './data/erase-tenant.js';
import { ExportTenant } from './data/export-tenant.js';
import { TenantDataController } from './data/tenant-data.controller.js';
import { JobRepository } from './jobs/job.repository.js';
import { JobRunner } from './jobs/job-runner.js';
import { JobService } from './jobs/job.service.js';
import { JobsController } from './jobs/jobs.controller.js';

@Module({
  imports: [TenantsModule, AuthModule, BlobsModule],
  controllers: [JobsController, TenantDataController],
  providers: [JobRepository, JobRunner, JobService, ExportTenant, EraseTenant],
})
export class AdminModule {}
