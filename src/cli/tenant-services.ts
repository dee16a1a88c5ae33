import { AdminModule, JobRunner, JobService, TenantDataService } from '#admin';
import { AgentsModule } from '#agents';
import type { RequestContext } from '#platform/context';
import { JobQueue, type JobWorker, PgBossJobQueue } from '#platform/queue';
import { createLogger } from '#platform/logging';
import { PLATFORM_SLUG, TenantService } from '#tenants';
import { type BeforeApplicationShutdown, type DynamicModule, Injectable } from '@nestjs/common';
import { type CommandDatabase, commandContext, contextOf, withCommandContext } from './command-context.js';

export interface TenantServices {
  readonly tenants: TenantService;
  readonly data: TenantDataService;
  readonly jobs: JobService;
  readonly runner: JobRunner;
  /** Of the platform's staff, who keep the tenants. */
  readonly ctx: RequestContext;
  /** @throws NotFoundError for a tenant that is not there */
  idOf(slug: string): Promise<string>;
}

/** The product's queue, of which a command takes no work: what waits there is the servers'. */
@Injectable()
class CommandQueue extends JobQueue implements BeforeApplicationShutdown {
  constructor(private readonly queue: PgBossJobQueue) {
    super();
  }

  /** The command runs its job itself; a server finds the row of one that it leaves. */
  add(): Promise<void> {
    return Promise.resolve();
  }

  forget(tenantId: string): Promise<void> {
    return this.queue.forget(tenantId);
  }

  check(): Promise<{ readonly running: number }> {
    return Promise.resolve({ running: 0 });
  }

  work(_worker: JobWorker<never>): Promise<void> {
    return Promise.resolve();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.queue.stop();
  }
}

class CommandQueueModule {
  static on({ login, url }: CommandDatabase): DynamicModule {
    const logger = createLogger({ level: 'silent' });
    return {
      module: CommandQueueModule,
      global: true,
      providers: [
        { provide: JobQueue, useFactory: () => new CommandQueue(new PgBossJobQueue({ url, login, logger })) },
      ],
      exports: [JobQueue],
    };
  }
}

/** `AgentsModule` gives a new tenant its first agent, as in a server. */
export function withTenantServices<T>(work: (services: TenantServices) => Promise<T>): Promise<T> {
  return withCommandContext(
    (database) => [CommandQueueModule.on(database), AgentsModule, AdminModule],
    async (app) => {
      const tenants = app.get(TenantService);
      const { id } = await tenants.ensure({ slug: PLATFORM_SLUG, name: 'Platform' });
      return work({
        tenants,
        data: app.get(TenantDataService),
        jobs: app.get(JobService),
        runner: app.get(JobRunner),
        ctx: commandContext(id),
        idOf: async (slug) => (await contextOf(app, slug)).tenantId,
      });
    },
  );
}
