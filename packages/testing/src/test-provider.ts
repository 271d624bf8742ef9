import { answerChecks } from './provider-suite/answer-checks.ts'
import { apiChecks } from './provider-suite/api-checks.ts'
import { aimAt, type Bench } from './provider-suite/bench.ts'
import type { Check } from './provider-suite/check.ts'
import { discoveryChecks } from './provider-suite/discovery-checks.ts'
import { faultChecks } from './provider-suite/fault-checks.ts'
import { lifetimeChecks } from './provider-suite/lifetime-checks.ts'
import { originChecks } from './provider-suite/origin-checks.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite/provider-suite.ts'
import { requestChecks } from './provider-suite/request-checks.ts'
import { secretChecks } from './provider-suite/secret-checks.ts'

/**
 * The conformance suite for providers: what every provider must do, tried on a real socket against an emulation, under the
 * runner's own `describe` and `it` (Vitest, `node:test`, Jest, Bun). Call it once in a test file.
 *
 * @param suite the provider, its emulation, and what its vendor documents
 * @throws TypeError where there is no `describe` or `it`
 */
export function testProvider<Offers extends ProviderOffers, Info>(suite: ProviderSuite<Offers, Info>): void {
  const globals = globalThis as { readonly describe?: unknown; readonly it?: unknown }
  const describe = suite.describe ?? globals.describe
  const it = suite.it ?? globals.it
  if (typeof describe !== 'function' || typeof it !== 'function') {
    throw new TypeError("testProvider needs your test runner's describe and it: testProvider({ describe, it, ... })")
  }
  const groups = Map.groupBy(providerChecks(suite), ({ group }) => group)
  describe('as every provider', () => {
    for (const [group, checks] of groups) {
      describe(group, () => {
        for (const { name, run } of checks) it(name, run)
      })
    }
  })
}

/** The checks of a suite, each with an emulator of its own. */
export function providerChecks<Offers extends ProviderOffers, Info>(
  suite: ProviderSuite<Offers, Info>,
  // The suite speaks to any provider alike: what it does not know the types of it hands back to the caller's own functions.
  aim: typeof aimAt = aimAt,
): readonly Check[] {
  const known = suite as unknown as ProviderSuite<ProviderOffers, unknown>
  const bench: Bench = aim(known)
  return [
    ...requestChecks(known, bench),
    ...answerChecks(known, bench),
    ...lifetimeChecks(known, bench),
    ...faultChecks(known, bench),
    ...(known.apiUrl === null ? [] : [...apiChecks(known, bench), ...originChecks(known, bench)]),
    ...(known.discovers !== undefined ? discoveryChecks(known, bench) : []),
    ...secretChecks(known, bench),
  ]
}
