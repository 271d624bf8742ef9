import { describe, expect, it, vi } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import { guardStore } from '../../src/cache/guarded-store.ts'
import { emptySlot, openSlot, type StoreSlot } from '../../src/cache/store-slot.ts'
import { shareTokens } from '../../src/cache/token-sharing.ts'
import { memoryStore, type Provider, type StoredToken, type TokenStore } from '../../src/index.ts'
import { networkTransport } from '../acquire/network-transport.ts'

const grant = { scopes: [], parameters: {} }
const app = { read: async () => ({ clientId: 'app', clientSecret: 'x' }), readOthers: async () => undefined }

function open(store: TokenStore): Promise<StoreSlot> {
  const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
  const sharing = shareTokens({ provider, store, transport: networkTransport, timeout: 10, emit: () => {} })
  return sharing.open(app, grant, 10, AbortSignal.timeout(20_000))
}

describe('a slot of a store', () => {
  it('S2: the owner and those who take over have locks of their own, and a failed refresh an entry beside the token', async () => {
    const locked: [string, number][] = []
    const read: string[] = []
    const written: [string, StoredToken][] = []
    const slot = await open({
      ...memoryStore(),
      get: async (key) => void read.push(key),
      set: async (key, token) => void written.push([key, token]),
      lock: async (key, { ttl }) => void locked.push([key, ttl]),
    })
    await slot.read()
    const [key] = read
    for (const takeover of [0, 1]) expect(await slot.lock(takeover, 15, performance.now() + 10_000)).toBe('held')
    const lockKey = locked[0]?.[0]
    expect(locked).toEqual([
      [expect.stringMatching(`^${key}\\.[\\w-]{2}$`), 15],
      [`${lockKey}.1`, 15],
    ])
    expect(await slot.isFailureMarked()).toBe(false)
    expect(read).toEqual([key, `${lockKey}.failed`])
    const before = Date.now()
    await slot.markFailure(120)
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
    const openAt = (): Promise<StoreSlot> => {
      const transport = { ...networkTransport, now: time, time }
      const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
      const sharing = shareTokens({ provider, store, transport, timeout: 10, emit: () => {} })
      return sharing.open(app, grant, 10, AbortSignal.timeout(20_000))
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

  it('L3: a token of credentials that show no holder is not written', async () => {
    const touched: string[] = []
    const store = {
      ...memoryStore(),
      get: async () => void touched.push('get'),
      set: async () => void touched.push('set'),
    }
    const guarded = guardStore(store, 'acme', () => {})
    const instant = () => ({ now: 0, time: 0 })
    const slot = openSlot(guarded, { key: 'k', digest: 'd' }, async () => undefined, 10, instant)
    const token = createAccessToken({ value: 'a', type: 'Bearer', scopes: [], expiresAt: undefined, extra: {} })
    await slot.write({ token, requestedAt: 0, lifetimeMs: 60_000, refreshInMs: undefined })
    expect(touched).toEqual([])
  })

  it('S3: what was not written is not deleted', async () => {
    const operations: string[] = []
    const slot = await open({ ...memoryStore(), delete: async () => void operations.push('delete') })
    await slot.forget()
    expect(operations).toEqual([])
  })

  it('L3: without a holder nothing is read, written, locked or marked', async () => {
    const done = [await emptySlot.read(), await emptySlot.lock(0, 1, 0), await emptySlot.isFailureMarked()]
    expect(done).toEqual([undefined, undefined, false])
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
      const slot = await open({ ...memoryStore(), get, lock: () => slow(answer) })
      void slot.read()
      await vi.advanceTimersByTimeAsync(850)
      void slot.lock(0, 15, performance.now() + 10_000)
      await vi.advanceTimersByTimeAsync(850)
      const before = performance.now()
      const took = slot.read().then(() => performance.now() - before)
      await vi.advanceTimersByTimeAsync(1000)
      expect(await took).toBe(hasMore ? 850 : 100)
    } finally {
      vi.useRealTimers()
    }
  })
})
