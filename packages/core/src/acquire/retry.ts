import type { NightlatchError } from '../errors.ts'

/** Attempts after the first (rule G9). */
const maxRetries = 2

/**
 * How long one attempt may take: two thirds of the time left, so that time for another remains if the server hangs. The last
 * attempt takes all of it.
 *
 * @param attempt which one, from 1
 * @param secondsLeft until the grant's deadline
 * @returns seconds
 */
export function planAttempt(attempt: number, secondsLeft: number): number {
  return attempt > maxRetries ? secondsLeft : (secondsLeft * 2) / 3
}

/** If the server asks for a longer delay, the error says so, and nothing is retried. */
const maxDelaySeconds = 5

/** The longest delay before the first retry; it doubles with each. */
const firstDelaySeconds = 0.4

/**
 * The delay before a failed attempt is retried: what the server asked for, and full jitter on top of it.
 *
 * @param attempt which one failed, from 1
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
  // On top, so that clients that were given the same delay do not meet again. It is shortened rather than miss the deadline.
  return requested + Math.min(firstDelaySeconds * 2 ** (attempt - 1) * random, (secondsLeft - requested) / 2)
}
