import { describe, expect, it } from 'vitest'
import { planAttempt, planGrantRetry } from '../../src/acquire/retry.ts'
import { NightlatchError } from '../../src/errors.ts'

const passing = (retryAfter?: number): NightlatchError =>
  new NightlatchError('endpoint_unavailable', 'down', { retryable: true, retryAfter })

describe('planAttempt', () => {
  it('G7: an attempt gets two thirds of the time left, the last one all of it', () => {
    expect([planAttempt(1, 9), planAttempt(2, 3), planAttempt(3, 1)]).toEqual([6, 2, 1])
  })
})

describe('planGrantRetry', () => {
  it('G9: two retries, full jitter', () => {
    expect(planGrantRetry(passing(), 1, 10, 0)).toBe(0)
    expect(planGrantRetry(passing(), 1, 10, 0.5)).toBe(0.2)
    expect(planGrantRetry(passing(), 2, 10, 0.5)).toBe(0.4)
    expect(planGrantRetry(passing(), 3, 10, 0.5)).toBeUndefined()
  })

  it('G9: a failure that is not retryable is not retried', () => {
    expect(planGrantRetry(new NightlatchError('grant_refused', 'no'), 1, 10, 0)).toBeUndefined()
  })

  it("G9: the delay is at least the server's retryAfter, up to five seconds; a longer one is not retried", () => {
    expect(planGrantRetry(passing(2), 1, 10, 0)).toBe(2)
    expect(planGrantRetry(passing(5), 1, 10, 0)).toBe(5)
    expect(planGrantRetry(passing(5.1), 1, 10, 0.1)).toBeUndefined()
  })

  it('G9: clients with the same retryAfter do not retry together', () => {
    expect(planGrantRetry(passing(1), 1, 10, 0.5)).toBe(1.2)
    expect(planGrantRetry(passing(1), 2, 10, 0.5)).toBe(1.4)
    const tenants = Array.from({ length: 70 }, (_, index) => planGrantRetry(passing(1), 1, 10, index / 70))
    expect(new Set(tenants).size).toBe(70)
    expect(Math.min(...tenants.map((wait) => wait ?? 0))).toBe(1)
  })

  it('G9: no delay goes beyond the deadline', () => {
    expect(planGrantRetry(passing(3), 1, 3, 0)).toBeUndefined()
    expect(planGrantRetry(passing(3), 1, 3.1, 0)).toBe(3)
    expect(planGrantRetry(passing(3), 2, 3.5, 0.9)).toBe(3.25)
    expect(planGrantRetry(passing(), 1, 0, 0)).toBeUndefined()
    expect(planGrantRetry(passing(), 2, 0.4, 0.9)).toBe(0.2)
  })
})
