import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { placesOf } from './secret-places.ts'

export function apiChecks(
  _suite: ProviderSuite<ProviderOffers, unknown>,
  runWithFixture: RunWithFixture,
): readonly Check[] {
  const check = (name: string, use: (fixture: Fixture) => Promise<void>): Check => ({
    group: 'API requests',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('sends the token in one place, and the API accepts it', async (fixture) => {
      const client = fixture.client()
      const url = await fixture.apiUrl(client)
      const token = await client.token()
      fixture.markSecret(token.value)
      const response = await client.fetch(url)
      expectThat(response.ok, `GET ${url.pathname} with a token should return a 2xx, but returned ${response.status}`)
      const request = fixture.requests('api').at(-1)
      expectThat(request !== undefined, 'the emulator received no request to its API')
      const places = placesOf(token.value, request)
      expectThat(
        places.length === 1,
        `the token should be in one place, but is in ${places.length} (${places.join(', ')})`,
      )
    }),
    check('replaces a token that the API rejects, once', async (fixture) => {
      const client = fixture.client()
      const url = await fixture.apiUrl(client)
      const rejected = await client.token()
      fixture.markSecret(rejected.value)
      fixture.emulator.faults.set('api', { name: 'revoked' })
      const response = await client.fetch(url)
      fixture.markSecret((await client.token()).value)
      expectThat(
        response.ok,
        `a rejected token should be replaced by a new one, but the response is ${response.status}`,
      )
      expectEqual(fixture.requests('token').length, 2, 'the number of token requests')
      expectEqual(fixture.requests('api').length, 2, 'the number of calls')
      const second = fixture.requests('api').at(-1)
      expectThat(
        second !== undefined && placesOf(rejected.value, second).length === 0,
        'the second request should not carry the rejected token',
      )
    }),
    check('returns the 401 of an API that rejects every token', async (fixture) => {
      const client = fixture.client()
      const url = await fixture.apiUrl(client)
      fixture.emulator.faults.set('api', { name: 'answer', answer: { status: 401 } })
      const response = await client.fetch(url)
      expectEqual(response.status, 401, 'the status')
      expectEqual(fixture.requests('api').length, 2, 'the number of calls')
    }),
    check('sends no API request without a token', async (fixture) => {
      // The URL first, because discovery requires a token, too.
      const url = await fixture.apiUrl(fixture.client())
      fixture.emulator.faults.set('token', {
        name: 'answer',
        answer: { status: 400, body: { error: 'invalid_client' } },
      })
      const client = fixture.client()
      if (typeof fixture.provider.api === 'function') await failureOf(client.api(), 'a discovery without a token')
      else await failureOf(client.fetch(url), 'a call without a token')
      expectEqual(fixture.requests('api').length, 0, 'the number of calls')
    }),
  ]
}
