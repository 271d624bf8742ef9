import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import { flyForFleet } from '../../src/cache/fleet-flight.ts'
import type { SharedToken } from '../../src/cache/shared-tokens.ts'

const acquired = (value: string): AcquiredToken => ({
  token: createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} }),
  requestedAt: 0,
  lifetime: undefined,
  refreshIn: undefined,
})

/** One identity's token in a store that processes share, with locks that work as long as they are told to. */
function createShared() {
  const held = new Map<number | 'refused', number>()
  const state = { stored: undefined as AcquiredToken | undefined, canTell: true, reads: 0 }
  const ttls: number[] = []
  const shared: SharedToken = {
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
    async lock(rank, ttl) {
      if (!state.canTell) return undefined
      ttls.push(ttl)
      if (held.has(rank)) return 'held'
      held.set(rank, ttl)
      return () => void held.delete(rank)
    },
  }
  return { shared, state, held, ttls }
}

const flight = (more: { timeout?: number; ahead?: boolean; serves?: (found: AcquiredToken) => boolean } = {}) => ({
  terms: { signal: AbortSignal.timeout(20_000), timeout: more.timeout ?? 10, ahead: more.ahead ?? false },
  timeout: more.timeout ?? 10,
  serves: more.serves ?? (() => true),
  ask: async () => acquired('granted'),
  backoff: () => 120,
  isWanted: () => true,
  chance: () => 0.5,
})

afterEach(() => {
  vi.useRealTimers()
})

describe('flight for a fleet', () => {
  it('S2: what others left is taken, without a lock and without asking', async () => {
    const { shared, state, ttls } = createShared()
    state.stored = acquired('left')
    const { found, shared: toWrite, release } = await flyForFleet(shared, flight())
    expect(found).toBe(state.stored)
    expect([toWrite, release, ttls]).toEqual([undefined, undefined, []])
  })

  it('S2: whoever asks holds the lock until others can find what it got', async () => {
    const { shared, held, ttls } = createShared()
    const { found, shared: toWrite, release } = await flyForFleet(shared, flight())
    expect(found.token.value).toBe('granted')
    expect(toWrite).toBe(shared)
    expect(held.size).toBe(1)
    expect(ttls[0]).toBeGreaterThan(14.5)
    expect(ttls[0]).toBeLessThanOrEqual(15)
    release?.()
    expect(held.size).toBe(0)
  })

  it('S2: the others wait for the store, and not for the server', async () => {
    const { shared } = createShared()
    let asked = 0
    const ask = async (): Promise<AcquiredToken> => {
      asked += 1
      await new Promise((resolve) => setTimeout(resolve, 100))
      return acquired('granted')
    }
    const landed = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { found, shared: toWrite, release } = await flyForFleet(shared, { ...flight(), ask })
        await toWrite?.write(found)
        release?.()
        return found.token.value
      }),
    )
    expect(new Set(landed)).toEqual(new Set(['granted']))
    expect(asked).toBe(1)
  })

  it('S2: what another left between the look and the lock is taken', async () => {
    const { shared, state, held } = createShared()
    const lock: SharedToken['lock'] = async (...args) => {
      state.stored = acquired('left')
      return await shared.lock(...args)
    }
    const { found, shared: toWrite, release } = await flyForFleet({ ...shared, lock }, flight())
    expect(found.token.value).toBe('left')
    expect(toWrite).toBeUndefined()
    release?.()
    expect(held.size).toBe(0)
  })

  it('S2: a token that does not serve is no reason to wait less', async () => {
    const { shared, state, held } = createShared()
    state.stored = acquired('refused')
    held.set(0, 15)
    setTimeout(() => {
      state.stored = acquired('another')
    }, 60)
    const serves = (found: AcquiredToken): boolean => found.token.value !== 'refused'
    expect((await flyForFleet(shared, flight({ serves }))).found.token.value).toBe('another')
  })

  it('S2: when the owner failed, the next in line asks', async () => {
    const { shared, held } = createShared()
    held.set(0, 15)
    setTimeout(() => held.delete(0), 60)
    expect((await flyForFleet(shared, flight())).found.token.value).toBe('granted')
  })

  it('S2: for an owner who died one of the others steps in, in time for all of them', async () => {
    const { shared, held } = createShared()
    held.set(0, 15)
    let asked = 0
    const ask = async (seconds: number): Promise<AcquiredToken> => {
      asked += 1
      expect(seconds).toBeLessThanOrEqual(0.5)
      expect(seconds).toBeGreaterThan(0)
      await new Promise((resolve) => setTimeout(resolve, 50))
      return acquired('granted')
    }
    const landed = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { found, shared: toWrite, release } = await flyForFleet(shared, { ...flight({ timeout: 1 }), ask })
        await toWrite?.write(found)
        release?.()
        return found.token.value
      }),
    )
    expect(new Set(landed)).toEqual(new Set(['granted']))
    expect(asked).toBe(1)
  })

  it('S2: when that one died, too, everybody asks, in the time that is left', async () => {
    const { shared, state, held } = createShared()
    held.set(0, 15)
    held.set(1, 15)
    const began = performance.now()
    const { release } = await flyForFleet(shared, flight({ timeout: 0.4 }))
    expect(release).toBeUndefined()
    expect(performance.now() - began).toBeGreaterThan(280)
    expect(state.reads).toBeLessThan(10)
  })

  it.each([
    [0, 12.5],
    [0.8, 32.5],
  ])('S2: those who wait look at different times: by a chance of %d after %d ms', async (chance, wait) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const { shared, state, held } = createShared()
    held.set(0, 15)
    const waiting = flyForFleet(shared, { ...flight(), chance: () => chance })
    await vi.advanceTimersByTimeAsync(wait - 2)
    expect(state.reads).toBe(1)
    state.stored = acquired('left')
    await vi.advanceTimersByTimeAsync(4)
    expect((await waiting).found).toBe(state.stored)
  })

  it('S2: a flight that had to wait for another in its process waits for the store so much less', async () => {
    const { shared, held } = createShared()
    held.set(0, 15)
    held.set(1, 15)
    const asked = await flyForFleet(shared, {
      ...flight({ timeout: 2 }),
      timeout: 10,
      ask: async (seconds) => {
        expect(seconds).toBeGreaterThan(1.5)
        return acquired('granted')
      },
    })
    expect(asked.found.token.value).toBe('granted')
  })

  it('S2: behind the callers’ backs nobody steps in for the owner', async () => {
    const { shared, held, state } = createShared()
    held.set(0, 15)
    const waiting = flyForFleet(shared, {
      ...flight({ timeout: 0.2, ahead: true }),
      terms: { signal: AbortSignal.timeout(300), timeout: 0.2, ahead: true },
    })
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    const reads = state.reads
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(state.reads).toBe(reads)
  })

  it('S2: behind the callers’ backs one is refused on behalf of all, and nobody asks again before the backoff is over', async () => {
    const { shared, held, ttls } = createShared()
    let asked = 0
    const fly = (timeout: number) =>
      flyForFleet(shared, {
        ...flight(),
        terms: { signal: AbortSignal.timeout(timeout), timeout: 1, ahead: true },
        ask: async () => {
          asked += 1
          throw new Error('down')
        },
      })
    await expect(fly(1000)).rejects.toThrow('down')
    expect([...held]).toEqual([['refused', 120]])
    expect(ttls.at(-1)).toBe(120)
    await expect(fly(1000)).rejects.toThrow('refused a moment ago')
    expect(asked).toBe(1)
    expect([...held.keys()]).toEqual(['refused'])
    held.delete('refused')
    await expect(fly(1000)).rejects.toThrow('down')
    expect(asked).toBe(2)
  })

  it('S2: who died behind the callers’ backs costs the lock’s time, and not the backoff', async () => {
    const { shared, held, ttls } = createShared()
    held.set(0, 15)
    const waiting = flyForFleet(shared, flight({ ahead: true }))
    setTimeout(() => held.delete(0), 60)
    expect((await waiting).found.token.value).toBe('granted')
    expect(Math.max(...ttls)).toBeLessThanOrEqual(15)
    expect([...held.keys()]).toEqual([0])
  })

  it('S2: a refusal behind the callers’ backs makes nobody wait who needs a token', async () => {
    const { shared, held } = createShared()
    held.set('refused', 120)
    const needed = await flyForFleet(shared, flight())
    expect(needed.found.token.value).toBe('granted')
    needed.release?.()
    expect([...held.keys()]).toEqual(['refused'])
  })

  it('S2: nobody is marked as refused who was not: one that is too late, and one whose caller’s flight failed', async () => {
    const { shared, held } = createShared()
    const down = { ...flight(), ask: () => Promise.reject(new Error('down')) }
    await expect(flyForFleet(shared, down)).rejects.toThrow('down')
    held.set(0, 15)
    const late = { signal: AbortSignal.timeout(80), timeout: 0.1, ahead: true }
    await expect(flyForFleet(shared, { ...flight(), terms: late })).rejects.toMatchObject({ name: 'TimeoutError' })
    expect([...held.keys()]).toEqual([0])
  })

  it('S2: who is broken off gives up the lock, and one who waits for it takes it', async () => {
    const { shared, held } = createShared()
    const controller = new AbortController()
    const brokenOff = flyForFleet(shared, {
      ...flight(),
      terms: { signal: controller.signal, timeout: 10, ahead: true },
      ask: (): Promise<AcquiredToken> =>
        new Promise((_, reject) => {
          controller.signal.addEventListener('abort', () => reject(controller.signal.reason))
        }),
      isWanted: () => !controller.signal.aborted,
    })
    const waiting = flyForFleet(shared, flight({ ahead: true }))
    setTimeout(() => controller.abort(new Error('closed')), 60)
    await expect(brokenOff).rejects.toThrow('closed')
    const { found, release } = await waiting
    expect(found.token.value).toBe('granted')
    release?.()
    expect(held.size).toBe(0)
  })

  it('S2: who is too late when the store answers asks no more, and keeps no lock', async () => {
    const { shared, held } = createShared()
    for (const [canLock, ahead] of [
      [true, false],
      [true, true],
      [false, false],
    ] as const) {
      const controller = new AbortController()
      let asked = 0
      const lock: SharedToken['lock'] = async (...args) => {
        controller.abort(new Error('too late'))
        return canLock ? await shared.lock(...args) : undefined
      }
      const late = {
        ...flight(),
        terms: { signal: controller.signal, timeout: 10, ahead },
        ask: async () => {
          asked += 1
          return acquired('granted')
        },
      }
      await expect(flyForFleet({ ...shared, lock }, late)).rejects.toThrow('too late')
      expect([asked, held.size]).toEqual([0, 0])
    }
  })

  it('S2: a flight that ends between having its token and telling so keeps no lock', async () => {
    const { shared, held } = createShared()
    const controller = new AbortController()
    await flyForFleet(shared, { ...flight(), terms: { signal: controller.signal, timeout: 10, ahead: false } })
    expect(held.size).toBe(1)
    controller.abort(new Error('broken off'))
    expect(held.size).toBe(0)
  })

  it('S3: where the store cannot tell who is first, each asks for itself', async () => {
    const { shared, state } = createShared()
    state.canTell = false
    const { found, shared: toWrite, release } = await flyForFleet(shared, flight())
    expect([found.token.value, toWrite, release]).toEqual(['granted', shared, undefined])
    expect(state.reads).toBe(1)
  })

  it('S2: a grant that fails lets the lock go, and one that comes too late does', async () => {
    const { shared, held } = createShared()
    const failing = { ...flight(), ask: () => Promise.reject(new Error('no')) }
    await expect(flyForFleet(shared, failing)).rejects.toThrow('no')
    expect(held.size).toBe(0)
    const controller = new AbortController()
    const late = {
      ...flight(),
      terms: { signal: controller.signal, timeout: 10, ahead: false },
      ask: async () => {
        controller.abort(new Error('too late'))
        return acquired('granted')
      },
    }
    await expect(flyForFleet(shared, late)).rejects.toThrow('too late')
    expect(held.size).toBe(0)
  })
})
