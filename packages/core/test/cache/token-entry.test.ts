import { describe, expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import { planLife, planRetry } from '../../src/cache/freshness.ts'
import { TokenEntry } from '../../src/cache/token-entry.ts'
import { NightlatchError } from '../../src/errors.ts'
import type { RequestTask } from '../../src/platform/flight-request.ts'

const random = (): number => 0
const createEntry = (): TokenEntry => new TokenEntry({ scopes: [], parameters: {} })

/** A token of an hour, requested at so many milliseconds. */
function acquired(value: string, requestedAt = 1000): AcquiredToken {
  const token = createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })
  return { token, requestedAt, lifetimeMs: 3_600_000, refreshInMs: undefined }
}

/** An entry that holds the token `one`. */
function createFilled(): TokenEntry {
  const entry = createEntry()
  entry.accept(acquired('one'), 1000, random)
  return entry
}

const advisoryAt = 1000 + 3_600_000 - 30 * 60_000
const invalidScope = new NightlatchError('grant_refused', 'no', { error: 'invalid_scope' })
const hourLater = new NightlatchError('endpoint_unavailable', 'later', { retryable: true, retryAfter: 1800 })

describe('token entry', () => {
  it('holds nothing at first', () => {
    const entry = createEntry()
    expect([entry.token, entry.promise, entry.cachedFailure]).toEqual(Array(3).fill(undefined))
    expect(entry.busy).toBe(false)
    expect([entry.fresh(0), entry.copyUntil]).toEqual([undefined, 0])
    expect([entry.decide(0), entry.endsAt, entry.isIrreplaceable(0)]).toEqual(['request', 0, false])
  })

  it('L1: serves a fresh token by one promise for all callers', async () => {
    const entry = createEntry()
    const found = acquired('one')
    entry.accept(found, 1000, random)
    expect(entry.promise).toBe(entry.promise)
    expect(entry.fresh(2000)).toBe(entry.promise)
    expect(await entry.promise).toBe(found.token)
    expect(entry.decide(2000)).toBe('serve')
  })

  it('L2: a token is fresh until its refresh is due, and served until it expires', () => {
    const entry = createFilled()
    expect(entry.fresh(advisoryAt - 1)).toBe(entry.promise)
    expect(entry.fresh(advisoryAt)).toBeUndefined()
    expect(entry.copyUntil).toBe(advisoryAt)
    expect([advisoryAt - 1, advisoryAt, entry.endsAt - 1, entry.endsAt].map((now) => entry.decide(now))).toEqual([
      'serve',
      'serve-and-refresh',
      'serve-and-refresh',
      'request',
    ])
  })

  it('L6: after a failed refresh the token is served without another one until the backoff is over', () => {
    const entry = createFilled()
    const retryAt = entry.planRetry(3_000_000, random)
    expect(retryAt).toBeGreaterThan(3_000_000)
    entry.fail(undefined, retryAt, 3_000_000)
    expect([entry.decide(retryAt - 1), entry.decide(retryAt)]).toEqual(['serve', 'serve-and-refresh'])
    entry.accept(acquired('two', 2_000_000), 3_100_000, random)
    entry.fail(undefined, 0, 3_100_000)
    expect(entry.decide(retryAt)).toBe('serve')
  })

  it('L6: a new token ends a backoff', () => {
    const entry = createFilled()
    entry.fail(undefined, 3_590_000, 3_000_000)
    entry.accept(acquired('two', 1500), 3_100_000, random)
    expect(entry.decide(3_100_000)).toBe('serve-and-refresh')
  })

  it('L6: the backoff depends on the life of the token, not on when the entry was created', () => {
    const entry = createEntry()
    const found = acquired('one', 3_600_000)
    entry.accept(found, 3_600_000, random)
    const at = 3_600_000 + 2_000_000
    expect(entry.planRetry(at, random)).toBe(planRetry(planLife(found, 0), at, 0))
  })

  it('L7: a cached failure delays the background refresh, too', () => {
    const entry = createFilled()
    entry.fail(invalidScope, 0, 3_000_000)
    const { until = 0, error } = entry.cachedFailure ?? {}
    expect(error).toBe(invalidScope)
    expect([entry.decide(until - 1), entry.decide(until)]).toEqual(['serve', 'serve-and-refresh'])
  })

  it('L7: the later of backoff and cached failure counts', () => {
    const entry = createFilled()
    entry.fail(hourLater, 3_000_100, 3_000_000)
    expect(entry.cachedFailure?.until).toBe(3_060_000)
    expect([entry.decide(3_059_999), entry.decide(3_060_000)]).toEqual(['serve', 'serve-and-refresh'])
    entry.delayRetry(undefined)
    expect(entry.decide(3_059_999)).toBe('serve')
    entry.delayRetry({ error: hourLater, until: 3_070_000, count: 0 })
    expect([entry.decide(3_069_999), entry.decide(3_070_000)]).toEqual(['serve', 'serve-and-refresh'])
    entry.fail(invalidScope, 3_200_000, 3_080_000)
    expect([entry.decide(3_199_999), entry.decide(3_200_000)]).toEqual(['serve', 'serve-and-refresh'])
  })

  it('L7: final failures in a row are cached longer; one that is not this entry’s changes nothing', () => {
    const entry = createEntry()
    entry.fail(invalidScope, 0, 1000)
    entry.fail(undefined, 0, 1000)
    expect(entry.cachedFailure?.until).toBe(3000)
    entry.fail(invalidScope, 0, 3000)
    expect(entry.cachedFailure?.until).toBe(7000)
  })

  it('is described by the token while it is served, and not from its end on', () => {
    const entry = createFilled()
    const describeAt = (now: number) => entry.describe(now, undefined, (instant) => new Date(instant))
    expect(describeAt(entry.endsAt - 1)).toMatchObject({ state: 'stale', servedUntil: new Date(entry.endsAt) })
    expect(describeAt(entry.endsAt)).toMatchObject({ state: 'none', servedUntil: undefined })
    expect(describeAt(advisoryAt - 1).state).toBe('fresh')
    expect(describeAt(advisoryAt).state).toBe('stale')
    expect(createEntry().describe(0, undefined, (instant) => new Date(instant)).state).toBe('none')
  })

  it('L12: what is cleared holds no token', () => {
    const entry = createFilled()
    entry.clear(2000)
    expect([entry.token, entry.promise, entry.endsAt, entry.decide(2000)]).toEqual([undefined, undefined, 0, 'request'])
    expect([entry.fresh(2000), entry.copyUntil]).toEqual([undefined, 0])
  })

  it('L7: a cached failure outlasts a rejection, and nothing outlasts clearing', () => {
    const entry = createFilled()
    entry.fail(invalidScope, 0, 5000)
    entry.reject()
    expect(entry.cachedFailure?.error).toBe(invalidScope)
    entry.clear(5000)
    expect(entry.cachedFailure).toBeUndefined()
  })

  it('L5: a rejected token is served until another one is there', async () => {
    const entry = createFilled()
    const before = [entry.endsAt, entry.promise]
    entry.reject()
    expect([entry.endsAt, entry.promise]).toEqual(before)
    expect(entry.decide(2000)).toBe('serve')
    expect(entry.fresh(2000)).toBe(entry.promise)
    expect([advisoryAt, entry.endsAt].map((now) => entry.decide(now))).toEqual(['serve-and-refresh', 'request'])
    entry.accept(acquired('two', 2000), 2000, random)
    expect((await entry.fresh(3000))?.value).toBe('two')
  })

  it('L5: the failure of a replacement does not make the rejected token irreplaceable', () => {
    const entry = createFilled()
    entry.reject()
    entry.fail(undefined, 9_000_000, 3000)
    expect(entry.isIrreplaceable(3001)).toBe(false)
  })

  it('L6: after a request that callers waited for has failed, the next refresh is near', () => {
    const entry = createFilled()
    expect(entry.planRetry(1000, random, false)).toBe(1000 + (3_598_000 / 32) * 0.75)
    expect(entry.planRetry(1000, random)).toBeGreaterThan(1_000_000)
    expect(createEntry().planRetry(5000, random, false)).toBe(6000)
  })

  it('L5: while a request may replace the token, no copies of it are made', async () => {
    const entry = createFilled()
    const { promise, resolve } = Promise.withResolvers<AccessToken>()
    const flight = entry.flight()
    const joined = flight.join(() => promise)
    expect(entry.flight()).toBe(flight)
    expect(entry.busy).toBe(true)
    expect([entry.copyUntil, entry.fresh(2000)]).toEqual([0, entry.promise])
    resolve(acquired('two').token)
    await joined
    expect(entry.busy).toBe(false)
    expect(entry.copyUntil).toBe(advisoryAt)
    expect(entry.flight()).not.toBe(flight)
  })

  it('L12: what a request in flight brings after everything was dropped is not cached', async () => {
    const entry = createFilled()
    const isCacheable = await new Promise<boolean>((resolve) => {
      void entry.flight().join(async (request) => {
        entry.clear(2000)
        resolve(request.cacheable)
        return acquired('two').token
      })
    })
    expect(isCacheable).toBe(false)
  })

  it('cancels a background refresh, and no request that callers wait for', async () => {
    const aborted: boolean[] = []
    for (const background of [true, false]) {
      const entry = createFilled()
      entry.cancelRefresh()
      const task: RequestTask<AccessToken> = async ({ controller }) => {
        await Promise.resolve()
        aborted.push(controller.signal.aborted)
        return acquired('two').token
      }
      if (background) entry.flight().refresh(task)
      const joined = background ? undefined : entry.flight().join(task)
      entry.cancelRefresh()
      await joined
      await Promise.resolve()
    }
    expect(aborted).toEqual([true, false])
  })

  it('L2: a token lives long enough, or another one is worth a request', () => {
    const entry = createFilled()
    // Until 3,601,000.
    expect([1000, 1500, 2000].map((now) => entry.servesFor(3_600_000, now))).toEqual([true, true, false])
    expect([601_000, 601_001].map((now) => entry.servesFor(3_000_000, now))).toEqual([true, false])
    // Longer than a whole life: after an eighth of it.
    expect([450_999, 451_000].map((now) => entry.servesFor(3_600_001, now))).toEqual([true, false])
    entry.fail(undefined, 600_000, 500_000)
    expect([599_999, 600_000].map((now) => entry.servesFor(3_600_001, now))).toEqual([true, false])
    const unknown = createEntry()
    unknown.accept({ ...acquired('one'), lifetimeMs: undefined }, 1000, random)
    expect([31_000, 31_001].map((now) => unknown.servesFor(30_000, now))).toEqual([true, false])
    expect([8499, 8500].map((now) => unknown.servesFor(300_000, now))).toEqual([true, false])
    const brief = createEntry()
    brief.accept({ ...acquired('one'), lifetimeMs: 2000 }, 1000, random)
    expect([1999, 2000].map((now) => brief.servesFor(300_000, now))).toEqual([true, false])
  })

  it('L10: a rejected token that looks newer by a clock that was set back is not taken from the store', () => {
    const entry = createFilled()
    expect(entry.isNewer(acquired('one', 9000))).toBe(false)
    entry.reject()
    entry.fail(undefined, 5000, 4000)
    entry.reject()
    expect(entry.isNewer(acquired('one', 9000))).toBe(false)
    expect(entry.isNewer(acquired('two', 9000))).toBe(true)
  })

  it('S3: a token that was requested before the entry was cleared is stale, whichever client requested it', () => {
    const entry = createEntry()
    entry.clear(5000)
    const created = new TokenEntry({ scopes: [], parameters: {} }, 5000)
    for (const one of [entry, created]) {
      expect([4999, 5000, 5001].map((at) => one.isNewer(acquired('other', at)))).toEqual([false, false, true])
    }
  })

  it('is described with the end of its backoff until then', () => {
    const entry = createFilled()
    entry.fail(undefined, 3_000_000, 2_000_000)
    const retryAt = (now: number) => entry.describe(now, undefined, (instant) => new Date(instant)).retryAt
    expect([2_999_999, 3_000_000].map(retryAt)).toEqual([new Date(3_000_000), undefined])
  })

  it('L9: the same token again after a failed refresh is replaceable, because nobody rejected it', () => {
    const entry = createFilled()
    entry.fail(undefined, 0, 3_000_000)
    entry.accept(acquired('one', 3_100_000), 3_100_000, random)
    expect(entry.isIrreplaceable(3_100_001)).toBe(false)
  })

  it('L6: a failed refresh does not make a rejected token irreplaceable', () => {
    const entry = createFilled()
    entry.fail(undefined, 9_000_000, 3_000_000)
    expect(entry.isIrreplaceable(3_000_001)).toBe(false)
  })

  it('L9: a rejected token that the server returns again is irreplaceable for at least a second', () => {
    const entry = createFilled()
    entry.reject()
    entry.accept({ ...acquired('one', 2000), lifetimeMs: 4000 }, 2000, random)
    expect([entry.isIrreplaceable(2999), entry.isIrreplaceable(3000)]).toEqual([true, false])
    entry.accept(acquired('two', 2500), 2500, random)
    expect(entry.isIrreplaceable(2501)).toBe(false)
  })

  it('L9: the same token again, which nobody rejected, is replaceable, and not refreshed at once', () => {
    const entry = createFilled()
    entry.accept({ ...acquired('one'), refreshInMs: 1000 }, 3_000_000, random)
    expect(entry.isIrreplaceable(3_000_001)).toBe(false)
    expect(entry.decide(3_000_001)).toBe('serve')
    expect(entry.decide(3_000_000 + Math.ceil((599_000 / 32) * 0.75))).toBe('serve-and-refresh')
  })

  it('L9: a refresh that failed is none that returned the same token', () => {
    const ends = [false, true].map((fails) => {
      const entry = createFilled()
      if (fails) entry.fail(undefined, 1_800_000, 1_800_000)
      entry.reject()
      entry.accept(acquired('one', 2_000_000), 2_000_000, random)
      return Array.from({ length: 200 }, (_, second) => entry.isIrreplaceable(2_000_000 + second * 1000)).indexOf(false)
    })
    expect(ends[0]).toBeGreaterThan(1)
    expect(ends[1]).toBe(ends[0])
  })

  it('L14: an older token in the store, or the same, is not newer', () => {
    const entry = createEntry()
    expect(entry.isNewer(acquired('zero', -5000))).toBe(true)
    entry.accept(acquired('one', 1000), 1000, random)
    expect(entry.isNewer(acquired('zero', 999))).toBe(false)
    expect(entry.isNewer(acquired('one', 2000))).toBe(false)
    expect(entry.isNewer(acquired('two', 2000))).toBe(true)
    entry.accept(acquired('two', 2000), 2000, random)
    expect(entry.isNewer(acquired('one', 1500))).toBe(false)
    entry.accept(acquired('late', 1800), 2100, random)
    expect(entry.isNewer(acquired('one', 1900))).toBe(false)
    entry.reject()
    expect(entry.isNewer(acquired('zero', 1000))).toBe(false)
  })
})
