import { withDeadline } from '../acquire/deadline.ts'
import { readNetworkFailure } from '../acquire/network-failure.ts'
import { type Diagnostics, type StoreOperation, type StoreTrace, unseen } from '../diagnostics.ts'
import type { Emit } from '../events.ts'
import type { StoredToken, TokenStore } from './token-store.ts'

/** Seconds a store may take for one operation before the token is had without it, and what part of a flight's time at most. */
const patience = 0.9
const share = 1 / 4

/** A store that may be away: it never fails a token, only its help is missing. */
export interface GuardedStore {
  /** @param seconds of the flight that asks */
  get(key: string, seconds: number): Promise<StoredToken | undefined>
  /** @param seconds of the flight that asks; a store that failed a moment ago is not waited for */
  set(key: string, token: StoredToken, seconds: number): Promise<void>
  delete(key: string): Promise<void>
}

/** Bounds every operation in time, turns failure into absence, and tells when the store fails and when it is back (rule S3). */
export function guardStore(
  store: TokenStore,
  provider: string,
  emit: Emit,
  diagnostics: Diagnostics = unseen,
): GuardedStore {
  let failing = false
  const attempt = async <T>(
    operation: StoreOperation,
    seconds: number,
    work: () => Promise<T>,
  ): Promise<T | undefined> => {
    const trace: StoreTrace = { provider, operation, reason: undefined }
    let tooLate: Error | undefined
    const bounded = (): Promise<T> =>
      withDeadline(
        Math.min(patience, seconds * share),
        () => {
          tooLate = new Error('the store is too slow')
          return tooLate
        },
        work,
      )
    const describe = (failure: unknown): Error => {
      trace.reason = failure === tooLate ? 'timed_out' : readNetworkFailure(failure).code
      return new Error(`the token store failed to ${operation} (${trace.reason ?? 'it gave no code'})`)
    }
    try {
      const result = await diagnostics.trace('store', trace, bounded, describe)
      if (failing) emit({ type: 'store.recovered', provider })
      failing = false
      return result
    } catch (failure) {
      failing = true
      describe(failure)
      emit({ type: 'store.failed', provider, operation, reason: trace.reason })
      return undefined
    }
  }
  return {
    get: (key, seconds) => attempt('get', seconds, () => store.get(key)),
    async set(key, token, seconds) {
      const wait = !failing
      const writing = attempt('set', seconds, () => store.set(key, token))
      if (wait) await writing
    },
    delete: (key) => attempt('delete', patience / share, () => store.delete(key)),
  }
}
