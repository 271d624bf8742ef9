import { withDeadline } from '../acquire/deadline.ts'
import type { Emit } from '../events.ts'
import type { StoredToken, TokenStore } from './token-store.ts'

/** Seconds a store may take for one operation before the token is had without it. */
const patience = 1

/** A store that may be away: it never fails a token, only its help is missing. */
export interface GuardedStore {
  get(key: string): Promise<StoredToken | undefined>
  set(key: string, token: StoredToken): Promise<void>
  delete(key: string): Promise<void>
}

/** Bounds every operation in time, turns failure into absence, and tells when the store fails and when it is back (rule S3). */
export function guardStore(store: TokenStore, provider: string, emit: Emit): GuardedStore {
  let failing = false
  const attempt = async <T>(operation: 'get' | 'set' | 'delete', work: () => Promise<T>): Promise<T | undefined> => {
    try {
      const result = await withDeadline(
        patience,
        () => new Error('the store is too slow'),
        async () => await work(),
      )
      if (failing) emit({ type: 'store.recovered', provider })
      failing = false
      return result
    } catch {
      failing = true
      emit({ type: 'store.failed', provider, operation })
      return undefined
    }
  }
  return {
    get: (key) => attempt('get', () => store.get(key)),
    set: (key, token) => attempt('set', () => store.set(key, token)),
    delete: (key) => attempt('delete', () => store.delete(key)),
  }
}
