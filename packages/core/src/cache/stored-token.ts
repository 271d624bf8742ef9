import { createAccessToken, isTokenValue } from '../acquire/access-token.ts'
import type { AcquiredToken } from '../acquire/acquire-token.ts'
import { planLife } from './freshness.ts'
import type { StoredToken } from './token-store.ts'

/** Of what `toStored` writes. A later version that reads this one may; one that cannot takes it for a miss. */
const schema = 1

/** Milliseconds by which the clocks of those who share a store may differ. */
const clockDifference = 5000

/** One instant by both clocks, in milliseconds: a store knows the wall clock only, which all its users share. */
export interface Instant {
  readonly now: number
  readonly time: number
}

/** A token as a store keeps it. */
export function toStored(acquired: AcquiredToken, { now, time }: Instant): StoredToken {
  const { token, requestedAt, lifetime, refreshIn, turn } = acquired
  const toWall = (instant: number): number => Math.round(instant - time + now)
  return {
    schema,
    expiresAt: toWall(planLife(acquired, 0).endsAt),
    requestedAt: toWall(requestedAt),
    ...(lifetime === undefined ? {} : { lifetime }),
    ...(refreshIn === undefined ? {} : { refreshIn }),
    ...(turn === undefined ? {} : { turn }),
    value: token.value,
    type: token.type,
    ...(token.scopes === undefined ? {} : { scopes: [...token.scopes] }),
    extra: token.extra,
  }
}

/** A token as a store gave it back; anything unreadable is a miss (rule S1). */
export function fromStored(stored: StoredToken | undefined, { now, time }: Instant): AcquiredToken | undefined {
  if (typeof stored !== 'object' || stored === null || stored.schema !== schema) return undefined
  const { value, type, scopes, requestedAt, lifetime, refreshIn, turn, extra } = stored
  if (typeof value !== 'string' || !isTokenValue(value) || (type !== 'Bearer' && type !== 'DPoP')) return undefined
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((one) => typeof one === 'string')))
    return undefined
  // One that was asked for in the future: a clock was set back, or is wrong, and nobody knows how old the token is.
  if (!isInstant(requestedAt) || requestedAt > now + clockDifference) return undefined
  if (!isDuration(lifetime) || !isDuration(refreshIn)) return undefined
  return {
    token: createAccessToken({
      value,
      type,
      scopes,
      expiresAt: lifetime === undefined ? undefined : new Date(requestedAt + lifetime),
      extra: typeof extra === 'object' && extra !== null ? (extra as Record<string, unknown>) : {},
    }),
    // Whoever left it may have a clock that is a little ahead: it cannot have been asked for later than now.
    requestedAt: Math.min(requestedAt, now) - now + time,
    lifetime,
    refreshIn,
    turn: isPart(turn) ? turn : undefined,
  }
}

function isInstant(value: unknown): value is number {
  return Number.isFinite(value)
}

/** Without one, whoever reads the token draws its own: no reason to throw the token away. */
function isPart(value: unknown): value is number {
  return isInstant(value) && value >= 0 && value < 1
}

function isDuration(value: unknown): value is number | undefined {
  return value === undefined || (isInstant(value) && value > 0)
}
