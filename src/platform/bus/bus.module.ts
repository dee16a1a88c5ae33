import { AppConfig } from '#platform/config';
import { UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { redisPrefix } from '#platform/redis';
import {
  type DynamicModule,
  Global,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Bus } from './bus.port.js';
import { memoryBus, type MemoryHub } from './memory.bus.js';
import type { PeerBus, PeerBusOptions } from './peer.bus.js';
import { postgresBus } from './postgres.bus.js';
import { redisBus } from './redis.bus.js';

/** On the bus from the moment when everybody has subscribed until the last has said what it had to say. */
@Injectable()
class BusConnection implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(Bus) private readonly bus: PeerBus) {}

  onApplicationBootstrap(): void {
    this.bus.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.stop();
  }
}

@Global()
@Module({})
export class BusModule {
  /**
   * Redis where there is one, else the database's own notifications, else (on the embedded database, which has one
   * process) memory.
   * @param hub where instances within one process meet, for tests
   */
  static forRoot(config: AppConfig, hub?: MemoryHub): DynamicModule {
    return {
      module: BusModule,
      providers: [
        {
          provide: Bus,
          inject: [LOGGER, UnitOfWork],
          useFactory: async (logger: Logger, work: UnitOfWork): Promise<PeerBus> => {
            const { DATABASE_URL, NODE_ENV, REDIS_URL } = config.env;
            const options: PeerBusOptions = { logger, strict: NODE_ENV === 'test' };
            if (hub !== undefined || DATABASE_URL === undefined) return memoryBus(options, hub);
            if (REDIS_URL === undefined) return postgresBus(DATABASE_URL, options);
            return redisBus(REDIS_URL, await redisPrefix(config, work), options);
          },
        },
        BusConnection,
      ],
      exports: [Bus],
    };
  }
}
