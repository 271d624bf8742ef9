import type { TokenStore } from '@nightlatch/core'
import type { Check } from './provider-suite/check.ts'
import { concurrencyChecks } from './store-suite/concurrency-checks.ts'
import { deletionChecks } from './store-suite/deletion-checks.ts'
import { expiryChecks } from './store-suite/expiry-checks.ts'
import { lockChecks } from './store-suite/lock-checks.ts'
import { modelChecks } from './store-suite/model-checks.ts'
import { createStoreFixtureRunner } from './store-suite/store-fixture.ts'
import { tokenChecks } from './store-suite/token-checks.ts'
import type { TokenStoreSuite } from './store-suite/token-store-suite.ts'

/**
 * Registers the conformance suite for token stores with your test runner (Vitest, `node:test`, Jest, Mocha, Bun).
 *
 * Call the function once in a test file. The store need not be empty, because checks use their own keys and delete them.
 *
 * @param store returns a handle on the same store each time, as each of several processes would have one
 * @param suite the store's limitations, and how to test it; default a store with a lock and an atomic delete
 * @throws TypeError if neither the suite nor the globals have `describe` and `it`
 * @example
 * ```ts
 * import { describe, it } from 'node:test'
 * import { redisStore } from '@nightlatch/redis'
 * import { testTokenStore } from '@nightlatch/testing'
 * import { createClient } from 'redis'
 *
 * const redis = await createClient({ url: 'rediss://redis.acme.example' }).connect()
 * testTokenStore(() => redisStore({ client: redis, encryptionKeys }), { describe, it })
 * ```
 */
export function testTokenStore(store: () => TokenStore | Promise<TokenStore>, suite: TokenStoreSuite = {}): void {
  const globals = globalThis as { readonly describe?: unknown; readonly it?: unknown }
  const describe = suite.describe ?? globals.describe
  const it = suite.it ?? globals.it
  if (typeof describe !== 'function' || typeof it !== 'function') {
    throw new TypeError(
      "testTokenStore requires your test runner's describe and it: testTokenStore(store, { describe, it })",
    )
  }
  const groups = Map.groupBy(tokenStoreChecks(store, suite), ({ group }) => group)
  describe('token store conformance', () => {
    for (const [group, checks] of groups) {
      describe(group, () => {
        for (const { name, run } of checks) it(name, run)
      })
    }
  })
}

/**
 * The checks of a suite, each with its own handle.
 *
 * @param timeoutSeconds time after which an operation fails its check
 */
export function tokenStoreChecks(
  store: () => TokenStore | Promise<TokenStore>,
  suite: TokenStoreSuite,
  timeoutSeconds = 5,
): readonly Check[] {
  const runWithFixture = createStoreFixtureRunner(store, suite, timeoutSeconds)
  const { lock = true, atomicDelete = true } = suite
  return [
    ...tokenChecks(runWithFixture),
    ...deletionChecks(runWithFixture, atomicDelete),
    ...expiryChecks(runWithFixture),
    ...concurrencyChecks(runWithFixture),
    ...lockChecks(runWithFixture, lock),
    ...modelChecks(runWithFixture, lock),
  ]
}
