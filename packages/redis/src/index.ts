// The public API: names that are missing here are internal.
export type { IoredisClient, NodeRedisClient, RedisClient } from './redis-client.ts'
export { type RedisStoreOptions, redisStore } from './redis-store.ts'
