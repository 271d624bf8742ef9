/** A plain JSON object. A store reads only `expiresAt`, in milliseconds since the epoch, after which it may drop the entry. */
export interface StoredToken {
  readonly expiresAt: number
  readonly [field: string]: unknown
}

/** The right to do the work for a key, until it is released or expires. */
export interface StoreLock {
  /** Gives the right back before it expires. */
  release(): Promise<void>
}

/** Shares tokens with other clients of this process, other processes or other machines. */
export interface TokenStore {
  /** The last entry of this key; `undefined` if there is none, or it expired. */
  get(key: string): Promise<StoredToken | undefined>
  /** Stores an entry until it expires. */
  set(key: string, token: StoredToken): Promise<void>
  /** Deletes an entry; with a token, only if the entry is deeply equal to it. */
  delete(key: string, token?: StoredToken): Promise<void>
  /**
   * Lets one process at a time do the work for a key, for at most `ttl` seconds. It never waits: it resolves to `undefined` if
   * another process holds the lock, and rejects if the store cannot tell. Without it, each process requests its own token.
   */
  lock?(key: string, options: { ttl: number }): Promise<StoreLock | undefined>
}
