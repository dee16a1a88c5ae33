import { statfs } from 'node:fs/promises';
import { Bus } from '#platform/bus';
import { AppConfig } from '#platform/config';
import { UnitOfWork } from '#platform/database';
import { JobQueue } from '#platform/queue';
import { SHARED_REDIS, type SharedRedis } from '#platform/redis';
import { Inject, Injectable, type OnApplicationBootstrap, Optional } from '@nestjs/common';
import { HealthService } from './health.service.js';

const LEAST_FREE = 0.05;
/** A database that was full this long ago is most likely full still. */
const FULL_FOR_MS = 5 * 60_000;

/** The checks of those parts of platform that health stands above. Nothing here makes the process unready. */
@Injectable()
export class PlatformChecks implements OnApplicationBootstrap {
  constructor(
    private readonly health: HealthService,
    private readonly config: AppConfig,
    private readonly uow: UnitOfWork,
    private readonly bus: Bus,
    @Inject(SHARED_REDIS) private readonly redis: SharedRedis | null,
    /** Absent in applications without jobs. */
    @Optional() private readonly queue?: JobQueue,
  ) {}

  onApplicationBootstrap(): void {
    const { bus, health, queue, redis } = this;
    health.identify(bus.instance);
    health.register({
      name: 'bus',
      essential: false,
      check: async () => ({
        driver: bus.driver,
        connected: bus.connected,
        peers: bus.peers().size,
        ...(bus.connected ? {} : { warning: 'news of other instances come late' }),
      }),
    });
    if (queue !== undefined) health.register({ name: 'queue', essential: false, check: () => queue.check() });
    if (redis !== null) {
      health.register({ name: 'redis', essential: false, check: async () => void (await redis.client.ping()) });
    }
    health.register({ name: 'disk', essential: false, check: () => this.disk() });
  }

  private async disk(): Promise<Record<string, string | number | boolean>> {
    const { bavail, blocks, bsize } = await statfs(this.config.dataDir);
    const share = blocks === 0 ? 1 : bavail / blocks;
    const { diskFullAt } = this.uow.figures();
    const databaseFull = diskFullAt !== null && Date.now() - diskFullAt < FULL_FOR_MS;
    return {
      free_bytes: bavail * bsize,
      free_percent: Math.round(share * 1000) / 10,
      database_full: databaseFull,
      ...(databaseFull
        ? { warning: 'the database has no room: nothing can be saved until somebody makes some' }
        : share < LEAST_FREE
          ? { warning: `less than ${LEAST_FREE * 100} % of the disk is free` }
          : {}),
    };
  }
}
