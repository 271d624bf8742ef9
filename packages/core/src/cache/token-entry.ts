import type { AccessToken } from '../acquire/access-token.ts'
import type { AcquiredToken } from '../acquire/acquire-token.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { NightlatchError } from '../errors.ts'
import { createSingleFlight, type SingleFlight } from '../platform/single-flight.ts'
import { type CachedFailure, planCachedFailure } from './cached-failure.ts'
import {
  expiryOf,
  judgeFreshness,
  livesLongEnough,
  planForegroundRetry,
  planLife,
  planRetry,
  planSameToken,
  type TokenLife,
} from './freshness.ts'
import type { TokenStatus } from './token-status.ts'

/**
 * One grant's token, the token's life and recent failures. It reads no clock, draws no random number and does no I/O; times are
 * milliseconds of the steady clock.
 */
export class TokenEntry {
  readonly grant: GrantRequest
  /**
   * The cached token. `#promise` resolves to it for all callers, so that a cache hit allocates nothing; `#fresh` of ProviderClient
   * is that promise, so that a hit reads no entry.
   */
  #token: AccessToken | undefined
  #promise: Promise<AccessToken> | undefined
  // The life is spelt out: as an object of its own it would take twice the memory.
  #refreshAt = 0
  #mandatoryAt = 0
  #endsAt = 0
  /** Only read by calls that ask for a minimum lifetime. */
  #expiresAt = 0
  /** When the newest known token was requested, or everything was forgotten; an older token in the store is stale. */
  #requestedAt: number | undefined
  #failures: FailureState | undefined
  #flight: SingleFlight<AccessToken> | undefined

  /** @param forgottenAt when the client last forgot its tokens; `undefined` if never */
  constructor(grant: GrantRequest, forgottenAt?: number) {
    this.grant = grant
    this.#requestedAt = forgottenAt
  }

  get token(): AccessToken | undefined {
    return this.#token
  }

  /** Whether this is the value of the cached token. */
  holds(value: string): boolean {
    return this.#token?.value === value
  }

  /** Resolves to the cached token: one promise for all callers, so that a cache hit allocates nothing. */
  get promise(): Promise<AccessToken> | undefined {
    if (this.#token !== undefined) this.#promise ??= Promise.resolve(this.#token)
    return this.#promise
  }

  /** When the cached token is no longer served; in the past if there is none. */
  get endsAt(): number {
    return this.#endsAt
  }

  get cachedFailure(): CachedFailure | undefined {
    return this.#failures?.cached
  }

  /** The request in flight that a caller may wait for, if any; see `SingleFlight.joinable`. */
  get joinable(): Promise<AccessToken> | undefined {
    return this.#flight?.joinable
  }

  /** This grant's token requests. Dropped when the last one has settled, since most entries have none in flight. */
  flight(): SingleFlight<AccessToken> {
    this.#flight ??= createSingleFlight(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  /** Whether a token request is in flight. */
  get busy(): boolean {
    return this.#flight?.busy === true
  }

  /** Cancels a background refresh. */
  cancelRefresh(): void {
    this.#flight?.cancel()
  }

  /** The cached token while no refresh is due. */
  fresh(time: number): Promise<AccessToken> | undefined {
    return time < this.#refreshAt ? this.promise : undefined
  }

  /** Until when a copy of the fresh token may be served; in the past while a request may replace it at any time. */
  get copyUntil(): number {
    return this.#flight === undefined ? this.#refreshAt : 0
  }

  decide(time: number): Decision {
    // Where there is no token, `#endsAt` is in the past.
    const freshness = judgeFreshness(this.#life(), time, this.#failures?.retryAt ?? 0)
    if (freshness === 'expired') return 'request'
    return freshness === 'advisory' || freshness === 'mandatory' ? 'serve-and-refresh' : 'serve'
  }

  /** Whether the server answered the rejected token with itself, and is not asked again yet (rule L9). */
  isIrreplaceable(time: number): boolean {
    return this.#failures?.isRejected === true && time < this.#failures.irreplaceableUntil
  }

  /** Whether the cached token lives for so many milliseconds more, or a retry delay forbids to request a better one. */
  servesFor(minimumLifetime: number, time: number): boolean {
    if (time < (this.#failures?.retryAt ?? 0)) return true
    return livesLongEnough(this.#requestedAt ?? 0, this.#expiresAt, minimumLifetime, time)
  }

  /** Whether a token from the store is newer than every token known so far. */
  isNewer({ token: { value }, requestedAt }: AcquiredToken): boolean {
    const isLater = this.#requestedAt === undefined || requestedAt > this.#requestedAt
    return isLater && value !== this.#token?.value
  }

  /** When a request that starts now may be retried in the background if it fails. */
  planRetry(startedAt: number, random: () => number, background = true): number {
    const life = this.#life()
    return background ? planRetry(life, startedAt, random()) : planForegroundRetry(life, startedAt, random())
  }

  /**
   * Caches a token.
   *
   * @param startedAt when the request for it started
   */
  accept(acquired: AcquiredToken, startedAt: number, random: () => number): void {
    const { token, requestedAt } = acquired
    const life = planLife(acquired, random())
    if (token.value === this.#token?.value) {
      // The server has no other token yet: a request at once would return this one again (rule L9).
      const sameTokenCount = (this.#failures?.sameTokenCount ?? 0) + 1
      const retryAt = planSameToken(life, startedAt, sameTokenCount, random())
      const isRejected = this.#failures?.isRejected === true
      this.#failures = { retryAt, cached: undefined, sameTokenCount, isRejected, irreplaceableUntil: retryAt }
    } else {
      this.#failures = undefined
    }
    this.#set(token, life)
    this.#expiresAt = expiryOf(acquired)
    this.#requestedAt = Math.max(this.#requestedAt ?? requestedAt, requestedAt)
  }

  /**
   * Records a failed request.
   *
   * @param error what to cache; `undefined` if the failure is not this identity's
   */
  fail(error: NightlatchError | undefined, retryAt: number, time: number): void {
    const failures = this.#forFailures()
    failures.retryAt = retryAt
    if (error !== undefined) failures.cached = planCachedFailure(error, time, failures.cached)
    this.delayRetry(failures.cached)
  }

  /** A background refresh waits at least as long as callers do. */
  delayRetry(failure: CachedFailure | undefined): void {
    const failures = this.#forFailures()
    failures.retryAt = Math.max(failures.retryAt, failure?.until ?? 0)
  }

  /**
   * Notes that the API rejected the cached token. It is served until another one is there, because one 401 of one URL does not mean
   * that it is dead for the others (rule L5).
   */
  reject(): void {
    const failures = this.#forFailures()
    failures.isRejected = true
    failures.retryAt = 0
    failures.sameTokenCount = 0
  }

  /**
   * Describes the token.
   *
   * @param clientFailure a failure of all the client's identities
   * @param toDate converts from the steady clock
   */
  describe(time: number, clientFailure: CachedFailure | undefined, toDate: (instant: number) => Date): TokenStatus {
    const isServed = time < this.#endsAt
    const refusedUntil = Math.max(this.#failures?.cached?.until ?? 0, clientFailure?.until ?? 0)
    const retryAt = Math.max(this.#failures?.retryAt ?? 0, refusedUntil)
    const served = (instant: number): Date | undefined => (isServed ? toDate(instant) : undefined)
    return {
      state: this.#state(time, isServed, refusedUntil),
      requestedAt: served(this.#requestedAt ?? 0),
      refreshAt: served(this.#refreshAt),
      servedUntil: served(this.#endsAt),
      retryAt: retryAt > time ? toDate(retryAt) : undefined,
    }
  }

  #state(time: number, isServed: boolean, refusedUntil: number): TokenStatus['state'] {
    if (this.busy) return 'requesting'
    if (isServed) return time < this.#refreshAt ? 'fresh' : 'stale'
    return time < refusedUntil ? 'refused' : 'none'
  }

  /**
   * Drops everything; a request in flight still answers its callers. What the store holds from before now is stale: a deletion
   * there may have failed (rule S3).
   */
  clear(time: number): void {
    this.#flight?.purge()
    this.#set(undefined, noLife)
    this.#failures = undefined
    this.#requestedAt = time
  }

  #set(token: AccessToken | undefined, { refreshAt, mandatoryAt, endsAt }: TokenLife): void {
    this.#token = token
    this.#promise = undefined
    this.#refreshAt = refreshAt
    this.#mandatoryAt = mandatoryAt
    this.#endsAt = endsAt
  }

  #life(): TokenLife {
    return {
      requestedAt: this.#requestedAt ?? 0,
      refreshAt: this.#refreshAt,
      mandatoryAt: this.#mandatoryAt,
      endsAt: this.#endsAt,
    }
  }

  #forFailures(): FailureState {
    this.#failures ??= new FailureState()
    return this.#failures
  }
}

/** What a call does: use the cached token, use it and refresh it in the background, or wait for a token request. */
export type Decision = 'serve' | 'serve-and-refresh' | 'request'

/** What has gone wrong since the last new token. Allocated on the first failure, dropped with the next new token. */
class FailureState {
  /** No background refresh before this time. */
  retryAt = 0
  cached: CachedFailure | undefined
  /** How many requests in a row returned the cached token. */
  sameTokenCount = 0
  /** Whether the API rejected the cached token. */
  isRejected = false
  /** Until then the server is not asked for a replacement, because it returned the rejected token itself (rule L9). */
  irreplaceableUntil = 0
}

const noLife: TokenLife = { requestedAt: 0, refreshAt: 0, mandatoryAt: 0, endsAt: 0 }
