import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { guardStore, planStoreTime } from '../../src/cache/guarded-store.ts'
import { memoryStore } from '../../src/cache/memory-store.ts'
import type { TokenStore } from '../../src/cache/token-store.ts'
import { type Diagnostics, unseen } from '../../src/diagnostics.ts'
import type { ClientEvent } from '../../src/events.ts'

describe('guarded store', () => {
  it('S3: of a store that works nothing is told', async () => {
    const events: ClientEvent[] = []
    const guarded = guardStore(memoryStore(), 'acme', (event) => events.push(event))
    const token = { expiresAt: Date.now() + 60_000 }
    await guarded.set('k', token, planStoreTime(10))
    expect(await guarded.get('k', planStoreTime(10))).toEqual(token)
    await guarded.delete('k')
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
      const time = planStoreTime(10)
      if (operation === 'get') expect(await guarded.get('k', time)).toBeUndefined()
      if (operation === 'set') await guarded.set('k', { expiresAt: 1 }, time)
      if (operation === 'delete') await guarded.delete('k')
      if (operation === 'lock') expect(await guarded.lock('k', 1, time)).toBeUndefined()
      guarded.close()
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
    await guarded.get('k', planStoreTime(10))
    await late.set('k', { expiresAt: 1 }, planStoreTime(0.1))
    guarded.close()
    late.close()
    expect(events).toEqual([
      { type: 'store.failed', provider: 'acme', operation: 'get', reason: 'ECONNREFUSED' },
      { type: 'store.failed', provider: 'acme', operation: 'set', reason: 'timed_out' },
    ])
  })

  it('S3: what a store that failed a moment ago is given is not waited for', async () => {
    const hung = (): Promise<never> => new Promise(() => {})
    const guarded = guardStore({ get: hung, set: hung, delete: hung }, 'acme', () => {})
    await guarded.get('k', planStoreTime(0.1))
    const before = performance.now()
    await guarded.set('k', { expiresAt: 1 }, planStoreTime(10))
    expect(performance.now() - before).toBeLessThan(100)
  })

  it('S3: a healthy store has what it was given before the call goes on', async () => {
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    const guarded = guardStore({ ...memoryStore(), set: () => written }, 'acme', () => {})
    let isOver = false
    const writing = guarded.set('k', { expiresAt: 1 }, planStoreTime(10)).then(() => {
      isOver = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).toBe(false)
    write()
    await writing
    expect(isOver).toBe(true)
  })

  it('S3: a deletion may take a second, and no more', async () => {
    const slow = { ...memoryStore(), delete: () => new Promise<void>((resolve) => setTimeout(resolve, 300)) }
    const events: ClientEvent[] = []
    await guardStore(slow, 'acme', (event) => events.push(event)).delete('k')
    expect(events).toEqual([])
    const before = performance.now()
    await guardStore({ ...memoryStore(), delete: () => new Promise(() => {}) }, 'acme', () => {}).delete('k')
    expect(performance.now() - before).toBeLessThan(1500)
  })
})

describe('guarded store: one that is known to be bad', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  /** A store that works, hangs or fails, by operation, as told. */
  function createBench(locks = false, chance = 0) {
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
    const guarded = guardStore(
      store,
      'acme',
      (event) => events.push('operation' in event ? `${event.type} ${event.operation}` : event.type),
      { chance: () => chance },
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

  it('S3: it is tried once a second, and calls wait 50 ms for that at most, and nothing in between', async () => {
    const { calls, guarded, be, events } = createBench()
    be(all('hangs'))
    expect(await timed(guarded.get('k', planStoreTime(10)), 2000)).toBe(900)
    expect(calls).toHaveLength(1)
    const waits: number[] = []
    for (let turn = 0; turn < 40; turn += 1) waits.push(await timed(guarded.get('k', planStoreTime(10)), 100))
    expect(Math.max(...waits)).toBe(50)
    expect(waits.filter((wait) => wait > 0).length).toBeLessThanOrEqual(4)
    expect(calls.length).toBeLessThanOrEqual(5)
    expect(new Set(events)).toEqual(new Set(['store.failed get']))
  })

  it('L13: on Workers, where a timer ends with its request, what is pending is written after the next success', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { guarded, memory, be } = createBench()
    const token = later()
    be(all('fails'))
    await guarded.get('k', planStoreTime(10))
    await guarded.set('k', token, planStoreTime(10))
    expect(vi.getTimerCount()).toBe(0)
    be(all('works'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(await memory.get('k')).toBeUndefined()
    await guarded.get('other', planStoreTime(10))
    await vi.advanceTimersByTimeAsync(0)
    expect(await memory.get('k')).toEqual(token)
  })

  it('S3: the first try after it healed shares again, and tells', async () => {
    const { guarded, memory, be, events } = createBench()
    const token = later()
    await memory.set('k', token)
    be(all('fails'))
    await guarded.get('k', planStoreTime(10))
    be(all('works'))
    expect(await guarded.get('k', planStoreTime(10))).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1000)
    expect(await guarded.get('k', planStoreTime(10))).toEqual(token)
    expect(await guarded.get('k', planStoreTime(10))).toEqual(token)
    expect(events).toEqual(['store.failed get', 'store.recovered'])
  })

  it('S3: what was written and deleted meanwhile reaches it once it is back, without a call', async () => {
    const { guarded, memory, be } = createBench()
    be(all('hangs'))
    const token = later()
    await memory.set('gone', later())
    const writing = guarded.set('k', token, planStoreTime(10))
    await vi.advanceTimersByTimeAsync(1000)
    await writing
    await guarded.delete('gone')
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toBeUndefined()
    be(all('works'))
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toEqual(token)
    expect(await memory.get('gone')).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('S3: a newer token that others wrote meanwhile stays', async () => {
    const { guarded, memory, be } = createBench()
    be(all('fails'))
    await guarded.set('k', later(), planStoreTime(10))
    await vi.advanceTimersByTimeAsync(10)
    const newer = { ...later(), value: 'newer' }
    await memory.set('k', newer)
    be(all('works'))
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toEqual(newer)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('S3: of two tokens that could not be written the later one counts, and of many the latest', async () => {
    const { guarded, memory, be } = createBench()
    be(all('fails'))
    const last = { ...later(), value: 'last' }
    await guarded.set('k', later(), planStoreTime(10))
    await guarded.set('k', last, planStoreTime(10))
    for (let other = 0; other < 1000; other += 1) await guarded.set(`k${other}`, later(), planStoreTime(10))
    be(all('works'))
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toBeUndefined()
    expect(await memory.get('k0')).toBeDefined()
    expect(await memory.get('k999')).toBeDefined()
    be(all('fails'))
    await guarded.set('k', later(), planStoreTime(10))
    await guarded.set('k', last, planStoreTime(10))
    be(all('works'))
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toEqual(last)
  })

  it('S3: one that is full or read-only is still read, and left alone with locks', async () => {
    const { guarded, memory, be, calls, events } = createBench(true)
    const token = later()
    await memory.set('left', token)
    be({ set: 'fails', lock: 'fails' })
    await guarded.set('k', later(), planStoreTime(10))
    expect(await guarded.get('left', planStoreTime(10))).toEqual(token)
    expect(await guarded.lock('k', 1, planStoreTime(10))).toBeUndefined()
    expect(calls).toEqual(['set k', 'get left'])
    await vi.advanceTimersByTimeAsync(1000)
    await guarded.delete('left')
    expect(new Set(events)).toEqual(new Set(['store.failed set']))
    be(all('works'))
    await vi.advanceTimersByTimeAsync(3000)
    expect(events.at(-1)).toBe('store.recovered')
    expect(await memory.get('k')).toBeDefined()
  })

  it('S3: a deletion that works is no try to write: the lock that follows is asked for at once', async () => {
    const { guarded, be, events } = createBench(true)
    be({ delete: 'fails' })
    await guarded.delete('k')
    be(all('works'))
    await vi.advanceTimersByTimeAsync(5000)
    await guarded.delete('k')
    expect(events).toEqual(['store.failed delete'])
    expect(await guarded.lock('k', 1, planStoreTime(10))).not.toBeUndefined()
    expect(events.at(-1)).toBe('store.recovered')
  })

  it('S3: a lock that comes too late is given back', async () => {
    const { guarded, be, released } = createBench(true)
    be({ get: 'fails', lock: 'is late' })
    await guarded.get('k', planStoreTime(10))
    await vi.advanceTimersByTimeAsync(1000)
    const lock = guarded.lock('k', 1, planStoreTime(10))
    await vi.advanceTimersByTimeAsync(50)
    expect(await lock).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1000)
    expect(released).toEqual(['k'])
  })

  it.each([[null], ['yes'], [{}], [{ release: true }]])('S3: %j is no lock', async (answer) => {
    const store = { ...memoryStore(), lock: async () => answer } as unknown as TokenStore
    expect(await guardStore(store, 'acme', () => {}).lock('k', 1, planStoreTime(10))).toBeUndefined()
  })

  it('S3: nobody waits for a lock to be let go, and its failure is an event', async () => {
    const events: ClientEvent[] = []
    const store: TokenStore = {
      ...memoryStore(),
      lock: async () => ({ release: () => Promise.reject(new Error('down')) }),
    }
    const guarded = guardStore(store, 'acme', (event) => events.push(event))
    const release = await guarded.lock('k', 1, planStoreTime(10))
    if (typeof release !== 'function') throw new Error('no lock')
    expect(release()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(0)
    expect(events).toEqual([{ type: 'store.failed', provider: 'acme', operation: 'release', reason: undefined }])
  })

  it('L11: after close nothing is written behind anybody’s back', async () => {
    const { guarded, memory, be } = createBench()
    be(all('fails'))
    await guarded.set('k', later(), planStoreTime(10))
    guarded.close()
    expect(vi.getTimerCount()).toBe(0)
    be(all('works'))
    await guarded.set('k2', later(), planStoreTime(10))
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('S3: a store takes half of a flight’s time at most, and less than two seconds', async () => {
    const { guarded, be } = createBench()
    be(all('hangs'))
    expect(await timed(guarded.get('k', planStoreTime(0.2)), 1000)).toBe(100)
    expect(planStoreTime(1)).toEqual({ left: 0.5, leftWithBad: 0.05 })
    expect(planStoreTime(60).left).toBe(1.8)
  })

  it('S3: a slow store has so much time in one flight, and no more', async () => {
    const slow = async (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, 60))
    const guarded = guardStore({ get: slow, set: slow, delete: slow }, 'acme', () => {})
    const time = planStoreTime(0.2)
    const waits: number[] = []
    for (let turn = 0; turn < 5; turn += 1) waits.push(await timed(guarded.get('k', time), 100))
    expect(waits).toEqual([60, 40, 0, 0, 0])
    expect(time.left).toBeCloseTo(0)
  })

  it('S3: a flight that waited a little for one that is bad has the rest of its 50 ms', async () => {
    let takes = 0
    const slow = (): Promise<never> => new Promise((_, reject) => setTimeout(() => reject(new Error('down')), takes))
    const guarded = guardStore({ get: slow, set: slow, delete: slow }, 'acme', () => {})
    await timed(guarded.get('k', planStoreTime(10)), 1000)
    const time = planStoreTime(10)
    takes = 20
    expect(await timed(guarded.get('k', time), 1020)).toBe(20)
    takes = 100
    expect(await timed(guarded.get('k', time), 1000)).toBe(30)
  })

  it('S3: one flight waits for it 50 ms at most, however many tries it makes', async () => {
    const { guarded, be } = createBench()
    be(all('hangs'))
    await timed(guarded.get('k', planStoreTime(10)), 3000)
    const time = planStoreTime(10)
    const waits = [await timed(guarded.get('k', time), 3000), await timed(guarded.set('k', later(), time), 3000)]
    expect(waits[0]).toBe(50)
    expect(waits[1]).toBeLessThanOrEqual(1)
  })

  it.each([['purged'], ['replaced']])(
    'L12: a token that is %s while it is about to be written late is not written',
    async (what) => {
      const { guarded, memory, be } = createBench()
      be(all('fails'))
      await guarded.get('k', planStoreTime(10))
      await guarded.set('k', { ...later(), value: 'late' }, planStoreTime(10))
      be({ ...all('works'), get: 'answers late' })
      // The first try is not waited for; it succeeds after half a second, and now the store is read once more.
      await vi.advanceTimersByTimeAsync(1700)
      const newest = { ...later(), value: 'newest' }
      if (what === 'purged') await guarded.delete('k')
      else await guarded.set('k', newest, planStoreTime(10))
      await vi.advanceTimersByTimeAsync(5000)
      expect(await memory.get('k')).toEqual(what === 'purged' ? undefined : newest)
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  it('L12: a token that is purged while it is written late does not stay', async () => {
    const { guarded, memory, be } = createBench()
    be(all('fails'))
    await guarded.get('k', planStoreTime(10))
    await guarded.set('k', later(), planStoreTime(10))
    be({ ...all('works'), set: 'is late' })
    await vi.advanceTimersByTimeAsync(1200)
    await guarded.delete('k')
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('L12: what was forgotten while the store was away does not come back with it', async () => {
    const { guarded, memory, be } = createBench()
    await memory.set('k', later())
    be(all('fails'))
    await guarded.delete('k')
    be(all('works'))
    await vi.advanceTimersByTimeAsync(999)
    expect(await guarded.get('k', planStoreTime(10))).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(await guarded.get('k', planStoreTime(10))).toBeUndefined()
    expect(await memory.get('k')).toBeUndefined()
    const another = later()
    await memory.set('k', another)
    expect(await guarded.get('k', planStoreTime(10))).toEqual(another)
  })

  it('S3: a token that expired meanwhile is not written any more', async () => {
    const { guarded, memory, be, calls } = createBench()
    be(all('fails'))
    await guarded.set('k', later(Date.now() + 3000), planStoreTime(10))
    await vi.advanceTimersByTimeAsync(5000)
    be(all('works'))
    calls.length = 0
    await vi.advanceTimersByTimeAsync(5000)
    expect(calls).toEqual([])
    expect(await memory.get('k')).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('S3: a token that the store does not take keeps no other from it', async () => {
    const memory = memoryStore()
    const set: TokenStore['set'] = async (key, token) => {
      if (key === 'large') throw new Error('too large')
      await memory.set(key, token)
    }
    const guarded = guardStore({ ...memory, set }, 'acme', () => {}, { chance: () => 0 })
    await guarded.set('large', later(), planStoreTime(10))
    await guarded.set('k', later(), planStoreTime(10))
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toBeDefined()
    guarded.close()
  })

  it('L11: a token that is about to be written late is not written after close', async () => {
    const { guarded, memory, be } = createBench()
    be(all('fails'))
    await guarded.get('k', planStoreTime(10))
    await guarded.set('k', later(), planStoreTime(10))
    be({ ...all('works'), get: 'is late' })
    await vi.advanceTimersByTimeAsync(1700)
    guarded.close()
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toBeUndefined()
  })

  it('S3: one that does not answer is left alone, though it says at once that it cannot be written to', async () => {
    const { guarded, calls, be } = createBench()
    be({ get: 'hangs', set: 'fails' })
    await timed(guarded.get('k', planStoreTime(10)), 2000)
    await guarded.set('k', later(), planStoreTime(10))
    expect(await timed(guarded.get('k', planStoreTime(10)), 100)).toBe(0)
    expect(calls).toEqual(['get k', 'set k'])
    guarded.close()
  })

  it('S3: a lock that it gives again says that it can be written to; what is read and deleted does not', async () => {
    const { guarded, be, events } = createBench(true)
    be({ lock: 'fails' })
    await guarded.lock('k', 1, planStoreTime(10))
    be(all('works'))
    await vi.advanceTimersByTimeAsync(1000)
    await guarded.get('k', planStoreTime(10))
    await guarded.delete('k')
    expect(events).toEqual(['store.failed lock'])
    await vi.advanceTimersByTimeAsync(1000)
    await guarded.lock('k', 1, planStoreTime(10))
    expect(events).toEqual(['store.failed lock', 'store.recovered'])
  })

  it('S3: what is pending is tried again when chance has it, and once', async () => {
    const { guarded, memory, be, calls } = createBench(false, 0.5)
    be(all('fails'))
    const token = later()
    await guarded.set('k', token, planStoreTime(10))
    await guarded.delete('gone')
    be(all('works'))
    calls.length = 0
    await vi.advanceTimersByTimeAsync(1499)
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(calls).toEqual(['get k', 'set k', 'delete gone'])
    expect(await memory.get('k')).toEqual(token)
  })

  it('S3: a deletion that fails again is told as one', async () => {
    const { guarded, be, events } = createBench()
    be({ delete: 'fails' })
    await guarded.delete('k')
    await vi.advanceTimersByTimeAsync(1000)
    expect(events).toEqual(['store.failed delete', 'store.failed delete'])
    guarded.close()
  })

  it('S3: a token that could not be written keeps nobody from reading the one that is there', async () => {
    const { guarded, memory, be, calls } = createBench()
    const token = later()
    await memory.set('k', token)
    be({ set: 'fails' })
    await guarded.set('k', later(), planStoreTime(10))
    expect(await guarded.get('k', planStoreTime(10))).toEqual(token)
    expect(calls).toEqual(['set k', 'get k'])
    guarded.close()
  })

  it('S3: a token that could not be written gives way to a later one that could not, and to a purge', async () => {
    for (const what of ['a later one', 'a purge'] as const) {
      const { guarded, memory, be } = createBench()
      be(all('fails'))
      await guarded.set('k', later(), planStoreTime(10))
      be({ ...all('works'), get: what === 'a purge' ? 'fails late' : 'is late', set: 'fails' })
      // Late by now: it is asked whether the token is still to be written.
      await vi.advanceTimersByTimeAsync(1100)
      const last = { ...later(), value: 'last' }
      if (what === 'a purge') await guarded.delete('k')
      else await guarded.set('k', last, planStoreTime(10))
      await vi.advanceTimersByTimeAsync(1000)
      be(all('works'))
      await vi.advanceTimersByTimeAsync(5000)
      expect(await memory.get('k')).toEqual(what === 'a purge' ? undefined : last)
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it('L12: what was forgotten is deleted before anything else is asked about it', async () => {
    const { guarded, memory, be, calls, events } = createBench(false, 0.5)
    await memory.set('k', later())
    be(all('fails'))
    await guarded.delete('k')
    be({ get: 'works' })
    for (const how of ['fails', 'works']) {
      be({ delete: how })
      await vi.advanceTimersByTimeAsync(1000)
      calls.length = 0
      expect(await guarded.get('k', planStoreTime(10))).toBeUndefined()
      expect(calls).toEqual(['delete k'])
    }
    expect(events).toEqual(['store.failed delete', 'store.failed delete'])
    guarded.close()
  })

  it.each([
    ['is taken back later', false],
    ['gives way to the next, which could not be written either', true],
  ])('L12: a token that was purged while it was written late, and could not be taken back, %s', async (_, hasNext) => {
    const { guarded, memory, be, events } = createBench()
    be(all('fails'))
    await guarded.get('k', planStoreTime(10))
    await guarded.set('k', later(), planStoreTime(10))
    be({ ...all('works'), set: 'is late' })
    await vi.advanceTimersByTimeAsync(1200)
    await guarded.delete('k')
    const next = { ...later(), value: 'next' }
    if (hasNext) {
      be({ set: 'fails' })
      await guarded.set('k', next, planStoreTime(10))
      be({ set: 'works' })
    }
    be({ delete: 'fails' })
    await vi.advanceTimersByTimeAsync(400)
    expect((await memory.get('k'))?.value).toBeUndefined()
    expect(await memory.get('k')).toBeDefined()
    expect(events.at(-1)).toBe('store.failed delete')
    be({ delete: 'works' })
    if (!hasNext) expect(await guarded.get('k', planStoreTime(10))).toBeUndefined()
    await vi.advanceTimersByTimeAsync(5000)
    expect(await memory.get('k')).toEqual(hasNext ? next : undefined)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('L13: on Workers a catching-up that died with its request keeps no other from it', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { guarded, memory, be } = createBench()
    const token = later()
    be(all('fails'))
    await guarded.get('k', planStoreTime(10))
    await guarded.set('k', token, planStoreTime(10))
    for (const set of ['hangs', 'works']) {
      be({ ...all('works'), set })
      await vi.advanceTimersByTimeAsync(1000)
      await guarded.get('other', planStoreTime(10))
      await vi.advanceTimersByTimeAsync(0)
      vi.clearAllTimers()
      be(all('fails'))
      await guarded.get('other', planStoreTime(10))
    }
    expect(await memory.get('k')).toEqual(token)
  })

  it('L11: after close what others do to the store is no reason to write or delete what was pending', async () => {
    const { guarded, memory, be, calls } = createBench()
    be(all('fails'))
    await guarded.delete('gone')
    await guarded.set('k', later(), planStoreTime(10))
    guarded.close()
    be(all('works'))
    await vi.advanceTimersByTimeAsync(1000)
    calls.length = 0
    await guarded.set('last', later(), planStoreTime(10))
    await vi.advanceTimersByTimeAsync(5000)
    expect(calls).toEqual(['set last'])
    expect(await memory.get('last')).toBeDefined()
  })

  it('L11: a client that is closed in the middle of catching up ends it there', async () => {
    const { guarded, be, calls } = createBench()
    be(all('fails'))
    await guarded.get('k', planStoreTime(10))
    await guarded.delete('one')
    await guarded.delete('other')
    be({ ...all('works'), delete: 'is late' })
    calls.length = 0
    // The first try is not waited for; it succeeds after half a second, and then all is caught up with.
    await vi.advanceTimersByTimeAsync(1700)
    guarded.close()
    await vi.advanceTimersByTimeAsync(5000)
    expect(calls).toEqual(['delete one', 'delete other'])
  })
})

describe('guarded store: its locks, its words and its timers', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })

  it('S2: it asks for a lock as long as told, says when another holds it, and lets it go once', async () => {
    const release = vi.fn(async () => {})
    const lock = vi.fn<NonNullable<TokenStore['lock']>>(async () => ({ release }))
    const guarded = guardStore({ ...memoryStore(), lock }, 'acme', () => {})
    const held = await guarded.lock('k', 7, planStoreTime(10))
    expect(lock.mock.calls).toEqual([['k', { ttl: 7 }]])
    if (typeof held !== 'function') throw new Error('no lock')
    held()
    held()
    await vi.waitFor(() => expect(release).toHaveBeenCalled())
    expect(release).toHaveBeenCalledTimes(1)
    lock.mockResolvedValue(undefined)
    expect(await guarded.lock('k', 7, planStoreTime(10))).toBe('held')
  })

  it.each([
    ['EPIPE', Object.assign(new Error('redis://:password@host'), { code: 'EPIPE' }), 'EPIPE'],
    ['no code', new Error('redis://:password@host'), 'it gave no code'],
  ])('S3: who looks is told of a failure with %s in words of our own', async (_, failure, told) => {
    const seen: string[] = []
    const diagnostics: Diagnostics = {
      ...unseen,
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
    await guardStore(broken, 'acme', () => {}, { diagnostics }).get('k', planStoreTime(10))
    expect(seen).toEqual([`Error: the token store failed to get (${told})`])
  })

  it('L11: what is pending keeps no process alive, whatever the platform’s timers are', async () => {
    const unref = vi.fn()
    const unrefTimer = vi.fn()
    const platforms: [ReturnType<typeof setTimeout> | number, object | undefined][] = [
      [
        Object.assign(
          setTimeout(() => {}),
          { unref },
        ),
        undefined,
      ],
      [7, { unrefTimer }],
      [7, {}],
      [7, undefined],
    ]
    for (const [timer, Deno] of platforms) {
      vi.stubGlobal('Deno', Deno)
      vi.stubGlobal('setTimeout', () => timer)
      const guarded = guardStore({ ...memoryStore(), set: () => Promise.reject(new Error('full')) }, 'acme', () => {})
      await expect(guarded.set('k', { expiresAt: 1 }, planStoreTime(10))).resolves.toBeUndefined()
      guarded.close()
    }
    expect(unref).toHaveBeenCalledTimes(1)
    expect(unrefTimer.mock.calls).toEqual([[7]])
  })
})
