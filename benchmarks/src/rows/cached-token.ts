import { measureCachedCalls } from '../cached-calls.ts'
import type { Peer, Pool, Settings } from '../peer.ts'
import { tokenPeers } from '../peers.ts'
import type { PeerContext, ProcessRow } from '../row.ts'
import { stopwatch } from '../stopwatch.ts'
import { stubNetwork } from '../stubbed-network.ts'
import { openPool } from '../tenants.ts'

/** A cached token: of one client, and of a random one of many tenants. */
export const cachedToken: readonly ProcessRow[] = [
  {
    kind: 'process',
    name: 'token',
    title: 'A cached token, awaited, one key',
    about: 'The hand-written cache is a variable and one reading of the clock; about half of its time is the `await`.',
    baseline: 'hand-written',
    peers: tokenPeers,
    metrics: [{ key: 'time', title: 'time a call', unit: 'ns', hasRatio: true, ratioTarget: 1.2 }],
    rounds: { full: 15, quick: 2 },
    prepare: (peer, { settings, isQuick }) => measureCachedCalls(peer, settings, isQuick),
  },
  ofTenants(10_000, 1.2),
  ofTenants(100_000, 1.05),
]

function ofTenants(count: number, ratioTarget: number): ProcessRow {
  const written = count.toLocaleString('en')
  return {
    kind: 'process',
    name: `token-${count}`,
    title: `A cached token of any of ${written} tenants`,
    about: 'Tenants at random. Libraries without a pool are in a `Map`, one client for each tenant.',
    baseline: 'hand-written',
    peers: tokenPeers,
    metrics: [{ key: 'time', title: 'time a call', unit: 'ns', hasRatio: true, ratioTarget }],
    rounds: { full: 27, quick: 2 },
    processes: 3,
    prepare: (peer, context) => prepareTenants(peer, context, context.isQuick ? count / 1000 : count),
  }
}

async function prepareTenants(
  peer: Peer,
  { settings, isQuick }: PeerContext,
  count: number,
): ReturnType<ProcessRow['prepare']> {
  const names = Array.from({ length: count }, (_, index) => `tenant-${index}`)
  const stubbed: Settings = { ...settings, fetch: stubNetwork(settings.tokenEndpoint) }
  const pool: Pool | undefined = await openPool(peer, stubbed, names)
  if (pool === undefined) return undefined
  // Drawn before the measurement; a power of two, so that a mask computes the index.
  const mask = 2 ** 18 - 1
  const drawn = Array.from({ length: mask + 1 }, () => names[Math.floor(Math.random() * count)] ?? '')
  let next = 0
  const time = await stopwatch(async (calls) => {
    for (let call = 0; call < calls; call += 1) {
      await pool(drawn[next & mask] ?? '')
      next += 1
    }
  }, isQuick)
  return async () => ({ time: await time() })
}
