import { describe, expect, it } from 'vitest'
import { type CachedFailure, planCachedFailure } from '../../src/cache/cached-failure.ts'
import { type ErrorCode, NightlatchError, type NightlatchErrorDetails } from '../../src/errors.ts'

const failure = (code: ErrorCode, details?: NightlatchErrorDetails): NightlatchError =>
  new NightlatchError(code, 'no', details)

describe('planCachedFailure', () => {
  it('L7: a final failure is cached for two seconds, then twice as long each time, at most half a minute', () => {
    const error = failure('grant_refused', { error: 'unauthorized_client' })
    const waits: number[] = []
    let before: CachedFailure | undefined
    for (let count = 0; count < 7; count += 1) {
      before = planCachedFailure(error, 1000, before)
      waits.push((before?.until ?? 0) - 1000)
    }
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  it('G9: a retryAfter is cached, for at most a minute', () => {
    const wait = (retryAfter: number): number | undefined =>
      planCachedFailure(failure('grant_refused', { status: 429, retryable: true, retryAfter }), 0, undefined)?.until
    expect(wait(7)).toBe(7000)
    expect(wait(3600)).toBe(60_000)
    expect(wait(0)).toBeUndefined()
  })

  it.each([
    failure('response_unreadable'),
    failure('endpoint_unavailable', { retryable: true }),
    failure('endpoint_unavailable'),
    failure('timed_out', { retryable: true }),
    failure('discovery_failed'),
    failure('grant_refused', { retryable: true }),
    failure('response_unreadable', { retryAfter: 9 }),
  ])('L7: %s is not cached', (error) => {
    expect(planCachedFailure(error, 0, undefined)).toBeUndefined()
  })

  it('L7: another failure between two final ones restarts the count', () => {
    const refused = failure('grant_refused')
    const first = planCachedFailure(refused, 0, undefined)
    const second = planCachedFailure(refused, 0, planCachedFailure(failure('timed_out'), 0, first))
    expect(second?.until).toBe(2000)
  })
})
