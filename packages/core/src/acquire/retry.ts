import type { NightlatchError } from '../errors.ts'

/**
 * Plans the delay before a failed attempt is retried: the server's `retryAfter` plus full jitter.
 *
 * @param attempt the number of the failed attempt, from 1
 * @param secondsLeft until the grant's deadline
 * @param random at least 0, less than 1
 * @returns seconds, or `undefined` if a retry is of no use
 */
export function planGrantRetry(
  failure: NightlatchError,
  attempt: number,
  secondsLeft: number,
  random: number,
): number | undefined {
  if (!failure.retryable || attempt > maxRetries) return undefined
  const requested = failure.retryAfter ?? 0
  if (requested > maxDelaySeconds || requested >= secondsLeft) return undefined
  // Jitter is added to `retryAfter`, so that clients with the same delay spread out. It is shortened to meet the deadline.
  return requested + Math.min(firstJitterSeconds * 2 ** (attempt - 1) * random, (secondsLeft - requested) / 2)
}

/** Attempts after the first (rule G9). */
const maxRetries = 2

/**
 * Plans how long one attempt may take: two thirds of the time left, so that time for another remains if the server hangs. The
 * last attempt takes all of it.
 *
 * @param attempt its number, from 1
 * @param secondsLeft until the grant's deadline
 * @returns seconds
 */
export function planAttempt(attempt: number, secondsLeft: number): number {
  return attempt > maxRetries ? secondsLeft : (secondsLeft * 2) / 3
}

/** If the server requires a longer delay, the grant fails without a retry. */
const maxDelaySeconds = 5

/** The upper bound of the jitter before the first retry; it doubles with each retry. */
const firstJitterSeconds = 0.4
