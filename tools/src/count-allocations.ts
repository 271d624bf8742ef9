/**
 * Prints the bytes that a reading of the clock, a cached `token()` and a `fetch` with a cached token allocate, as JSON. A young
 * generation that holds them all keeps garbage collections away, so the growth of the heap is what was allocated.
 *
 * Run it with `--expose-gc --min-semi-space-size=64 --max-semi-space-size=64`.
 */
import { createClient } from '@nightlatch/core'

const api = 'https://api.acme.example'
const response = Response.json({})
const client = createClient(
  { name: 'acme', tokenEndpoint: 'https://login.acme.example/token', api },
  {
    credentials: { clientId: 'app', clientSecret: 'secret' },
    fetch: async (input) =>
      String(input).startsWith(api)
        ? response
        : Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 }),
  },
)
await client.token()
const url = `${api}/orders`

/** The least of several measurements, because the engine allocates for itself at times: when it compiles, for example. */
async function allocatedBy(call: () => unknown, calls: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 10; round += 1) {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    for (let done = 0; done < calls; done += 1) {
      const result = call()
      if (result instanceof Promise && call === request) await result
    }
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / calls)
  }
  return Math.round(least)
}

const clock = (): unknown => Date.now()
const token = (): unknown => client.token()
const request = (): unknown => client.fetch(url)
process.stdout.write(
  JSON.stringify({
    clock: await allocatedBy(clock, 100_000),
    token: await allocatedBy(token, 100_000),
    fetch: await allocatedBy(request, 10_000),
  }),
)
