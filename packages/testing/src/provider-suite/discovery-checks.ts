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
      const asked = fixture.requests('discovery').length
      expectThat(asked > 0, 'the emulator got no request for the discovery')
      await discover(fixture, client)
      expectEqual(fixture.requests('discovery').length, asked, 'the number of requests for the discovery')
    }),
    check('fails if discovery fails, and retries with the next call', async (fixture) => {
      const client = fixture.client()
      for (const fault of [
        { name: 'error', status: 500 },
        { name: 'answer', answer: { status: 403, body: {} } },
      ] as const) {
        fixture.emulator.faults.set('discovery', fault)
        const { code } = await failureOf(discover(fixture, client), 'a discovery that fails')
        expectThat(
          /^(discovery_failed|endpoint_unavailable)$/.test(code),
          `the error code should be discovery_failed, and is ${code}`,
        )
      }
      fixture.emulator.faults.clear()
      await discover(fixture, client)
    }),
    ...Object.entries(invalidDiscoveries).map(([what, answer]) =>
      check(`rejects a discovery response of ${what}`, async (fixture) => {
        fixture.emulator.faults.set('discovery', { name: 'answer', answer })
        const { code } = await failureOf(discover(fixture, fixture.client()), `a discovery that answers ${what}`)
        expectEqual(code, 'discovery_failed', 'the error code')
      }),
    ),
    check('times out if discovery hangs', async (fixture) => {
      const begun = performance.now()
      fixture.markSecret((await fixture.client().token()).value)
      // On a machine as busy as this one, a provider that does without the discovery has its token in this time, and is caught.
      const client = fixture.client({ timeout: Math.max(0.1, (10 * (performance.now() - begun)) / 1000) })
      fixture.emulator.faults.set('discovery', { name: 'hang' })
      const { code } = await failureOf(discover(fixture, client), 'a discovery that hangs')
      expectThat(/^(timed_out|discovery_failed)$/.test(code), `the error code should be timed_out, and is ${code}`)
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
            for (const lie of [...elsewhere, fixture.foreignServer]) {
              await follow(fixture, replaceAt(body, path, lie), path.join('.'))
            }
          }
        }),
  ]
}

/** What turns a URL, or a host that it is pasted into, into somebody else's. */
const elsewhere: readonly string[] = [
  'https://foreign.example/api',
  'foreign.example/#',
  'foreign.example:443/',
  '@foreign.example/',
]

/** Lets a client discover by an answer that lies, and call what it found. */
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
    expectThat(isOurs, `a discovery that lies in ${place} should fail with a NightlatchError`)
  }
  const left = fixture.strayRequests.slice(before).map(({ url }) => new URL(url).origin)
  expectEqual(left, [], `the origins that a discovery that lies in ${place} leads to`)
}

/** @returns the token in use */
async function discover({ provider }: Fixture, client: Client): Promise<string> {
  if (typeof provider.api === 'function') await client.api()
  return (await client.token()).value
}
