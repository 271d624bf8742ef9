import { answerChecks } from './provider-suite/answer-checks.ts'
import { apiChecks } from './provider-suite/api-checks.ts'
import type { Check } from './provider-suite/check.ts'
import { discoveryChecks } from './provider-suite/discovery-checks.ts'
import { faultChecks } from './provider-suite/fault-checks.ts'
import { createFixtureRunner, type RunWithFixture } from './provider-suite/fixture.ts'
import { lifetimeChecks } from './provider-suite/lifetime-checks.ts'
import { originChecks } from './provider-suite/origin-checks.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite/provider-suite.ts'
import { requestChecks } from './provider-suite/request-checks.ts'
import { secretChecks } from './provider-suite/secret-checks.ts'

/**
 * Registers the conformance suite for providers with your test runner (Vitest, `node:test`, Jest, Bun).
 *
 * Each check runs the provider against an emulation over a real socket. Call the function once in a test file.
 *
 * @param suite the provider, its emulation, and examples from the vendor's documents
 * @throws TypeError if neither the suite nor the globals have `describe` and `it`
 * @example
 * ```ts
 * import { describe, it } from 'node:test'
 * import { standardEmulation, testProvider } from '@nightlatch/testing'
 *
 * testProvider({
 *   describe,
 *   it,
 *   emulation: standardEmulation,
 *   provider: ({ tokenEndpoint, apiUrl }) => ({ name: 'acme', tokenEndpoint, api: apiUrl }),
 * })
 * ```
 */
export function testProvider<Offers extends ProviderOffers, Info>(suite: ProviderSuite<Offers, Info>): void {
  const globals = globalThis as { readonly describe?: unknown; readonly it?: unknown }
  const describe = suite.describe ?? globals.describe
  const it = suite.it ?? globals.it
  if (typeof describe !== 'function' || typeof it !== 'function') {
    throw new TypeError("testProvider requires your test runner's describe and it: testProvider({ describe, it, ... })")
  }
  const groups = Map.groupBy(providerChecks(suite), ({ group }) => group)
  describe('provider conformance', () => {
    for (const [group, checks] of groups) {
      describe(group, () => {
        for (const { name, run } of checks) it(name, run)
      })
    }
  })
}

/** The checks of a suite, each with its own emulator. */
export function providerChecks<Offers extends ProviderOffers, Info>(
  suite: ProviderSuite<Offers, Info>,
  createRunner: typeof createFixtureRunner = createFixtureRunner,
): readonly Check[] {
  // Values of the caller's own types are passed only to the caller's functions.
  const known = suite as unknown as ProviderSuite<ProviderOffers, unknown>
  const runWithFixture: RunWithFixture = createRunner(known)
  return [
    ...requestChecks(known, runWithFixture),
    ...answerChecks(known, runWithFixture),
    ...lifetimeChecks(known, runWithFixture),
    ...faultChecks(known, runWithFixture),
    ...(known.apiUrl === null ? [] : [...apiChecks(known, runWithFixture), ...originChecks(known, runWithFixture)]),
    ...(known.discovers !== undefined ? discoveryChecks(known, runWithFixture) : []),
    ...secretChecks(known, runWithFixture),
  ]
}
