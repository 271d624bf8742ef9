import type { AcquiredToken, GrantTerms } from '../acquire/acquire-token.ts'
import { pause } from '../platform/deadline.ts'
import type { ReleaseLock } from './guarded-store.ts'
import type { SharedToken } from './shared-tokens.ts'

/** Seconds beyond the grant's deadline that a lock lasts: whoever holds it is done or gone by then (rule S2). */
const lockReserve = 5

/** Seconds between two looks at the store: the first, how they grow, and the longest, also behind the callers' backs. */
const firstLook = 0.025
const growth = 1.5
const longestLook = 0.25
const longestLookAhead = 1

/** What parts of a call's time are over when a flight waits no more for the owner of the lock, and for one who steps in for the owner. */
const patienceByRank = [1 / 2, 3 / 4] as const

/** Seconds the mark of a refusal lasts at least: a short life has short backoffs. */
const shortestMark = 0.1

/** A token, and what is still to be done about it. */
export interface FoundToken {
  readonly found: AcquiredToken
  /** Where it is to be written; `undefined` where others have it already, or nobody shares it. */
  readonly shared?: SharedToken
  /** Lets others go on, once they can find it. */
  readonly release?: () => void
}

/** What one flight wants. */
export interface FleetFlight {
  readonly terms: GrantTerms
  /** Seconds a call may take, of which the flight's are what is left after those before it. */
  readonly timeout: number
  /** Whether a token that others left serves this flight. */
  readonly serves: (found: AcquiredToken) => boolean
  /** Asks the authorization server, in what is left of the time, in seconds. */
  readonly ask: (seconds: number) => Promise<AcquiredToken>
  /** Seconds from now for which nobody tries again behind the callers' backs, should this flight be such a one and fail. */
  readonly backoff: () => number
  /** Whether it was not broken off. */
  readonly isWanted: () => boolean
  /** From 0 up to, but not including, 1; spreads those who wait. */
  readonly chance: () => number
}

/**
 * A token for all who share it: the one that others left, or one that a single process asks for while the others look into the
 * store until it is there (rule S2). They wait for the owner of the lock half of their time; then one of them steps in for it,
 * so that a process that died with the lock fails no call.
 *
 * Behind the callers' backs nobody steps in: the owner's flight serves all, and its failure is theirs. So that a thousand
 * processes do not ask one after another what one of them was just refused, the owner then leaves a mark that lasts as long as
 * the backoff; whoever finds it has failed, too. A process that died leaves none, and its lock ends soon.
 */
export async function flyForFleet(shared: SharedToken, flight: FleetFlight): Promise<FoundToken> {
  const { terms, timeout, serves, ask, backoff, isWanted, chance } = flight
  const began = performance.now()
  const secondsLeft = (): number => terms.timeout - (performance.now() - began) / 1000
  const look = async (): Promise<FoundToken | undefined> => {
    const found = await shared.read()
    return found !== undefined && serves(found) ? { found } : undefined
  }
  let hasAsked = false
  const grant = async (): Promise<FoundToken> => {
    // Whoever waited for the store meanwhile may be too late to ask.
    terms.signal.throwIfAborted()
    hasAsked = true
    return { found: await ask(secondsLeft()), shared }
  }
  const longest = terms.ahead ? longestLookAhead : longestLook
  let lock: ReleaseLock | 'held' | undefined
  try {
    const token = await obtain()
    // Nobody takes what comes too late, and so nobody would let the lock go.
    terms.signal.throwIfAborted()
    if (!isOurs(lock)) return token
    terms.signal.addEventListener('abort', lock)
    return { ...token, release: lock }
  } catch (failure) {
    if (isOurs(lock)) {
      if (terms.ahead && hasAsked && isWanted()) await shared.lock('refused', Math.max(backoff(), shortestMark))
      lock()
    }
    throw failure
  }

  async function obtain(): Promise<FoundToken> {
    let rank = 0
    for (let looks = 0; ; looks += 1) {
      const left = await look()
      if (left !== undefined) return left
      const patience = patienceByRank[rank]
      if (patience === undefined) return await grant()
      lock = await shared.lock(rank, secondsLeft() + lockReserve)
      if (lock === undefined) return await grant()
      if (lock !== 'held') {
        // What another left between the look and the lock.
        const leftSince = await look()
        if (leftSince !== undefined) return leftSince
        if (terms.ahead && (await isMarked())) throw new Error('another of the fleet was refused a moment ago')
        return await grant()
      }
      if (!terms.ahead && secondsLeft() < timeout * (1 - patience)) rank += 1
      await pause(Math.min(longest, firstLook * growth ** looks) * (0.5 + chance()), terms.signal)
    }
  }

  async function isMarked(): Promise<boolean> {
    const mark = await shared.lock('refused', shortestMark)
    if (isOurs(mark)) mark()
    return mark === 'held'
  }
}

function isOurs(lock: ReleaseLock | 'held' | undefined): lock is ReleaseLock {
  return typeof lock === 'function'
}
