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
  /** When it was asked for. */
  readonly requestedAt: number
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
  /** What `drawTurn` drew for the token; absent: it is drawn by whoever plans. */
  readonly turn?: number | undefined
}

/** A token of unknown lifetime is kept for so long: long enough to be of use, short enough to be wrong about. */
const unknownLifetime = 60_000

/** Milliseconds: six hours are spread enough for any fleet, and a token of weeks is not thrown away at half its life. */
const widestWindow = 6 * 3600_000

/** How long before its end a token may be replaced: half its life, as long as that is no more than some hours. */
function refreshWindow(lifetime: number): number {
  return Math.min(widestWindow, lifetime / 2)
}

/** The latest time to replace a token, in last stretches before its end: a refresh needs time, and may fail. */
const latestRefresh = 3

/** The part of that time over which those spread who share a token, so that they do not all come to the store at once. */
const ownPart = 1 / 30

/**
 * Draws when a token is replaced, between the beginning of its window (0) and the latest time for that (1): once for each
 * token, so that all who share it agree. Were each of a thousand processes to draw for itself, the earliest would decide, and
 * that is hardly chance any more.
 *
 * A token that callers waited for may be one of thousands that were asked for in the same second, so it has a wide choice.
 * One that was fetched ahead keeps the last third of that time for an outage, and comes rather early than late, so that those
 * whose turn comes during an outage have time to come one after another when it is over.
 *
 * @param chance from 0 up to, but not including, 1
 * @param ahead whether nobody waited for the token
 */
export function drawTurn(chance: number, ahead: boolean): number {
  return ahead ? (2 / 3 - ownPart) * chance ** 1.5 : (1 - ownPart) * chance
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
 * Plans a token's life when it comes.
 *
 * @param chance from 0 up to, but not including, 1
 */
export function planLife(span: LifeSpan, chance: number): TokenLife {
  const { requestedAt, refreshIn } = span
  const lifetime = span.lifetime ?? unknownLifetime
  const end = requestedAt + lifetime
  const mandatoryAt = end - mandatoryWindow(lifetime)
  const opens = end - refreshWindow(lifetime)
  const passed = (span.turn ?? drawTurn(chance, false)) + chance * ownPart
  const hinted = refreshIn !== undefined && refreshIn < lifetime ? requestedAt + refreshIn : undefined
  const refreshAt =
    hinted === undefined
      ? opens + (end - latestRefresh * mandatoryWindow(lifetime) - opens) * passed
      : hinted + Math.max(0, mandatoryAt - hinted) * (passed / 8)
  return {
    requestedAt,
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
 * When a refresh that failed may be tried again: at random in what is left until the last stretch, and in that four times.
 * A token with much life left yields to those with little, so that after an outage they come one after another: with the
 * whole window left it waits for four fifths of it at least, with half of it or less for a quarter of that. Counted from the
 * attempt's start, so that one that hung has waited already.
 *
 * @param startedAt when the failed attempt began, by the steady clock
 * @param chance from 0 up to, but not including, 1
 */
export function planRetry(life: TokenLife, startedAt: number, chance: number): number {
  const { requestedAt, mandatoryAt, endsAt } = life
  const left = Math.max(0, mandatoryAt - startedAt)
  const atMost = Math.max(1, mandatoryAt - endsAt + refreshWindow(endsAt - requestedAt))
  const yielded = Math.max(1 / 4, (4 / 5) * Math.min(1, left / atMost) ** 2)
  const patience = left * (yielded + (1 - yielded) * chance)
  return startedAt + Math.max(patience, (endsAt - mandatoryAt) / 4, shortestPatience)
}

/** Milliseconds between refreshes as long as the server has no other token to give. */
const shortestSameAgain = 1000

/**
 * When a server that had nothing but the same token to give may be asked again: after a 32nd of what is left of it, for that
 * may be long and the API may have refused it, then after a 16th, and an eighth from then on.
 *
 * @param startedAt when the flight began that brought it, by the steady clock
 * @param times how often in a row there was no other, from 1
 * @param chance from 0 up to, but not including, 1
 */
export function planSameAgain(life: TokenLife, startedAt: number, times: number, chance: number): number {
  const part = Math.min(2 ** (times - 1) / 32, 1 / 8) * (0.75 + chance / 2)
  return startedAt + Math.max((life.endsAt - startedAt) * part, shortestSameAgain)
}
