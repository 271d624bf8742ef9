import { describe, expect, it } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import { planLife, planRetry } from '../../src/cache/freshness.ts'
import { TokenSlot } from '../../src/cache/token-slot.ts'
import { NightlatchError } from '../../src/errors.ts'

const chance = (): number => 0
const none: ReadonlySet<string> = new Set()

/** A token of an hour, asked for at so many milliseconds. */
function acquired(value: string, requestedAt = 1000): AcquiredToken {
  const token = createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })
  return { token, requestedAt, lifetime: 3_600_000, refreshIn: undefined }
}

describe('token slot', () => {
  it('holds nothing at first', () => {
    const slot = new TokenSlot(undefined)
    expect([slot.held, slot.answer, slot.serveFresh(0), slot.judge(0)]).toEqual(Array(4).fill(undefined))
    expect(slot.flightsUnderWay).toBeUndefined()
  })

  it('L1: serves a fresh token by one promise for all', async () => {
    const slot = new TokenSlot(undefined)
    const found = acquired('one')
    slot.keep(found, 1000, none, chance)
    expect(slot.serveFresh(2000)).toBe(slot.serveFresh(3000))
    expect(await slot.serveFresh(2000)).toBe(found.token)
    expect(slot.judge(2000)).toBe('fresh')
  })

  it('L2: serves it no longer than it is fresh, and tells what its age means', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    const advisoryAt = 1000 + 3_600_000 - 30 * 60_000
    expect(slot.serveFresh(advisoryAt - 1)).toBeDefined()
    expect(slot.serveFresh(advisoryAt)).toBeUndefined()
    expect(slot.judge(advisoryAt)).toBe('advisory')
    expect(slot.judge(slot.endsAt)).toBe('expired')
  })

  it('L6: a failure counts until a token comes', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    slot.noteFailure(3_000_000 + slot.planBackoff(3_000_000, chance))
    expect(slot.retryAt).toBeGreaterThan(3_000_000)
    expect(slot.judge(slot.retryAt - 1)).toBe('backing off')
    slot.keep(acquired('two'), 3_100_000, none, chance)
    expect(slot.retryAt).toBe(0)
  })

  it('L6: how long a token that was asked for late yields goes by its own life', () => {
    const slot = new TokenSlot(undefined)
    const found = acquired('one', 3_600_000)
    slot.keep(found, 3_600_000, none, chance)
    const at = 3_600_000 + 2_000_000
    expect(at + slot.planBackoff(at, chance)).toBe(planRetry(planLife(found, 0), at, 0))
  })

  it('L7: a refusal holds back a refresh of a token that nothing went wrong with before', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    slot.noteRefusal(new NightlatchError('grant_refused', 'no', { error: 'invalid_scope' }), 3_000_000)
    expect(slot.retryAt).toBe(slot.refusal?.until)
    expect(slot.judge(slot.retryAt - 1)).toBe('backing off')
  })

  it('L12: what is cleared holds no token', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    slot.clear()
    expect([slot.held, slot.serveFresh(2000), slot.endsAt]).toEqual([undefined, undefined, 0])
  })

  it('L7: a refusal outlasts the token that is dropped, and nothing outlasts clearing', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    slot.noteRefusal(new NightlatchError('grant_refused', 'no', { error: 'invalid_scope' }), 5000)
    slot.drop()
    expect(slot.held).toBeUndefined()
    expect(slot.refusal?.error.error).toBe('invalid_scope')
    slot.clear()
    expect(slot.refusal).toBeUndefined()
  })

  it('L10: a refused token that looks newer by a clock that was set back is none to go back to', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    expect(slot.isNews(acquired('one', 9000))).toBe(false)
    slot.drop()
    slot.noteFailure(5000)
    slot.drop()
    expect(slot.isNews(acquired('one', 9000))).toBe(false)
    expect(slot.isNews(acquired('two', 9000))).toBe(true)
    slot.clear()
    expect(slot.isNews(acquired('one', 9000))).toBe(true)
  })

  it('L6: a failed refresh does not make a refused token the only one there is', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    slot.noteFailure(3_000_000 + slot.planBackoff(3_000_000, chance))
    expect(slot.sameAgain).toBe(false)
  })

  it('L7: behind the callers’ backs, too, nobody is asked before it is time', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    slot.noteFailure(3_000_000 + slot.planBackoff(3_000_000, chance))
    const before = slot.retryAt
    const late = new NightlatchError('endpoint_unavailable', 'later', { retryable: true, retryAfter: 1800 })
    slot.noteRefusal(late, before)
    expect(slot.retryAt).toBe(slot.refusal?.until)
    expect(slot.retryAt).toBeGreaterThan(before)
    slot.holdBack(undefined)
    expect(slot.retryAt).toBe(slot.refusal?.until)
  })

  it('L2: what is dropped has come to its end', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    slot.drop()
    expect([slot.endsAt, slot.judge(2000), slot.serveFresh(2000)]).toEqual([0, undefined, undefined])
  })

  it('L9: the same token again is asked for no sooner than a second later', () => {
    const slot = new TokenSlot(undefined)
    slot.keep(acquired('one'), 1000, none, chance)
    slot.keep(acquired('one'), 2000, new Set(['one']), chance)
    expect(slot.sameAgain).toBe(true)
    expect(slot.retryAt).toBeGreaterThanOrEqual(3000)
  })

  it('L9: a refresh that failed is none that brought the same token again', () => {
    const waits = [false, true].map((fails) => {
      const slot = new TokenSlot(undefined)
      slot.keep(acquired('one'), 1000, none, chance)
      if (fails) slot.noteFailure(1_800_000)
      slot.keep(acquired('one'), 2_000_000, none, chance)
      return slot.retryAt
    })
    expect(waits[1]).toBe(waits[0])
  })

  it('L14: an older token, or the same, is no news', () => {
    const slot = new TokenSlot(undefined)
    expect(slot.isNews(acquired('zero', -5000))).toBe(true)
    slot.keep(acquired('one', 1000), 1000, none, chance)
    expect(slot.isNews(acquired('zero', 999))).toBe(false)
    expect(slot.isNews(acquired('one', 2000))).toBe(false)
    expect(slot.isNews(acquired('two', 2000))).toBe(true)
    slot.keep(acquired('two', 2000), 2000, none, chance)
    expect(slot.isNews(acquired('one', 1500))).toBe(false)
    slot.keep(acquired('late', 1800), 2100, none, chance)
    expect(slot.isNews(acquired('one', 1900))).toBe(false)
    slot.drop()
    expect(slot.isNews(acquired('zero', 1000))).toBe(false)
    slot.clear()
    expect(slot.isNews(acquired('zero', 1000))).toBe(true)
  })

  it('keeps its flights as long as there are any', async () => {
    const slot = new TokenSlot(undefined)
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof acquired>['token']>()
    const first = slot.flights.join(() => promise)
    expect(slot.flightsUnderWay).toBe(slot.flights)
    resolve(acquired('one').token)
    await first
    expect(slot.flightsUnderWay).toBeUndefined()
  })
})
