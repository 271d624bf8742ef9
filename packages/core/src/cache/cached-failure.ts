import type { NightlatchError } from '../errors.ts'

/** A failure that calls get for a while instead of a new token request (rule L7). */
export interface CachedFailure {
  readonly error: NightlatchError
  /** Steady clock, in milliseconds. */
  readonly until: number
  /** How many final failures in a row. */
  readonly count: number
}

/** Doubled with each final failure in a row, so that a looping caller cannot lock an account. */
const firstFailureMs = 2000
const maxFailureMs = 30_000

const maxRetryAfterSeconds = 60

/**
 * How long a failure is cached: a final one for seconds, a server's request to wait for as long as it asked (at most a
 * minute), everything else not at all.
 *
 * @param now steady clock, in milliseconds
 */
export function planCachedFailure(
  error: NightlatchError,
  now: number,
  before: CachedFailure | undefined,
): CachedFailure | undefined {
  if (error.code === 'grant_refused' && !error.retryable) {
    const count = (before?.count ?? 0) + 1
    return { error, until: now + Math.min(maxFailureMs, firstFailureMs * 2 ** (count - 1)), count }
  }
  if (error.retryable && error.retryAfter !== undefined && error.retryAfter > 0) {
    return { error, until: now + Math.min(maxRetryAfterSeconds, error.retryAfter) * 1000, count: 0 }
  }
  return undefined
}
