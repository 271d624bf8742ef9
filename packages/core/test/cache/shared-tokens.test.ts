import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it, vi } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import { type SharedToken, type SharedTokens, shareTokens } from '../../src/cache/shared-tokens.ts'
import {
  type AccessToken,
  type ClientEvent,
  type Credentials,
  createClient,
  memoryStore,
  type Provider,
  type StoredToken,
  type TokenStore,
} from '../../src/index.ts'
import { waitFor } from '../../src/platform/deadline.ts'
import { findLeaks } from '../acquire/printings.ts'

describe('shared tokens', () => {
  it('L3: clients with other credentials, endpoints, scopes or authentication never share, others do', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const store = memoryStore()
    const provider: Provider = { name: 'acme', tokenEndpoint, scopes: ['read', 'write'] }
    const tokenOf = async (described: Provider, who: Credentials = credentials): Promise<string> =>
      (await createClient(described, { credentials: who, store }).token()).value
    const own = await tokenOf(provider)
    expect(await tokenOf({ ...provider, scopes: ['write', 'read'] })).toBe(own)
    const others = [
      await tokenOf({ ...provider, name: 'other' }),
      await tokenOf({ ...provider, tokenEndpoint: `${tokenEndpoint}?tenant=b` }),
      await tokenOf({ ...provider, scopes: ['read'] }),
      await tokenOf({ ...provider, parameters: { audience: 'b' } }),
    ]
    expect(new Set([own, ...others]).size).toBe(5)
    await expect(tokenOf(provider, { ...credentials, clientId: 'somebody' })).rejects.toMatchObject({
      error: 'invalid_client',
    })
    expect(emulator.requests).toHaveLength(6)
  })

  it('L3: two secrets of one client are one identity, as rotation needs', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const store = memoryStore()
    const provider: Provider = { name: 'acme', tokenEndpoint }
    const tokenOf = (who: Credentials): Promise<AccessToken> =>
      createClient(provider, { credentials: who, store }).token()
    const first = await tokenOf(credentials)
    const rotated = emulator.rotateSecret('the next one', { overlap: true })
    const second = await tokenOf(rotated)
    expect(second.value).not.toBe(first.value)
    for (const who of [credentials, rotated]) expect((await tokenOf(who)).value).toBe(second.value)
    expect(emulator.requests).toHaveLength(2)
  })

  it('S1: what is in the store and cannot be read is a miss', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const kept = new Map<string, StoredToken>()
    const store = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, token: StoredToken) => void kept.set(key, token),
      delete: async (key: string) => void kept.delete(key),
    }
    const provider: Provider = { name: 'acme', tokenEndpoint }
    const first = await createClient(provider, { credentials, store }).token()
    const [key = ''] = kept.keys()
    kept.set(key, { expiresAt: Date.now() + 60_000, value: 'from another version' })
    const second = await createClient(provider, { credentials, store }).token()
    expect(second.value).not.toBe(first.value)
    expect(kept.get(key)?.value).toBe(second.value)
    expect(key).not.toContain(credentials.clientId)
  })

  it('L12: a purge while the token is written leaves none in the store', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const kept = new Map<string, StoredToken>()
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const store = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, token: StoredToken) => {
        ask()
        await written
        kept.set(key, token)
      },
      delete: async (key: string) => void kept.delete(key),
    }
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials, store })
    const pending = client.token()
    await asked
    await client.forget()
    write()
    await pending
    expect(kept.size).toBe(0)
  })

  it('L12: a client that is closed while a token fetched ahead is written leaves it to the others', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const kept = new Map<string, StoredToken>()
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    let sets = 0
    const store = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, token: StoredToken) => {
        sets += 1
        if (sets === 2) await written
        kept.set(key, token)
      },
      delete: async (key: string) => void kept.delete(key),
    }
    let now = Date.now()
    const provider = { name: 'acme', tokenEndpoint }
    const client = createClient(provider, { credentials, store, now: () => now })
    const first = await client.token()
    now += ((first.expiresAt?.getTime() ?? now) - now) * 0.97
    expect(await client.token()).toBe(first)
    await vi.waitFor(() => expect(sets).toBe(2), 20_000)
    await client.close()
    write()
    const second = await client.token()
    expect(second).not.toBe(first)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([...kept.values()][0]?.value).toBe(second.value)
  })

  it('L8: credentials that hang once keep no client with a store from its token, nor from forgetting', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    let asked = 0
    const credentials = (): Credentials | Promise<Credentials> => {
      asked += 1
      return asked === 1 ? new Promise(() => {}) : emulator.credentials
    }
    const options = { credentials, store: memoryStore(), timeout: 1 }
    const client = createClient({ name: 'acme', tokenEndpoint }, options)
    await expect(client.token()).rejects.toMatchObject({ code: 'timed_out' })
    await client.forget()
    expect((await client.token()).type).toBe('Bearer')
  })

  it('L14: an older token in the store is nothing to go back to', async () => {
    await using emulator = await startEmulator(standardEmulation({ onlyLatestToken: true }))
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const memory = memoryStore()
    let broken = false
    const store = {
      ...memory,
      set: (key: string, token: StoredToken) => (broken ? Promise.reject(new Error('full')) : memory.set(key, token)),
    }
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials, store })
    const first = await client.token()
    broken = true
    const second = await client.token({ rejected: first })
    const third = await client.token({ rejected: second })
    expect(new Set([first.value, second.value, third.value]).size).toBe(3)
  })

  it.each([
    ['fail', () => Promise.reject(new Error('the vault is sealed'))],
    ['hang', () => new Promise<Credentials>(() => {})],
  ])('S3: where credentials %s the store is left alone, and nobody is kept waiting', async (_what, read) => {
    const touched: string[] = []
    const note = (what: string) => async (): Promise<undefined> => void touched.push(what)
    const store = { get: note('get'), set: note('set'), delete: note('delete') }
    const transport = { fetch: globalThis.fetch, allowInsecureRequests: false, now: Date.now, time: Date.now }
    const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
    const shared = shareTokens(provider, store, transport, 0.05, () => {})
    const client = {
      read: (signal?: AbortSignal) => waitFor<Credentials>(read(), signal),
      readOthers: async () => undefined,
    }
    const grant = { scopes: [], parameters: {} }
    const opening = shared.open(client, grant, 10, AbortSignal.timeout(20))
    await expect(opening).rejects.toThrow()
    await shared.forget(client, grant)
    expect(touched).toEqual([])
  })

  const acquired: AcquiredToken = {
    token: createAccessToken({ value: 'a-token', type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} }),
    requestedAt: Date.now(),
    lifetime: 3_600_000,
    refreshIn: undefined,
  }
  const grant = { scopes: [], parameters: {} }
  const app = { read: async () => ({ clientId: 'app', clientSecret: 'x' }), readOthers: async () => undefined }
  const share = (store: TokenStore): SharedTokens => {
    const transport = { fetch: globalThis.fetch, allowInsecureRequests: false, now: Date.now, time: Date.now }
    const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
    return shareTokens(provider, store, transport, 10, () => {})
  }
  const open = (store: TokenStore): Promise<SharedToken> =>
    share(store).open(app, grant, 10, AbortSignal.timeout(20_000))

  it('L12: what is forgotten is deleted by the key that it is read by', async () => {
    const read: string[] = []
    const deleted: string[] = []
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      get: (key) => {
        read.push(key)
        return memory.get(key)
      },
      delete: async (key) => void deleted.push(key),
    }
    const shared = await open(store)
    await shared.write(acquired)
    expect((await shared.read())?.token.value).toBe('a-token')
    await share(store).forget(app, grant)
    expect(new Set(read)).toEqual(new Set(deleted))
    expect(deleted).toHaveLength(1)
  })

  it('S2: the owner and those who take over have locks of their own, and a failed refresh an entry beside the token', async () => {
    const locked: [string, number][] = []
    const read: string[] = []
    const written: [string, StoredToken][] = []
    const shared = await open({
      ...memoryStore(),
      get: async (key) => void read.push(key),
      set: async (key, token) => void written.push([key, token]),
      lock: async (key, { ttl }) => void locked.push([key, ttl]),
    })
    await shared.read()
    const [key] = read
    for (const takeover of [0, 1]) expect(await shared.lock(takeover, 15, performance.now() + 10_000)).toBe('held')
    const lockKey = locked[0]?.[0]
    expect(locked).toEqual([
      [expect.stringMatching(`^${key}\\.[\\w-]{2}$`), 15],
      [`${lockKey}.1`, 15],
    ])
    expect(await shared.isFailureMarked()).toBe(false)
    expect(read).toEqual([key, `${lockKey}.failed`])
    const before = Date.now()
    await shared.markFailure(120)
    expect(written).toEqual([[`${lockKey}.failed`, { expiresAt: expect.any(Number), digest: expect.any(String) }]])
    expect(written[0]?.[1].expiresAt).toBeGreaterThanOrEqual(before + 120_000)
  })

  it('S2: the mark of a failed refresh is read by all who share the store, and expires, though the store knows no end', async () => {
    const kept = new Map<string, StoredToken>()
    const store: TokenStore = {
      get: async (key) => kept.get(key),
      set: async (key, token) => void kept.set(key, token),
      delete: async (key) => void kept.delete(key),
    }
    let now = 1_000_000
    const time = (): number => now
    const openAt = (): Promise<SharedToken> => {
      const transport = { fetch: globalThis.fetch, allowInsecureRequests: false, now: time, time }
      const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
      return shareTokens(provider, store, transport, 10, () => {}).open(app, grant, 10, AbortSignal.timeout(20_000))
    }
    await (await openAt()).markFailure(2.5)
    const other = await openAt()
    now += 2499
    expect(await other.isFailureMarked()).toBe(true)
    now += 1
    expect(await other.isFailureMarked()).toBe(false)
    for (const [key] of kept) kept.set(key, null as unknown as StoredToken)
    expect(await other.isFailureMarked()).toBe(false)
  })

  it('S2: a store without locks cannot tell who is first, and is not blamed', async () => {
    const { lock: _, ...withoutLocks } = memoryStore()
    expect(await (await open(withoutLocks)).lock(0, 15, performance.now() + 10_000)).toBeUndefined()
  })

  it.each([
    ['held', undefined, true],
    ['given', { release: async () => {} }, false],
  ])('S3: a lock that is %s gives a slow store more time, or not', async (_, answer, hasMore) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const slow = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 850))
      const get = vi.fn(() => slow(undefined))
      const shared = await open({ ...memoryStore(), get, lock: () => slow(answer) })
      void shared.read()
      await vi.advanceTimersByTimeAsync(850)
      void shared.lock(0, 15, performance.now() + 10_000)
      await vi.advanceTimersByTimeAsync(850)
      const before = performance.now()
      const took = shared.read().then(() => performance.now() - before)
      await vi.advanceTimersByTimeAsync(1000)
      expect(await took).toBe(hasMore ? 850 : 100)
    } finally {
      vi.useRealTimers()
    }
  })

  it('X1: credentials that a key needs and that cannot be had are told once, without their words', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint },
      {
        credentials: () => Promise.reject(new RangeError('sealed by MARKED-secret')),
        store: memoryStore(),
        onEvent: (event) => events.push(event),
      },
    )
    await expect(client.token()).rejects.toThrow('sealed by MARKED-secret')
    expect(events).toMatchObject([{ type: 'grant.failed', background: false, error: { code: 'invalid_options' } }])
    expect(findLeaks(events, ['MARKED-secret'])).toEqual([])
  })

  it('S3: credentials that do not come within the time are told as that', async () => {
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
      {
        credentials: () => new Promise<Credentials>(() => {}),
        store: memoryStore(),
        timeout: 0.05,
        onEvent: (event) => events.push(event),
      },
    )
    await expect(client.token()).rejects.toMatchObject({ code: 'timed_out' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(events).toMatchObject([{ type: 'grant.failed', error: { code: 'timed_out' } }])
  })
})
