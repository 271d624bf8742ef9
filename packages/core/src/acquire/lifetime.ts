import { readJwtClaims } from './jwt-claims.ts'

/**
 * Finds when a token expires: the earlier of the response's lifetime and the token's own `exp`, else the provider's default
 * (rule R3). An HTTP cache's `Age` shortens a lifetime.
 *
 * @returns milliseconds since the epoch, by this machine's clock; `undefined` if the lifetime is unknown
 */
export function findExpiry(evidence: LifetimeEvidence): number | undefined {
  const { requestedAt } = evidence
  const age = readAge(evidence)
  const after = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : requestedAt + Math.max(minLifetimeSeconds, seconds - age) * 1000
  const skew = readSkew(evidence)
  // By the server's clock; the lifetime of an instant that is NaN or implausible is unknown.
  const at = (instant: number): number | undefined =>
    readLifetime((instant - skew - requestedAt) / 1000) === undefined ? undefined : instant - skew
  const { expiresAt } = evidence
  const named =
    after(readLifetime(evidence.expiresIn)) ?? at(expiresAt instanceof Date ? expiresAt.getTime() : Number.NaN)
  const own = at(readJwtExpiry(evidence))
  if (named !== undefined && own !== undefined) return Math.min(named, own)
  return named ?? own ?? after(evidence.defaultLifetime)
}

/** Ten years. A longer value is an instant, another unit or a mistake. */
const maxLifetimeSeconds = 10 * 365 * 24 * 3600

/** A token with a shorter lifetime could not be used, and would cost a grant per call. */
const minLifetimeSeconds = 1

/**
 * Reads a lifetime in seconds from a number or a string of digits. An invalid lifetime (negative, 0, `null`, `"3600abc"`, a date)
 * counts as unknown, never as expired or endless (rule R2).
 */
export function readLifetime(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  return typeof seconds === 'number' && seconds >= minLifetimeSeconds && seconds <= maxLifetimeSeconds
    ? seconds
    : undefined
}

/** Five minutes. A shorter lifetime in milliseconds cannot be distinguished from one in seconds. */
const minSuspiciousMs = 300_000

const minuteMs = 60_000
const daySeconds = 86_400

/**
 * Whether a lifetime in seconds looks like one in milliseconds: unusually long, and a multiple of 1,000. Real lifetimes of that
 * length are whole days.
 */
export function looksLikeMilliseconds(expiresIn: unknown): boolean {
  const value = readLifetime(expiresIn) ?? 0
  if (value < minSuspiciousMs || value % 1000 !== 0) return false
  return value % daySeconds !== 0 || value % minuteMs === 0
}

/** The inputs to a token's expiry; instants are milliseconds since the epoch. */
export interface LifetimeEvidence {
  /** From the response, unchecked: seconds. */
  readonly expiresIn: unknown
  /** From the response, unchecked: a Date, by the server's clock. */
  readonly expiresAt: unknown
  readonly accessToken: string
  /** The provider's default, in seconds. */
  readonly defaultLifetime: number | undefined
  /** Before the request was sent, because the token cannot have been issued earlier (rule R4). */
  readonly requestedAt: number
  /** When the response's headers arrived. */
  readonly answeredAt: number
  /** The response's `Date` header. */
  readonly date: string | null
  /** The response's `Age` header: seconds that it spent in an HTTP cache. */
  readonly age: string | null
}

/** How far the server's clock is ahead of this machine's, in milliseconds; 0 without a `Date`. */
function readSkew(evidence: LifetimeEvidence): number {
  const serverTime = Date.parse(evidence.date ?? '')
  // An HTTP cache keeps the original `Date`, so its `Age` is added.
  return Number.isNaN(serverTime) ? 0 : serverTime + readAge(evidence) * 1000 - evidence.answeredAt
}

/** @returns seconds; 0 if the response did not come from an HTTP cache */
function readAge({ age }: LifetimeEvidence): number {
  return /^\d{1,10}$/.test(String(age)) ? Number(age) : 0
}

/** Reads a JWT's `exp`; NaN if it has none. */
function readJwtExpiry({ accessToken }: LifetimeEvidence): number {
  const { exp } = readJwtClaims(accessToken)
  return typeof exp === 'number' ? exp * 1000 : Number.NaN
}
