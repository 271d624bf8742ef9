import type { AcquiredToken, GrantTerms } from '../acquire/acquire-token.ts'
import { pause } from '../platform/deadline.ts'
import type { ReleaseLock } from './guarded-store.ts'
import type { FoundToken, StoreSlot } from './store-slot.ts'

/**
 * Gets one token for a fleet, all processes that share a store: the one there, or one that a single process requests while the
 * others poll the store (rule S2). If the lock's owner does not deliver within half of the call's time (less for a short one), one of the others takes
 * over.
 *
 * Nothing takes a background refresh over. If it fails, its owner leaves a marker for the length of the backoff, which keeps the
 * other processes from trying one after another.
 */
export async function acquireForFleet(slot: StoreSlot, request: FleetRequest): Promise<FoundToken> {
  const { terms, timeout, serves, requestToken, backoffSeconds, isCacheable, random } = request
  const startedAt = performance.now()
  const secondsLeft = (): number => terms.seconds - (performance.now() - startedAt) / 1000
  const takeovers = planTakeovers(timeout)
  const waitUntil = startedAt + (terms.seconds - takeovers[1]) * 1000
  const maxPoll = terms.background ? maxBackgroundPollSeconds : maxPollSeconds
  let hasRequested = false
  let lock: ReleaseLock | 'held' | undefined
  try {
    const token = await obtain()
    // After the deadline no caller is left to release the lock.
    terms.signal.throwIfAborted()
    if (!isOwned(lock)) return token
    terms.signal.addEventListener('abort', lock)
    return { ...token, release: lock }
  } catch (failure) {
    if (isOwned(lock)) {
      if (terms.background && hasRequested && isCacheable()) {
        await slot.markFailure(Math.max(backoffSeconds(), minMarkerSeconds))
      }
      lock()
    }
    throw failure
  }

  async function obtain(): Promise<FoundToken> {
    let takeover = 0
    for (let polls = 0; ; polls += 1) {
      // What is left is for the grant: the store was read a moment ago, and may be slow.
      if (takeover === takeovers.length) return await grant()
      const stored = await read()
      if (stored !== undefined) return stored
      lock = await slot.lock(takeover, secondsLeft() + lockReserveSeconds, waitUntil)
      if (lock === undefined) return await grant()
      if (lock !== 'held') {
        // Another process may have written a token between the read and the lock.
        const storedSince = await read()
        if (storedSince !== undefined) return storedSince
        if (terms.background && (await slot.isFailureMarked())) {
          throw new Error("another process's refresh just failed; backing off")
        }
        return await grant()
      }
      const poll = Math.min(maxPoll, firstPollSeconds * pollGrowth ** polls) * (0.5 + random())
      const untilTakeover = terms.background ? poll : secondsLeft() - (takeovers[takeover] ?? 0)
      if (untilTakeover <= 0) takeover += 1
      else await pause(Math.min(poll, untilTakeover), terms.signal)
    }
  }

  async function read(): Promise<FoundToken | undefined> {
    const found = await slot.read()
    return found !== undefined && serves(found) ? { found } : undefined
  }

  async function grant(): Promise<FoundToken> {
    // The store may have taken longer than the deadline.
    terms.signal.throwIfAborted()
    hasRequested = true
    return { found: await requestToken(secondsLeft()), slot }
  }
}

/** One token request of a process in a fleet. */
export interface FleetRequest {
  readonly terms: GrantTerms
  /** Seconds per call. `terms.seconds` is what is left of them after waiting in the queue. */
  readonly timeout: number
  /** Whether a token found in the store answers this request. */
  readonly serves: (found: AcquiredToken) => boolean
  /** Requests a token from the authorization server within so many seconds. */
  readonly requestToken: (seconds: number) => Promise<AcquiredToken>
  /** Seconds from now without another background refresh, should this one fail. */
  readonly backoffSeconds: () => number
  /** `false` once the request was cancelled or purged. */
  readonly isCacheable: () => boolean
  /** From 0 up to, but not including, 1; spreads the polls. */
  readonly random: () => number
}

/** A lock outlasts the grant's deadline by this, so that its owner is done or gone when it expires (rule S2). */
const lockReserveSeconds = 5

/** Time between two polls of the store: the first, its growth, and the longest; a background refresh has time. */
const firstPollSeconds = 0.025
const pollGrowth = 1.5
const maxPollSeconds = 0.25
const maxBackgroundPollSeconds = 1

/** What a call keeps for its own grant while it waits for others: a part of its time, and a second if half of its time is more. */
const grantShare = 1 / 4
const minGrantSeconds = 1
const maxMinGrantShare = 1 / 2

/**
 * Seconds that a call has left when it takes over from the lock's owner, and then from the one that took over. However long
 * others hold the locks, the last leaves time for a grant.
 */
function planTakeovers(timeout: number): readonly [number, number] {
  const forGrant = Math.max(timeout * grantShare, Math.min(minGrantSeconds, timeout * maxMinGrantShare))
  return [timeout - ((timeout - forGrant) * 2) / 3, forGrant]
}

/** A short life has short backoffs; a marker that expires before others read it is of no use. */
const minMarkerSeconds = 0.1

function isOwned(lock: ReleaseLock | 'held' | undefined): lock is ReleaseLock {
  return typeof lock === 'function'
}
