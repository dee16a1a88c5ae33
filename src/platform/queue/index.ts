/**
 * Background work: a port for jobs that outlive a request, and its drivers. Modules add jobs with the ids that they need,
 * tenant first, and register one handler a queue; nothing here knows what a job does.
 */
export { type AddOptions, type JobPayload, JobQueue, type JobWorker } from './job-queue.port.js';
export { InMemoryJobQueue } from './in-memory.job-queue.js';
export { PgBossJobQueue, type PgBossQueueOptions } from './pg-boss.job-queue.js';
export { QueueModule } from './queue.module.js';
export { prepareQueue } from './queue-schema.js';
