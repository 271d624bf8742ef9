import { type Client, NightlatchError } from '@nightlatch/core'
import type { Answer } from '../faults.ts'
import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { leavesOf, parseJson, replaceAt } from './secret-places.ts'

const invalidDiscoveries: Readonly<Record<string, Answer>> = {
  'an HTML page': { headers: { 'content-type': 'text/html' }, body: '<!doctype html>\n<title>Sign in</title>\n' },
  'an empty body': { body: '' },
  'an empty object': { body: {} },
  'an array': { body: [] },
  null: { body: 'null', headers: { 'content-type': 'application/json' } },
}

export function discoveryChecks(
  suite: ProviderSuite<ProviderOffers, unknown>,
  runWithFixture: RunWithFixture,
): readonly Check[] {
  const check = (name: string, use: (fixture: Fixture) => Promise<void>): Check => ({
    group: 'discovery',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('discovers once and caches the result', async (fixture) => {
      const client = fixture.client()
      await discover(fixture, client)
      const count = fixture.requests('discovery').length
      expectThat(count > 0, 'the emulator received no discovery request')
      await discover(fixture, client)
      expectEqual(fixture.requests('discovery').length, count, 'the number of discovery requests')
    }),
    check('fails if discovery fails, and retries with the next call', async (fixture) => {
      const client = fixture.client()
      for (const fault of [
        { name: 'error', status: 500 },
        { name: 'answer', answer: { status: 403, body: {} } },
      ] as const) {
        fixture.emulator.faults.set('discovery', fault)
        const { code } = await failureOf(discover(fixture, client), 'a failing discovery')
        expectThat(
          /^(discovery_failed|endpoint_unavailable)$/.test(code),
          `the error code should be discovery_failed, but is ${code}`,
        )
      }
      fixture.emulator.faults.clear()
      await discover(fixture, client)
    }),
    ...Object.entries(invalidDiscoveries).map(([what, answer]) =>
      check(`rejects a discovery response of ${what}`, async (fixture) => {
        fixture.emulator.faults.set('discovery', { name: 'answer', answer })
        const { code } = await failureOf(discover(fixture, fixture.client()), `a discovery response of ${what}`)
        expectEqual(code, 'discovery_failed', 'the error code')
      }),
    ),
    check('times out if discovery hangs', async (fixture) => {
      const startedAt = performance.now()
      fixture.markSecret((await fixture.client().token()).value)
      // Ten times the duration of a grant on this machine: a provider that skips discovery gets its token in this time and fails.
      const client = fixture.client({ timeout: Math.max(0.1, (10 * (performance.now() - startedAt)) / 1000) })
      fixture.emulator.faults.set('discovery', { name: 'hang' })
      const { code } = await failureOf(discover(fixture, client), 'a hanging discovery')
      expectThat(/^(timed_out|discovery_failed)$/.test(code), `the error code should be timed_out, but is ${code}`)
    }),
    suite.discovers === 'issuer'
      ? check('rejects metadata of another issuer', async (fixture) => {
          await discover(fixture, fixture.client())
          const body = parseJson(fixture.lastAnswer('discovery')?.text ?? '')
          const answer = { body: replaceAt(body, ['issuer'], 'https://foreign.example') }
          fixture.emulator.faults.set('discovery', { name: 'answer', answer })
          const { code } = await failureOf(discover(fixture, fixture.client()), 'the metadata of another issuer')
          expectEqual(code, 'discovery_failed', 'the error code')
        })
      : check('sends no token to a foreign origin from discovery', async (fixture) => {
          fixture.markSecret(await discover(fixture, fixture.client()))
          const body = parseJson(fixture.lastAnswer('discovery')?.text ?? '')
          for (const { path, value } of leavesOf(body)) {
            if (typeof value !== 'string') continue
            for (const foreign of [...foreignAddresses, fixture.foreignServer]) {
              await follow(fixture, replaceAt(body, path, foreign), path.join('.'))
            }
          }
        }),
  ]
}

/** Values that lead a URL, or a host that they are inserted into, to another origin. */
const foreignAddresses: readonly string[] = [
  'https://foreign.example/api',
  'foreign.example/#',
  'foreign.example:443/',
  '@foreign.example/',
]

/** Discovers with a forged response and calls the discovered API. */
async function follow(fixture: Fixture, body: unknown, place: string): Promise<void> {
  fixture.emulator.faults.set('discovery', { name: 'answer', answer: { body } })
  const client = fixture.client()
  const before = fixture.strayRequests.length
  try {
    await discover(fixture, client)
    await (await client.api()).get('probe', { retry: 0 })
  } catch (failure) {
    const isOurs =
      failure instanceof NightlatchError || (failure instanceof Error && /HTTPError|TypeError/.test(failure.name))
    expectThat(isOurs, `discovery with a foreign address in ${place} should fail with a NightlatchError`)
  }
  const origins = fixture.strayRequests.slice(before).map(({ url }) => new URL(url).origin)
  expectEqual(origins, [], `the origins called after discovery with a foreign address in ${place}`)
}

/** Runs the provider's discovery and returns the token in use. */
async function discover({ provider }: Fixture, client: Client): Promise<string> {
  if (typeof provider.api === 'function') await client.api()
  return (await client.token()).value
}
