import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { guardStore, planStoreBudget } from '../../src/cache/guarded-store.ts'
import { memoryStore } from '../../src/cache/memory-store.ts'
import type { TokenStore } from '../../src/cache/token-store.ts'
import { type Diagnostics, noDiagnostics } from '../../src/diagnostics.ts'
import type { ClientEvent } from '../../src/events.ts'

describe('guarded store', () => {
  it('S3: a store that works causes no event', async () => {
    const events: ClientEvent[] = []
    const guarded = guardStore(memoryStore(), 'acme', (event) => events.push(event))
    const token = { expiresAt: Date.now() + 60_000 }
    await guarded.set('k', token, planStoreBudget(10))
    expect(await guarded.get('k', planStoreBudget(10))).toEqual(token)
    await guarded.delete('k', { expiresAt: 1 })
    expect(events).toEqual([])
  })

  it.each([
    ['fails', () => Promise.reject(new Error('down: redis://:password@host'))],
    [
      'throws at once',
      () => {
        throw new Error('down')
      },
    ],
  ])('S3: a store that %s is a miss, and an event without its words', async (_what, broken) => {
    const events: ClientEvent[] = []
    const operations = { get: broken, set: broken, delete: broken, lock: broken }
    for (const operation of ['get', 'set', 'delete', 'lock'] as const) {
      const guarded = guardStore({ ...memoryStore(), [operation]: operations[operation] }, 'acme', (event) =>
        events.push(event),
      )
      const time = planStoreBudget(10)
      if (operation === 'get') expect(await guarded.get('k', time)).toBeUndefined()
      if (operation === 'set') await guarded.set('k', { expiresAt: 1 }, time)
      if (operation === 'delete') await guarded.delete('k', { expiresAt: 1 })
      if (operation === 'lock') expect(await guarded.lock('k', 1, time)).toBeUndefined()
    }
    expect(events).toEqual(
      ['get', 'set', 'delete', 'lock'].map((operation) => ({
        type: 'store.failed',
        provider: 'acme',
        operation,
        reason: undefined,
      })),
    )
  })

  it('S3: an event says why, in the code of the error, or that it took too long', async () => {
    const events: ClientEvent[] = []
    const refused = Object.assign(new Error('redis://:password@host'), { code: 'ECONNREFUSED' })
    const hung: TokenStore['set'] = () => new Promise(() => {})
    const store: TokenStore = { ...memoryStore(), get: () => Promise.reject(refused), set: hung }
    const guarded = guardStore(store, 'acme', (event) => events.push(event))
    const late = guardStore(store, 'acme', (event) => events.push(event))
    await guarded.get('k', planStoreBudget(10))
    await late.set('k', { expiresAt: 1 }, planStoreBudget(0.1))
    expect(events).toEqual([
      { type: 'store.failed', provider: 'acme', operation: 'get', reason: 'ECONNREFUSED' },
      { type: 'store.failed', provider: 'acme', operation: 'set', reason: 'timed_out' },
    ])
  })

  it('S3: a healthy store has what it was given before the call goes on', async () => {
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    const guarded = guardStore({ ...memoryStore(), set: () => written }, 'acme', () => {})
    let isOver = false
    const writing = guarded.set('k', { expiresAt: 1 }, planStoreBudget(10)).then(() => {
      isOver = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).toBe(false)
    write()
    await writing
    expect(isOver).toBe(true)
  })
})

describe('guarded store: one that fails', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  /** A store that works, hangs or fails: each operation as a test sets it. */
  function createBench(locks = false) {
    const memory = memoryStore()
    const calls: string[] = []
    const state = { get: 'works', set: 'works', delete: 'works', lock: 'works' }
    const events: string[] = []
    const released: string[] = []
    const through = async <T>(operation: keyof typeof state, key: string, work: () => Promise<T>): Promise<T> => {
      calls.push(`${operation} ${key}`)
      if (state[operation] === 'hangs') return await new Promise(() => {})
      if (state[operation] === 'is late' || state[operation] === 'fails late')
        await new Promise((resolve) => setTimeout(resolve, 500))
      if (state[operation].startsWith('fails')) throw new Error('down')
      const done = await work()
      if (state[operation] === 'answers late') await new Promise((resolve) => setTimeout(resolve, 500))
      return done
    }
    const store: TokenStore = {
      get: (key) => through('get', key, () => memory.get(key)),
      set: (key, token) => through('set', key, () => memory.set(key, token)),
      delete: (key, token) => through('delete', key, () => memory.delete(key, token)),
      ...(locks && {
        lock: (key) => through('lock', key, async () => ({ release: async () => void released.push(key) })),
      }),
    }
    const guarded = guardStore(store, 'acme', (event) =>
      events.push('operation' in event ? `${event.type} ${event.operation}` : event.type),
    )
    return { memory, calls, events, released, guarded, be: (how: Partial<typeof state>) => Object.assign(state, how) }
  }
  const all = (how: string) => ({ get: how, set: how, delete: how, lock: how })
  const later = (expiresAt = Date.now() + 3_600_000) => ({ expiresAt, requestedAt: Date.now() })
  /** What a call waits, in milliseconds of the clock here. */
  const timed = async (work: Promise<unknown>, most: number): Promise<number> => {
    const before = performance.now()
    let took = Number.POSITIVE_INFINITY
    void work.then(() => {
      took = performance.now() - before
    })
    await vi.advanceTimersByTimeAsync(most)
    return took
  }

  it('S3: an operation may take 0.9 s; a write to a store that failed a moment ago is not waited for', async () => {
    const { guarded, be, events } = createBench()
    be({ delete: 'is late' })
    expect(await timed(guarded.delete('k', { expiresAt: 1 }), 1000)).toBe(500)
    expect(events).toEqual([])
    be(all('hangs'))
    expect(await timed(guarded.delete('k', { expiresAt: 1 }), 900)).toBe(900)
    expect(await timed(guarded.set('k', later(), planStoreBudget(10)), 100)).toBe(0)
    expect(new Set(events)).toEqual(new Set(['store.failed delete']))
  })

  it('S3: it is tried once a second, and calls wait 50 ms for that at most, and nothing in between', async () => {
    const { calls, guarded, be, events } = createBench()
    be(all('hangs'))
    expect(await timed(guarded.get('k', planStoreBudget(10)), 2000)).toBe(900)
    expect(calls).toHaveLength(1)
    const waits: number[] = []
    for (let turn = 0; turn < 40; turn += 1) waits.push(await timed(guarded.get('k', planStoreBudget(10)), 100))
    expect(Math.max(...waits)).toBe(50)
    expect(waits.filter((wait) => wait > 0).length).toBeLessThanOrEqual(4)
    expect(calls.length).toBeLessThanOrEqual(5)
    expect(new Set(events)).toEqual(new Set(['store.failed get']))
  })

  it('S3: the first try after it healed shares again, and tells', async () => {
    const { guarded, memory, be, events } = createBench()
    const token = later()
    await memory.set('k', token)
    be(all('fails'))
    await guarded.get('k', planStoreBudget(10))
    be(all('works'))
    expect(await guarded.get('k', planStoreBudget(10))).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1000)
    expect(await guarded.get('k', planStoreBudget(10))).toEqual(token)
    expect(await guarded.get('k', planStoreBudget(10))).toEqual(token)
    expect(events).toEqual(['store.failed get', 'store.recovered'])
  })

  it('S3: a token that could not be written is not written later, and leaves no timer', async () => {
    const { guarded, memory, be, calls } = createBench()
    be(all('fails'))
    await guarded.set('k', later(), planStoreBudget(10))
    be(all('works'))
    calls.length = 0
    await vi.advanceTimersByTimeAsync(20_000)
    await guarded.get('other', planStoreBudget(10))
    expect([calls, await memory.get('k'), vi.getTimerCount()]).toEqual([['get other'], undefined, 0])
  })

  it('S3: one that is full or read-only is still read, and left alone with locks', async () => {
    const { guarded, memory, be, calls, events } = createBench(true)
    const token = later()
    await memory.set('left', token)
    be({ set: 'fails', lock: 'fails' })
    await guarded.set('k', later(), planStoreBudget(10))
    expect(await guarded.get('left', planStoreBudget(10))).toEqual(token)
    expect(await guarded.lock('k', 1, planStoreBudget(10))).toBeUndefined()
    expect(calls).toEqual(['set k', 'get left'])
    await vi.advanceTimersByTimeAsync(1000)
    await guarded.delete('left', { expiresAt: 1 })
    expect(new Set(events)).toEqual(new Set(['store.failed set']))
    be(all('works'))
    await guarded.set('k', token, planStoreBudget(10))
    expect(events.at(-1)).toBe('store.recovered')
    expect(await memory.get('k')).toEqual(token)
  })

  it('S3: a deletion that works is no try to write: the lock that follows is asked for at once', async () => {
    const { guarded, be, events } = createBench(true)
    be({ delete: 'fails' })
    await guarded.delete('k', { expiresAt: 1 })
    be(all('works'))
    await vi.advanceTimersByTimeAsync(5000)
    await guarded.delete('k', { expiresAt: 1 })
    expect(events).toEqual(['store.failed delete'])
    expect(await guarded.lock('k', 1, planStoreBudget(10))).not.toBeUndefined()
    expect(events.at(-1)).toBe('store.recovered')
  })

  it('S3: a lock that comes too late is given back', async () => {
    const { guarded, be, released } = createBench(true)
    be({ get: 'fails', lock: 'is late' })
    await guarded.get('k', planStoreBudget(10))
    await vi.advanceTimersByTimeAsync(1000)
    const lock = guarded.lock('k', 1, planStoreBudget(10))
    await vi.advanceTimersByTimeAsync(50)
    expect(await lock).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1000)
    expect(released).toEqual(['k'])
  })

  it.each([[null], ['yes'], [{}], [{ release: true }]])('S3: %j is no lock', async (answer) => {
    const store = { ...memoryStore(), lock: async () => answer } as unknown as TokenStore
    expect(await guardStore(store, 'acme', () => {}).lock('k', 1, planStoreBudget(10))).toBeUndefined()
  })

  it('S3: nobody waits for a lock to be let go, and its failure is an event', async () => {
    const events: ClientEvent[] = []
    const store: TokenStore = {
      ...memoryStore(),
      lock: async () => ({ release: () => Promise.reject(new Error('down')) }),
    }
    const guarded = guardStore(store, 'acme', (event) => events.push(event))
    const release = await guarded.lock('k', 1, planStoreBudget(10))
    if (typeof release !== 'function') throw new Error('no lock')
    expect(release()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(0)
    expect(events).toEqual([{ type: 'store.failed', provider: 'acme', operation: 'release', reason: undefined }])
  })

  it('S3: a store takes half of a flight’s time at most, and less than two seconds', async () => {
    const { guarded, be } = createBench()
    be(all('hangs'))
    expect(await timed(guarded.get('k', planStoreBudget(0.2)), 1000)).toBe(100)
    expect(planStoreBudget(1)).toEqual({ left: 0.5, probesLeft: 0.05 })
    expect(planStoreBudget(60).left).toBe(1.8)
  })

  it('S3: a slow store has so much time in one flight, and no more', async () => {
    const slow = async (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, 60))
    const guarded = guardStore({ get: slow, set: slow, delete: slow }, 'acme', () => {})
    const time = planStoreBudget(0.2)
    const waits: number[] = []
    for (let turn = 0; turn < 5; turn += 1) waits.push(await timed(guarded.get('k', time), 100))
    expect(waits).toEqual([60, 40, 0, 0, 0])
    expect(time.left).toBeCloseTo(0)
  })

  it('S3: a flight that waited a little for one that is bad has the rest of its 50 ms', async () => {
    let takes = 0
    const slow = (): Promise<never> => new Promise((_, reject) => setTimeout(() => reject(new Error('down')), takes))
    const guarded = guardStore({ get: slow, set: slow, delete: slow }, 'acme', () => {})
    await timed(guarded.get('k', planStoreBudget(10)), 1000)
    const time = planStoreBudget(10)
    takes = 20
    expect(await timed(guarded.get('k', time), 1020)).toBe(20)
    takes = 100
    expect(await timed(guarded.get('k', time), 1000)).toBe(30)
  })

  it('S3: one flight waits for it 50 ms at most, however many tries it makes', async () => {
    const { guarded, be } = createBench()
    be(all('hangs'))
    await timed(guarded.get('k', planStoreBudget(10)), 3000)
    const time = planStoreBudget(10)
    const waits = [await timed(guarded.get('k', time), 3000), await timed(guarded.set('k', later(), time), 3000)]
    expect(waits[0]).toBe(50)
    expect(waits[1]).toBeLessThanOrEqual(1)
  })

  it('S3: a token that the store does not take costs other writes no more than a second', async () => {
    const memory = memoryStore()
    const set: TokenStore['set'] = async (key, token) => {
      if (key === 'large') throw new Error('too large')
      await memory.set(key, token)
    }
    const guarded = guardStore({ ...memory, set }, 'acme', () => {})
    await guarded.set('large', later(), planStoreBudget(10))
    await vi.advanceTimersByTimeAsync(1000)
    await guarded.set('k', later(), planStoreBudget(10))
    expect(await memory.get('k')).toBeDefined()
  })

  it('S3: one that does not answer is left alone, though it says at once that it cannot be written to', async () => {
    const { guarded, calls, be } = createBench()
    be({ get: 'hangs', set: 'fails' })
    await timed(guarded.get('k', planStoreBudget(10)), 2000)
    await guarded.set('k', later(), planStoreBudget(10))
    expect(await timed(guarded.get('k', planStoreBudget(10)), 100)).toBe(0)
    expect(calls).toEqual(['get k', 'set k'])
  })

  it('S3: a lock that it gives again says that it can be written to; what is read and deleted does not', async () => {
    const { guarded, be, events } = createBench(true)
    be({ lock: 'fails' })
    await guarded.lock('k', 1, planStoreBudget(10))
    be(all('works'))
    await vi.advanceTimersByTimeAsync(1000)
    await guarded.get('k', planStoreBudget(10))
    await guarded.delete('k', { expiresAt: 1 })
    expect(events).toEqual(['store.failed lock'])
    await vi.advanceTimersByTimeAsync(1000)
    await guarded.lock('k', 1, planStoreBudget(10))
    expect(events).toEqual(['store.failed lock', 'store.recovered'])
  })

  it('S3: a token that could not be written keeps nobody from reading the one that is there', async () => {
    const { guarded, memory, be, calls } = createBench()
    const token = later()
    await memory.set('k', token)
    be({ set: 'fails' })
    await guarded.set('k', later(), planStoreBudget(10))
    expect(await guarded.get('k', planStoreBudget(10))).toEqual(token)
    expect(calls).toEqual(['set k', 'get k'])
  })
})

describe('guarded store: its locks, its words and its timers', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })

  it('S2: it requests a lock for the given time, reports that another holds it, and releases it once', async () => {
    const release = vi.fn(async () => {})
    const lock = vi.fn<NonNullable<TokenStore['lock']>>(async () => ({ release }))
    const guarded = guardStore({ ...memoryStore(), lock }, 'acme', () => {})
    const held = await guarded.lock('k', 7, planStoreBudget(10))
    expect(lock.mock.calls).toEqual([['k', { ttl: 7 }]])
    if (typeof held !== 'function') throw new Error('no lock')
    held()
    held()
    await vi.waitFor(() => expect(release).toHaveBeenCalled())
    expect(release).toHaveBeenCalledTimes(1)
    lock.mockResolvedValue(undefined)
    expect(await guarded.lock('k', 7, planStoreBudget(10))).toBe('held')
  })

  it.each([
    ['EPIPE', Object.assign(new Error('redis://:password@host'), { code: 'EPIPE' }), 'EPIPE'],
    ['no code', new Error('redis://:password@host'), 'it gave no code'],
  ])('S3: subscribers get a failure with %s in our own words', async (_, failure, words) => {
    const seen: string[] = []
    const diagnostics: Diagnostics = {
      ...noDiagnostics,
      trace: async (_name, _message, work, describe) => {
        try {
          return await work()
        } catch (thrown) {
          seen.push(String(describe?.(thrown)))
          throw thrown
        }
      },
    }
    const broken: TokenStore = { ...memoryStore(), get: () => Promise.reject(failure) }
    await guardStore(broken, 'acme', () => {}, diagnostics).get('k', planStoreBudget(10))
    expect(seen).toEqual([`Error: the token store failed to get (${words})`])
  })
})
