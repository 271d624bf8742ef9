import type { Bench, Stand } from './bench.ts'
import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'

export function faultChecks(_suite: ProviderSuite<ProviderOffers, unknown>, bench: Bench): readonly Check[] {
  const check = (name: string, use: (stand: Stand) => Promise<void>): Check => ({
    group: 'a token endpoint that is unwell',
    name,
    run: () => bench(use),
  })
  return [
    check('asks again after a 503', async (stand) => {
      stand.emulator.faults.set('token', { name: 'error', status: 503 }, { times: 1 })
      stand.mark((await stand.client().token()).value)
      expectEqual(stand.requests('token').length, 2, 'the number of token requests')
    }),
    check('waits as long as a 429 says', async (stand) => {
      stand.emulator.faults.set('token', { name: 'tooManyRequests', retryAfter: 1 }, { times: 1 })
      stand.mark((await stand.client().token()).value)
      const times = stand.requests('token').map(({ time }) => time)
      const [first = 0, second = 0] = times
      expectEqual(times.length, 2, 'the number of token requests')
      expectThat(
        second - first >= 950,
        `the second request should come a second later, and came after ${second - first} ms`,
      )
    }),
    check('does not wait for minutes, but says how long', async (stand) => {
      stand.emulator.faults.set('token', { name: 'tooManyRequests', retryAfter: 90 })
      const { retryAfter, retryable } = await failureOf(stand.client().token(), 'a 429 that says 90 seconds')
      expectEqual({ retryAfter, retryable }, { retryAfter: 90, retryable: true }, 'the error')
      expectEqual(stand.requests('token').length, 1, 'the number of token requests')
    }),
    // So short a time is right in both: whatever of the request it ends on a busy machine, the error is the same.
    check('gives up on an endpoint that hangs', async (stand) => {
      stand.emulator.faults.set('token', { name: 'hang' })
      const { code, retryable } = await failureOf(stand.client({ timeout: 0.1 }).token(), 'a token request that hangs')
      expectEqual({ code, retryable }, { code: 'timed_out', retryable: true }, 'the error')
    }),
    check('gives up on an answer that does not end', async (stand) => {
      stand.emulator.faults.set('token', { name: 'hang', at: 'body' })
      const { code } = await failureOf(stand.client({ timeout: 0.1 }).token(), 'an answer that does not end')
      expectEqual(code, 'timed_out', 'the error code')
    }),
    check('recovers from a connection that broke', async (stand) => {
      const client = stand.client()
      stand.emulator.faults.set('token', { name: 'reset' })
      const { code, retryable } = await failureOf(client.token(), 'a token request whose connection breaks')
      expectEqual({ code, retryable }, { code: 'endpoint_unavailable', retryable: true }, 'the error')
      stand.emulator.faults.clear()
      stand.mark((await client.token()).value)
    }),
  ]
}
