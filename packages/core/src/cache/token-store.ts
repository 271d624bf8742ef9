/** Shares tokens with other clients of this process, other processes or other machines. */
export interface TokenStore {
  /** Resolves to the last entry of this key; `undefined` if there is none, or it has expired. */
  get(key: string): Promise<StoredToken | undefined>
  /** Stores an entry until it expires. */
  set(key: string, token: StoredToken): Promise<void>
  /** Deletes an entry; with a token, only if the entry is deeply equal to it. */
  delete(key: string, token?: StoredToken): Promise<void>
  /**
   * Takes a lock, so that one process at a time requests a token for a key. Default: each process requests its own token.
   *
   * @param options.ttl seconds until the lock expires
   * @returns `undefined` at once if another process holds the lock; rejects if the store is unavailable
   */
  lock?(key: string, options: { ttl: number }): Promise<StoreLock | undefined>
}

/** A plain JSON object. A store reads only `expiresAt`, in milliseconds since the epoch, after which it may drop the entry. */
export interface StoredToken {
  readonly expiresAt: number
  readonly [field: string]: unknown
}

/** A lock on a key, held until it is released or expires. */
export interface StoreLock {
  /** Releases the lock before it expires. */
  release(): Promise<void>
}
