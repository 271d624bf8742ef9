import type { AccessToken } from '../acquire/access-token.ts'
import type { AcquiredToken } from '../acquire/acquire-token.ts'
import type { NightlatchError } from '../errors.ts'
import { createFlights } from './flights-across-requests.ts'
import { type Freshness, judgeFreshness, planLife, planRetry, planSameAgain, type TokenLife } from './freshness.ts'
import { planRefusal, type RememberedRefusal } from './refusal.ts'
import type { Flights } from './single-flight.ts'

/** What went wrong with an identity lately. */
interface Setbacks {
  /** How often in a row a refresh brought the same token again. */
  repeats: number
  /** Until then no other refresh may be tried. */
  retryAt: number
  refusal: RememberedRefusal | undefined
  /** Whether the server had nothing but the refused token to give, when it was asked for another. */
  sameAgain: boolean
  /** The value last let go: in the store it may be still, and by a clock that was set back it looks newer than it is. */
  dropped: string | undefined
}

/**
 * What is known of one identity: its token, and what went wrong with it. All instants are by the steady clock.
 *
 * There may be a hundred thousand of these: one that is calm holds a token and little else.
 */
export class TokenSlot<Parts = unknown> {
  // What a call for a fresh token looks at comes first: among a hundred thousand, each line of memory more is a wait.
  readonly #parts: Parts
  /** From then on the held token is to be replaced; in the past where there is none. */
  #refreshAt = 0
  /** The held token as callers get it: one promise for all, made when the second of them asks. */
  #answer: Promise<AccessToken> | undefined
  #held: AccessToken | undefined
  // The other turning points of its life. Spelt out, for an object of their own would take twice the room.
  #mandatoryAt = 0
  #endsAt = 0
  #setbacks: Setbacks | undefined
  /** Of the tokens it held, when the newest was asked for; an older one in the store is none to go back to. */
  #newest: number | undefined
  #flights: Flights<AccessToken> | undefined

  /** @param parts what it has in common with others */
  constructor(parts: Parts) {
    this.#parts = parts
  }

  protected get parts(): Parts {
    return this.#parts
  }

  /** The held token, as long as it is fresh. */
  serveFresh(now: number): Promise<AccessToken> | undefined {
    return now < this.#refreshAt ? this.answer : undefined
  }

  /** What the held token's age means; `undefined`: there is none. */
  judge(now: number): Freshness | undefined {
    return this.#held && judgeFreshness(this.#life(), now, this.retryAt)
  }

  get held(): AccessToken | undefined {
    return this.#held
  }

  /** The held token, for those who wait for it. */
  get answer(): Promise<AccessToken> | undefined {
    if (this.#held !== undefined) this.#answer ??= Promise.resolve(this.#held)
    return this.#answer
  }

  /** When the held token is not handed out any more; in the past where there is none. */
  get endsAt(): number {
    return this.#endsAt
  }

  /** Whether the server, asked for another, had nothing but the held token to give. */
  get sameAgain(): boolean {
    return this.#setbacks?.sameAgain === true
  }

  /** Before then nobody is asked again. */
  get retryAt(): number {
    return this.#setbacks?.retryAt ?? 0
  }

  get refusal(): RememberedRefusal | undefined {
    return this.#setbacks?.refusal
  }

  /** Whether a token from the store is newer than any that was held, and another. */
  isNews({ token, requestedAt }: AcquiredToken): boolean {
    const { value } = token
    const isNewer = this.#newest === undefined || requestedAt > this.#newest
    return isNewer && value !== this.#held?.value && value !== this.#setbacks?.dropped
  }

  /** Flights for this identity; made when the first takes off, gone with the last. */
  get flights(): Flights<AccessToken> {
    this.#flights ??= createFlights(() => {
      this.#flights = undefined
    })
    return this.#flights
  }

  /** Those that there are. */
  get flightsUnderWay(): Flights<AccessToken> | undefined {
    return this.#flights
  }

  /**
   * Holds a token that a flight brought.
   *
   * @param startedAt when the flight began
   * @param rejected the values it was to replace
   */
  keep(found: AcquiredToken, startedAt: number, rejected: ReadonlySet<string>, chance: () => number): void {
    const { token, requestedAt } = found
    const life = planLife(found, chance())
    // A server that hands out the same token again has no other yet: asking at once would get it once more (rule L9).
    const sameAgain = rejected.has(token.value)
    if (sameAgain || this.held?.value === token.value) {
      const repeats = (this.#setbacks?.repeats ?? 0) + 1
      const retryAt = planSameAgain(life, startedAt, repeats, chance())
      this.#setbacks = { repeats, retryAt, refusal: undefined, sameAgain, dropped: undefined }
    } else {
      this.#setbacks = undefined
    }
    this.#hold(token, life)
    this.#newest = Math.max(this.#newest ?? requestedAt, requestedAt)
  }

  /**
   * Notes that a flight failed.
   *
   * @param retryAt as `planBackoff` planned it when the flight began
   */
  noteFailure(retryAt: number): void {
    this.#forSetbacks().retryAt = retryAt
  }

  /** For how long a refresh that begins now is not tried again if it fails, in milliseconds. */
  planBackoff(startedAt: number, chance: () => number): number {
    return planRetry(this.#life(), startedAt, chance()) - startedAt
  }

  /** Remembers what this identity was refused with. */
  noteRefusal(failure: NightlatchError, now: number): void {
    const setbacks = this.#forSetbacks()
    setbacks.refusal = planRefusal(failure, now, setbacks.refusal)
    this.holdBack(setbacks.refusal)
  }

  /** Behind the callers' backs, too, nobody is asked before it is time. */
  holdBack(refusal: RememberedRefusal | undefined): void {
    const setbacks = this.#forSetbacks()
    setbacks.retryAt = Math.max(setbacks.retryAt, refusal?.until ?? 0)
  }

  /** Lets the held token go; what was refused stays remembered. */
  drop(): void {
    const { refusal } = this
    const dropped = this.#held?.value ?? this.#setbacks?.dropped
    this.#hold(undefined, { requestedAt: 0, refreshAt: 0, mandatoryAt: 0, endsAt: 0 })
    this.#setbacks = { repeats: 0, retryAt: 0, refusal, sameAgain: false, dropped }
  }

  /** Forgets everything, as if it were new. What is under way still answers those who wait for it, and is not kept. */
  clear(): void {
    this.drop()
    this.#setbacks = undefined
    this.#newest = undefined
    this.#flights?.purge()
  }

  #hold(token: AccessToken | undefined, { refreshAt, mandatoryAt, endsAt }: TokenLife): void {
    this.#held = token
    this.#answer = undefined
    this.#refreshAt = refreshAt
    this.#mandatoryAt = mandatoryAt
    this.#endsAt = endsAt
  }

  #life(): TokenLife {
    return {
      requestedAt: this.#newest ?? 0,
      refreshAt: this.#refreshAt,
      mandatoryAt: this.#mandatoryAt,
      endsAt: this.#endsAt,
    }
  }

  #forSetbacks(): Setbacks {
    this.#setbacks ??= { repeats: 0, retryAt: 0, refusal: undefined, sameAgain: false, dropped: undefined }
    return this.#setbacks
  }
}
