import type { TokenStore } from '@nightlatch/core'
import type { Check } from './provider-suite/check.ts'
import { concurrencyChecks } from './store-suite/concurrency-checks.ts'
import { deletionChecks } from './store-suite/deletion-checks.ts'
import { expiryChecks } from './store-suite/expiry-checks.ts'
import { lockChecks } from './store-suite/lock-checks.ts'
import { modelChecks } from './store-suite/model-checks.ts'
import { setUpStores } from './store-suite/store-bench.ts'
import { tokenChecks } from './store-suite/token-checks.ts'
import type { TokenStoreSuite } from './store-suite/token-store-suite.ts'

/**
 * The conformance suite for token stores: what every store must do, under the runner's own `describe` and `it` (Vitest,
 * `node:test`, Jest, Mocha, Bun). Call it once in a test file.
 *
 * @param store answers with a handle on one and the same store each time, as each of several processes has one: the same
 *   object, or another over the same server. It need not be empty; what the checks write there they delete
 * @param suite what the store cannot do, and how its checks go about it
 * @throws TypeError where there is no `describe` or `it`
 */
export function testTokenStore(store: () => TokenStore | Promise<TokenStore>, suite: TokenStoreSuite = {}): void {
  const globals = globalThis as { readonly describe?: unknown; readonly it?: unknown }
  const describe = suite.describe ?? globals.describe
  const it = suite.it ?? globals.it
  if (typeof describe !== 'function' || typeof it !== 'function') {
    throw new TypeError(
      "testTokenStore needs your test runner's describe and it: testTokenStore(store, { describe, it })",
    )
  }
  const groups = Map.groupBy(tokenStoreChecks(store, suite), ({ group }) => group)
  describe('as every token store', () => {
    for (const [group, checks] of groups) {
      describe(group, () => {
        for (const { name, run } of checks) it(name, run)
      })
    }
  })
}

/**
 * The checks of a suite, each with a handle of its own.
 *
 * @param patience seconds after which an operation counts as hung
 */
export function tokenStoreChecks(
  store: () => TokenStore | Promise<TokenStore>,
  suite: TokenStoreSuite,
  patience = 5,
): readonly Check[] {
  const bench = setUpStores(store, suite, patience)
  const { lock = true, atomicDelete = true } = suite
  return [
    ...tokenChecks(bench),
    ...deletionChecks(bench, atomicDelete),
    ...expiryChecks(bench),
    ...concurrencyChecks(bench),
    ...lockChecks(bench, lock),
    ...modelChecks(bench, lock),
  ]
}
