import type { AccessToken } from '../acquire/access-token.ts'
import type { TokenSource } from '../cache/token-source.ts'

/**
 * Where a client's requests get their tokens. It remembers a token that the API rejected in an answer to a request that could
 * not be sent again, so that the next request replaces the token (rule H3).
 */
export class RequestTokens {
  readonly #obtain: TokenSource['obtain']
  #rejected: AccessToken | undefined

  constructor(obtain: TokenSource['obtain']) {
    this.#obtain = obtain
  }

  /** @param signal ends this caller's wait */
  next(signal?: AbortSignal): Promise<AccessToken> {
    if (this.#rejected !== undefined) return this.#replaceRejected(this.#rejected, signal)
    return this.#obtain(signal && { signal })
  }

  /** A token in place of one that the API rejected. */
  replace(rejected: AccessToken, signal: AbortSignal | undefined): Promise<AccessToken> {
    return this.#obtain({ signal, rejected })
  }

  /** Says that the API rejected this token, and that the request cannot be sent again. */
  reject(token: AccessToken): void {
    this.#rejected = token
  }

  async #replaceRejected(rejected: AccessToken, signal: AbortSignal | undefined): Promise<AccessToken> {
    try {
      const token = await this.replace(rejected, signal)
      this.#forget(rejected)
      return token
    } catch (failure) {
      if (signal?.aborted) throw failure
      this.#forget(rejected)
      // One 401 of one URL is no reason to fail the others while the token lives (rule L5).
      return await this.#obtain(signal && { signal })
    }
  }

  #forget(rejected: AccessToken): void {
    if (this.#rejected === rejected) this.#rejected = undefined
  }
}
