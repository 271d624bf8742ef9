/** A plain JSON object, opaque to a store but for `expiresAt`: milliseconds since the epoch, when the store may forget it. */
export interface StoredToken {
  readonly expiresAt: number
  readonly [field: string]: unknown
}

/** The right to do the work for a key, until released or until its time is up. */
export interface StoreLock {
  /** Gives the right back, so that another may have it at once. */
  release(): Promise<void>
}

/** Where tokens are kept for others: other clients of this process, other processes, other machines. */
export interface TokenStore {
  /** What was stored last under this key, unless it is forgotten; `undefined`: nothing. */
  get(key: string): Promise<StoredToken | undefined>
  /** Forgotten by itself once expired. */
  set(key: string, token: StoredToken): Promise<void>
  /** With a token: only if one deeply equal to it is still stored. */
  delete(key: string, token?: StoredToken): Promise<void>
  /**
   * Lets one process at a time do the work for a key, for at most `ttl` seconds. Never waits: `undefined` says that another
   * holds it; a rejection says that the store cannot tell, and the process goes on alone. Absent: single flight stays within
   * the process.
   */
  lock?(key: string, options: { ttl: number }): Promise<StoreLock | undefined>
}
