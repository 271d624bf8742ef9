import { expect, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { connect, packageNames } from './servers/clients.ts'
import { makeKey } from './servers/encryption-key.ts'
import { onServers } from './servers/on-servers.ts'
import { kinds, startServer } from './servers/server.ts'

onServers(kinds.map((kind) => [kind]))('over TLS and with a password, on %s', (kind) => {
  it('a store works with both packages, and only with the certificate', async () => {
    await using server = await startServer(kind, { tls: true })
    const encryptionKeys = [await makeKey()]
    const token = { expiresAt: Date.now() + 60_000, value: 'one' }
    for (const name of packageNames) {
      await using connected = await connect(name, server)
      const store = redisStore({ client: connected.client, encryptionKeys })
      await store.set(name, token)
      expect(await store.get(name)).toEqual(token)
      const lock = await store.lock?.(name, { ttl: 10 })
      expect(await store.lock?.(name, { ttl: 10 })).toBeUndefined()
      await lock?.release()
    }
    const plain = connect('ioredis', { ...server, certificate: undefined }, { giveUp: true })
    await expect(plain).rejects.toThrow()
  })
})
