import { type Diagnostics, type StoreOperation, type StoreTrace, unseen } from '../diagnostics.ts'
import type { Emit } from '../events.ts'
import { isCloudflareWorkers } from '../platform/cloudflare-workers.ts'
import { withDeadline } from '../platform/deadline.ts'
import { readNetworkFailure } from '../platform/network-failure.ts'
import type { StoredToken, StoreLock, TokenStore } from './token-store.ts'

/** Seconds a store may take for one operation before the token is had without it. */
const patience = 0.9

/** Seconds all operations of one flight may take together, and what part of the flight's time at most. */
const patienceOfFlight = 1.8
const shareOfFlight = 1 / 2

/** Seconds a flight waits in all for a store that is known to be bad, when it is tried again. */
const patienceWithBad = 0.05

/** Milliseconds between two tries of a store that is known to be bad. */
const betweenTries = 1000

/** Tokens that wait for a store to come back; the oldest gives way. */
const mostPending = 1000

/** What is left of the time that one flight gives to the store, in seconds; each operation takes its part. */
export interface StoreTime {
  left: number
  /** For a store that is known to be bad. */
  leftWithBad: number
}

/** The time a flight of so many seconds gives to the store. */
export function planStoreTime(seconds: number): StoreTime {
  return { left: Math.min(patienceOfFlight, seconds * shareOfFlight), leftWithBad: patienceWithBad }
}

/** A store that may be away: it never fails a token, only its help is missing (rule S3). */
export interface GuardedStore {
  /** Whether processes that use it can agree on one of them. */
  readonly locks: boolean
  get(key: string, time: StoreTime): Promise<StoredToken | undefined>
  /** What cannot be written now is written when the store is back. */
  set(key: string, token: StoredToken, time: StoreTime): Promise<void>
  /** What cannot be deleted now is deleted when the store is back. */
  delete(key: string): Promise<void>
  /**
   * @param ttl seconds
   * @returns the lock; `'held'`: another has it; `undefined`: the store cannot tell
   */
  lock(key: string, ttl: number, time: StoreTime): Promise<ReleaseLock | 'held' | undefined>
  /** Writes and deletes nothing more behind the callers' backs. */
  close(): void
}

/** Lets a lock go, once; nobody waits for that. */
export type ReleaseLock = () => void

/**
 * What a store is known to suffer from. One that refuses to write only, because it is full or read-only, is still read; one
 * that does not answer, or fails to read, is left alone.
 */
type Trouble = 'none' | 'writing' | 'all'

/**
 * Bounds every operation in time, turns failure into absence, leaves a bad store alone but for a try a second, and tells when
 * it fails and when it is back (rule S3).
 *
 * @param tuning.chance from 0 up to, but not including, 1; spreads the tries of a fleet
 * @param tuning.now milliseconds since the epoch
 */
export function guardStore(
  store: TokenStore,
  provider: string,
  emit: Emit,
  {
    chance = Math.random,
    now = Date.now,
    diagnostics = unseen,
  }: { chance?: () => number; now?: () => number; diagnostics?: Diagnostics | undefined } = {},
): GuardedStore {
  let trouble: Trouble = 'none'
  let nextTryAt = 0
  const pending = new Map<string, StoredToken | undefined>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let catchingUp = false
  let closed = false

  /** One operation, in its time; `undefined`: it failed. Timeouts and failed reads speak against the store as a whole. */
  const run = async <T>(
    operation: StoreOperation,
    time: StoreTime,
    work: () => Promise<T>,
  ): Promise<Done<T> | undefined> => {
    const began = performance.now()
    let isLate = false
    const late = (): Error => {
      isLate = true
      return new Error('the store is too slow')
    }
    const trace: StoreTrace = { provider, operation, reason: undefined }
    const describe = (failure: unknown): Error => {
      trace.reason = isLate ? 'timed_out' : readNetworkFailure(failure).code
      return new Error(`the token store failed to ${operation} (${trace.reason ?? 'it gave no code'})`)
    }
    const bounded = (): Promise<T> => withDeadline(Math.min(patience, time.left), late, work)
    try {
      const value = await diagnostics.trace('store', trace, bounded, describe)
      noteSuccess(operation)
      return { value }
    } catch (failure) {
      describe(failure)
      trouble = operation === 'get' || isLate || trouble === 'all' ? 'all' : 'writing'
      nextTryAt = performance.now() + betweenTries
      emit({ type: 'store.failed', provider, operation, reason: trace.reason })
      return undefined
    } finally {
      time.left = Math.max(0, time.left - (performance.now() - began) / 1000)
    }
  }

  const noteSuccess = (operation: StoreOperation): void => {
    // Deleting makes room and needs none: it says nothing about a store that is full.
    if (trouble === 'none') return
    if (trouble === 'writing' && operation !== 'set' && operation !== 'lock') {
      // But it was no try to write, either: the flight that follows may take its lock at once.
      if (operation === 'delete') nextTryAt = performance.now()
      return
    }
    trouble = 'none'
    emit({ type: 'store.recovered', provider })
    void catchUp()
  }

  /** As `run`, while all is well; a store that is known to be bad is asked a try a second, and hardly waited for. */
  const attempt = async <T>(
    operation: StoreOperation,
    time: StoreTime,
    work: () => Promise<T>,
  ): Promise<Done<T> | undefined> => {
    if (trouble === 'none' || (trouble === 'writing' && operation === 'get')) return await run(operation, time, work)
    if (performance.now() < nextTryAt) return undefined
    nextTryAt = performance.now() + betweenTries
    const trying = run(operation, planStoreTime(Number.POSITIVE_INFINITY), work)
    const began = performance.now()
    const done = await withDeadline(
      time.leftWithBad,
      () => new Error('not waited for'),
      () => trying,
    ).catch(() => undefined)
    time.leftWithBad = Math.max(0, time.leftWithBad - (performance.now() - began) / 1000)
    return done
  }

  const postpone = (key: string, token: StoredToken | undefined): void => {
    pending.set(key, token)
    const [oldest] = pending.keys()
    if (pending.size > mostPending && oldest !== undefined) pending.delete(oldest)
    rouse()
  }

  /** Sees to it that what is pending is tried again, whether or not calls come. */
  const rouse = (): void => {
    // On Workers a timer ends with its request (rule L13): there the next success is waited for.
    if (closed || timer !== undefined || pending.size === 0 || isCloudflareWorkers()) return
    timer = setTimeout(
      () => {
        timer = undefined
        void catchUp().finally(rouse)
      },
      betweenTries * (1 + chance()),
    )
    keepNoProcessAlive(timer)
  }

  /** Writes and deletes what is pending, as long as the store plays along. */
  const catchUp = async (): Promise<void> => {
    if (closed || (catchingUp && !isCloudflareWorkers())) return
    catchingUp = true
    try {
      for (const [key, token] of pending) {
        const isSettled = await settle(key, token)
        if (closed) return
        // What came for this key meanwhile has seen to itself.
        const isPending = pending.has(key) && pending.get(key) === token
        if (isPending) pending.delete(key)
        if (isSettled) continue
        // The next time others come first: a store may refuse this one alone.
        if (isPending) pending.set(key, token)
        return
      }
    } finally {
      catchingUp = false
    }
  }

  /** Whether nothing is left to do: the store has now what was to be written, or something newer, or it does not matter any more. */
  const settle = async (key: string, token: StoredToken | undefined): Promise<boolean> => {
    const time = planStoreTime(Number.POSITIVE_INFINITY)
    if (token === undefined) return (await attempt('delete', time, () => store.delete(key))) !== undefined
    if (token.expiresAt <= now()) return true
    const read = await attempt('get', time, () => store.get(key))
    if (read === undefined) return false
    // While the store was asked, this token may have been purged, or another written.
    const isWanted = (): boolean => pending.get(key) === token
    if (closed || !isWanted() || isNewer(read.value, token)) return true
    if ((await attempt('set', time, () => store.set(key, token))) === undefined) return false
    if (isWanted() || (await attempt('delete', time, () => store.delete(key, token))) !== undefined) return true
    // It was purged, and is there again.
    if (!pending.has(key)) pending.set(key, undefined)
    return false
  }

  const isForgotten = (key: string): boolean => pending.has(key) && pending.get(key) === undefined

  /** Writes or deletes in place of what is pending for the key, which counts no more from here on. */
  const change = async (
    operation: 'set' | 'delete',
    key: string,
    token: StoredToken | undefined,
    time: StoreTime,
  ): Promise<void> => {
    pending.delete(key)
    const work = (): Promise<void> => (token === undefined ? store.delete(key) : store.set(key, token))
    if ((await attempt(operation, time, work)) === undefined) postpone(key, token)
  }

  return {
    locks: store.lock !== undefined,
    async get(key, time) {
      // What this client forgot is nothing to go back to, though the store could not be told yet.
      if (isForgotten(key)) {
        await change('delete', key, undefined, time)
        return undefined
      }
      const done = await attempt('get', time, () => store.get(key))
      return isForgotten(key) ? undefined : done?.value
    },
    set: (key, token, time) => change('set', key, token, time),
    delete: (key) => change('delete', key, undefined, planStoreTime(Number.POSITIVE_INFINITY)),
    async lock(key, ttl, time) {
      let abandoned = false
      const done = await attempt('lock', time, async () => {
        const lock = await store.lock?.(key, { ttl })
        if (lock === undefined) return 'held'
        const release = toRelease(lock)
        // Nobody waits for it any more: it would keep others waiting until its time is up.
        if (abandoned) release()
        return release
      })
      abandoned = true
      return done?.value
    },
    close() {
      closed = true
      clearTimeout(timer)
      timer = undefined
    },
  }

  function toRelease(lock: StoreLock): ReleaseLock {
    if (typeof lock.release !== 'function') throw new Error('the store answered with no lock')
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      void run('release', planStoreTime(Number.POSITIVE_INFINITY), () => lock.release())
    }
  }
}

/** Told apart from a failure, whatever the value is. */
interface Done<T> {
  readonly value: T
}

function isNewer(stored: StoredToken | undefined, token: StoredToken): boolean {
  return Number(stored?.requestedAt) >= Number(token.requestedAt)
}

/** The runtimes have two ways to say so, and some have none. */
function keepNoProcessAlive(timer: ReturnType<typeof setTimeout> | number): void {
  const { Deno } = globalThis as { Deno?: { unrefTimer?: (timer: number) => void } }
  if (typeof timer === 'object') timer.unref()
  else Deno?.unrefTimer?.(timer)
}
