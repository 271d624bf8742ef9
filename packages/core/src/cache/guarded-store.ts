import { isCloudflareWorkers } from '../acquire/cloudflare-workers.ts'
import { withDeadline } from '../acquire/deadline.ts'
import type { Emit, StoreFailedEvent } from '../events.ts'
import type { StoredToken, StoreLock, TokenStore } from './token-store.ts'

/** Seconds a store may take for one operation before the token is had without it. */
const patience = 0.9

/** Seconds all operations of one flight may take together, and what part of the flight's time at most. */
const patienceOfFlight = 1.8
const shareOfFlight = 1 / 2

/** Seconds a call waits for a store that is known to be bad, when it is tried again. */
const patienceWithBad = 0.05

/** Milliseconds between two tries of a store that is known to be bad. */
const betweenTries = 1000

/** Tokens that wait for a store to come back; the oldest gives way. */
const mostPending = 1000

/** What is left of the time that one flight gives to the store, in seconds; each operation takes its part. */
export interface StoreTime {
  left: number
}

/** The time a flight of so many seconds gives to the store. */
export function planStoreTime(seconds: number): StoreTime {
  return { left: Math.min(patienceOfFlight, seconds * shareOfFlight) }
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

/** Lets a lock go; nobody waits for that. */
export type ReleaseLock = () => void

/**
 * What a store is known to suffer from. One that refuses to write only, because it is full or read-only, is still read; one
 * that does not answer, or fails to read, is left alone.
 */
type Trouble = 'none' | 'writing' | 'all'

type Operation = StoreFailedEvent['operation']

/**
 * Bounds every operation in time, turns failure into absence, leaves a bad store alone but for a try a second, and tells when
 * it fails and when it is back (rule S3).
 *
 * @param chance from 0 up to, but not including, 1; spreads the tries of a fleet
 */
export function guardStore(
  store: TokenStore,
  provider: string,
  emit: Emit,
  chance: () => number = Math.random,
): GuardedStore {
  let trouble: Trouble = 'none'
  let nextTryAt = 0
  const pending = new Map<string, StoredToken | undefined>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let catchingUp = false
  let closed = false

  /** One operation, in its time; `undefined`: it failed. Timeouts and failed reads speak against the store as a whole. */
  const run = async <T>(
    operation: Operation,
    time: StoreTime,
    work: () => Promise<T>,
  ): Promise<Done<T> | undefined> => {
    const began = performance.now()
    let isLate = false
    const late = (): Error => {
      isLate = true
      return new Error('the store is too slow')
    }
    try {
      const value = await withDeadline(Math.min(patience, time.left), late, work)
      noteSuccess(operation)
      return { value }
    } catch {
      trouble = operation === 'get' || isLate || trouble === 'all' ? 'all' : 'writing'
      nextTryAt = performance.now() + betweenTries
      emit({ type: 'store.failed', provider, operation })
      return undefined
    } finally {
      time.left = Math.max(0, time.left - (performance.now() - began) / 1000)
    }
  }

  const noteSuccess = (operation: Operation): void => {
    // Deleting makes room and needs none: it says nothing about a store that is full.
    if (trouble === 'none' || (trouble === 'writing' && operation !== 'set' && operation !== 'lock')) return
    trouble = 'none'
    emit({ type: 'store.recovered', provider })
    void catchUp()
  }

  /** As `run`, while all is well; a store that is known to be bad is asked a try a second, and hardly waited for. */
  const attempt = async <T>(
    operation: Operation,
    time: StoreTime,
    work: () => Promise<T>,
  ): Promise<Done<T> | undefined> => {
    if (trouble === 'none' || (trouble === 'writing' && operation === 'get')) return await run(operation, time, work)
    if (performance.now() < nextTryAt) return undefined
    nextTryAt = performance.now() + betweenTries
    const trying = run(operation, planStoreTime(Number.POSITIVE_INFINITY), work)
    return await withDeadline(
      patienceWithBad,
      () => new Error('not waited for'),
      () => trying,
    ).catch(() => undefined)
  }

  const postpone = (key: string, token: StoredToken | undefined): void => {
    pending.delete(key)
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
        if (!(await settle(key, token)) || closed) return
        if (pending.get(key) === token) pending.delete(key)
      }
    } finally {
      catchingUp = false
    }
  }

  /** Whether the store has now what was to be written, or something newer. */
  const settle = async (key: string, token: StoredToken | undefined): Promise<boolean> => {
    const time = planStoreTime(Number.POSITIVE_INFINITY)
    if (token === undefined) return (await attempt('delete', time, () => store.delete(key))) !== undefined
    const read = await attempt('get', time, () => store.get(key))
    if (read === undefined) return false
    if (isNewer(read.value, token)) return true
    return (await attempt('set', time, () => store.set(key, token))) !== undefined
  }

  return {
    locks: store.lock !== undefined,
    async get(key, time) {
      return (await attempt('get', time, () => store.get(key)))?.value
    },
    async set(key, token, time) {
      const done = await attempt('set', time, () => store.set(key, token))
      if (done === undefined) postpone(key, token)
      else pending.delete(key)
    },
    async delete(key) {
      const done = await attempt('delete', planStoreTime(Number.POSITIVE_INFINITY), () => store.delete(key))
      if (done === undefined) postpone(key, undefined)
      else pending.delete(key)
    },
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
    if (typeof lock?.release !== 'function') throw new Error('the store answered with no lock')
    return () => {
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
