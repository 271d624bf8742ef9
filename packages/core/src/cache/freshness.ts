/**
 * What a token's age means. It is served in every state but `expired`, so no caller waits for the authorization server while
 * the token lives (rule L2).
 *
 * - `fresh`: served.
 * - `advisory`: served, and refreshed in the background.
 * - `mandatory`: as `advisory`, and so near to its end that a backoff is cut short.
 * - `backing off`: due for a refresh, but the last attempt just failed.
 * - `expired`: callers wait for another token.
 */
export type Freshness = 'fresh' | 'advisory' | 'mandatory' | 'backing off' | 'expired'

/** The turning points of a token's life, in whole milliseconds of the steady clock. */
export interface TokenLife {
  readonly requestedAt: number
  /** A refresh is due from here on. */
  readonly refreshAt: number
  /** A refresh is urgent from here on. */
  readonly mandatoryAt: number
  /** The token is not served from here on. */
  readonly endsAt: number
}

/** What a life is planned from; milliseconds. */
export interface LifeSpan {
  /** When the token was requested, by the steady clock. */
  readonly requestedAt: number
  /** From the request on; `undefined` if unknown. */
  readonly lifetime: number | undefined
  /** When the server wants the token to be refreshed, from the request on. */
  readonly refreshIn: number | undefined
  /** What `drawJitter` drew for the token; default: drawn by the one who plans. */
  readonly jitter?: number | undefined
}

/** How long a token of unknown lifetime is cached: long enough to be of use, short enough to be wrong about. */
const unknownLifetimeMs = 60_000

/** Six hours spread any fleet, and a token of weeks is not discarded at half its life. */
const maxRefreshWindowMs = 6 * 3600_000

const maxMandatoryWindowMs = 60_000

/** A refresh starts at least so many mandatory windows before the end, because it takes time and may fail. */
const refreshMargin = 3

/** The part of the refresh window over which processes that share a token spread, so that they do not read the store at once. */
const localJitter = 1 / 30

/** Time between two failed refreshes, and between two that return the same token. */
const minRetryMs = 100
const minSameTokenMs = 1000

/** Time for a request to reach the API. */
const maxTravelMs = 2000

/** How long before its end a token may be refreshed: half its life, at most six hours. */
function refreshWindow(lifetime: number): number {
  return Math.min(maxRefreshWindowMs, lifetime / 2)
}

/** The last minute, or a twentieth of a short life. */
function mandatoryWindow(lifetime: number): number {
  return Math.min(maxMandatoryWindowMs, lifetime / 20)
}

/** Two seconds, or a fiftieth of a short life. */
function travelTime(lifetime: number): number {
  return Math.min(maxTravelMs, lifetime / 50)
}

/**
 * Draws when a token is refreshed, from 0 (the start of its window) to 1 (the latest time): once per token, because all who
 * share it must agree. A token fetched in the background is drawn from the first two thirds and rather early, so that the
 * last third remains as a reserve for outages.
 *
 * @param random from 0 up to, but not including, 1
 */
export function drawJitter(random: number, background: boolean): number {
  return background ? (2 / 3 - localJitter) * random ** 1.5 : (1 - localJitter) * random
}

/**
 * Plans the life of a new token.
 *
 * @param random from 0 up to, but not including, 1
 */
export function planLife(span: LifeSpan, random: number): TokenLife {
  const { requestedAt, refreshIn } = span
  const lifetime = span.lifetime ?? unknownLifetimeMs
  const end = requestedAt + lifetime
  const mandatoryAt = end - mandatoryWindow(lifetime)
  const opens = end - refreshWindow(lifetime)
  const passed = (span.jitter ?? drawJitter(random, false)) + random * localJitter
  const hinted = refreshIn !== undefined && refreshIn < lifetime ? requestedAt + refreshIn : undefined
  const refreshAt =
    hinted === undefined
      ? opens + (end - refreshMargin * mandatoryWindow(lifetime) - opens) * passed
      : hinted + Math.max(0, mandatoryAt - hinted) * (passed / 8)
  return {
    requestedAt,
    refreshAt: Math.floor(Math.min(refreshAt, mandatoryAt)),
    mandatoryAt: Math.floor(mandatoryAt),
    endsAt: Math.floor(span.lifetime === undefined ? end : end - travelTime(lifetime)),
  }
}

/** When a token expires; if its lifetime is unknown, when the cache drops it. */
export function expiryOf({ requestedAt, lifetime = unknownLifetimeMs }: LifeSpan): number {
  return requestedAt + lifetime
}

/**
 * Whether a token lives long enough for a caller, or is so new that another one would hardly live longer. If its whole life is
 * shorter than asked for, another one is worth a request only after an eighth of it, so that no caller causes a grant per call.
 *
 * @param minimumLifetime milliseconds from now
 */
export function livesLongEnough(requestedAt: number, expiresAt: number, minimumLifetime: number, now: number): boolean {
  if (expiresAt - now >= minimumLifetime) return true
  const lifetime = expiresAt - requestedAt
  return now - requestedAt < Math.max(minSameTokenMs, lifetime < minimumLifetime ? lifetime / 8 : 0)
}

/**
 * What a token's age means now: a pure function of its life, the time and the last failure.
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
 * When a failed refresh may be retried: at random in what is left until the mandatory window, and four times within it. A
 * token with its whole window left waits for at least four fifths of it, one with half or less for a quarter of that, so that
 * after an outage the tokens with little time come first.
 *
 * @param startedAt when the failed attempt started, so that one that hung has waited already
 * @param random from 0 up to, but not including, 1
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
 * When a server that returned the same token may be asked again: after a 32nd of what is left of the token's life, then a
 * 16th, then an eighth. That is not much, because the API may have rejected the token.
 *
 * @param startedAt when the request started that returned it
 * @param count how many times in a row, from 1
 * @param random from 0 up to, but not including, 1
 */
export function planSameToken(life: TokenLife, startedAt: number, count: number, random: number): number {
  const part = Math.min(2 ** (count - 1) / 32, 1 / 8) * (0.75 + random / 2)
  return startedAt + Math.max((life.endsAt - startedAt) * part, minSameTokenMs)
}
