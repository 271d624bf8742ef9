import type { NightlatchError } from '../errors.ts'

/** Attempts after the first (rule G9). */
const mostRetries = 2

/**
 * How long one attempt may take: two thirds of what is left, so that one that hangs leaves time for another, and a slow server
 * enough for its answer; the last takes all.
 *
 * @param attempt which one, from 1
 * @param secondsLeft until the grant's deadline
 * @returns seconds
 */
export function planAttempt(attempt: number, secondsLeft: number): number {
  return attempt > mostRetries ? secondsLeft : (secondsLeft * 2) / 3
}

/** Seconds: a server that asks for more is not waited for; the error says what it asked. */
const longestWait = 5

/** Seconds before the first retry, at most; twice that before the second. */
const firstWait = 0.4

/**
 * How long to wait before a failed attempt at a grant is repeated: what the server asked for, and full jitter on top of it.
 *
 * @param attempt which one failed, from 1
 * @param secondsLeft until the grant's deadline
 * @param chance from 0 up to, but not including, 1
 * @returns seconds, or `undefined` where a repetition would be of no use
 */
export function planRepetition(
  failure: NightlatchError,
  attempt: number,
  secondsLeft: number,
  chance: number,
): number | undefined {
  if (!failure.retryable || attempt > mostRetries) return undefined
  const asked = failure.retryAfter ?? 0
  if (asked > longestWait || asked >= secondsLeft) return undefined
  // On top of what the server asked for, so that clients that were told the same do not come back together.
  return asked + Math.min(firstWait * 2 ** (attempt - 1) * chance, (secondsLeft - asked) / 2)
}
