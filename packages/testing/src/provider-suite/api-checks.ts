import type { Bench, Stand } from './bench.ts'
import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { placesOf } from './secret-places.ts'

export function apiChecks(_suite: ProviderSuite<ProviderOffers, unknown>, bench: Bench): readonly Check[] {
  const check = (name: string, use: (stand: Stand) => Promise<void>): Check => ({
    group: 'calling the API',
    name,
    run: () => bench(use),
  })
  return [
    check('sends the token once, and the API takes it', async (stand) => {
      const client = stand.client()
      const url = await stand.apiUrl(client)
      const token = await client.token()
      stand.mark(token.value)
      const response = await client.fetch(url)
      expectThat(
        response.ok,
        `GET ${url.pathname} with a token should be answered with a 2xx, and was with ${response.status}`,
      )
      const request = stand.requests('api').at(-1)
      expectThat(request !== undefined, 'the emulator got no call of its API')
      const places = placesOf(token.value, request)
      expectThat(
        places.length === 1,
        `the token is in ${places.length} places (${places.join(', ')}), and belongs in one`,
      )
    }),
    check('replaces a token that the API refuses, once', async (stand) => {
      const client = stand.client()
      const url = await stand.apiUrl(client)
      const refused = await client.token()
      stand.mark(refused.value)
      stand.emulator.faults.set('api', { name: 'revoked' })
      const response = await client.fetch(url)
      stand.mark((await client.token()).value)
      expectThat(response.ok, `after a refused token a new one should be used, and the answer was ${response.status}`)
      expectEqual(stand.requests('token').length, 2, 'the number of token requests')
      expectEqual(stand.requests('api').length, 2, 'the number of calls')
      const second = stand.requests('api').at(-1)
      expectThat(
        second !== undefined && placesOf(refused.value, second).length === 0,
        'the second call has the old token',
      )
    }),
    check('hands on the answer of an API that refuses every token', async (stand) => {
      const client = stand.client()
      const url = await stand.apiUrl(client)
      stand.emulator.faults.set('api', { name: 'answer', answer: { status: 401 } })
      const response = await client.fetch(url)
      expectEqual(response.status, 401, 'the status')
      expectEqual(stand.requests('api').length, 2, 'the number of calls')
    }),
    check('calls nothing where no token can be had', async (stand) => {
      // The address first: a discovery would ask for the token, too.
      const url = await stand.apiUrl(stand.client())
      stand.emulator.faults.set('token', { name: 'answer', answer: { status: 400, body: { error: 'invalid_client' } } })
      const client = stand.client()
      if (typeof stand.provider.api === 'function') await failureOf(client.api(), 'a discovery without a token')
      else await failureOf(client.fetch(url), 'a call without a token')
      expectEqual(stand.requests('api').length, 0, 'the number of calls')
    }),
  ]
}
