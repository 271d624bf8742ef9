import type { AccessToken } from '../acquire/access-token.ts'
import { type AcquiredToken, type CredentialsOf, type GrantTerms, isClientRefused } from '../acquire/acquire-token.ts'
import type { DpopProofs } from '../acquire/dpop.ts'
import { toReportableError } from '../acquire/grant-report.ts'
import type { Provider } from '../acquire/provider.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { Audience, Diagnostics } from '../diagnostics.ts'
import { NightlatchError } from '../errors.ts'
import type { Emit, TokenServedEvent } from '../events.ts'
import { waitFor, withDeadline } from '../platform/deadline.ts'
import { grantIdentity } from './cache-key.ts'
import { type FoundToken, flyForFleet } from './fleet-flight.ts'
import { drawTurn, planLife } from './freshness.ts'
import { planRefusal, type RememberedRefusal } from './refusal.ts'
import type { SharedToken, SharedTokens } from './shared-tokens.ts'
import type { Flight, Pilot } from './single-flight.ts'
import { TokenSlot } from './token-slot.ts'

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
  /** Whose tokens they are, for events. */
  readonly provider: Provider<unknown>
  /** Whether anybody listens to events: looked at by every call. */
  readonly audience: Audience
  readonly emit: Emit
  readonly diagnostics: Diagnostics
}

/** How one call came to its token, written down where somebody listens. */
interface Serving {
  slot: TokenSlot
  /** `undefined`: not from memory, and not known yet. */
  from: TokenServedEvent['from'] | undefined
}

/** Identities besides its own that a client keeps tokens for at once; the one not used for longest goes first. */
const mostSlots = 1000

/** Seconds: a flight that had to wait for the one before it has so much left at least. */
const shortestFlight = 1

/** Seconds: a refresh behind the callers' backs gives up after a quarter of what is left, and not sooner than this. */
const shortestAhead = 1

/** The slot of what a call asked for besides the client's own. */
class OtherSlot extends TokenSlot {
  readonly grant: GrantRequest

  constructor(grant: GrantRequest) {
    super(undefined)
    this.grant = grant
  }
}

/** What few clients have. */
interface Rarities {
  /** The slots of calls that ask for something else than the client does. */
  readonly others: Map<string, OtherSlot>
  /** A refusal of the client itself, whatever it asked for. */
  refusal: RememberedRefusal | undefined
  closed: boolean
}

/**
 * From "I need a token" to the one at hand: in memory, in the store, or from one shared grant. It is the slot of what its
 * client asks for, and has others where calls ask for something else. A class, for there may be a hundred thousand of them:
 * what they have in common is shared.
 */
export class TokenSource<Parts extends TokenSourceParts = TokenSourceParts> extends TokenSlot<Parts> {
  readonly #client: CredentialsOf
  #rarities: Rarities | undefined

  constructor(parts: Parts, client: CredentialsOf) {
    super(parts)
    this.#client = client
  }

  /** What its tokens are bound to. */
  protected get dpop(): DpopProofs | undefined {
    return this.#client.dpop
  }

  /** A token that is valid now. */
  obtain(options: TokenSourceOptions | undefined): Promise<AccessToken> {
    if (this.parts.audience.hasSubscribers) return this.#obtainAloud(options)
    if (options === undefined) return this.serveFresh(this.parts.time()) ?? this.#serve(this) ?? this.#join(this)
    return this.#obtain(options)
  }

  /** The same, and says how it came about. */
  #obtainAloud(options: TokenSourceOptions | undefined): Promise<AccessToken> {
    const { time, emit, provider } = this.parts
    const startedAt = time()
    const serving: Serving = { slot: this, from: undefined }
    const tell = (from: TokenServedEvent['from'], now: number): void => {
      const remaining = Math.max(0, serving.slot.endsAt - now) / 1000
      emit({ type: 'token.served', provider: provider.name, from, duration: (now - startedAt) / 1000, remaining })
    }
    const result = this.#obtain(options ?? {}, serving)
    if (serving.from === 'memory') {
      tell('memory', startedAt)
      return result
    }
    return result.then((token) => {
      tell(serving.from ?? 'flight', time())
      return token
    })
  }

  #obtain(options: TokenSourceOptions, serving?: Serving): Promise<AccessToken> {
    const { grant, rejected, signal } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    const slot = grant === undefined ? this : this.#findSlot(grant)
    if (serving !== undefined) serving.slot = slot
    const isHeld = rejected !== undefined && slot.held?.value === rejected.value
    // A server that had nothing but the refused token is not asked for another with every call (rule L9).
    const sameAgain = isHeld && slot.sameAgain && this.parts.time() < slot.retryAt
    const served = sameAgain ? Promise.resolve(rejected) : isHeld ? undefined : this.#serve(slot)
    if (served !== undefined) {
      if (serving !== undefined) serving.from = 'memory'
      return served
    }
    if (rejected === undefined) return this.#join(slot, signal, serving)
    return this.#replace(slot, rejected.value, signal, serving)
  }

  /** Drops what is held, here and in the store. */
  async forget(): Promise<void> {
    const { shared } = this.parts
    const slots = this.#slots()
    if (this.#rarities !== undefined) this.#rarities.refusal = undefined
    for (const slot of slots) slot.clear()
    if (shared !== undefined) {
      await Promise.all(slots.map((slot) => shared.forget(this.#client, this.#grantOf(slot))))
    }
  }

  /** From now on nothing is done behind the callers' backs. */
  async close(): Promise<void> {
    this.#forRarities().closed = true
    for (const slot of this.#slots()) slot.flightsUnderWay?.breakOff()
  }

  /** Whether a flight is under way. */
  get busy(): boolean {
    return this.#slots().some((slot) => slot.flightsUnderWay?.busy === true)
  }

  #slots(): readonly TokenSlot[] {
    return [this, ...(this.#rarities?.others.values() ?? [])]
  }

  #grantOf(slot: TokenSlot): GrantRequest {
    return slot instanceof OtherSlot ? slot.grant : this.parts.defaultGrant
  }

  /** The held token, if it lives; when it is to be replaced, that begins here, and is not waited for. */
  #serve(slot: TokenSlot): Promise<AccessToken> | undefined {
    const freshness = slot.judge(this.parts.time())
    if (freshness === undefined || freshness === 'expired') return undefined
    const isDue = freshness === 'advisory' || freshness === 'mandatory'
    if (isDue && this.#rarities?.closed !== true) {
      slot.flights.flyAhead((flight) => this.#land(slot, flight, this.parts.timeout))
    }
    return slot.answer
  }

  #join(slot: TokenSlot, signal?: AbortSignal, serving?: Serving): Promise<AccessToken> {
    return this.#board(slot, signal, serving, (pilot) => slot.flights.join(pilot))
  }

  #replace(slot: TokenSlot, rejected: string, signal?: AbortSignal, serving?: Serving): Promise<AccessToken> {
    if (slot.held?.value === rejected) slot.drop()
    return this.#board(slot, signal, serving, (pilot) => slot.flights.replace(rejected, pilot))
  }

  /** Waits for a flight: this call's own, or that of another, which is told of. */
  #board(
    slot: TokenSlot,
    signal: AbortSignal | undefined,
    serving: Serving | undefined,
    take: (pilot: Pilot<AccessToken>) => Promise<AccessToken>,
  ): Promise<AccessToken> {
    const { diagnostics, provider } = this.parts
    const before = slot.flightsUnderWay?.underWay
    let begin: (() => void) | undefined
    const pilot: Pilot<AccessToken> = (flight, waited) => {
      begin?.()
      return this.#land(slot, flight, this.#secondsAfter(waited), serving)
    }
    // A flight that waits for another begins when that one ends, and is still this call's.
    const result = waitFor(take(before === undefined ? pilot : diagnostics.bind(pilot)), signal)
    if (before !== undefined && diagnostics.isTraced('wait')) {
      const begun = new Promise<void>((resolve) => {
        begin = resolve
      })
      const message = { provider: provider.name, flight: before.mark }
      diagnostics.trace('wait', message, () => Promise.race([result, begun])).catch(() => {})
    }
    return result
  }

  /** What is left of a flight's time after it waited for the one before it, in milliseconds. */
  #secondsAfter(waited: number): number {
    const { timeout } = this.parts
    return Math.min(timeout, Math.max(timeout - waited / 1000, shortestFlight))
  }

  /** @param secondsLeft for the flight */
  async #land(
    slot: TokenSlot,
    flight: Flight<AccessToken>,
    secondsLeft: number,
    serving?: Serving,
  ): Promise<AccessToken> {
    const { time, tooLate, chance } = this.parts
    const { ahead, rejected, controller } = flight
    const startedAt = time()
    if (!ahead && rejected.size === 0 && slot.held !== undefined && startedAt < slot.endsAt) {
      // The flight before this one brought it.
      return slot.held
    }
    for (const refusal of [this.#rarities?.refusal, slot.refusal]) {
      if (refusal !== undefined && startedAt < refusal.until) throw refusal.error
    }
    const retryAt = startedAt + slot.planBackoff(startedAt, chance)
    const quarter = ahead && slot.held !== undefined ? (slot.endsAt - startedAt) / 4000 : secondsLeft
    const seconds = Math.min(secondsLeft, Math.max(shortestAhead, quarter))
    try {
      const { found, shared, release } = await withDeadline(
        seconds,
        () => tooLate(seconds),
        (signal) => this.#find(slot, flight, { signal, timeout: seconds, ahead, flight: flight.mark }, retryAt),
        controller.signal,
      )
      // What was found where it is shared is not written there again.
      if (serving !== undefined) serving.from = shared === undefined && this.parts.shared ? 'store' : 'grant'
      try {
        if (flight.wanted) {
          slot.keep(found, startedAt, rejected, chance)
          if (this.#rarities !== undefined) this.#rarities.refusal = undefined
          await shared?.write(found)
          // Purged while it was written: the purge may have come first. One that was only broken off leaves it to others.
          if (!flight.wanted && slot.held !== found.token) await shared?.forget()
        }
      } finally {
        release?.()
      }
      return found.token
    } catch (failure) {
      if (flight.wanted) this.#noteFailure(slot, failure, retryAt)
      throw failure
    }
  }

  /** A token others left in the store, unless it is the refused one or the one to be replaced; else a new one. */
  async #find(slot: TokenSlot, flight: Flight<AccessToken>, terms: GrantTerms, retryAt: number): Promise<FoundToken> {
    const { rejected } = flight
    const { shared, time, acquire, timeout, chance } = this.parts
    const grant = this.#grantOf(slot)
    const ask = async (seconds: number): Promise<AcquiredToken> => {
      const acquired = await acquire(this.#client, grant, { ...terms, timeout: seconds })
      return { ...acquired, turn: drawTurn(chance(), terms.ahead) }
    }
    if (shared === undefined) return { found: await ask(terms.timeout) }
    const opened = await this.#open(shared, grant, terms)
    return await flyForFleet(opened, {
      terms,
      timeout,
      serves: (found) => slot.isNews(found) && !rejected.has(found.token.value) && time() < planLife(found, 0).endsAt,
      ask,
      backoff: () => (retryAt - time()) / 1000,
      isWanted: () => flight.wanted,
      chance,
    })
  }

  /** Without credentials there is no key, and no grant either: that is told here, where it ends. */
  async #open(shared: SharedTokens, grant: GrantRequest, terms: GrantTerms): Promise<SharedToken> {
    const { time, emit, provider } = this.parts
    const { timeout, signal, ahead } = terms
    const startedAt = time()
    try {
      return await waitFor(shared.open(this.#client, grant, timeout, signal), signal)
    } catch (failure) {
      if (failure instanceof NightlatchError || !signal.aborted) {
        const duration = (time() - startedAt) / 1000
        const error = toReportableError(provider, failure)
        emit({ type: 'token.refused', provider: provider.name, duration, attempt: 1, ahead, error })
      }
      throw failure
    }
  }

  #noteFailure(slot: TokenSlot, failure: unknown, retryAt: number): void {
    const { time } = this.parts
    slot.noteFailure(retryAt)
    if (!(failure instanceof NightlatchError)) return
    if (isClientRefused(failure)) {
      const rarities = this.#forRarities()
      rarities.refusal = planRefusal(failure, time(), rarities.refusal)
    } else {
      slot.noteRefusal(failure, time())
    }
    slot.holdBack(this.#rarities?.refusal)
  }

  #findSlot(grant: GrantRequest): TokenSlot {
    const identity = grantIdentity(grant)
    if (identity === this.parts.defaultIdentity) return this
    const { others } = this.#forRarities()
    const slot = others.get(identity) ?? new OtherSlot(grant)
    others.delete(identity)
    others.set(identity, slot)
    if (others.size > mostSlots) dropOldest(others)
    return slot
  }

  #forRarities(): Rarities {
    this.#rarities ??= { others: new Map(), refusal: undefined, closed: false }
    return this.#rarities
  }
}

function dropOldest(slots: Map<string, OtherSlot>): void {
  for (const [identity, slot] of slots) {
    if (slot.flightsUnderWay?.busy) continue
    slots.delete(identity)
    return
  }
}
