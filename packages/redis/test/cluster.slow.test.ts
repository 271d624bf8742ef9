import type { TokenStore } from '@nightlatch/core'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { expect, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { startCluster } from './servers/cluster.ts'
import { makeKey } from './servers/encryption-key.ts'
import { documentedRights } from './servers/limited-user.ts'
import { onServers } from './servers/on-servers.ts'
import { kinds } from './servers/server.ts'

onServers(kinds.map((kind) => [kind]))('a cluster of three, on %s', (kind) => {
  it('S1, S2: keeps entries and locks of all slots, by both packages, for a user with only the documented permissions', async () => {
    await using cluster = await startCluster(kind)
    const { username, password } = await cluster.addUser(documentedRights)
    const encryptionKeys = [await makeKey()]
    const ioredis = new Cluster(
      cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
      { redisOptions: { username, password } },
    )
    ioredis.on('error', () => {})
    const redis = createCluster({
      rootNodes: cluster.nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })),
      defaults: { username, password },
    })
    redis.on('error', () => {})
    await redis.connect()
    try {
      const stores: readonly TokenStore[] = [
        redisStore({ client: redis, encryptionKeys }),
        redisStore({ client: ioredis, encryptionKeys }),
      ]
      const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`)
      const token = { expiresAt: Date.now() + 60_000, value: 'one' }
      for (const [index, store] of stores.entries()) {
        const other = stores[1 - index] as TokenStore
        await Promise.all(
          keys.map(async (key) => {
            await store.set(key, token)
            expect(await other.get(key)).toEqual(token)
            const lock = await store.lock?.(key, { ttl: 10 })
            expect(lock).toBeDefined()
            expect(await other.lock?.(key, { ttl: 10 })).toBeUndefined()
            await lock?.release()
            await (await other.lock?.(key, { ttl: 10 }))?.release()
            await other.delete(key, token)
            expect(await store.get(key)).toBeUndefined()
          }),
        )
      }
      // What belongs to one entry is in one slot; other entries are elsewhere.
      const slotOf = (key: string): Promise<unknown> => cluster.send('CLUSTER', 'KEYSLOT', key)
      for (const key of keys.slice(0, 5)) {
        expect(await slotOf(`nightlatch:{${key}}:lock`)).toBe(await slotOf(`nightlatch:{${key}}`))
      }
      const slots = await Promise.all(keys.map((key) => slotOf(`nightlatch:{${key}}`)))
      expect(new Set(slots).size).toBeGreaterThan(30)
    } finally {
      ioredis.disconnect()
      redis.destroy()
    }
  })
})
