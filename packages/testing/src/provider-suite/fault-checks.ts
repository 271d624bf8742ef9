import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'

export function faultChecks(
  _suite: ProviderSuite<ProviderOffers, unknown>,
  runWithFixture: RunWithFixture,
): readonly Check[] {
  const check = (name: string, use: (fixture: Fixture) => Promise<void>): Check => ({
    group: 'failing token endpoint',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('retries after a 503', async (fixture) => {
      fixture.emulator.faults.set('token', { name: 'error', status: 503 }, { times: 1 })
      fixture.markSecret((await fixture.client().token()).value)
      expectEqual(fixture.requests('token').length, 2, 'the number of token requests')
    }),
    check('waits for the Retry-After of a 429', async (fixture) => {
      fixture.emulator.faults.set('token', { name: 'tooManyRequests', retryAfter: 1 }, { times: 1 })
      fixture.markSecret((await fixture.client().token()).value)
      const times = fixture.requests('token').map(({ time }) => time)
      const [first = 0, second = 0] = times
      expectEqual(times.length, 2, 'the number of token requests')
      expectThat(
        second - first >= 950,
        `the second request should follow after 1 s, but followed after ${second - first} ms`,
      )
    }),
    check('reports a long Retry-After instead of waiting', async (fixture) => {
      fixture.emulator.faults.set('token', { name: 'tooManyRequests', retryAfter: 90 })
      const { retryAfter, retryable } = await failureOf(fixture.client().token(), 'a 429 with Retry-After: 90')
      expectEqual({ retryAfter, retryable }, { retryAfter: 90, retryable: true }, 'the error')
      expectEqual(fixture.requests('token').length, 1, 'the number of token requests')
    }),
    // The timeout can be this short, because the error is the same wherever it interrupts the request.
    check('times out if the endpoint hangs', async (fixture) => {
      fixture.emulator.faults.set('token', { name: 'hang' })
      const { code, retryable } = await failureOf(fixture.client({ timeout: 0.1 }).token(), 'a hanging token request')
      expectEqual({ code, retryable }, { code: 'timed_out', retryable: true }, 'the error')
    }),
    check('times out if the response does not end', async (fixture) => {
      fixture.emulator.faults.set('token', { name: 'hang', at: 'body' })
      const { code } = await failureOf(fixture.client({ timeout: 0.1 }).token(), 'a response that does not end')
      expectEqual(code, 'timed_out', 'the error code')
    }),
    check('recovers from a broken connection', async (fixture) => {
      const client = fixture.client()
      fixture.emulator.faults.set('token', { name: 'reset' })
      const { code, retryable } = await failureOf(client.token(), 'a token request whose connection is reset')
      expectEqual({ code, retryable }, { code: 'endpoint_unavailable', retryable: true }, 'the error')
      fixture.emulator.faults.clear()
      fixture.markSecret((await client.token()).value)
    }),
  ]
}
