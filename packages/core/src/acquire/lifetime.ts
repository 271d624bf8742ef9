/** Ten years, in seconds. A longer 'lifetime' is an instant, or another unit, or a mistake. */
const longest = 10 * 365 * 24 * 3600

/** A second: a token that lives less could not be used, and would cost a grant per call. */
const shortest = 1

/**
 * A lifetime that may be believed: a number, or a string of digits, of seconds, in range. All else (negative, 0, `null`,
 * `"3600abc"`, a date) is unknown: never 'expired', never 'for ever', never half-parsed (rule R2).
 */
export function readLifetime(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  return typeof seconds === 'number' && seconds >= shortest && seconds <= longest ? seconds : undefined
}

/** Five minutes in milliseconds; a shorter lifetime in milliseconds is not told from one in seconds. */
const leastInMilliseconds = 300_000

const minute = 60_000
const day = 86_400

/**
 * Whether a lifetime in seconds looks like one in milliseconds: too long to be usual, and too round for its length. Days are
 * what real lifetimes of that length count by.
 */
export function looksLikeMilliseconds(expiresIn: unknown): boolean {
  const value = readLifetime(expiresIn)
  if (value === undefined || value < leastInMilliseconds || value % 1000 !== 0) return false
  return value % day !== 0 || value % minute === 0
}

/** What is known about a token's end when its answer has come; instants are milliseconds since the epoch. */
export interface LifetimeEvidence {
  /** From the answer, unjudged: seconds. */
  readonly expiresIn: unknown
  /** From the answer, unjudged: a Date, by the server's clock. */
  readonly expiresAt: unknown
  readonly accessToken: string
  /** The provider's, in seconds. */
  readonly defaultLifetime: number | undefined
  /** Before the request was sent: the token cannot have been issued earlier (rule R4). */
  readonly requestedAt: number
  /** When the answer's headers had come. */
  readonly answeredAt: number
  /** The answer's `Date` header. */
  readonly date: string | null
  /** The answer's `Age` header: seconds that it lay in a cache. */
  readonly age: string | null
}

/**
 * When a token expires: by its answer and its own `exp`, whichever is earlier, else by the one that is known, else by the
 * provider's default, else unknown (rule R3). What lay in a cache has lost its `Age`.
 *
 * @returns milliseconds since the epoch, by this machine's clock
 */
export function findExpiry(evidence: LifetimeEvidence): number | undefined {
  const { requestedAt } = evidence
  const age = readAge(evidence)
  const plausible = (instant: number | undefined): number | undefined =>
    instant !== undefined && readLifetime((instant - requestedAt) / 1000) !== undefined ? instant : undefined
  const after = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : requestedAt + Math.max(shortest, seconds - age) * 1000
  // What the server's clock says, by ours.
  const ours = (instant: number | undefined): number | undefined =>
    instant === undefined ? undefined : instant - readSkew(evidence)
  const { expiresAt } = evidence
  const named =
    after(readLifetime(evidence.expiresIn)) ??
    plausible(ours(expiresAt instanceof Date ? expiresAt.getTime() : undefined))
  const own = plausible(ours(readJwtExpiry(evidence)))
  if (named !== undefined && own !== undefined) return Math.min(named, own)
  return named ?? own ?? after(evidence.defaultLifetime)
}

/** How far the server's clock is ahead of ours, in milliseconds; none where it does not tell its time. */
function readSkew(evidence: LifetimeEvidence): number {
  const serverTime = Date.parse(evidence.date ?? '')
  // A cache keeps the `Date` of the answer.
  return Number.isNaN(serverTime) ? 0 : serverTime + readAge(evidence) * 1000 - evidence.answeredAt
}

/** @returns seconds; 0 where the answer did not lie in a cache */
function readAge({ age }: LifetimeEvidence): number {
  return age !== null && /^\d{1,10}$/.test(age) ? Number(age) : 0
}

/** A JWT's `exp`, read and not verified. */
function readJwtExpiry({ accessToken }: LifetimeEvidence): number | undefined {
  const parts = accessToken.split('.')
  if (parts.length !== 3) return undefined
  try {
    const payload = (parts[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0))
    // Of claims that are no object, `null` throws, and the others have no `exp`.
    const { exp } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly exp?: unknown }
    return typeof exp === 'number' ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}
