/**
 * What administrators do across modules: exports and erasures, as jobs with progress. Owns `job`; which tables and files there
 * are is asked of the catalog and of the store of blobs, so that a new one is covered without being named here.
 */
export { AdminModule } from './admin.module.js';
export { TenantDataService } from './data/tenant-data.service.js';
export type { Job } from './jobs/job.repository.js';
export { JobRunner } from './jobs/job-runner.js';
export { JobService } from './jobs/job.service.js';
