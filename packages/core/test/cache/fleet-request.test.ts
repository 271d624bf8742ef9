import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import { acquireForFleet, type FleetRequest } from '../../src/cache/fleet-request.ts'
import type { FoundToken, StoreSlot } from '../../src/cache/store-slot.ts'
import { shareTokens } from '../../src/cache/token-sharing.ts'
import { networkTransport } from '../acquire/network-transport.ts'

const acquired = (value: string): AcquiredToken => ({
  token: createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} }),
  requestedAt: 0,
  lifetimeMs: undefined,
  refreshInMs: undefined,
})

/** One identity's token in a store with locks, which works as long as `canTell`. */
function createSlot() {
  const held = new Map<number, number>()
  const state = { stored: undefined as AcquiredToken | undefined, canTell: true, reads: 0, marker: 0 }
  const ttls: number[] = []
  const slot: StoreSlot = {
    async read() {
      state.reads += 1
      return state.stored
    },
    async write(found) {
      state.stored = found
    },
    async forget() {
      state.stored = undefined
    },
    async lock(takeover, ttl) {
      if (!state.canTell) return undefined
      ttls.push(ttl)
      if (held.has(takeover)) return 'held'
      held.set(takeover, ttl)
      return () => void held.delete(takeover)
    },
    async markFailure(seconds) {
      state.marker = seconds
    },
    isFailureMarked: async () => state.marker > 0,
  }
  return { slot, state, held, ttls }
}

/** A signal that aborts after so many milliseconds of virtual time. */
function abortAfter(milliseconds: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('the deadline passed')), milliseconds)
  return controller.signal
}

interface Options extends Partial<Omit<FleetRequest, 'terms'>> {
  readonly background?: boolean
  readonly signal?: AbortSignal
  /** Seconds that are left of `timeout`. */
  readonly left?: number
}

const requestOf = ({ background = false, left, signal, timeout = 10, ...more }: Options = {}): FleetRequest => ({
  terms: { signal: signal ?? abortAfter(60_000), seconds: left ?? timeout, background },
  timeout,
  serves: () => true,
  requestToken: async () => acquired('granted'),
  backoffSeconds: () => 120,
  isCacheable: () => true,
  random: () => 0.5,
  ...more,
})

/** An authorization server that grants a token at once, and notes how many seconds each request has. */
function createServer() {
  const asked: number[] = []
  const requestToken = async (seconds: number): Promise<AcquiredToken> => {
    asked.push(seconds)
    return acquired('granted')
  }
  return { asked, requestToken }
}

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Lets virtual time pass until the work settles; how long that took, in milliseconds. */
async function timed(work: Promise<unknown>, maxMs = 20_000): Promise<number> {
  const before = performance.now()
  let took = Number.POSITIVE_INFINITY
  void work.finally(() => (took = performance.now() - before)).catch(() => {})
  while (took === Number.POSITIVE_INFINITY && performance.now() - before < maxMs) await vi.advanceTimersByTimeAsync(1)
  return took
}

/** What a process of the fleet does with its token: writes it, and releases the lock. */
async function finish(found: Promise<FoundToken>): Promise<string> {
  const { found: token, slot, release } = await found
  await slot?.write(token)
  release?.()
  return token.token.value
}

describe('token request of a fleet', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('S2: the wait for another process ends when what is left is for the grant', async () => {
    const { slot } = createSlot()
    const lock = vi.spyOn(slot, 'lock')
    const startedAt = performance.now()
    await acquireForFleet(slot, requestOf({ timeout: 12, left: 10 }))
    expect(lock.mock.calls).toEqual([[0, 15, startedAt + 7_000]])
  })

  it('S2: a token that others wrote is taken, without a lock and without a grant', async () => {
    const { slot, state, ttls } = createSlot()
    state.stored = acquired('left')
    const { found, slot: toWrite, release } = await acquireForFleet(slot, requestOf())
    expect(found).toBe(state.stored)
    expect([toWrite, release, ttls]).toEqual([undefined, undefined, []])
  })

  it('S2: the process that asks holds the lock until others can find its token', async () => {
    const { slot, held, ttls } = createSlot()
    const { found, slot: toWrite, release } = await acquireForFleet(slot, requestOf())
    expect(found.token.value).toBe('granted')
    expect(toWrite).toBe(slot)
    expect([held.size, ttls]).toEqual([1, [15]])
    release?.()
    expect(held.size).toBe(0)
  })

  it('S2: the others wait for the store, and not for the server', async () => {
    const { slot } = createSlot()
    let asked = 0
    const requestToken = async (): Promise<AcquiredToken> => {
      asked += 1
      await later(100)
      return acquired('granted')
    }
    const all = Promise.all(
      Array.from({ length: 20 }, () => finish(acquireForFleet(slot, requestOf({ requestToken })))),
    )
    await timed(all)
    expect(new Set(await all)).toEqual(new Set(['granted']))
    expect(asked).toBe(1)
  })

  it('S2: a token that another process wrote between the read and the lock is taken', async () => {
    const { slot, state, held } = createSlot()
    const lock: StoreSlot['lock'] = async (...args) => {
      state.stored = acquired('left')
      return await slot.lock(...args)
    }
    const { found, slot: toWrite, release } = await acquireForFleet({ ...slot, lock }, requestOf())
    expect(found.token.value).toBe('left')
    expect(toWrite).toBeUndefined()
    release?.()
    expect(held.size).toBe(0)
  })

  it('S2: a token that does not serve is no reason to wait less', async () => {
    const { slot, state, held } = createSlot()
    state.stored = acquired('rejected')
    held.set(0, 15)
    setTimeout(() => {
      state.stored = acquired('another')
    }, 60)
    const serves = (found: AcquiredToken): boolean => found.token.value !== 'rejected'
    const waiting = acquireForFleet(slot, requestOf({ serves }))
    await timed(waiting)
    expect((await waiting).found.token.value).toBe('another')
  })

  it('S2: when the owner failed, the next in line asks', async () => {
    const { slot, held } = createSlot()
    held.set(0, 15)
    setTimeout(() => held.delete(0), 60)
    const waiting = acquireForFleet(slot, requestOf())
    expect(await timed(waiting)).toBeLessThan(500)
    expect((await waiting).found.token.value).toBe('granted')
  })

  it('S2: for an owner that died one of the others takes over, in time for all of them', async () => {
    const { slot, held } = createSlot()
    held.set(0, 15)
    const asked: number[] = []
    const requestToken = async (seconds: number): Promise<AcquiredToken> => {
      asked.push(seconds)
      await later(50)
      return acquired('granted')
    }
    const all = Promise.all(
      Array.from({ length: 5 }, () => finish(acquireForFleet(slot, requestOf({ timeout: 1, requestToken })))),
    )
    expect(await timed(all)).toBeGreaterThan(333)
    expect(new Set(await all)).toEqual(new Set(['granted']))
    expect(asked).toHaveLength(1)
    expect(asked[0]).toBeLessThanOrEqual(0.667)
    expect(asked[0]).toBeGreaterThan(0.6)
  })

  it('S2: when that one died, too, every process asks, in the time that is left', async () => {
    const { slot, state, held } = createSlot()
    held.set(0, 15)
    held.set(1, 15)
    const waiting = acquireForFleet(slot, requestOf({ timeout: 4 }))
    const took = await timed(waiting)
    expect((await waiting).release).toBeUndefined()
    expect(took).toBeGreaterThanOrEqual(3000)
    expect(took).toBeLessThan(3010)
    expect(state.reads).toBeLessThan(25)
  })

  /** What is kept for the grant of a call with so many seconds: a quarter, or a second, or half if that is less. */
  const reserveOf = (timeout: number): number => Math.max(timeout / 4, Math.min(1, timeout / 2))

  it.each([0.1, 0.4, 1, 1.7, 2, 2.9, 3, 5, 10, 600])(
    'S2: locks that are held for ever leave time for a grant to a call of %d s, however long its polls pause',
    async (timeout) => {
      for (const random of [0, 0.5, 0.999]) {
        const { slot, held } = createSlot()
        held.set(0, 15)
        held.set(1, 15)
        const { asked, requestToken } = createServer()
        const signal = abortAfter(timeout * 1000)
        const waiting = acquireForFleet(slot, requestOf({ timeout, signal, requestToken, random: () => random }))
        waiting.catch(() => {})
        await vi.advanceTimersByTimeAsync(timeout * 1000)
        expect((await waiting).found.token.value).toBe('granted')
        expect(asked[0]).toBeGreaterThan(reserveOf(timeout) - 0.005)
        expect(asked[0]).toBeLessThan(reserveOf(timeout) + 0.005)
      }
    },
  )

  it.each([0.2, 0.5, 1, 2, 2.9, 4, 10])(
    'S2, S3: nor does a store that is slow, too, take that time from a call of %d s',
    async (timeout) => {
      for (const milliseconds of [1, 20, 90, 200, 240, 410, 890, 2000]) {
        const slow = <T>(value: T): Promise<T> =>
          new Promise((resolve) => setTimeout(() => resolve(value), milliseconds))
        const store = { get: () => slow(undefined), set: () => slow(undefined), delete: () => slow(undefined) }
        const provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
        const locked = { ...store, lock: () => slow(undefined) }
        const credentials = { clientId: 'app', clientSecret: 'x' }
        const client = { read: async () => credentials, readOthers: async () => undefined }
        const signal = abortAfter(timeout * 1000)
        const { open } = shareTokens({
          provider,
          store: locked,
          transport: networkTransport,
          timeout,
          emit: () => {},
        })
        const slot = await open(client, { scopes: [], parameters: {} }, timeout, signal)
        const { asked, requestToken } = createServer()
        const waiting = acquireForFleet(slot, requestOf({ timeout, signal, requestToken }))
        waiting.catch(() => {})
        await vi.advanceTimersByTimeAsync(timeout * 1000)
        expect((await waiting).found.token.value).toBe('granted')
        // A pause comes between planning the store's time and its use.
        expect(asked[0]).toBeGreaterThan(reserveOf(timeout) * 0.75)
      }
    },
  )

  it.each([0.4, 1, 2.9, 10])(
    'S2, S3: a store that works is not reported for want of time, and gets the token of a call of %d s that took over',
    async (timeout) => {
      const events: unknown[] = []
      const quick = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 2))
      const written: unknown[] = []
      const store = {
        get: () => quick(undefined),
        set: async (_key: string, token: unknown) => void written.push(await quick(token)),
        delete: () => quick(undefined),
        lock: () => quick(undefined),
      }
      const provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
      const credentials = { clientId: 'app', clientSecret: 'x' }
      const client = { read: async () => credentials, readOthers: async () => undefined }
      const signal = abortAfter(timeout * 1000)
      const { open } = shareTokens({
        provider,
        store,
        transport: networkTransport,
        timeout,
        emit: (event) => events.push(event),
      })
      const slot = await open(client, { scopes: [], parameters: {} }, timeout, signal)
      const finished = finish(acquireForFleet(slot, requestOf({ timeout, signal })))
      await timed(finished)
      expect(written).toMatchObject([{ value: 'granted' }])
      expect(events).toEqual([])
    },
  )

  it.each([
    [0, 12.5],
    [0.8, 32.5],
  ])('S2: processes that wait poll at different times: with a random %d after %d ms', async (random, wait) => {
    const { slot, state, held } = createSlot()
    held.set(0, 15)
    const waiting = acquireForFleet(slot, requestOf({ random: () => random }))
    await vi.advanceTimersByTimeAsync(wait - 2)
    expect(state.reads).toBe(1)
    state.stored = acquired('left')
    await vi.advanceTimersByTimeAsync(4)
    expect((await waiting).found).toBe(state.stored)
  })

  it('S2: polls become rarer, up to a quarter of a second, or a second in the background', async () => {
    for (const [background, maxMs] of [
      [false, 250],
      [true, 1000],
    ] as const) {
      const { slot, held } = createSlot()
      held.set(0, 60)
      const at: number[] = []
      const read = async (): Promise<undefined> => void at.push(performance.now())
      const waiting = acquireForFleet({ ...slot, read }, requestOf({ timeout: 60, background }))
      waiting.catch(() => {})
      await vi.advanceTimersByTimeAsync(15_000)
      const waits = at.slice(1).map((time, index) => Math.round(time - (at[index] ?? 0)))
      expect(waits[0]).toBe(25)
      expect(waits[1]).toBe(37)
      expect(Math.max(...waits)).toBe(maxMs)
      await vi.advanceTimersByTimeAsync(60_000)
    }
  })

  it('S2: a request that was queued in its process waits for the store so much less', async () => {
    const { slot, held } = createSlot()
    held.set(0, 15)
    held.set(1, 15)
    const { asked, requestToken } = createServer()
    const waiting = acquireForFleet(slot, requestOf({ timeout: 10, left: 2, requestToken }))
    await timed(waiting)
    expect((await waiting).found.token.value).toBe('granted')
    expect(asked[0]).toBeGreaterThan(1.5)
  })

  it('S2: in the background nobody takes over from the owner', async () => {
    const { slot, held, state } = createSlot()
    held.set(0, 15)
    const waiting = acquireForFleet(slot, requestOf({ timeout: 0.2, background: true, signal: abortAfter(300) }))
    const failed = expect(waiting).rejects.toThrow('the deadline passed')
    expect(await timed(waiting)).toBe(300)
    await failed
    const { reads } = state
    await vi.advanceTimersByTimeAsync(5000)
    expect(state.reads).toBe(reads)
  })

  it('S2: a background refresh that fails does so for all, and nobody tries again while its failure is marked', async () => {
    const { slot, held, state } = createSlot()
    let asked = 0
    const refresh = (): Promise<FoundToken> =>
      acquireForFleet(
        slot,
        requestOf({
          background: true,
          requestToken: async () => {
            asked += 1
            throw new Error('down')
          },
        }),
      )
    await expect(refresh()).rejects.toThrow('down')
    expect([held.size, state.marker]).toEqual([0, 120])
    // What is left of the backoff is not made longer by those who find it.
    state.marker = 7
    await expect(refresh()).rejects.toThrow("another process's refresh just failed")
    expect([asked, held.size, state.marker]).toEqual([1, 0, 7])
    state.marker = 0
    await expect(refresh()).rejects.toThrow('down')
    expect(asked).toBe(2)
  })

  it('S2: the mark of a failure lasts a tenth of a second at least', async () => {
    const { slot, state } = createSlot()
    const failing = { background: true, requestToken: () => Promise.reject(new Error('down')) }
    await expect(acquireForFleet(slot, requestOf({ ...failing, backoffSeconds: () => -3 }))).rejects.toThrow('down')
    expect(state.marker).toBe(0.1)
  })

  it('S2: a process that died in the background costs the lock’s time, and not the backoff', async () => {
    const { slot, held, ttls, state } = createSlot()
    held.set(0, 15)
    setTimeout(() => held.delete(0), 60)
    const waiting = acquireForFleet(slot, requestOf({ background: true }))
    await timed(waiting)
    expect((await waiting).found.token.value).toBe('granted')
    expect(Math.max(...ttls)).toBeLessThanOrEqual(15)
    expect([[...held.keys()], state.marker]).toEqual([[0], 0])
  })

  it('S2: a marked failure keeps nobody waiting who needs a token', async () => {
    const { slot, held, state } = createSlot()
    state.marker = 120
    const needed = await acquireForFleet(slot, requestOf())
    expect(needed.found.token.value).toBe('granted')
    needed.release?.()
    expect([held.size, state.marker]).toEqual([0, 120])
  })

  it('S2: no failure is marked of a request that is too late to ask, nor of one that callers wait for', async () => {
    const { slot, held, state } = createSlot()
    const down = requestOf({ requestToken: () => Promise.reject(new Error('down')) })
    await expect(acquireForFleet(slot, down)).rejects.toThrow('down')
    held.set(0, 15)
    const late = acquireForFleet(slot, requestOf({ timeout: 0.1, background: true, signal: abortAfter(80) }))
    const failed = expect(late).rejects.toThrow('the deadline passed')
    await timed(late)
    await failed
    expect([[...held.keys()], state.marker]).toEqual([[0], 0])
  })

  it('S2: a cancelled refresh releases the lock, and one that waits for it takes it', async () => {
    const { slot, held, state } = createSlot()
    const controller = new AbortController()
    const cancelled = acquireForFleet(
      slot,
      requestOf({
        background: true,
        signal: controller.signal,
        requestToken: () =>
          new Promise((_, reject) => {
            controller.signal.addEventListener('abort', () => reject(controller.signal.reason))
          }),
        isCacheable: () => !controller.signal.aborted,
      }),
    )
    const waiting = acquireForFleet(slot, requestOf({ background: true }))
    const failed = expect(cancelled).rejects.toThrow('closed')
    setTimeout(() => controller.abort(new Error('closed')), 60)
    await timed(waiting)
    await failed
    const { found, release } = await waiting
    expect(found.token.value).toBe('granted')
    release?.()
    expect([held.size, state.marker]).toEqual([0, 0])
  })

  it('S2: a request that is too late when the store answers asks no more, and keeps no lock', async () => {
    const { slot, held } = createSlot()
    for (const [canLock, background] of [
      [true, false],
      [true, true],
      [false, false],
    ] as const) {
      const controller = new AbortController()
      let asked = 0
      const lock: StoreSlot['lock'] = async (...args) => {
        controller.abort(new Error('too late'))
        return canLock ? await slot.lock(...args) : undefined
      }
      const requestToken = async (): Promise<AcquiredToken> => {
        asked += 1
        return acquired('granted')
      }
      const late = requestOf({ background, signal: controller.signal, requestToken })
      await expect(acquireForFleet({ ...slot, lock }, late)).rejects.toThrow('too late')
      expect([asked, held.size]).toEqual([0, 0])
    }
  })

  it('S2: a request that is aborted after it has its token keeps no lock', async () => {
    const { slot, held } = createSlot()
    const controller = new AbortController()
    await acquireForFleet(slot, requestOf({ signal: controller.signal }))
    expect(held.size).toBe(1)
    controller.abort(new Error('cancelled'))
    expect(held.size).toBe(0)
  })

  it('S3: if the store cannot tell which process is first, each asks for itself', async () => {
    const { slot, state } = createSlot()
    state.canTell = false
    const { found, slot: toWrite, release } = await acquireForFleet(slot, requestOf())
    expect([found.token.value, toWrite, release]).toEqual(['granted', slot, undefined])
    expect(state.reads).toBe(1)
  })

  it('S2: a grant that fails releases the lock, and so does one that comes too late', async () => {
    const { slot, held } = createSlot()
    const failing = requestOf({ requestToken: () => Promise.reject(new Error('no')) })
    await expect(acquireForFleet(slot, failing)).rejects.toThrow('no')
    expect(held.size).toBe(0)
    const controller = new AbortController()
    const late = requestOf({
      signal: controller.signal,
      requestToken: async () => {
        controller.abort(new Error('too late'))
        return acquired('granted')
      },
    })
    await expect(acquireForFleet(slot, late)).rejects.toThrow('too late')
    expect(held.size).toBe(0)
  })
})
