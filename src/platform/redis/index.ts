/**
 * Redis, where `REDIS_URL` names one: what instances count together and may lose. One connection for all of it; the bus
 * has its own.
 */
export { RedisModule, redisPrefix, SHARED_REDIS } from './redis.module.js';
export { SharedRedis, type SharedRedisOptions } from './shared-redis.js';
