/**
 * What a token's age means. It is handed out in every state but `expired`; nobody waits for the authorization server while
 * it lives (rule L2).
 *
 * - `fresh`: it is handed out, and that is all.
 * - `advisory`: old enough to be replaced behind the callers' backs.
 * - `mandatory`: so near to its end that a backoff is cut short.
 * - `backing off`: to be replaced, but the last attempt failed a moment ago.
 * - `expired`: callers wait for another.
 */
export type Freshness = 'fresh' | 'advisory' | 'mandatory' | 'backing off' | 'expired'

/** The turning points of a token's life, in whole milliseconds by the steady clock. */
export interface TokenLife {
  /** From here on it is to be replaced. */
  readonly refreshAt: number
  /** From here on it is urgent. */
  readonly mandatoryAt: number
  /** From here on it is not handed out. */
  readonly endsAt: number
}

/** What a life is planned from; milliseconds. */
export interface LifeSpan {
  /** When the token was asked for, by the steady clock. */
  readonly requestedAt: number
  /** How long it is good for from then on; `undefined` where unknown. */
  readonly lifetime: number | undefined
  /** The server's own hint when to refresh, from the request on. */
  readonly refreshIn: number | undefined
}

/** A token of unknown lifetime is kept for so long: long enough to be of use, short enough to be wrong about. */
const unknownLifetime = 60_000

/** How long before its end a token is to be replaced: the AWS refresh specification's tiers, and never more than half its life. */
function advisoryWindow(lifetime: number): number {
  const minutes = lifetime <= 20 * 60_000 ? 5 : lifetime <= 90 * 60_000 ? 15 : 60
  return Math.min(minutes * 60_000, lifetime / 2)
}

/** The last stretch: a minute, or a twentieth of a short life. */
function mandatoryWindow(lifetime: number): number {
  return Math.min(60_000, lifetime / 20)
}

/** Refreshes that fail are never tried again sooner than this. */
const shortestPatience = 100

/** A request needs some time to reach the API: a fiftieth of a short life, two seconds of a long one. */
function travelTime(lifetime: number): number {
  return Math.min(2000, lifetime / 50)
}

/**
 * Plans a token's life when it comes. Chance spreads a fleet that got its tokens together over half of the window.
 *
 * @param chance from 0 up to, but not including, 1
 */
export function planLife(span: LifeSpan, chance: number): TokenLife {
  const { requestedAt, refreshIn } = span
  const lifetime = span.lifetime ?? unknownLifetime
  const end = requestedAt + lifetime
  const mandatoryAt = end - mandatoryWindow(lifetime)
  const hinted = refreshIn !== undefined && refreshIn < lifetime ? requestedAt + refreshIn : undefined
  const refreshAt =
    hinted === undefined
      ? end - advisoryWindow(lifetime) * (1 - chance / 2)
      : hinted + Math.max(0, mandatoryAt - hinted) * (chance / 8)
  return {
    refreshAt: Math.floor(Math.min(refreshAt, mandatoryAt)),
    mandatoryAt: Math.floor(mandatoryAt),
    endsAt: Math.floor(span.lifetime === undefined ? end : end - travelTime(lifetime)),
  }
}

/**
 * What a token's age means now: a pure function of its life, the time and the last failure.
 *
 * @param time by the steady clock
 * @param retryAt when a refresh may be tried again after one that failed; in the past where none did
 */
export function judgeFreshness(life: TokenLife, time: number, retryAt: number): Freshness {
  if (time >= life.endsAt) return 'expired'
  if (time < life.refreshAt) return 'fresh'
  if (time < retryAt) return 'backing off'
  return time < life.mandatoryAt ? 'advisory' : 'mandatory'
}

/**
 * When a refresh that failed may be tried again: an eighth of the window at first, then a quarter, and in the last stretch
 * four times in all. Counted from the attempt's start, so that one that hung has waited already.
 *
 * @param startedAt when the failed attempt began, by the steady clock
 * @param failures how many failed in a row, from 1
 * @param chance from 0 up to, but not including, 1
 */
export function planRetry(life: TokenLife, startedAt: number, failures: number, chance: number): number {
  const patience = (life.mandatoryAt - life.refreshAt) * Math.min(2 ** (failures - 1) / 8, 1 / 4) * (0.75 + chance / 2)
  const lastStretch = life.endsAt - life.mandatoryAt
  return Math.max(
    startedAt + Math.max(lastStretch / 4, shortestPatience),
    Math.min(startedAt + patience, life.mandatoryAt),
  )
}
