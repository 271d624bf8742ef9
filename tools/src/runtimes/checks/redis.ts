/** Checks of `@nightlatch/redis` on every runtime, without a server because the connection is the user's. */
import { createClient, type StoredToken } from '@nightlatch/core'
import { redisStore } from '@nightlatch/redis'
import { MemoryRedis } from '../../memory-redis.ts'
import { expect, expectEqual, offered, type RuntimeCheck } from './runtime-check.ts'

async function newKey(): Promise<CryptoKey> {
  const algorithm = { name: 'AES-GCM', length: 256 }
  return (await crypto.subtle.generateKey(algorithm, false, ['encrypt', 'decrypt'])) as CryptoKey
}

// A function, because workerd's clock does not run while modules are loaded.
const newEntry = (): StoredToken & { readonly value: string } => ({
  expiresAt: Date.now() + 3_600_000,
  value: 'a-secret-token',
})

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'an entry is encrypted, and decrypts only under its own key',
    async run() {
      const client = new MemoryRedis()
      const entry = newEntry()
      const store = redisStore({ client, encryptionKeys: [await newKey()] })
      await store.set('blue', entry)
      expectEqual(await store.get('blue'), entry, 'what comes back')

      const [[redisKey, sealed] = ['', '']] = client.entries
      expect(redisKey.startsWith('nightlatch:') && !sealed.includes(entry.value), 'the entry is encrypted')
      expect(!atob(sealed.slice(sealed.indexOf('.') + 1)).includes(entry.value), 'the entry is not only Base64')
      client.entries.set(redisKey.replace('blue', 'red'), sealed)
      expectEqual([await store.get('red')], [undefined], 'an entry moved')
      client.entries.set(redisKey, `${sealed.slice(0, 30)}${sealed[30] === 'A' ? 'B' : 'A'}${sealed.slice(31)}`)
      expectEqual([await store.get('blue')], [undefined], 'an entry altered')
    },
  },
  {
    name: 'keys rotate: the first encrypts, all decrypt',
    async run() {
      const client = new MemoryRedis()
      const entry = newEntry()
      const [oldKey, newerKey] = [await newKey(), await newKey()]
      await redisStore({ client, encryptionKeys: [oldKey] }).set('blue', entry)
      const both = redisStore({ client, encryptionKeys: [newerKey, oldKey] })
      expectEqual(await both.get('blue'), entry, 'sealed with the older key')
      await both.set('blue', entry)
      expectEqual([await redisStore({ client, encryptionKeys: [oldKey] }).get('blue')], [undefined], 'sealed anew')
    },
  },
  {
    name: 'one process at a time has the lock of a key',
    async run() {
      const client = new MemoryRedis()
      const encryptionKeys = [await newKey()]
      const [one, other] = [redisStore({ client, encryptionKeys }), redisStore({ client, encryptionKeys })]
      const held = await one.lock?.('blue', { ttl: 15 })
      expect(held !== undefined, 'the first has it')
      expectEqual([await other.lock?.('blue', { ttl: 15 })], [undefined], 'the second')
      await held.release()
      const next = await other.lock?.('blue', { ttl: 15 })
      expect(next !== undefined, 'it was given back')
      await next.release()
      expectEqual(client.entries.size, 0, 'entries left')
    },
  },
  {
    name: 'one token for two clients, and its deletion',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const redis = new MemoryRedis()
      const store = redisStore({ client: redis, encryptionKeys: [await newKey()] })
      const provider = { name: 'acme', tokenEndpoint: offered(emulator, 'tokenEndpoint') }
      const options = { credentials: emulator.credentials, store, timeout: 60 }
      const [first, second] = [createClient(provider, options), createClient(provider, options)]
      const tokens = await Promise.all([first.token(), second.token()])
      expect(tokens[0].value === tokens[1].value, 'the same token')
      expectEqual((await emulator.requests('token')).length, 1, 'requests for a token')
      await first.forget()
      expectEqual(redis.entries.size, 0, 'entries left')
      await Promise.all([first.close(), second.close()])
    },
  },
]
