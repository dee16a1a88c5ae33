import { SHARED_REDIS, SharedRedis } from '#platform/redis';
import { Inject, Injectable } from '@nestjs/common';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';

export interface LimiterOptions {
  /** What is counted: part of the keys in Redis. */
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** `consume` refuses with a `RateLimiterRes`. */
export type Limiter = Pick<RateLimiterAbstract, 'consume' | 'reward' | 'penalty' | 'get' | 'delete'>;

/**
 * Makes the limiters: counted in Redis over all instances where there is one, in memory otherwise. While Redis is away or
 * does not answer, each instance counts for itself: a limit never opens, and nobody waits for it.
 */
@Injectable()
export class Limiters {
  private readonly made = new Map<string, Limiter>();

  constructor(@Inject(SHARED_REDIS) private readonly redis: SharedRedis | null) {}

  /** The same name, points and seconds give the same limiter. */
  create(options: LimiterOptions): Limiter {
    const key = `${options.name} ${options.points} ${options.seconds}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const limiter = this.make(options);
    this.made.set(key, limiter);
    return limiter;
  }

  private make({ name, points, seconds }: LimiterOptions): Limiter {
    const local = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
    if (this.redis === null) return local;
    const { client, prefix } = this.redis;
    return new RateLimiterRedis({
      storeClient: client,
      keyPrefix: `${prefix}:limit:${name}`,
      points,
      duration: seconds,
      rejectIfRedisNotReady: true,
      insuranceLimiter: local,
    });
  }
}
