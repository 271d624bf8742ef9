import type { AcquiredToken, GrantTerms } from '../acquire/acquire-token.ts'
import { pause } from '../acquire/deadline.ts'
import type { SharedToken } from './shared-tokens.ts'

/** Seconds beyond the grant's deadline that a lock lasts: whoever holds it is done or gone by then (rule S2). */
const lockReserve = 5

/** Seconds between two looks at the store: the first, how they grow, and the longest, also behind the callers' backs. */
const firstLook = 0.025
const growth = 1.5
const longestLook = 0.25
const longestLookAhead = 1

/** What parts of its time a flight waits for the owner of the lock, and for one who steps in for the owner. */
const patienceByRank = [1 / 2, 3 / 4] as const

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
  /** Whether a token that others left serves this flight. */
  readonly serves: (found: AcquiredToken) => boolean
  /** Asks the authorization server, in what is left of the time, in seconds. */
  readonly ask: (seconds: number) => Promise<AcquiredToken>
  /** From 0 up to, but not including, 1; spreads those who wait. */
  readonly chance: () => number
}

/**
 * A token for all who share it: the one that others left, or one that a single process asks for while the others look into the
 * store until it is there (rule S2). They wait for the owner of the lock half of their time; then one of them steps in for it,
 * so that a process that died with the lock fails no call. Behind the callers' backs nobody steps in: the owner's flight serves
 * all, and its failure is theirs.
 */
export async function flyForFleet(shared: SharedToken, flight: FleetFlight): Promise<FoundToken> {
  const { terms, serves, ask, chance } = flight
  const began = performance.now()
  const secondsLeft = (): number => terms.timeout - (performance.now() - began) / 1000
  const look = async (): Promise<FoundToken | undefined> => {
    const found = await shared.read()
    return found !== undefined && serves(found) ? { found } : undefined
  }
  const grant = async (): Promise<FoundToken> => ({ found: await ask(secondsLeft()), shared })
  const longest = terms.ahead ? longestLookAhead : longestLook
  let rank = 0
  for (let turn = 0; ; turn += 1) {
    const left = await look()
    if (left !== undefined) return left
    const patience = patienceByRank[rank]
    const lock = patience === undefined ? undefined : await shared.lock(rank, secondsLeft() + lockReserve)
    if (lock === undefined || patience === undefined) return await grant()
    if (lock !== 'held') return await holding(lock, async () => (await look()) ?? (await grant()))
    await pause(Math.min(longest, firstLook * growth ** turn) * (0.5 + chance()), terms.signal)
    if (!terms.ahead && secondsLeft() < terms.timeout * (1 - patience)) rank += 1
  }

  async function holding(release: () => void, work: () => Promise<FoundToken>): Promise<FoundToken> {
    try {
      const token = await work()
      // Nobody takes what comes too late, and so nobody would let the lock go.
      terms.signal.throwIfAborted()
      return { ...token, release }
    } catch (failure) {
      release()
      throw failure
    }
  }
}
