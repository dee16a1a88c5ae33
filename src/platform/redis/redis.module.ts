import { createHash } from 'node:crypto';
import { AppConfig } from '#platform/config';
import { installationOf, UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { type DynamicModule, Global, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { SharedRedis } from './shared-redis.js';

/** The `SharedRedis`, or null where there is none. */
export const SHARED_REDIS = Symbol('SHARED_REDIS');

@Injectable()
class RedisCloser implements OnApplicationShutdown {
  constructor(@Inject(SHARED_REDIS) private readonly redis: SharedRedis | null) {}

  onApplicationShutdown(): void {
    this.redis?.close();
  }
}

/** Keys of an installation on a Redis that others may use as well. */
export async function redisPrefix(config: AppConfig, work: UnitOfWork): Promise<string> {
  // Embedded databases are copies of one another and cannot be told apart by what they say.
  const installation = config.embeddedDatabase
    ? createHash('sha256').update(config.dataDir).digest('hex').slice(0, 16)
    : await installationOf(work);
  return `switchboard:${installation}`;
}

@Global()
@Module({})
export class RedisModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: RedisModule,
      providers: [
        {
          provide: SHARED_REDIS,
          inject: [LOGGER, UnitOfWork],
          useFactory: async (logger: Logger, work: UnitOfWork): Promise<SharedRedis | null> => {
            const url = config.env.REDIS_URL;
            return url === undefined ? null : new SharedRedis({ url, prefix: await redisPrefix(config, work), logger });
          },
        },
        RedisCloser,
      ],
      exports: [SHARED_REDIS],
    };
  }
}
