import type { AccessToken } from '../acquire/access-token.ts'
import type { TokenSource } from '../cache/token-source.ts'
import { withDeadline } from '../platform/deadline.ts'
import { RejectionHistory, type Unreplaced } from './rejection-history.ts'

/** How long requests wait in all for the replacement of a token that a request before them found rejected. */
const maxWaitMs = 2000

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
   * @param identity of the grant; see cache-key.ts
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
    return this.#isToBeReplaced(rejected, url) ? this.#obtain({ signal, rejected }) : this.#obtain(signal && { signal })
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
    const asked = new URL(url)
    const answered = response?.url
    if (answered && new URL(answered).origin !== asked.origin) return
    this.#history.accept(this.#identity, asked)
  }

  #isToBeReplaced({ value }: AccessToken, url: URL | undefined): boolean {
    return url === undefined || this.#history.reject(this.#identity, url, value)
  }

  async #replaceRejected(unreplaced: Unreplaced, signal: AbortSignal | undefined): Promise<AccessToken> {
    const now = performance.now()
    unreplaced.waitUntil ??= now + maxWaitMs
    try {
      const token = await withDeadline(
        (unreplaced.waitUntil - now) / 1000,
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
      return await this.#obtain(signal && { signal })
    }
  }
}
