import type { NightlatchError } from '../errors.ts'

/** A failure that calls receive for some time instead of a new token request (rule L7). */
export interface CachedFailure {
  readonly error: NightlatchError
  /** Steady clock, in milliseconds. */
  readonly until: number
  /** The number of final failures in a row. */
  readonly count: number
}

/**
 * Plans how long a failure is cached: 2 to 30 seconds for a final one, which no retry mends, its `Retry-After` for one that has it (at most a minute).
 * Others are not cached.
 *
 * @param time steady clock, in milliseconds
 */
export function planCachedFailure(
  error: NightlatchError,
  time: number,
  before: CachedFailure | undefined,
): CachedFailure | undefined {
  if (error.code === 'grant_refused' && !error.retryable) {
    const count = (before?.count ?? 0) + 1
    return { error, until: time + Math.min(maxFailureMs, firstFailureMs * 2 ** (count - 1)), count }
  }
  const { retryAfter = 0 } = error
  if (error.retryable && retryAfter > 0) {
    return { error, until: time + Math.min(maxRetryAfterSeconds, retryAfter) * 1000, count: 0 }
  }
  return undefined
}

/** It doubles with each final failure in a row, so that a caller in a loop cannot lock an account. */
const firstFailureMs = 2000
const maxFailureMs = 30_000

const maxRetryAfterSeconds = 60
