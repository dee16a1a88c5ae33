import type { LoginPolicy } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { type BeforeApplicationShutdown, type DynamicModule, Global, Inject, Injectable, Module } from '@nestjs/common';
import { InMemoryJobQueue } from './in-memory.job-queue.js';
import { JobQueue } from './job-queue.port.js';
import { PgBossJobQueue } from './pg-boss.job-queue.js';

/** Before the database's pool is closed: jobs that stop give back what they held. */
@Injectable()
class QueueCloser implements BeforeApplicationShutdown {
  constructor(@Inject(JobQueue) private readonly queue: PgBossJobQueue | InMemoryJobQueue) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.queue.stop();
  }
}

/** As it stands, jobs live in memory: for tests. `forRoot` keeps them in Postgres. */
@Global()
@Module({
  providers: [
    { provide: JobQueue, inject: [LOGGER], useFactory: (logger: Logger) => new InMemoryJobQueue(logger) },
    QueueCloser,
  ],
  exports: [JobQueue],
})
export class QueueModule {
  /** @param url of the product's database; the queue opens two connections of its own, when it is first used */
  static forRoot(url: string, login: LoginPolicy): DynamicModule {
    return {
      module: PostgresQueueModule,
      providers: [
        {
          provide: JobQueue,
          inject: [LOGGER],
          useFactory: (logger: Logger) => new PgBossJobQueue({ url, login, logger }),
        },
        QueueCloser,
      ],
      exports: [JobQueue],
    };
  }
}

@Global()
@Module({})
class PostgresQueueModule {}
