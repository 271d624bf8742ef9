import { createAccessToken, isTokenValue } from '../acquire/access-token.ts'
import type { AcquiredToken } from '../acquire/acquire-token.ts'
import { planLife } from './freshness.ts'
import type { StoredToken } from './token-store.ts'

/**
 * Converts a token to the form in which a store holds it.
 *
 * @param accepted the credentials that may read it, from `addAccepted`
 */
export function toStored(acquired: AcquiredToken, accepted: readonly object[], { now, time }: Instant): StoredToken {
  const { token, requestedAt, lifetimeMs, refreshInMs, jitter } = acquired
  const toWall = (instant: number): number => Math.round(instant - time + now)
  return {
    schema,
    expiresAt: toWall(planLife(acquired, 0).endsAt),
    requestedAt: toWall(requestedAt),
    ...(lifetimeMs === undefined ? {} : { lifetime: lifetimeMs }),
    ...(refreshInMs === undefined ? {} : { refreshIn: refreshInMs }),
    ...(jitter === undefined ? {} : { jitter }),
    value: token.value,
    type: token.type,
    ...(token.scopes === undefined ? {} : { scopes: [...token.scopes] }),
    extra: token.extra,
    accepted,
  }
}

/** Converts what a store returned to a token; anything unreadable is a miss (rule S1). */
export function fromStored(stored: StoredToken | undefined, { now, time }: Instant): AcquiredToken | undefined {
  if (stored?.schema !== schema) return undefined
  const { value, type, scopes, requestedAt, lifetime, refreshIn, jitter, extra } = stored
  if (typeof value !== 'string' || !isTokenValue(value) || (type !== 'Bearer' && type !== 'DPoP')) return undefined
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((one) => typeof one === 'string')))
    return undefined
  // A token requested in the future: a clock is wrong, so its age is unknown.
  if (!isInstant(requestedAt) || requestedAt > now + maxClockDifferenceMs) return undefined
  if (!isDuration(lifetime) || !isDuration(refreshIn)) return undefined
  return {
    token: createAccessToken({
      value,
      type,
      scopes,
      expiresAt: lifetime === undefined ? undefined : new Date(requestedAt + lifetime),
      extra: typeof extra === 'object' && extra !== null ? (extra as Record<string, unknown>) : {},
    }),
    // The writer's clock may be a little ahead; the token cannot have been requested later than now.
    requestedAt: Math.min(requestedAt, now) - now + time,
    lifetimeMs: lifetime,
    refreshInMs: refreshIn,
    jitter: isPart(jitter) ? jitter : undefined,
  }
}

function isInstant(value: unknown): value is number {
  return Number.isFinite(value)
}

/** A token without a jitter gets one from its reader, so this is no reason to discard the token. */
function isPart(value: unknown): value is number {
  return isInstant(value) && value >= 0 && value < 1
}

function isDuration(value: unknown): value is number | undefined {
  return value === undefined || (isInstant(value) && value > 0)
}

/** The version of what `toStored` writes; a version that cannot be read is a miss. */
const schema = 1

/** By how much the clocks of the machines that share a store may differ. */
const maxClockDifferenceMs = 5000

/** One instant by both clocks, in milliseconds: stored tokens are dated by the wall clock, which all users of a store share. */
export interface Instant {
  readonly now: number
  readonly time: number
}
