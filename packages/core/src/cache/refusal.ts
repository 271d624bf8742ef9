import type { NightlatchError } from '../errors.ts'

/** A refusal that calls are answered with for a while, instead of asking again (rule L7). */
export interface RememberedRefusal {
  readonly error: NightlatchError
  /** By the steady clock, in milliseconds. */
  readonly until: number
  /** How many in a row. */
  readonly count: number
}

/** Milliseconds; doubled with each refusal in a row, so that a looping caller cannot lock an account. */
const shortest = 2000
const longest = 30_000

/**
 * How long a failure is remembered: a refusal for good for seconds, a server's request to wait for as long as it asked
 * (a minute at most), and everything else, an unreadable answer above all, not at all.
 *
 * @param now by the steady clock, in milliseconds
 * @param before what was remembered so far
 */
export function planRefusal(
  error: NightlatchError,
  now: number,
  before: RememberedRefusal | undefined,
): RememberedRefusal | undefined {
  if (error.code === 'grant_refused' && !error.retryable) {
    const count = (before?.count ?? 0) + 1
    return { error, until: now + Math.min(longest, shortest * 2 ** (count - 1)), count }
  }
  if (error.retryable && error.retryAfter !== undefined && error.retryAfter > 0) {
    return { error, until: now + Math.min(60, error.retryAfter) * 1000, count: 0 }
  }
  return undefined
}
