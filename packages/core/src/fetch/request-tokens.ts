import type { AccessToken } from '../acquire/access-token.ts'
import type { TokenSource } from '../cache/token-source.ts'
import { withDeadline } from '../platform/deadline.ts'

/**
 * Where a client's requests get their tokens. A token that the API rejected is replaced at once for a request that can be sent
 * again, else by the next request (rule H3). An API that rejects new tokens, too, gets them less and less often (rule L5).
 */
export class RequestTokens {
  readonly #obtain: TokenSource['obtain']
  readonly #history: RejectionHistory
  readonly #identity: string

  /**
   * @param history shared with other views of the client
   * @param identity the grant's scopes and parameters as text
   */
  constructor(obtain: TokenSource['obtain'], history: RejectionHistory = new RejectionHistory(() => 0), identity = '') {
    this.#obtain = obtain
    this.#history = history
    this.#identity = identity
  }

  /** @param signal ends this caller's wait */
  next(signal?: AbortSignal): Promise<AccessToken> {
    const unreplaced = this.#history.unreplaced(this.#identity)
    if (unreplaced !== undefined) return this.#replaceRejected(unreplaced, signal)
    return this.#obtain(signal && { signal })
  }

  /**
   * A token in place of one that the API rejected; the cached one, which may be that very token, while the client may not request another.
   *
   * @param url where it was rejected
   */
  replace(rejected: AccessToken, signal: AbortSignal | undefined, url?: URL): Promise<AccessToken> {
    return this.#obtain(this.#isToBeReplaced(rejected, url) ? { signal, rejected } : { signal })
  }

  /** Says that the API rejected this token, and that the request cannot be sent again. */
  reject(token: AccessToken, url?: URL): void {
    if (this.#isToBeReplaced(token, url)) this.#history.postpone(this.#identity, token)
  }

  /**
   * Says that the API's answer was no rejection of the token.
   *
   * @param response whose `url` is another one after a redirect
   */
  accept(status: number, url: string, response?: { readonly url: string }): void {
    // Gateways answer with these without having looked at the token.
    if (this.#history.isEmpty || status >= 500 || status === 408 || status === 429) return
    const requested = new URL(url)
    const responseUrl = response?.url
    if (responseUrl && new URL(responseUrl).origin !== requested.origin) return
    this.#history.accept(this.#identity, requested)
  }

  #isToBeReplaced({ value }: AccessToken, url: URL | undefined): boolean {
    return url === undefined || this.#history.reject(this.#identity, url, value)
  }

  async #replaceRejected(unreplaced: Unreplaced, signal: AbortSignal | undefined): Promise<AccessToken> {
    const startedAt = performance.now()
    unreplaced.waitUntil ??= startedAt + maxReplacementWaitMs
    try {
      const token = await withDeadline(
        (unreplaced.waitUntil - startedAt) / 1000,
        () => new Error('the replacement takes too long'),
        (ended) => this.#obtain({ signal: ended, rejected: unreplaced.token }),
        signal,
      )
      this.#history.settle(this.#identity, unreplaced)
      return token
    } catch (failure) {
      if (signal?.aborted) throw failure
      this.#history.settle(this.#identity, unreplaced)
      // One 401 of one URL is no reason to fail the others while the token lives (rule L5).
      return await this.#obtain({ signal })
    }
  }
}

/** How long requests wait in all for the replacement of a token that a request before them found rejected. */
const maxReplacementWaitMs = 2000

/**
 * What APIs did with a client's tokens, for all its views. It slows down replacements for an API that rejects new tokens, too,
 * because the token is not the reason (rule L5). Of the rejections in a row, the 1st, 2nd, 3rd, 5th, 9th, 17th, ... lead to a
 * replacement.
 */
export class RejectionHistory {
  readonly #time: () => number
  /** By identity and origin, and by identity, origin and path: an API may reject tokens at one of its URLs only. */
  readonly #rejections = new Map<string, Rejections>()
  readonly #unreplaced = new Map<string, Unreplaced>()

  /** @param time steady clock, in milliseconds */
  constructor(time: () => number) {
    this.#time = time
  }

  /** Whether no API has rejected a token since it last accepted one. */
  get isEmpty(): boolean {
    return this.#rejections.size === 0
  }

  /**
   * Notes that an API rejected a token.
   *
   * @param identity the scopes and parameters of the token's grant, as text
   * @returns whether to replace the token now
   */
  reject(identity: string, url: URL, token: string): boolean {
    const time = this.#time()
    const keys = keysOf(identity, url)
    if (!keys.every((key) => isReplacementDue(this.#rejections.get(key), token, time))) {
      for (const key of keys) {
        const rejections = this.#rejections.get(key)
        if (rejections !== undefined) rejections.since += 1
      }
      return false
    }
    for (const key of keys) {
      const before = this.#rejections.get(key)
      if (before?.token === token) continue
      const replaced = before === undefined || time - before.replacedAt >= forgottenAfterMs ? 0 : before.replaced
      this.#rejections.delete(key)
      this.#rejections.set(key, { token, replaced: replaced + 1, replacedAt: time, since: 0 })
    }
    evictOldest(this.#rejections)
    return true
  }

  /** Notes that an API accepted a token. */
  accept(identity: string, url: URL): void {
    for (const key of keysOf(identity, url)) this.#rejections.delete(key)
  }

  /** What the next request for that grant replaces. */
  unreplaced(identity: string): Unreplaced | undefined {
    return this.#unreplaced.get(identity)
  }

  /** Leaves the replacement of a rejected token to the next request. */
  postpone(identity: string, token: AccessToken): void {
    if (this.#unreplaced.get(identity)?.token === token) return
    this.#unreplaced.delete(identity)
    this.#unreplaced.set(identity, { token, waitUntil: undefined })
    evictOldest(this.#unreplaced)
  }

  /** The next request has replaced the token, or has tried to. */
  settle(identity: string, unreplaced: Unreplaced): void {
    if (this.#unreplaced.get(identity) === unreplaced) this.#unreplaced.delete(identity)
  }
}

/** A rejected token that the next request replaces, because the request that it was sent with could not be repeated. */
interface Unreplaced {
  readonly token: AccessToken
  /** Until then requests wait for its replacement, by `performance.now`; set by the first one. */
  waitUntil: number | undefined
}

/** What followed the rejections of one API, or of one URL of it, since it last accepted a token. */
interface Rejections {
  /** The token that was last replaced. All callers that report it share its replacement. */
  token: string
  /** How many tokens were replaced. */
  replaced: number
  replacedAt: number
  /** Rejections since then that were not followed by a replacement. */
  since: number
}

/** Rejected tokens are replaced after so many milliseconds at the latest, doubled with each replacement. */
const firstIntervalMs = 1000
const maxIntervalMs = 600_000

/** A rejection so long after the last replacement is not one of a new token. */
const forgottenAfterMs = 3_600_000

/** APIs and their URLs, and grants, per client; the one whose token was not rejected for longest is evicted first. */
const maxEntries = 1000

function keysOf(identity: string, { origin, pathname }: URL): readonly [string, string] {
  const ofOrigin = `${identity} ${origin}`
  return [ofOrigin, ofOrigin + pathname]
}

function isReplacementDue(rejections: Rejections | undefined, token: string, time: number): boolean {
  if (rejections === undefined || rejections.token === token) return true
  const { replaced, replacedAt, since } = rejections
  const isOften = since + 1 >= 2 ** Math.max(0, replaced - 2)
  return isOften || time - replacedAt >= Math.min(maxIntervalMs, firstIntervalMs * 2 ** (replaced - 1))
}

function evictOldest(entries: Map<string, unknown>): void {
  for (const [oldest] of entries) {
    if (entries.size <= maxEntries) return
    entries.delete(oldest)
  }
}
