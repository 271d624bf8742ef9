import { NightlatchError } from '../errors.ts'
import { areEqualTokens } from './equal-tokens.ts'
import type { StoredToken, TokenStore } from './token-store.ts'

const defaultMaxEntries = 10_000

/**
 * Creates a token store in this process's memory, for clients that share tokens and grants with one another.
 *
 * @param options.maxEntries maximum number of tokens, an integer of at least 1; the least recently used is evicted first. Default 10,000
 * @param options.now milliseconds since the epoch, for tests. Default `Date.now`
 * @throws NightlatchError `invalid_options`
 * @example
 * ```ts
 * const store = memoryStore()
 * const [orders, invoices] = ['read:orders', 'read:invoices'].map((scopes) => createClient(acme, { credentials, scopes, store }))
 * ```
 */
export function memoryStore(options: { maxEntries?: number; now?: () => number } = {}): TokenStore {
  const { maxEntries = defaultMaxEntries, now = Date.now } = options
  if (!Number.isInteger(maxEntries) || maxEntries < 1) {
    throw new NightlatchError('invalid_options', 'memoryStore: options.maxEntries must be an integer of at least 1')
  }
  // A Map keeps insertion order, and used entries are inserted again, so the first is the least recently used.
  const entries = new Map<string, StoredToken>()
  const locks = new Map<string, { readonly endsAt: number }>()
  return {
    async get(key) {
      const token = entries.get(key)
      if (token === undefined) return undefined
      entries.delete(key)
      if (token.expiresAt <= now()) return undefined
      entries.set(key, token)
      return structuredClone(token)
    },
    async set(key, token) {
      entries.delete(key)
      entries.set(key, structuredClone(token))
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries) break
        entries.delete(oldest)
      }
    },
    async delete(key, token) {
      const stored = entries.get(key)
      if (token === undefined || (stored !== undefined && areEqualTokens(stored, token))) entries.delete(key)
    },
    async lock(key, { ttl }) {
      const held = locks.get(key)
      if (held !== undefined && held.endsAt > now()) return undefined
      // Locks that expired without a release are removed here, from the oldest on.
      for (const [oldest, { endsAt }] of locks) {
        if (endsAt > now()) break
        locks.delete(oldest)
      }
      const own = { endsAt: now() + ttl * 1000 }
      locks.set(key, own)
      return {
        async release() {
          if (locks.get(key) === own) locks.delete(key)
        },
      }
    },
  }
}
