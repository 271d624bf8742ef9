/**
 * Measures a cached token: bytes per tenant in a pool of 100,000 and nanoseconds per call, compared with a hand-written cache
 * and with an event listener. Only the ratios can be compared between machines.
 *
 * `node --expose-gc --conditions=@nightlatch/source src/measure-tokens.ts [tenants]`
 */
import { subscribe } from 'node:diagnostics_channel'
import { createClient, createClientPool } from '@nightlatch/core'

const tenants = Number(process.argv[2] ?? 100_000)
const callCount = 2_000_000
const names = Array.from({ length: tenants }, (_, index) => `tenant-${index}`)
let issued = 0

function heap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function report(what: string, value: number, unit: string): void {
  process.stdout.write(`${what}: ${value.toFixed(0)} ${unit}\n`)
}

/** Nanoseconds per call, the best of three rounds. */
async function time(work: (call: number) => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round += 1) {
    const startedAt = performance.now()
    for (let call = 0; call < callCount; call += 1) await work(call)
    best = Math.min(best, ((performance.now() - startedAt) * 1e6) / callCount)
  }
  return best
}

const before = heap()
const pool = createClientPool(
  { name: 'measured', tokenEndpoint: 'https://login.measured.example/token' },
  {
    credentials: (tenant) => ({ clientId: tenant, clientSecret: 'secret' }),
    maxClients: tenants,
    fetch: async () => {
      issued += 1
      return Response.json({ access_token: String(issued).padStart(256, 'x'), expires_in: 3600, token_type: 'Bearer' })
    },
  },
)
for (const name of names) pool.client(name)
report('an idle client', (heap() - before) / tenants, 'bytes')
for (let from = 0; from < tenants; from += 1000) {
  await Promise.all(names.slice(from, from + 1000).map((name) => pool.client(name).token()))
}
report('a client with a token of 256 bytes', (heap() - before) / tenants, 'bytes')

const order = Array.from({ length: callCount }, () => names[Math.floor(Math.random() * tenants)] ?? '')
const cache = new Map(names.map((name) => [name, { value: name, expiresAt: Date.now() + 3_600_000 }]))
const byHand = async (name: string): Promise<unknown> => {
  const cached = cache.get(name)
  return cached !== undefined && Date.now() < cached.expiresAt ? cached : undefined
}
const [one = ''] = names
const client = pool.client(one)
report('token() of one client', await time(() => client.token()), 'ns')
report('the same, written by hand', await time(() => byHand(one)), 'ns')
report('token() of any tenant', await time((call) => pool.client(order[call] ?? one).token()), 'ns')
report('the same, written by hand', await time((call) => byHand(order[call] ?? one)), 'ns')

// Last, because a channel subscriber affects every client of the process.
let eventCount = 0
const listened = createClient(
  { name: 'measured', tokenEndpoint: 'https://login.measured.example/token' },
  {
    credentials: { clientId: one, clientSecret: 'secret' },
    fetch: async () => Response.json({ access_token: 'x'.repeat(256), expires_in: 3600, token_type: 'Bearer' }),
    onEvent() {
      eventCount += 1
    },
  },
)
await listened.token()
report('token() with a listener', await time(() => listened.token()), 'ns')
subscribe('nightlatch:event', () => {
  eventCount += 1
})
report('token() with a subscriber of the channel', await time(() => client.token()), 'ns')
if (eventCount < callCount) throw new Error('the listeners got too few events')
