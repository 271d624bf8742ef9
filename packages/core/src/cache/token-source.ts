import type { AccessToken } from '../acquire/access-token.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import { grantIdentity } from './cache-key.ts'
import { usableUntil } from './freshness.ts'
import type { SharedTokens } from './shared-tokens.ts'
import { type Flight, takeOff, waitFor } from './single-flight.ts'

/** How one call for a token differs from the client's own. */
interface TokenSourceOptions {
  readonly signal?: AbortSignal | undefined
  /** `undefined`: what the client asks for. */
  readonly grant?: GrantRequest | undefined
  readonly rejected?: AccessToken | undefined
}

/** Where tokens come from. */
export interface TokenSource {
  token(options: TokenSourceOptions | undefined): Promise<AccessToken>
  forget(): Promise<void>
}

/** What is kept for one identity. */
interface Slot {
  readonly grant: GrantRequest
  cached: AccessToken | undefined
  /** Milliseconds since the epoch. */
  usableUntil: number
  flight: TokenFlight | undefined
}

interface TokenFlight extends Flight<AccessToken> {
  /** The token whose refusal this flight answers: who was refused the same one may join. */
  readonly rejected: string | undefined
  /** Whether what it brings may still be kept; not after a `forget`. */
  wanted: boolean
}

/** Identities a client keeps tokens for at once; the one not used for longest goes first. */
const mostSlots = 1000

/** What a token source is made of. */
export interface TokenSourceParts {
  /** What is asked for where a call says nothing else. */
  readonly defaultGrant: GrantRequest
  /** Asks the authorization server. */
  readonly acquire: (grant: GrantRequest) => Promise<AccessToken>
  /** `undefined`: tokens stay with this client. */
  readonly shared: SharedTokens | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** From "I need a token" to the one at hand: in memory, in the store, or from one shared grant. */
export function createTokenSource({ defaultGrant, acquire, shared, now }: TokenSourceParts): TokenSource {
  const defaultSlot = emptySlot(defaultGrant)
  const slots = new Map<string, Slot>([[grantIdentity(defaultGrant), defaultSlot]])

  const findSlot = (grant: GrantRequest): Slot => {
    const identity = grantIdentity(grant)
    const slot = slots.get(identity) ?? emptySlot(grant)
    slots.delete(identity)
    slots.set(identity, slot)
    if (slots.size > mostSlots) dropOldest()
    return slot
  }

  const dropOldest = (): void => {
    for (const [identity, slot] of slots) {
      if (slot === defaultSlot || slot.flight !== undefined) continue
      slots.delete(identity)
      return
    }
  }

  const fly = (slot: Slot, rejected: string | undefined): TokenFlight => {
    const before = slot.flight
    const work = async (): Promise<AccessToken> => {
      // Never two grants at once for one identity: a flight that may not be joined is waited for.
      await before?.settled
      try {
        const found = await findToken(slot.grant, rejected)
        if (flight.wanted) {
          slot.cached = found.token
          slot.usableUntil = found.until
        }
        if (flight.wanted && found.granted) await shared?.write(slot.grant, found.token, found.until)
        return found.token
      } finally {
        // The token is in its slot before the flight leaves it: no caller finds neither.
        if (slot.flight === flight) slot.flight = undefined
      }
    }
    const flight: TokenFlight = { rejected, wanted: true, ...takeOff(work) }
    slot.flight = flight
    return flight
  }

  /** A token others left in the store, unless it is the refused one; else a new one. */
  const findToken = async (
    grant: GrantRequest,
    rejected: string | undefined,
  ): Promise<{ token: AccessToken; until: number; granted: boolean }> => {
    const found = await shared?.read(grant)
    if (found !== undefined && found.token.value !== rejected && now() < found.until) {
      return { ...found, granted: false }
    }
    const startedAt = now()
    const token = await acquire(grant)
    return { token, until: usableUntil(token.expiresAt?.getTime(), startedAt), granted: true }
  }

  const replace = (slot: Slot, rejected: string): TokenFlight => {
    if (slot.cached?.value === rejected) slot.cached = undefined
    const { flight } = slot
    // A flight that began before the refusal may bring a token that was refused with it.
    return flight?.wanted && flight.rejected === rejected ? flight : fly(slot, rejected)
  }

  return {
    token(options) {
      const slot = options?.grant === undefined ? defaultSlot : findSlot(options.grant)
      const { cached } = slot
      const rejected = options?.rejected?.value
      const signal = options?.signal
      if (signal?.aborted) return Promise.reject(signal.reason)
      if (cached !== undefined && cached.value !== rejected && now() < slot.usableUntil) return Promise.resolve(cached)
      if (rejected !== undefined) return waitFor(replace(slot, rejected).result, signal)
      const flight = slot.flight?.wanted ? slot.flight : fly(slot, undefined)
      return waitFor(flight.result, signal)
    },
    async forget() {
      for (const slot of slots.values()) {
        slot.cached = undefined
        if (slot.flight !== undefined) slot.flight.wanted = false
      }
      if (shared !== undefined) await Promise.all([...slots.values()].map(({ grant }) => shared.forget(grant)))
    },
  }
}

function emptySlot(grant: GrantRequest): Slot {
  return { grant, cached: undefined, usableUntil: 0, flight: undefined }
}
