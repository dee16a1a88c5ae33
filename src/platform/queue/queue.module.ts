import { LOGGER, type Logger } from '#platform/logging';
import { Global, Inject, Injectable, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { InMemoryJobQueue } from './in-memory.job-queue.js';
import { JobQueue } from './job-queue.port.js';

/** Before the database's pool is closed: jobs that stop give their documents back. */
@Injectable()
class QueueCloser implements BeforeApplicationShutdown {
  constructor(@Inject(JobQueue) private readonly queue: InMemoryJobQueue) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.queue.stop();
  }
}

@Global()
@Module({
  providers: [
    { provide: JobQueue, inject: [LOGGER], useFactory: (logger: Logger) => new InMemoryJobQueue(logger) },
    QueueCloser,
  ],
  exports: [JobQueue],
})
export class QueueModule {}
