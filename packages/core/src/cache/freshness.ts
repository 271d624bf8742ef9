/** Milliseconds for which a token of unknown lifetime is kept: long enough to be of use, short enough to be wrong about. */
const unknownLifetime = 60_000

/** At most this many milliseconds before its end a token is no longer handed out, for a request has to reach the API with it. */
const longestMargin = 30_000

/**
 * Until when a token is handed out: somewhat before its end, and never less than half its life (rule L2's bound).
 *
 * @param expiresAt the token's end; `undefined` where unknown
 * @param obtainedAt when it came; both in milliseconds since the epoch
 */
export function usableUntil(expiresAt: number | undefined, obtainedAt: number): number {
  if (expiresAt === undefined) return obtainedAt + unknownLifetime
  return expiresAt - Math.min(longestMargin, Math.max(0, expiresAt - obtainedAt) / 10)
}
