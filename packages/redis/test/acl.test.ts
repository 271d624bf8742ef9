import type { TokenStore } from '@nightlatch/core'
import { expect, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { connect, packageNames } from './servers/clients.ts'
import { makeKey } from './servers/encryption-key.ts'
import { addUser, documentedRights } from './servers/limited-user.ts'
import { onServers } from './servers/on-servers.ts'
import { kinds, type Server, startServer } from './servers/server.ts'

const withoutScripts = documentedRights.replace(' +eval', '')

async function exercise(store: TokenStore): Promise<void> {
  const token = { expiresAt: Date.now() + 60_000, value: 'one' }
  const lockOf = (ttl: number) => (store.lock as NonNullable<TokenStore['lock']>)('key', { ttl })
  await store.set('key', token)
  expect(await store.get('key')).toEqual(token)
  await store.delete('key', { ...token, value: 'another' })
  expect(await store.get('key')).toEqual(token)
  await store.delete('key', token)
  expect(await store.get('key')).toBeUndefined()
  await store.delete('key')
  const lock = await lockOf(10)
  expect(lock).toBeDefined()
  expect(await lockOf(10)).toBeUndefined()
  await lock?.release()
  const next = await lockOf(10)
  expect(next).toBeDefined()
  await lock?.release()
  expect(await lockOf(10)).toBeUndefined()
  await next?.release()
}

onServers(kinds.flatMap((kind) => packageNames.map((name) => [kind, name] as const)))(
  'a user with only the documented permissions, on %s, by %s',
  (kind, name) => {
    it.each([
      ['with scripts', documentedRights],
      ['without scripts', withoutScripts],
    ])('can use a store, %s', async (_words, rights) => {
      expect(rights).toContain('+get')
      await using server: Server = await startServer(kind)
      await using admin = await connect(name, server)
      await using connected = await connect(name, server, await addUser(admin.send, rights))
      const store = redisStore({ client: connected.client, encryptionKeys: [await makeKey()] })
      await exercise(store)
      // Clients say at the beginning who they are, from Redis 7.2 on, and need no leave for it.
      const log = JSON.stringify(await admin.send('ACL', 'LOG'))
      const refused = [...log.matchAll(/"object"[:,]"([^"]+)"/g)].map(([, object]) => object)
      const expected = rights === documentedRights ? [] : ['eval']
      expect(refused.filter((object) => object !== 'client|setinfo' && object !== 'client')).toEqual(expected)
      await expect(connected.send('KEYS', '*')).rejects.toThrow('NOPERM')
      await expect(connected.send('GET', 'elsewhere')).rejects.toThrow('NOPERM')
    })

    it('S2: without scripts, a late release does not delete another process’s lock', async () => {
      await using server: Server = await startServer(kind)
      await using admin = await connect(name, server)
      await using connected = await connect(name, server, await addUser(admin.send, withoutScripts))
      let now = Date.now()
      const store = redisStore({ client: connected.client, encryptionKeys: [await makeKey()], now: () => now })
      const lock = await store.lock?.('key', { ttl: 10 })
      now += 6000
      await lock?.release()
      // A server that can set on a condition needs no guess.
      const isKnown = await admin.send('SET', 'any', '-', 'IFEQ', 'other').then(
        () => true,
        () => false,
      )
      expect((await store.lock?.('key', { ttl: 10 })) !== undefined).toBe(isKnown)
    })

    it('without permission for the keys, fails with NOPERM', async () => {
      await using server: Server = await startServer(kind)
      await using admin = await connect(name, server)
      await using connected = await connect(name, server, await addUser(admin.send, documentedRights))
      const store = redisStore({ client: connected.client, encryptionKeys: [await makeKey()], prefix: 'other:' })
      await expect(store.get('key')).rejects.toThrow('redisStore: get failed: NOPERM')
      await expect(store.lock?.('key', { ttl: 10 })).rejects.toThrow('redisStore: lock failed: NOPERM')
    })
  },
)
