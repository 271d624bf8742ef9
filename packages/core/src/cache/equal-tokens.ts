import type { StoredToken } from './token-store.ts'

/**
 * Whether two stored tokens are deeply equal, whatever the order of their members: the check that `TokenStore.delete` requires.
 * For token stores.
 *
 * @example
 * ```ts
 * const entries = new Map<string, StoredToken>()
 * function deleteEntry(key: string, token: StoredToken): void {
 *   const stored = entries.get(key)
 *   if (stored !== undefined && areEqualTokens(stored, token)) entries.delete(key)
 * }
 * ```
 */
export function areEqualTokens(a: StoredToken, b: StoredToken): boolean {
  return isEqual(a, b)
}

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const names = Object.keys(a)
  const inB = b as Record<string, unknown>
  return (
    Array.isArray(a) === Array.isArray(b) &&
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual((a as Record<string, unknown>)[name], inB[name]))
  )
}
