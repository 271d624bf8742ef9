import { type AccessToken, createAccessToken } from '../acquire/access-token.ts'
import type { StoredToken } from './token-store.ts'

/** Of what `toStored` writes. A later version that reads this one may; one that cannot takes it for a miss. */
const schema = 1

/**
 * A token as a store keeps it.
 *
 * @param keptUntil milliseconds since the epoch
 */
export function toStored(token: AccessToken, keptUntil: number): StoredToken {
  return {
    schema,
    expiresAt: keptUntil,
    value: token.value,
    type: token.type,
    ...(token.scopes === undefined ? {} : { scopes: [...token.scopes] }),
    ...(token.expiresAt === undefined ? {} : { endsAt: token.expiresAt.getTime() }),
    extra: token.extra,
  }
}

/** A token as a store gave it back; anything unreadable is a miss (rule S1). */
export function fromStored(stored: StoredToken | undefined): AccessToken | undefined {
  if (typeof stored !== 'object' || stored === null || stored.schema !== schema) return undefined
  const { value, type, scopes, endsAt, extra } = stored
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value) || typeof type !== 'string') return undefined
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((one) => typeof one === 'string')))
    return undefined
  if (endsAt !== undefined && !(typeof endsAt === 'number' && Number.isFinite(endsAt))) return undefined
  return createAccessToken({
    value,
    type,
    scopes,
    expiresAt: endsAt === undefined ? undefined : new Date(endsAt),
    extra: typeof extra === 'object' && extra !== null ? (extra as Record<string, unknown>) : {},
  })
}
