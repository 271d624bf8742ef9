/**
 * Plans when a new token is refreshed and when it expires.
 *
 * @param random at least 0, less than 1
 */
export function planLife(span: LifeSpan, random: number): TokenLife {
  const { requestedAt, refreshInMs } = span
  const lifetime = span.lifetimeMs ?? unknownLifetimeMs
  const end = requestedAt + lifetime
  const mandatoryAt = end - mandatoryWindow(lifetime)
  const opens = end - refreshWindow(lifetime)
  const passed = (span.jitter ?? drawJitter(random, false)) + random * localJitter
  const hinted = refreshInMs !== undefined && refreshInMs < lifetime ? requestedAt + refreshInMs : undefined
  const refreshAt =
    hinted === undefined
      ? opens + (end - refreshMargin * mandatoryWindow(lifetime) - opens) * passed
      : hinted + Math.max(0, mandatoryAt - hinted) * (passed / 8)
  return {
    requestedAt,
    refreshAt: Math.floor(Math.min(refreshAt, mandatoryAt)),
    mandatoryAt: Math.floor(mandatoryAt),
    endsAt: Math.floor(span.lifetimeMs === undefined ? end : end - travelTime(lifetime)),
  }
}

/** The instants at which a token's state changes, in whole milliseconds of the steady clock. */
export interface TokenLife {
  readonly requestedAt: number
  /** A refresh is due from here on. */
  readonly refreshAt: number
  /** A refresh is urgent from here on. */
  readonly mandatoryAt: number
  /** The token is not served from here on. */
  readonly endsAt: number
}

/** The inputs of {@link planLife}, in milliseconds. */
export interface LifeSpan {
  /** When the token was requested, by the steady clock. */
  readonly requestedAt: number
  /** From the request on; `undefined` if unknown. */
  readonly lifetimeMs: number | undefined
  /** The server's hint when to refresh the token, from the request on. */
  readonly refreshInMs: number | undefined
  /** The token's result of {@link drawJitter}. Default: drawn anew. */
  readonly jitter?: number | undefined
}

/**
 * Draws once per token when it is refreshed, from 0 (the start of its window) to 1 (the latest time). A token fetched in the
 * background is refreshed within the first two thirds, so that the last third remains as a reserve for outages.
 *
 * @param random at least 0, less than 1
 */
export function drawJitter(random: number, background: boolean): number {
  return background ? (2 / 3 - localJitter) * random ** 1.5 : (1 - localJitter) * random
}

/**
 * Determines a token's state from its life, the time and the last failure.
 *
 * @param time steady clock, in milliseconds
 * @param retryAt when a refresh may be retried after a failed one; in the past if none failed
 */
export function judgeFreshness(life: TokenLife, time: number, retryAt: number): Freshness {
  if (time >= life.endsAt) return 'expired'
  if (time < life.refreshAt) return 'fresh'
  if (time < retryAt) return 'backing off'
  return time < life.mandatoryAt ? 'advisory' : 'mandatory'
}

/**
 * The state of a token. It is served in every state but `expired`, so that no caller waits while it is valid (rule L2).
 *
 * - `fresh`: served.
 * - `advisory`: served, and refreshed in the background.
 * - `mandatory`: like `advisory`, but close enough to its expiry that a backoff is cut short.
 * - `backing off`: due for a refresh, but the last attempt has just failed.
 * - `expired`: callers wait for another token.
 */
export type Freshness = 'fresh' | 'advisory' | 'mandatory' | 'backing off' | 'expired'

/** When a token expires; if its lifetime is unknown, when the cache drops it. */
export function expiryOf({ requestedAt, lifetimeMs = unknownLifetimeMs }: LifeSpan): number {
  return requestedAt + lifetimeMs
}

/**
 * Whether a token lives long enough for a caller, or is so new that another one would hardly live longer. If its whole life is
 * shorter than asked for, another one is worth a request only after an eighth of it, so that no caller causes a grant per call.
 *
 * @param minimumLifetime milliseconds from `time` on
 */
export function livesLongEnough(
  requestedAt: number,
  expiresAt: number,
  minimumLifetime: number,
  time: number,
): boolean {
  if (expiresAt - time >= minimumLifetime) return true
  const lifetime = expiresAt - requestedAt
  return time - requestedAt < Math.max(minSameTokenMs, lifetime < minimumLifetime ? lifetime / 8 : 0)
}

/**
 * Plans when a failed refresh is retried: at random within the time left until the mandatory window, and four times within it.
 * The more time a token has left, the larger the part of it that it waits, so that after an outage urgent tokens come first.
 *
 * @param startedAt when the failed attempt started, so that its duration counts as waiting time
 * @param random at least 0, less than 1
 */
export function planRetry(life: TokenLife, startedAt: number, random: number): number {
  const { requestedAt, mandatoryAt, endsAt } = life
  const left = Math.max(0, mandatoryAt - startedAt)
  const maxLeft = Math.max(1, mandatoryAt - endsAt + refreshWindow(endsAt - requestedAt))
  const minPart = Math.max(1 / 4, (4 / 5) * Math.min(1, left / maxLeft) ** 2)
  const wait = left * (minPart + (1 - minPart) * random)
  return startedAt + Math.max(wait, (endsAt - mandatoryAt) / 4, minRetryMs)
}

/**
 * Plans when a refresh may start after a failed request that callers waited for. It is after a 32nd of the remaining lifetime, and
 * after a second if there is less, or no token.
 *
 * @param startedAt when the failed request started
 * @param random at least 0, less than 1
 */
export function planForegroundRetry(life: TokenLife, startedAt: number, random: number): number {
  return planSameToken(life, startedAt, 1, random)
}

/**
 * Plans the next request to a server that returned the same token: after a 32nd of the remaining lifetime, then a 16th, then an
 * eighth. These delays are short, because the API may have rejected the token.
 *
 * @param startedAt when the request that returned it started
 * @param count how many times in a row, from 1
 * @param random at least 0, less than 1
 */
export function planSameToken(life: TokenLife, startedAt: number, count: number, random: number): number {
  const part = Math.min(2 ** (count - 1) / 32, 1 / 8) * (0.75 + random / 2)
  return startedAt + Math.max((life.endsAt - startedAt) * part, minSameTokenMs)
}

/** How long before its expiry a token may be refreshed: half its lifetime, at most six hours. */
function refreshWindow(lifetime: number): number {
  return Math.min(maxRefreshWindowMs, lifetime / 2)
}

/** The last minute, or a twentieth of a short lifetime. */
function mandatoryWindow(lifetime: number): number {
  return Math.min(maxMandatoryWindowMs, lifetime / 20)
}

/** Two seconds, or a fiftieth of a short lifetime. */
function travelTime(lifetime: number): number {
  return Math.min(maxTravelMs, lifetime / 50)
}

/** How long a token of unknown lifetime is cached. It is short, because the token may expire earlier. */
const unknownLifetimeMs = 60_000

/** Long enough to spread any fleet, and short enough that a token of weeks is used for most of its life. */
const maxRefreshWindowMs = 6 * 3600_000

const maxMandatoryWindowMs = 60_000

/** A refresh starts at least this many mandatory windows before expiry, because it takes time and may fail. */
const refreshMargin = 3

/** The part of the refresh window over which processes that share a token spread, so that they do not read the store at once. */
const localJitter = 1 / 30

/** The minimum time between two failed refreshes, and between two that return the same token. */
const minRetryMs = 100
const minSameTokenMs = 1000

/** The maximum allowance for a request to reach the API. */
const maxTravelMs = 2000
