import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { expect, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { makeKey } from './servers/encryption-key.ts'
import { onServers } from './servers/on-servers.ts'
import { kinds, startServer } from './servers/server.ts'

onServers(kinds.map((kind) => [kind]))('a server that a Sentinel names, on %s', (kind) => {
  it('keeps entries and locks, by both packages', async () => {
    await using server = await startServer(kind)
    await using sentinel = await startServer(kind, { sentinelOf: server })
    const { password } = server
    const place = { host: '127.0.0.1', port: sentinel.port }
    const ioredis = new Redis({ name: 'main', sentinels: [place], password })
    ioredis.on('error', () => {})
    const redis = createSentinel({ name: 'main', sentinelRootNodes: [place], nodeClientOptions: { password } })
    redis.on('error', () => {})
    await redis.connect()
    try {
      const encryptionKeys = [await makeKey()]
      const [one, other] = [
        redisStore({ client: redis, encryptionKeys }),
        redisStore({ client: ioredis, encryptionKeys }),
      ] as const
      const token = { expiresAt: Date.now() + 60_000, value: 'one' }
      for (const [here, there] of [
        [one, other],
        [other, one],
      ] as const) {
        await here.set('key', token)
        expect(await there.get('key')).toEqual(token)
        const lock = await here.lock?.('key', { ttl: 10 })
        expect(await there.lock?.('key', { ttl: 10 })).toBeUndefined()
        await lock?.release()
        const next = await there.lock?.('key', { ttl: 10 })
        expect(next).toBeDefined()
        await next?.release()
        await there.delete('key', token)
        expect(await here.get('key')).toBeUndefined()
      }
    } finally {
      ioredis.disconnect()
      await redis.close()
    }
  })
})
