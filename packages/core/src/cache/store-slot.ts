import type { AcquiredToken } from '../acquire/acquire-token.ts'
import type { Assertion } from '../acquire/assertion-source.ts'
import { addAccepted, isAcceptedFor } from './accepted-credentials.ts'
import { type GuardedStore, planStoreBudget, type ReleaseLock, type StoreBudget } from './guarded-store.ts'
import { fromStored, type Instant, toStored } from './stored-token.ts'
import type { StoredToken } from './token-store.ts'

/** Reads, writes and locks one grant's token in the store, during one token request. */
export interface StoreSlot {
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

/** A token, and what remains to be done with it. */
export interface FoundToken {
  readonly found: AcquiredToken
  /** Where to write it; `undefined` without a store, or if it was read from the store. */
  readonly slot?: StoreSlot
  /** Releases the lock, once others can find the token. */
  readonly release?: () => void
}

/**
 * Opens the place of a store key for one token request.
 *
 * @param findWriter finds the key and digest of the credentials that a token was granted to
 * @param seconds the request's time, of which the store gets its part
 */
export function openSlot(
  store: GuardedStore,
  { key, digest }: Holder,
  findWriter: (acquired: AcquiredToken) => Promise<Holder | undefined>,
  seconds: number,
  instant: () => Instant,
): StoreSlot {
  let budget = planStoreBudget(seconds)
  /** For reads and locks while another process has the lock; what is left of the other one is for the write. */
  let waiting: StoreBudget | undefined
  let written: { readonly key: string; readonly stored: StoredToken } | undefined
  // A client whose credential is wrong neither holds up the others nor sees what they do.
  const lockKey = `${key}.${digest.slice(0, shownDigestLength)}`
  const markerKey = `${lockKey}.failed`
  return {
    async read() {
      const stored = await store.get(key, waiting ?? budget)
      return isAcceptedFor(stored, digest) ? fromStored(stored, instant()) : undefined
    },
    async write(acquired) {
      const writer = await findWriter(acquired)
      if (writer === undefined) return
      const accepted = addAccepted(await store.get(writer.key, budget), writer.digest, instant().now)
      const stored = toStored(acquired, accepted, instant())
      written = { key: writer.key, stored }
      await store.set(writer.key, stored, budget)
    },
    async forget() {
      if (written !== undefined) await store.delete(written.key, written.stored)
    },
    async lock(takeover, ttl, waitUntil) {
      if (!store.locks) return undefined
      const lock = await store.lock(takeover === 0 ? lockKey : `${lockKey}.${takeover}`, ttl, waiting ?? budget)
      // The store works: from here on the request waits for another process, so the store's budget starts again.
      if (lock === 'held') {
        budget = planStoreBudget(seconds)
        waiting = planStoreBudget(seconds, (waitUntil - performance.now()) / 1000)
      }
      return lock
    },
    async markFailure(seconds) {
      const expiresAt = Math.round(instant().now + seconds * 1000)
      await store.set(markerKey, { expiresAt, digest }, budget)
    },
    async isFailureMarked() {
      const marker = await store.get(markerKey, waiting ?? budget)
      return marker?.digest === digest && Number(marker.expiresAt) > instant().now
    },
  }
}

/** For credentials that show no holder: nothing is read, written or locked, and the client gets its tokens from the server. */
export const emptySlot: StoreSlot = {
  read: async () => undefined,
  write: async () => {},
  forget: async () => {},
  lock: async () => undefined,
  markFailure: async () => {},
  isFailureMarked: async () => false,
}

/** A store key, and the digest of a credential for it. */
export interface Holder {
  readonly key: string
  readonly digest: string
}

/** The characters of a digest that names of locks and markers show: they are not encrypted, so they must not help to guess a weak secret. */
const shownDigestLength = 2
