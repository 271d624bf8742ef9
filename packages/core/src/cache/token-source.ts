import type { AccessToken } from '../acquire/access-token.ts'
import { type AcquiredToken, type CredentialsOf, type GrantTerms, isClientRefused } from '../acquire/acquire-token.ts'
import { waitFor, withDeadline } from '../acquire/deadline.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import { LatchkeyError } from '../errors.ts'
import { grantIdentity } from './cache-key.ts'
import { judgeFreshness, planLife, planRetry, type TokenLife } from './freshness.ts'
import { planRefusal, type RememberedRefusal } from './refusal.ts'
import type { SharedTokens } from './shared-tokens.ts'
import { type Flight, FlightQueue } from './single-flight.ts'

/** How one call for a token differs from the client's own. */
interface TokenSourceOptions {
  readonly signal?: AbortSignal | undefined
  /** `undefined`: what the client asks for. */
  readonly grant?: GrantRequest | undefined
  readonly rejected?: AccessToken | undefined
}

/** What the token sources of a provider have in common, whoever's tokens they hold. */
export interface TokenSourceParts {
  /** What is asked for where a call says nothing else. */
  readonly defaultGrant: GrantRequest
  /** Its identity: see cache-key.ts. */
  readonly defaultIdentity: string
  /** Asks the authorization server. */
  readonly acquire: (client: CredentialsOf, grant: GrantRequest, terms: GrantTerms) => Promise<AcquiredToken>
  /** `undefined`: tokens stay with this client. */
  readonly shared: SharedTokens | undefined
  /** Milliseconds by the steady clock. */
  readonly time: () => number
  /** Seconds for one flight. */
  readonly timeout: number
  /** What waiters are told when a flight's time is over. */
  readonly tooLate: (seconds: number) => Error
  /** From 0 up to, but not including, 1; spreads a fleet. */
  readonly chance: () => number
}

/** What is known of one identity. */
interface Slot {
  readonly grant: GrantRequest
  held: HeldToken | undefined
  /** Until then the held token is handed out without another question; by the steady clock, as all instants here. */
  freshUntil: number
  /** Refreshes behind the callers' backs that failed in a row, and until when another may not be tried. */
  failures: number
  retryAt: number
  refusal: RememberedRefusal | undefined
  /** Whether the server had nothing but the refused token to give, when it was asked for another. */
  sameAgain: boolean
  /** By the steady clock: of the tokens it held, when the newest was asked for; an older one in the store is none to go back to. */
  newest: number
  /** Made with the first flight. */
  flights: FlightQueue<AccessToken> | undefined
}

interface HeldToken {
  readonly token: AccessToken
  /** The token as callers get it: one promise for all. */
  readonly answer: Promise<AccessToken>
  readonly life: TokenLife
}

/** Identities besides its own that a client keeps tokens for at once; the one not used for longest goes first. */
const mostSlots = 1000

/** Seconds: a flight that had to wait for the one before it has so much left at least. */
const shortestFlight = 1

/** Seconds: a refresh behind the callers' backs gives up after a quarter of what is left, and not sooner than this. */
const shortestAhead = 1

/** Milliseconds between refreshes as long as the server has no other token to give. */
const shortestSameAgain = 1000

/**
 * From "I need a token" to the one at hand: in memory, in the store, or from one shared grant. A class, for there may be a
 * hundred thousand of them: what they have in common is shared.
 */
export class TokenSource {
  readonly #parts: TokenSourceParts
  readonly #client: CredentialsOf
  readonly #own: Slot
  /** Those of calls that ask for something else; most clients have none. */
  #others: Map<string, Slot> | undefined
  /** A refusal of the client itself, whatever it asked for. */
  #refusal: RememberedRefusal | undefined
  #closed = false

  constructor(parts: TokenSourceParts, client: CredentialsOf) {
    this.#parts = parts
    this.#client = client
    this.#own = emptySlot(parts.defaultGrant)
  }

  /** A token that is valid now. */
  token(options: TokenSourceOptions | undefined): Promise<AccessToken> {
    if (options === undefined) return this.#serve(this.#own) ?? this.#join(this.#own)
    const { grant, rejected, signal } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    const slot = grant === undefined ? this.#own : this.#findSlot(grant)
    const isHeld = rejected !== undefined && slot.held?.token.value === rejected.value
    // A server that had nothing but the refused token is not asked for another with every call (rule L9).
    if (isHeld && slot.sameAgain && this.#parts.time() < slot.retryAt) return Promise.resolve(rejected)
    if (!isHeld) {
      const served = this.#serve(slot)
      if (served !== undefined) return served
    }
    const result = rejected === undefined ? this.#join(slot) : this.#replace(slot, rejected.value)
    return waitFor(result, signal)
  }

  /** Drops what is held, here and in the store. */
  async forget(): Promise<void> {
    const { shared } = this.#parts
    const slots = this.#slots()
    this.#refusal = undefined
    for (const slot of slots) {
      drop(slot)
      slot.refusal = undefined
      slot.newest = Number.NEGATIVE_INFINITY
      slot.flights?.purge()
    }
    if (shared !== undefined) await Promise.all(slots.map(({ grant }) => shared.forget(this.#client, grant)))
  }

  /** From now on nothing is done behind the callers' backs. */
  close(): void {
    this.#closed = true
    for (const { flights } of this.#slots()) flights?.breakOff()
  }

  /** Whether a flight is under way. */
  get busy(): boolean {
    return this.#slots().some(({ flights }) => flights?.busy === true)
  }

  #slots(): readonly Slot[] {
    return [this.#own, ...(this.#others?.values() ?? [])]
  }

  /** The held token, if it lives; when it is to be replaced, that begins here, and is not waited for. */
  #serve(slot: Slot): Promise<AccessToken> | undefined {
    const { held } = slot
    if (held === undefined) return undefined
    const now = this.#parts.time()
    if (now < slot.freshUntil) return held.answer
    const freshness = judgeFreshness(held.life, now, slot.retryAt)
    if (freshness === 'expired') return undefined
    const isDue = freshness === 'advisory' || freshness === 'mandatory'
    if (isDue && !this.#closed) {
      this.#flightsOf(slot).flyAhead((flight) => this.#land(slot, flight, this.#parts.timeout))
    }
    return held.answer
  }

  #join(slot: Slot): Promise<AccessToken> {
    return this.#flightsOf(slot).join((flight, waited) => this.#land(slot, flight, this.#secondsAfter(waited)))
  }

  #replace(slot: Slot, rejected: string): Promise<AccessToken> {
    if (slot.held?.token.value === rejected) drop(slot)
    return this.#flightsOf(slot).replace(rejected, (flight, waited) =>
      this.#land(slot, flight, this.#secondsAfter(waited)),
    )
  }

  #flightsOf(slot: Slot): FlightQueue<AccessToken> {
    slot.flights ??= new FlightQueue()
    return slot.flights
  }

  /** What is left of a flight's time after it waited for the one before it, in milliseconds. */
  #secondsAfter(waited: number): number {
    const { timeout } = this.#parts
    return Math.min(timeout, Math.max(timeout - waited / 1000, shortestFlight))
  }

  /** @param secondsLeft for the flight */
  async #land(slot: Slot, flight: Flight<AccessToken>, secondsLeft: number): Promise<AccessToken> {
    const { time, tooLate, shared } = this.#parts
    const { ahead, rejected, controller } = flight
    const startedAt = time()
    if (!ahead && rejected.size === 0 && slot.held !== undefined && startedAt < slot.held.life.endsAt) {
      // The flight before this one brought it.
      return slot.held.token
    }
    for (const refusal of [this.#refusal, slot.refusal]) {
      if (refusal !== undefined && startedAt < refusal.until) throw refusal.error
    }
    const quarter = ahead && slot.held !== undefined ? (slot.held.life.endsAt - startedAt) / 4000 : secondsLeft
    const seconds = Math.min(secondsLeft, Math.max(shortestAhead, quarter))
    try {
      const { found, granted } = await withDeadline(
        seconds,
        () => tooLate(seconds),
        (signal) => this.#find(slot, flight, { signal, timeout: seconds, ahead }),
        controller.signal,
      )
      if (flight.wanted) {
        this.#keep(slot, found, startedAt, rejected)
        if (granted) await shared?.write(this.#client, slot.grant, found, seconds)
        // Purged while it was written: the purge may have come first.
        if (!flight.wanted) await shared?.forget(this.#client, slot.grant)
      }
      return found.token
    } catch (failure) {
      if (flight.wanted) this.#noteFailure(slot, failure, startedAt)
      throw failure
    }
  }

  /** A token others left in the store, unless it is the refused one or the one to be replaced; else a new one. */
  async #find(
    slot: Slot,
    { rejected }: Flight<AccessToken>,
    terms: GrantTerms,
  ): Promise<{ found: AcquiredToken; granted: boolean }> {
    const { shared, time, acquire } = this.#parts
    const found = await shared?.read(this.#client, slot.grant, terms)
    const isNews =
      found !== undefined && found.requestedAt > slot.newest && found.token.value !== slot.held?.token.value
    if (isNews && !rejected.has(found.token.value) && time() < planLife(found, 0).endsAt)
      return { found, granted: false }
    return { found: await acquire(this.#client, slot.grant, terms), granted: true }
  }

  #keep(slot: Slot, found: AcquiredToken, startedAt: number, rejected: ReadonlySet<string>): void {
    const { chance } = this.#parts
    const { token } = found
    const life = planLife(found, chance())
    // A server that hands out the same token again has no other yet: asking at once would get it once more (rule L9).
    slot.sameAgain = rejected.has(token.value)
    const isSame = slot.sameAgain || slot.held?.token.value === token.value
    slot.failures = isSame ? slot.failures + 1 : 0
    slot.retryAt = isSame
      ? Math.max(planRetry(life, startedAt, slot.failures, chance()), startedAt + shortestSameAgain)
      : 0
    slot.held = { token, answer: Promise.resolve(token), life }
    slot.freshUntil = Math.min(life.refreshAt, life.endsAt)
    slot.newest = Math.max(slot.newest, found.requestedAt)
    slot.refusal = undefined
    this.#refusal = undefined
  }

  #noteFailure(slot: Slot, failure: unknown, startedAt: number): void {
    const { chance, time } = this.#parts
    slot.failures += 1
    if (slot.held !== undefined) slot.retryAt = planRetry(slot.held.life, startedAt, slot.failures, chance())
    if (!(failure instanceof LatchkeyError)) return
    if (isClientRefused(failure)) this.#refusal = planRefusal(failure, time(), this.#refusal)
    else slot.refusal = planRefusal(failure, time(), slot.refusal)
    // Behind the callers' backs, too, nobody is asked before it is time.
    slot.retryAt = Math.max(slot.retryAt, this.#refusal?.until ?? 0, slot.refusal?.until ?? 0)
  }

  #findSlot(grant: GrantRequest): Slot {
    const identity = grantIdentity(grant)
    if (identity === this.#parts.defaultIdentity) return this.#own
    this.#others ??= new Map()
    const slots = this.#others
    const slot = slots.get(identity) ?? emptySlot(grant)
    slots.delete(identity)
    slots.set(identity, slot)
    if (slots.size > mostSlots) dropOldest(slots)
    return slot
  }
}

function drop(slot: Slot): void {
  slot.held = undefined
  slot.freshUntil = 0
  slot.failures = 0
  slot.retryAt = 0
  slot.sameAgain = false
}

function dropOldest(slots: Map<string, Slot>): void {
  for (const [identity, slot] of slots) {
    if (slot.flights?.busy === true) continue
    slots.delete(identity)
    return
  }
}

function emptySlot(grant: GrantRequest): Slot {
  return {
    grant,
    held: undefined,
    freshUntil: 0,
    failures: 0,
    retryAt: 0,
    refusal: undefined,
    sameAgain: false,
    newest: Number.NEGATIVE_INFINITY,
    flights: undefined,
  }
}
