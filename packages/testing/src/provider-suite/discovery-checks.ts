import { type Client, NightlatchError } from '@nightlatch/core'
import type { Answer } from '../faults.ts'
import type { Bench, Stand } from './bench.ts'
import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { leavesOf, parseJson, replaceAt } from './secret-places.ts'

const oddAnswers: Readonly<Record<string, Answer>> = {
  'a page': { headers: { 'content-type': 'text/html' }, body: '<!doctype html>\n<title>Sign in</title>\n' },
  nothing: { body: '' },
  'an empty object': { body: {} },
  'an array': { body: [] },
  'a null': { body: 'null', headers: { 'content-type': 'application/json' } },
}

export function discoveryChecks(suite: ProviderSuite<ProviderOffers, unknown>, bench: Bench): readonly Check[] {
  const check = (name: string, use: (stand: Stand) => Promise<void>): Check => ({
    group: 'discovery',
    name,
    run: () => bench(use),
  })
  return [
    check('asks once, and remembers', async (stand) => {
      const client = stand.client()
      await discover(stand, client)
      const asked = stand.requests('discovery').length
      expectThat(asked > 0, 'the emulator got no request for the discovery')
      await discover(stand, client)
      expectEqual(stand.requests('discovery').length, asked, 'the number of requests for the discovery')
    }),
    check('fails where the discovery does, and asks again the next time', async (stand) => {
      const client = stand.client()
      for (const fault of [
        { name: 'error', status: 500 },
        { name: 'answer', answer: { status: 403, body: {} } },
      ] as const) {
        stand.emulator.faults.set('discovery', fault)
        const { code } = await failureOf(discover(stand, client), 'a discovery that fails')
        expectThat(
          /^(discovery_failed|endpoint_unavailable)$/.test(code),
          `the error code should be discovery_failed, and is ${code}`,
        )
      }
      stand.emulator.faults.clear()
      await discover(stand, client)
    }),
    ...Object.entries(oddAnswers).map(([what, answer]) =>
      check(`finds nothing in ${what}`, async (stand) => {
        stand.emulator.faults.set('discovery', { name: 'answer', answer })
        const { code } = await failureOf(discover(stand, stand.client()), `a discovery that answers ${what}`)
        expectEqual(code, 'discovery_failed', 'the error code')
      }),
    ),
    check('does not hang with the discovery', async (stand) => {
      const begun = performance.now()
      stand.mark((await stand.client().token()).value)
      // On a machine as busy as this one, a provider that does without the discovery has its token in this time, and is caught.
      const client = stand.client({ timeout: Math.max(0.1, (10 * (performance.now() - begun)) / 1000) })
      stand.emulator.faults.set('discovery', { name: 'hang' })
      const { code } = await failureOf(discover(stand, client), 'a discovery that hangs')
      expectThat(/^(timed_out|discovery_failed)$/.test(code), `the error code should be timed_out, and is ${code}`)
    }),
    suite.discovers === 'issuer'
      ? check('believes no metadata of another issuer', async (stand) => {
          await discover(stand, stand.client())
          const body = parseJson(stand.answered('discovery')?.text ?? '')
          const answer = { body: replaceAt(body, ['issuer'], 'https://stranger.example') }
          stand.emulator.faults.set('discovery', { name: 'answer', answer })
          const { code } = await failureOf(discover(stand, stand.client()), 'the metadata of another issuer')
          expectEqual(code, 'discovery_failed', 'the error code')
        })
      : check('lets no discovery lead a token to another origin', async (stand) => {
          stand.mark(await discover(stand, stand.client()))
          const body = parseJson(stand.answered('discovery')?.text ?? '')
          for (const { path, value } of leavesOf(body)) {
            if (typeof value !== 'string') continue
            for (const lie of [...elsewhere, stand.stranger]) {
              await follow(stand, replaceAt(body, path, lie), path.join('.'))
            }
          }
        }),
  ]
}

/** What turns a URL, or a host that it is pasted into, into somebody else's. */
const elsewhere: readonly string[] = [
  'https://stranger.example/api',
  'stranger.example/#',
  'stranger.example:443/',
  '@stranger.example/',
]

/** Lets a client discover by an answer that lies, and call what it found. */
async function follow(stand: Stand, body: unknown, place: string): Promise<void> {
  stand.emulator.faults.set('discovery', { name: 'answer', answer: { body } })
  const client = stand.client()
  const before = stand.stray.length
  try {
    await discover(stand, client)
    await (await client.api()).get('probe', { retry: 0 })
  } catch (failure) {
    const isOurs =
      failure instanceof NightlatchError || (failure instanceof Error && /HTTPError|TypeError/.test(failure.name))
    expectThat(isOurs, `a discovery that lies in ${place} should fail with a NightlatchError`)
  }
  const left = stand.stray.slice(before).map(({ url }) => new URL(url).origin)
  expectEqual(left, [], `the origins that a discovery that lies in ${place} leads to`)
}

/** @returns the token in use */
async function discover({ provider }: Stand, client: Client): Promise<string> {
  if (typeof provider.api === 'function') await client.api()
  return (await client.token()).value
}
