import { tokenPeers } from '../peers.ts'
import type { ProcessRow } from '../row.ts'
import { stubNetwork } from '../stubbed-network.ts'
import { openPool } from '../tenants.ts'

/** The memory of a tenant with a token. */
export const heap: ProcessRow = {
  kind: 'process',
  name: 'heap',
  title: 'Heap of a tenant with a token of 256 bytes',
  about: 'A pool of 10,000 tenants, after several collections. It includes the token itself, 272 bytes.',
  baseline: 'hand-written',
  peers: tokenPeers,
  metrics: [{ key: 'bytes', title: 'heap a tenant', unit: 'bytes', hasRatio: true, target: 900 }],
  rounds: { full: 5, quick: 1 },
  processes: 5,
  async prepare(peer, { settings, isQuick }) {
    const count = isQuick ? 100 : 10_000
    const stubbed = { ...settings, fetch: stubNetwork(settings.tokenEndpoint) }
    const draw = (round: number): readonly string[] =>
      Array.from({ length: count }, (_, index) => `tenant-${round}-${index}`)
    let round = 0
    // A first pool loads and compiles code, which must not count.
    if ((await openPool(peer, stubbed, draw(round))) === undefined) return undefined
    return async () => {
      round += 1
      const names = draw(round)
      const before = await settledHeap()
      const pool = await openPool(peer, stubbed, names)
      const bytes = ((await settledHeap()) - before) / count
      // Keeps the pool alive until here.
      await pool?.(names[0] ?? '')
      return { bytes }
    }
  },
}

async function settledHeap(): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage().heapUsed
}
