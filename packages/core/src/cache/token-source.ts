import type { AccessToken } from '../acquire/access-token.ts'
import type { AcquiredToken, GrantTerms } from '../acquire/acquire-token.ts'
import type { Assertion } from '../acquire/assertion-source.ts'
import type { GrantClient } from '../acquire/credentials.ts'
import type { DpopProofs } from '../acquire/dpop.ts'
import type { Provider } from '../acquire/provider.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import { type Diagnostics, type Subscribable, toReportableError } from '../diagnostics.ts'
import { NightlatchError, withLabel } from '../errors.ts'
import { clientFields, type Emit, type TokenServedEvent } from '../events.ts'
import { waitFor, withDeadline } from '../platform/deadline.ts'
import type { FlightRequest, RequestTask } from '../platform/flight-request.ts'
import { drawJitter, expiryOf, livesLongEnough, planLife } from './freshness.ts'
import type { FoundToken, StoreSlot } from './store-slot.ts'
import { TokenEntries, type TokenEntriesParts } from './token-entries.ts'
import type { TokenEntry } from './token-entry.ts'
import type { TokenSharing } from './token-sharing.ts'

/** A client's tokens: from memory, from the store, or from one token request that all callers share. */
export class TokenSource extends TokenEntries {
  declare protected readonly parts: TokenSourceParts
  readonly #client: GrantClient
  #isClosed = false

  constructor(parts: TokenSourceParts, client: GrantClient) {
    super(parts)
    this.#client = client
  }

  /** A token that is valid now. */
  obtain({ grant, identity, rejected, signal, minimumLifetime = 0 }: TokenSourceOptions = {}): Promise<AccessToken> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    const entry = grant === undefined ? this.defaultEntry : this.entryOf(grant, identity)
    const time = this.parts.time()
    const minimumMs = minimumLifetime * 1000
    const cached = this.#serve(entry, rejected, minimumMs, time)
    if (cached === undefined) return this.#request(entry, rejected?.value, minimumMs, signal, time)
    if (this.parts.listeners.hasSubscribers) this.#emitServed(entry, 'memory', time, time)
    return cached
  }

  /** The cached token, unless it expired or was rejected. Starts a background refresh when one is due. */
  #serve(
    entry: TokenEntry,
    rejected: AccessToken | undefined,
    minimumMs: number,
    time: number,
  ): Promise<AccessToken> | undefined {
    const decision = entry.decide(time)
    if (decision === 'request') return undefined
    if (rejected !== undefined && entry.holds(rejected.value)) {
      return entry.isIrreplaceable(time) ? entry.promise : undefined
    }
    if (!entry.servesFor(minimumMs, time)) return undefined
    if (decision === 'serve-and-refresh' && !this.#isClosed) {
      entry.flight().refresh((request) => this.#acquire(entry, request, this.parts.timeout, 0))
    }
    return entry.promise
  }

  /** Joins the request in flight, or starts one. */
  #request(
    entry: TokenEntry,
    rejected: string | undefined,
    minimumMs: number,
    signal: AbortSignal | undefined,
    time: number,
  ): Promise<AccessToken> {
    const { timeout, listeners, diagnostics } = this.parts
    // Of a thousand concurrent callers all but one need only this.
    const isPlain = rejected === undefined && minimumMs === 0 && !listeners.hasSubscribers
    const joinable = isPlain ? entry.joinable : undefined
    if (joinable !== undefined) return waitFor(joinable, signal)
    let from: TokenServedEvent['from'] = 'flight'
    let isOwn = false
    const report = (origin: 'store' | 'grant'): void => {
      from = origin
    }
    const task: RequestTask<AccessToken> = (request, queuedMs) => {
      isOwn = true
      const seconds = Math.min(timeout, Math.max(timeout - queuedMs / 1000, minTimeoutSeconds))
      return this.#acquire(entry, request, seconds, minimumMs, report)
    }
    // A queued request starts when another ends, but belongs to the asynchronous context of this call.
    const bound = entry.busy ? diagnostics.bind(task) : task
    if (rejected !== undefined && entry.holds(rejected)) entry.reject()
    const result = rejected === undefined ? entry.flight().join(bound) : entry.flight().replace(rejected, bound)
    // A call that only joined may ask once more.
    const again = (): Promise<AccessToken> | undefined =>
      isOwn ? undefined : waitFor(entry.flight().join(bound), signal)
    const token = this.#waitForToken(entry, rejected, minimumMs, result, again, signal)
    if (!listeners.hasSubscribers) return token
    return token.then((served) => {
      this.#emitServed(entry, from, time, this.parts.time())
      return served
    })
  }

  /**
   * Waits for a token that lives long enough. A request in flight that another call began may bring a shorter one: then one more
   * request follows. If the request fails, a token that lives is returned, such as one of the request that this one was queued behind.
   */
  async #waitForToken(
    entry: TokenEntry,
    rejected: string | undefined,
    minimumMs: number,
    result: Promise<AccessToken>,
    again: () => Promise<AccessToken> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<AccessToken> {
    try {
      const brought = await waitFor(result, signal)
      const isTooShort = minimumMs > 0 && entry.token === brought && !entry.servesFor(minimumMs, this.parts.time())
      return (isTooShort ? await again() : undefined) ?? brought
    } catch (failure) {
      const { token, endsAt } = entry
      if (signal?.aborted || token === undefined || token.value === rejected) throw failure
      if (this.parts.time() >= endsAt) throw failure
      return token
    }
  }

  /** @param report where the token came from; not called for one that another request brought */
  async #acquire(
    entry: TokenEntry,
    request: FlightRequest<AccessToken>,
    secondsLeft: number,
    minimumMs: number,
    report?: (from: 'store' | 'grant') => void,
  ): Promise<AccessToken> {
    const { time, timeoutError, random, sharing } = this.parts
    const { background, rejected, controller } = request
    const startedAt = time()
    // The request that this one was queued behind may have brought a token.
    if (!background && rejected.size === 0 && entry.token !== undefined && startedAt < entry.endsAt) {
      if (entry.servesFor(minimumMs, startedAt)) return entry.token
    }
    const cachedFailure = this.cachedFailureOf(entry, startedAt)
    if (cachedFailure !== undefined) throw cachedFailure
    const retryAt = entry.planRetry(startedAt, random, background)
    const limit = background ? (entry.endsAt - startedAt) / 4000 : secondsLeft
    const seconds = Math.min(secondsLeft, Math.max(minRefreshTimeoutSeconds, limit))
    try {
      const { found, slot, release } = await withDeadline(
        seconds,
        () => timeoutError(seconds),
        (signal) => this.#find(entry, request, { signal, seconds, background }, retryAt, minimumMs),
        controller.signal,
      )
      // A token that was found in the store is not written back.
      report?.(slot === undefined && sharing !== undefined ? 'store' : 'grant')
      try {
        if (request.cacheable) {
          entry.accept(found, startedAt, random)
          this.recordSuccess()
          await slot?.write(found)
          // forget() may have deleted the stored token before this request wrote it.
          if (!request.cacheable && entry.token !== found.token) await slot?.forget()
        }
      } finally {
        release?.()
      }
      return found.token
    } catch (unlabelled) {
      const failure = withLabel(unlabelled, this.label)
      if (request.cacheable) {
        this.recordFailure(entry, failure instanceof NightlatchError ? failure : undefined, retryAt)
      }
      throw failure
    }
  }

  /** The token that others left in the store, or a new one. */
  async #find(
    entry: TokenEntry,
    request: FlightRequest<AccessToken>,
    terms: GrantTerms,
    retryAt: number,
    minimumMs: number,
  ): Promise<FoundToken> {
    const { sharing, time, acquire, timeout, random } = this.parts
    const requestToken = async (seconds: number, assertion?: Assertion): Promise<AcquiredToken> => {
      const acquired = await acquire(this.#client, entry.grant, { ...terms, seconds, assertion })
      return { ...acquired, jitter: drawJitter(random(), terms.background) }
    }
    if (sharing === undefined) return { found: await requestToken(terms.seconds) }
    const slot = await this.#openSlot(sharing, entry.grant, terms)
    return await sharing.acquireForFleet(slot, {
      terms,
      timeout,
      serves: (found) =>
        entry.isNewer(found) &&
        !request.rejected.has(found.token.value) &&
        time() < planLife(found, 0).endsAt &&
        livesLongEnough(found.requestedAt, expiryOf(found), minimumMs, time()),
      requestToken: (seconds) => requestToken(seconds, slot.assertion),
      backoffSeconds: () => (retryAt - time()) / 1000,
      isCacheable: () => request.cacheable,
      random,
    })
  }

  /** The store key needs the credentials. If they cannot be read the request ends here, so this is where that is reported. */
  async #openSlot(sharing: TokenSharing, grant: GrantRequest, terms: GrantTerms): Promise<StoreSlot> {
    const { time, emit, provider } = this.parts
    const { seconds, signal, background } = terms
    const startedAt = time()
    try {
      return await waitFor(sharing.open(this.#client, grant, seconds, signal), signal)
    } catch (failure) {
      if (failure instanceof NightlatchError || !signal.aborted) {
        const duration = (time() - startedAt) / 1000
        const { label } = this
        const error = toReportableError(provider.name, failure, label)
        const client = clientFields(provider.name, label)
        emit({ type: 'grant.failed', ...client, duration, attempt: 1, background, error })
      }
      throw failure
    }
  }

  #emitServed(entry: TokenEntry, from: TokenServedEvent['from'], startedAt: number, time: number): void {
    const { emit, provider } = this.parts
    const remaining = Math.max(0, entry.endsAt - time) / 1000
    const duration = (time - startedAt) / 1000
    emit({ type: 'token.served', ...clientFields(provider.name, this.label), from, duration, remaining })
  }

  /**
   * Drops the cached tokens and failures, and the tokens in the store. Without a grant, it also drops the credentials that a
   * function returned.
   *
   * @param grant whose tokens; default: all
   */
  async forget(
    grant?: GrantRequest,
    { keepCredentials = grant !== undefined }: { readonly keepCredentials?: boolean } = {},
  ): Promise<void> {
    const { sharing } = this.parts
    const deletions = this.clear(grant).map(({ grant }) => sharing?.forget(this.#client, grant))
    // The deletions have begun with the credentials so far, which the server accepted.
    if (!keepCredentials) this.#client.forget?.()
    await Promise.all(deletions)
  }

  /** Ends background refreshes, and starts no more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const entry of this.entries()) entry.cancelRefresh()
  }

  /** Who requests the tokens. */
  get client(): GrantClient {
    return this.#client
  }

  /** The client's label, for errors and events. */
  get label(): string | undefined {
    return this.#client.label
  }

  /** The key that tokens are bound to. */
  get dpop(): DpopProofs | undefined {
    return this.#client.dpop
  }
}

/** How one call for a token differs from the client's own. */
export interface TokenSourceOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: the client's own. */
  readonly grant?: GrantRequest | undefined
  /** The scopes and parameters of `grant` as text, if the caller knows it: each text has an entry of its own. */
  readonly identity?: string | undefined
  readonly rejected?: AccessToken | undefined
  /** Seconds for which the token lives at least, if such a token can be had. */
  readonly minimumLifetime?: number | undefined
}

/** What all token sources of a provider share. */
export interface TokenSourceParts extends TokenEntriesParts {
  /** Requests a token from the authorization server. */
  readonly acquire: (client: GrantClient, grant: GrantRequest, terms: GrantTerms) => Promise<AcquiredToken>
  /** `undefined`: tokens are not shared with other clients. */
  readonly sharing: TokenSharing | undefined
  /** Seconds per token request, retries and waits included. */
  readonly timeout: number
  /** The error that callers get on a timeout. */
  readonly timeoutError: (seconds: number) => Error
  /** From 0 up to, but not including, 1; spreads a fleet. */
  readonly random: () => number
  readonly provider: Provider
  /** Whether anyone listens for events; read on every call. */
  readonly listeners: Subscribable
  readonly emit: Emit
  readonly diagnostics: Diagnostics
}

/** A queued request has at least this much time left. */
const minTimeoutSeconds = 1

/** A background refresh gives up after a quarter of the token's remaining life, but not before this. */
const minRefreshTimeoutSeconds = 1
