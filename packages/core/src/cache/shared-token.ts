import type { AcquiredToken } from '../acquire/acquire-token.ts'
import type { Assertion } from '../acquire/assertion-source.ts'
import type { ReleaseLock } from './guarded-store.ts'

/** One identity's token in the store, as one token request uses it. */
export interface SharedToken {
  /** The JWT of the client authentication's source that the key was found with, for the grant to send. */
  readonly assertion?: Assertion | undefined
  /** The token, if the server accepted this client's credential for it. */
  read(): Promise<AcquiredToken | undefined>
  /** Stores a token for the credentials that it was granted to, and for those that were accepted lately. */
  write(acquired: AcquiredToken): Promise<void>
  /** Deletes the token that was written, unless another has replaced it. */
  forget(): Promise<void>
  /**
   * The right to request a token for all who hold this client's credential.
   *
   * @param takeover 0 for the first process, 1 for one that takes over from an owner that does not deliver
   * @param ttl seconds
   * @param waitUntil when this request stops waiting for another process that has the lock, by `performance.now()`
   * @returns the lock; `'held'` if another process has it; `undefined` if the store has no locks, or failed
   */
  lock(takeover: number, ttl: number, waitUntil: number): Promise<ReleaseLock | 'held' | undefined>
  /** Lets the other processes know for so many seconds that a background refresh failed. */
  markFailure(seconds: number): Promise<void>
  isFailureMarked(): Promise<boolean>
}
