/** The state of a client's token, for a health check or a status page; it does not contain the token. */
export interface TokenStatus {
  /**
   * - `none`: no token yet, or it expired; the next call requests one.
   * - `fresh`: served from memory.
   * - `stale`: served from memory, although a refresh is due; the last attempt failed, or none has begun.
   * - `requesting`: a token request is in flight; a token that is still valid is served meanwhile.
   * - `refused`: calls fail without a request until `retryAt`, because the authorization server rejected the client.
   */
  readonly state: 'none' | 'fresh' | 'stale' | 'requesting' | 'refused'
  /** When the token was requested; `undefined` if there is none. */
  readonly requestedAt: Date | undefined
  /** When a refresh is due; `undefined` if there is no token. */
  readonly refreshAt: Date | undefined
  /** Until when the token is served; `undefined` if there is none. */
  readonly servedUntil: Date | undefined
  /** No token request before this time, after a failed one; `undefined` if none failed. */
  readonly retryAt: Date | undefined
}
