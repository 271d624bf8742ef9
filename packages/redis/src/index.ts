// The public names. What is not here is not public.
export type { IoredisClient, NodeRedisClient, RedisClient } from './redis-client.ts'
export { type RedisStoreOptions, redisStore } from './redis-store.ts'
