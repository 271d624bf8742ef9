import { inspect } from 'node:util'
import type { StoredToken, TokenStore } from '@nightlatch/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { type Connected, connect, packageNames } from './servers/clients.ts'
import { makeKey } from './servers/encryption-key.ts'
import { onServers } from './servers/on-servers.ts'
import { kinds, type Server, startServer } from './servers/server.ts'

const tokenOf = (value: string, seconds = 3600): StoredToken => ({
  expiresAt: Date.now() + seconds * 1000,
  value,
  scopes: ['a', 'b'],
  extra: { one: 1, two: { three: [] } },
})

onServers(kinds.flatMap((kind) => packageNames.map((name) => [kind, name] as const)))(
  'a store on %s, by %s',
  (kind, name) => {
    let server: Server
    let connected: Connected
    let store: TokenStore
    let encryptionKeys: readonly CryptoKey[]
    let count = 0
    const freshKey = (): string => `key-${++count}`

    beforeAll(async () => {
      server = await startServer(kind)
      connected = await connect(name, server)
      encryptionKeys = [await makeKey()]
      store = redisStore({ client: connected.client, encryptionKeys })
    })
    afterAll(async () => {
      await connected?.[Symbol.asyncDispose]()
      await server?.close()
    })

    const lockOf = (key: string, ttl = 10) => (store.lock as NonNullable<TokenStore['lock']>)(key, { ttl })

    it('returns what was set, and undefined for other keys', async () => {
      const [key, token] = [freshKey(), tokenOf('one')]
      expect(await store.get(key)).toBeUndefined()
      await store.set(key, token)
      expect(await store.get(key)).toEqual(token)
      await store.delete(key)
      expect(await store.get(key)).toBeUndefined()
    })

    it('S1: keeps one entry per key, for the token’s remaining lifetime', async () => {
      const key = freshKey()
      await store.set(key, tokenOf('one', 600))
      await store.set(key, tokenOf('two', 60))
      expect(await store.get(key)).toMatchObject({ value: 'two' })
      const left = Number(await connected.send('PTTL', `nightlatch:{${key}}`))
      expect(left).toBeGreaterThan(50_000)
      expect(left).toBeLessThanOrEqual(60_000)
    })

    it('S1: does not write an expired token', async () => {
      const key = freshKey()
      await store.set(key, tokenOf('old', 0))
      await store.set(key, tokenOf('older', -5))
      expect(await connected.send('EXISTS', `nightlatch:{${key}}`)).toBe(0)
    })

    it('S1: treats an expired entry as a miss, even if the server still has it', async () => {
      const key = freshKey()
      await store.set(key, tokenOf('one', 600))
      await connected.send('PERSIST', `nightlatch:{${key}}`)
      const later = redisStore({ client: connected.client, encryptionKeys, now: () => Date.now() + 601_000 })
      expect(await later.get(key)).toBeUndefined()
      expect(await store.get(key)).toBeDefined()
    })

    it.each(['SET:rubbish', 'SET:1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'SADD:member', 'LPUSH:item'])(
      'S1: treats an unreadable entry as a miss and overwrites it: %s',
      async (written) => {
        const [command = '', content = ''] = written.split(':')
        const key = freshKey()
        await connected.send(command, `nightlatch:{${key}}`, content)
        expect(await store.get(key)).toBeUndefined()
        await store.delete(key, tokenOf('any'))
        await store.set(key, tokenOf('one'))
        expect(await store.get(key)).toMatchObject({ value: 'one' })
      },
    )

    it('S4: no entry on the server reveals a token', async () => {
      const key = freshKey()
      await store.set(key, tokenOf('s3cret-token'))
      const kept = String(await connected.send('GET', `nightlatch:{${key}}`))
      expect(kept + atob(kept.slice(2))).not.toContain('s3cret')
    })

    it('S4: an entry moved under another key is a miss', async () => {
      const [key, other] = [freshKey(), freshKey()]
      await store.set(key, tokenOf('of one tenant'))
      const entry = String(await connected.send('GET', `nightlatch:{${key}}`))
      await connected.send('SET', `nightlatch:{${other}}`, entry)
      expect(await store.get(other)).toBeUndefined()
      expect(await store.get(key)).toBeDefined()
    })

    it('S4: keys rotate without a flush', async () => {
      const key = freshKey()
      const [old] = encryptionKeys as [CryptoKey]
      const fresh = await makeKey()
      await store.set(key, tokenOf('by the old key'))
      const during = redisStore({ client: connected.client, encryptionKeys: [fresh, old] })
      expect(await during.get(key)).toMatchObject({ value: 'by the old key' })
      await during.set(key, tokenOf('by the new key'))
      const after = redisStore({ client: connected.client, encryptionKeys: [fresh] })
      expect(await after.get(key)).toMatchObject({ value: 'by the new key' })
      expect(await store.get(key)).toBeUndefined()
    })

    it('S4: a function can return other keys for each call', async () => {
      const key = freshKey()
      const fresh = await makeKey()
      let keys = [...encryptionKeys]
      const rotating = redisStore({ client: connected.client, encryptionKeys: () => keys })
      await rotating.set(key, tokenOf('one'))
      keys = [fresh, ...keys]
      expect(await rotating.get(key)).toMatchObject({ value: 'one' })
      await rotating.set(key, tokenOf('two'))
      keys = [fresh]
      expect(await rotating.get(key)).toMatchObject({ value: 'two' })
    })

    it('deletes only an equal token, regardless of the order of members', async () => {
      const [key, token] = [freshKey(), tokenOf('one')]
      await store.set(key, token)
      await store.delete(key, { ...token, value: 'another' })
      expect(await store.get(key)).toEqual(token)
      await store.delete(key, Object.fromEntries(Object.entries(token).reverse()) as unknown as StoredToken)
      expect(await store.get(key)).toBeUndefined()
    })

    it('keeps a token that another process wrote during the delete', async () => {
      const key = freshKey()
      const refused = tokenOf('refused')
      await store.set(key, refused)
      await Promise.all([
        store.delete(key, refused),
        store.set(key, tokenOf('replacement')),
        store.delete(key, refused),
      ])
      expect(await store.get(key)).toMatchObject({ value: 'replacement' })
    })

    it('separates keys that need escaping, and keys of another prefix', async () => {
      const keys = ['a b', 'a}b', '{a', 'ä', 'a\r\nb', 'a/b', '%7D', '}', 'x'.repeat(2000)].map(
        (key) => key + freshKey(),
      )
      for (const key of keys) await store.set(key, tokenOf(key))
      for (const key of keys) expect(await store.get(key)).toMatchObject({ value: key })
      const other = redisStore({ client: connected.client, encryptionKeys, prefix: 'other:' })
      expect(await other.get(keys[0] as string)).toBeUndefined()
    })

    it('S2: grants a lock to one process at a time, and never waits', async () => {
      const key = freshKey()
      const other = redisStore({ client: connected.client, encryptionKeys })
      const locks = await Promise.all([store, other, store, other].map((one) => one.lock?.(key, { ttl: 10 })))
      const taken = locks.filter((lock) => lock !== undefined)
      expect(taken).toHaveLength(1)
      await taken[0]?.release()
      expect(await lockOf(key)).toBeDefined()
    })

    it('S2: a lock expires', async () => {
      const key = freshKey()
      expect(await lockOf(key, 0.2)).toBeDefined()
      expect(await lockOf(key)).toBeUndefined()
      await expect.poll(() => lockOf(key), { timeout: 60_000 }).toBeDefined()
    })

    it('S2: a late release does not delete another process’s lock', async () => {
      const key = freshKey()
      const late = await lockOf(key, 0.1)
      await expect.poll(() => lockOf(key), { timeout: 60_000 }).toBeDefined()
      await late?.release()
      expect(await lockOf(key)).toBeUndefined()
    })

    it('S2: a lock can be released twice, and is not an entry', async () => {
      const key = freshKey()
      const lock = await lockOf(key)
      expect(await store.get(key)).toBeUndefined()
      await lock?.release()
      await lock?.release()
      expect(await lockOf(key)).toBeDefined()
    })

    it('S2: a lock requested again after a reconnect still belongs to its owner', async () => {
      const key = freshKey()
      // What a client does that lost its connection before the answer came.
      const { client } = connected
      const twice = new Proxy(client, {
        get(target, property) {
          const member: unknown = Reflect.get(target, property)
          if (typeof member !== 'function') return member
          return async (...parameters: readonly unknown[]) => {
            if (property === 'set' || parameters[0] === 'set') await member.apply(target, parameters)
            return member.apply(target, parameters)
          }
        },
      })
      const lock = await redisStore({ client: twice, encryptionKeys }).lock?.(key, { ttl: 10 })
      expect(lock).toBeDefined()
      expect(await lockOf(key)).toBeUndefined()
      await lock?.release()
      expect(await lockOf(key)).toBeDefined()
    })

    it('X1: errors name the server’s error code, and nothing of the command', async () => {
      const key = freshKey()
      await connected.send('CONFIG', 'SET', 'maxmemory', '1')
      try {
        const failure: unknown = await store.set(key, tokenOf('s3cret')).catch((reason: unknown) => reason)
        expect(failure).toMatchObject({ message: 'redisStore: set failed: OOM' })
        expect(inspect(failure, { depth: 9, showHidden: true })).not.toMatch(/s3cret|nightlatch:|AAAA|key-\d/)
        await expect(lockOf(key)).rejects.toThrow('redisStore: lock failed: OOM')
        expect(await store.get(key)).toBeUndefined()
      } finally {
        await connected.send('CONFIG', 'SET', 'maxmemory', '0')
      }
    })

    it('X1: errors of a closed client do, too', async () => {
      const closed = await connect(name, server)
      const client = closed.client
      await closed[Symbol.asyncDispose]()
      const failure: unknown = await redisStore({ client, encryptionKeys })
        .set(freshKey(), tokenOf('s3cret'))
        .catch((reason: unknown) => reason)
      expect(failure).toBeInstanceOf(Error)
      expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('s3cret')
    })
  },
)

describe('options of a store', () => {
  const client = { call: async () => null, defineCommand: () => {} }

  it('require only a client and a key', async () => {
    expect(() => redisStore({ client, encryptionKeys: [] as never, prefix: 'x' })).toThrow('encryptionKeys')
    expect(redisStore({ client, encryptionKeys: [await makeKey()] })).toHaveProperty('lock')
  })

  it.each([
    [{ client: {} }, 'client must be a connected client of the package redis'],
    [{ client: undefined }, 'client must be'],
    [{ prefix: '' }, 'prefix must be'],
    [{ prefix: 'a{b}' }, 'without braces'],
    [{ prefix: 1 }, 'prefix must be'],
    [{ encryptionKeys: 'a password' }, 'encryptionKeys must be'],
    [{ now: 1 }, 'now must be a function'],
    [{ prefx: 'x' }, 'Unknown option `prefx`. Did you mean `prefix`?'],
  ])('are named when they are wrong: %j', async (wrong, words) => {
    const options = { client, encryptionKeys: [await makeKey()], ...wrong }
    expect(() => redisStore(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining(words) }),
    )
  })

  it('must be an object', () => {
    expect(() => redisStore(undefined as never)).toThrow('redisStore: options must be an object')
  })
})
