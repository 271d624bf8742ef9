import { type Diagnostics, noDiagnostics, type StoreOperation, type StoreTrace } from '../diagnostics.ts'
import { clientFields, type Emit } from '../events.ts'
import { resultWithin, withDeadline } from '../platform/deadline.ts'
import { readNetworkFailure } from '../platform/network-failure.ts'
import type { StoredToken, StoreLock, TokenStore } from './token-store.ts'

/** A store whose errors and timeouts look like misses, so that it never fails a token request (rule S3). */
export interface GuardedStore {
  /** Whether the store has locks. */
  readonly locks: boolean
  get(key: string, budget: StoreBudget): Promise<StoredToken | undefined>
  /** A token that cannot be written now is not written later. */
  set(key: string, token: StoredToken, budget: StoreBudget): Promise<void>
  /** Deletes this token, if it is still the stored one. */
  delete(key: string, token: StoredToken): Promise<void>
  /**
   * @param ttl seconds
   * @returns the lock; `'held'` if another process has it; `undefined` if the store failed
   */
  lock(key: string, ttl: number, budget: StoreBudget): Promise<ReleaseLock | 'held' | undefined>
}

/** Releases a lock, once; its caller does not wait for that. */
export type ReleaseLock = () => void

/** Bounds every operation in time. A store that fails is not used, except for one probe per second, until it recovers. */
export function guardStore(
  store: TokenStore,
  provider: string,
  emit: Emit,
  diagnostics: Diagnostics = noDiagnostics,
  label?: string,
): GuardedStore {
  const client = clientFields(provider, label)
  let circuit: Circuit = 'closed'
  let nextProbeAt = 0

  /** Runs one operation; `undefined` if it failed. */
  const run = async <T>(
    operation: StoreOperation,
    budget: StoreBudget,
    work: () => Promise<T>,
  ): Promise<Done<T> | undefined> => {
    const startedAt = performance.now()
    let isLate = false
    const timeoutError = (): Error => {
      isLate = true
      return new Error('the store is too slow')
    }
    const trace: StoreTrace = { ...client, operation, reason: undefined }
    const reasonOf = (failure: unknown): string | undefined => (isLate ? 'timed_out' : readNetworkFailure(failure).code)
    const describe = (failure: unknown): Error => {
      trace.reason = reasonOf(failure)
      return new Error(`the token store failed to ${operation} (${trace.reason ?? 'it gave no code'})`)
    }
    const bounded = (): Promise<T> => withDeadline(Math.min(operationTimeoutSeconds, budget.left), timeoutError, work)
    try {
      const value = await diagnostics.trace('store', trace, bounded, describe)
      onSuccess(operation)
      return { value }
    } catch (failure) {
      circuit = operation === 'get' || isLate || circuit === 'open' ? 'open' : 'writes open'
      nextProbeAt = performance.now() + probeIntervalMs
      emit({ type: 'store.failed', ...client, operation, reason: reasonOf(failure) })
      return undefined
    } finally {
      budget.left = Math.max(0, budget.left - (performance.now() - startedAt) / 1000)
    }
  }

  const onSuccess = (operation: StoreOperation): void => {
    if (circuit === 'closed') return
    if (circuit === 'writes open' && operation !== 'set' && operation !== 'lock') {
      // A delete does not prove that the store takes writes, so it does not use up the probe.
      if (operation === 'delete') nextProbeAt = performance.now()
      return
    }
    circuit = 'closed'
    emit({ type: 'store.recovered', ...client })
  }

  /** Runs an operation if the circuit permits it. A probe runs to its end, but the request waits for it only briefly. */
  const attempt = async <T>(
    operation: StoreOperation,
    budget: StoreBudget,
    work: () => Promise<T>,
  ): Promise<Done<T> | undefined> => {
    if (circuit === 'closed' || (circuit === 'writes open' && operation === 'get')) {
      return await run(operation, budget, work)
    }
    if (performance.now() < nextProbeAt) return undefined
    nextProbeAt = performance.now() + probeIntervalMs
    const probe = run(operation, planStoreBudget(Number.POSITIVE_INFINITY), work)
    const startedAt = performance.now()
    const done = await resultWithin(budget.probesLeft, () => probe)
    budget.probesLeft = Math.max(0, budget.probesLeft - (performance.now() - startedAt) / 1000)
    return done
  }

  const toRelease = (lock: StoreLock): ReleaseLock => {
    if (typeof lock.release !== 'function') throw new Error('the store returned no lock')
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      void run('release', planStoreBudget(Number.POSITIVE_INFINITY), () => lock.release())
    }
  }

  return {
    locks: store.lock !== undefined,
    async get(key, budget) {
      return (await attempt('get', budget, () => store.get(key)))?.value
    },
    async set(key, token, budget) {
      await attempt('set', budget, () => store.set(key, token))
    },
    async delete(key, token) {
      await attempt('delete', planStoreBudget(Number.POSITIVE_INFINITY), () => store.delete(key, token))
    },
    async lock(key, ttl, budget) {
      let isAbandoned = false
      const done = await attempt('lock', budget, async () => {
        const lock = await store.lock?.(key, { ttl })
        if (lock === undefined) return 'held'
        const release = toRelease(lock)
        // The request no longer waits for this lock, which would hold up other processes until it expires.
        if (isAbandoned) release()
        return release
      })
      isAbandoned = true
      return done?.value
    },
  }
}

/** Circuit breaker. A store that is full or read-only fails writes only, so it is still read. */
type Circuit = 'closed' | 'writes open' | 'open'

/** The result of an operation that succeeded, `undefined` included. */
interface Done<T> {
  readonly value: T
}

/** The seconds that one token request may still wait for the store; each operation takes its part. */
export interface StoreBudget {
  left: number
  /** For probes, while the circuit is open. */
  probesLeft: number
}

/**
 * @param seconds the time of the token request
 * @param limit seconds after which the request must go on without the store. Default: as long as the budget lasts.
 */
export function planStoreBudget(seconds: number, limit: number = Number.POSITIVE_INFINITY): StoreBudget {
  const least = Math.min(minBudgetSeconds, seconds * minBudgetShare)
  const left = Math.max(least, Math.min(maxBudgetSeconds, seconds * budgetShare, limit))
  return { left, probesLeft: probeBudgetSeconds }
}

const operationTimeoutSeconds = 0.9

/** All store operations of one token request together, and their share of the request's time. */
const maxBudgetSeconds = 1.8
const budgetShare = 1 / 2

/** With less, a store that works would look like one that failed: at least this, or this share of the request's time. */
const minBudgetSeconds = 0.1
const minBudgetShare = 1 / 20

/** How long one token request waits in all for probes of a store that is not in use. */
const probeBudgetSeconds = 0.05

const probeIntervalMs = 1000
