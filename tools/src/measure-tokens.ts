/**
 * Measures what a held token costs: bytes a tenant in a pool of 100,000, and nanoseconds a call, beside a cache written by
 * hand in the same process, and what it adds that somebody listens. Numbers of one machine; the ratios are what travels.
 *
 * `node --expose-gc --conditions=@nightlatch/source src/measure-tokens.ts [tenants]`
 */
import { subscribe } from 'node:diagnostics_channel'
import { createClient, createClientPool } from '@nightlatch/core'

const tenants = Number(process.argv[2] ?? 100_000)
const calls = 2_000_000
const names = Array.from({ length: tenants }, (_, index) => `tenant-${index}`)
let issued = 0

function heap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function say(what: string, value: number, unit: string): void {
  process.stdout.write(`${what}: ${value.toFixed(0)} ${unit}\n`)
}

/** Nanoseconds a call, the best of three rounds. */
async function time(work: (call: number) => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round += 1) {
    const begun = performance.now()
    for (let call = 0; call < calls; call += 1) await work(call)
    best = Math.min(best, ((performance.now() - begun) * 1e6) / calls)
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
say('an idle client', (heap() - before) / tenants, 'bytes')
for (let from = 0; from < tenants; from += 1000) {
  await Promise.all(names.slice(from, from + 1000).map((name) => pool.client(name).token()))
}
say('a client with a token of 256 bytes', (heap() - before) / tenants, 'bytes')

const order = Array.from({ length: calls }, () => names[Math.floor(Math.random() * tenants)] ?? '')
const cache = new Map(names.map((name) => [name, { value: name, endsAt: Date.now() + 3_600_000 }]))
const byHand = async (name: string): Promise<unknown> => {
  const held = cache.get(name)
  return held !== undefined && Date.now() < held.endsAt ? held : undefined
}
const [one = ''] = names
const client = pool.client(one)
say('token() of one client', await time(() => client.token()), 'ns')
say('the same, written by hand', await time(() => byHand(one)), 'ns')
say('token() of any tenant', await time((call) => pool.client(order[call] ?? one).token()), 'ns')
say('the same, written by hand', await time((call) => byHand(order[call] ?? one)), 'ns')

// Last, for from here on every client of the process has somebody who listens.
let heard = 0
const listened = createClient(
  { name: 'measured', tokenEndpoint: 'https://login.measured.example/token' },
  {
    credentials: { clientId: one, clientSecret: 'secret' },
    fetch: async () => Response.json({ access_token: 'x'.repeat(256), expires_in: 3600, token_type: 'Bearer' }),
    onEvent() {
      heard += 1
    },
  },
)
await listened.token()
say('token() with a listener', await time(() => listened.token()), 'ns')
subscribe('nightlatch:event', () => {
  heard += 1
})
say('token() with a subscriber of the channel', await time(() => client.token()), 'ns')
if (heard < calls) throw new Error('nobody was told')
