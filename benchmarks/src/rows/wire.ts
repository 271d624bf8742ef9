import type { Peer } from '../peer.ts'
import { tokenPeers } from '../peers.ts'
import type { PeerContext, ProcessRow, Sample } from '../row.ts'

/** Requests over loopback, with responses read completely. */
export const wire: readonly ProcessRow[] = [1, 50].map((concurrency) => ({
  kind: 'process',
  name: `wire-${concurrency}`,
  title: `Authorised requests over loopback, ${concurrency === 1 ? 'one at a time' : `${concurrency} at once`}`,
  about: 'GET requests to a server in its own process. CPU is that of the client alone.',
  baseline: 'fetch',
  peers: ['fetch', ...tokenPeers],
  metrics: [
    { key: 'time', title: 'time a request', unit: 'µs', hasRatio: true, ratioTarget: 1.05 },
    { key: 'cpu', title: 'CPU a request', unit: 'µs', hasRatio: true, ratioTarget: 1.03 },
  ],
  rounds: { full: 9, quick: 2 },
  prepare: (peer, context) => prepareWire(peer, context, concurrency),
}))

/** undici's `request`, without and with the interceptor. */
export const undiciWire: ProcessRow = {
  kind: 'process',
  name: 'undici',
  title: 'Authorised requests by undici, 50 at once',
  about: 'The same by `request` of undici: with a static header, and by the interceptor of `@nightlatch/undici`.',
  baseline: 'undici',
  peers: ['undici', 'nightlatch on undici', 'fetch', 'nightlatch'],
  metrics: [
    { key: 'time', title: 'time a request', unit: 'µs', hasRatio: true, ratioTarget: 1.08 },
    { key: 'cpu', title: 'CPU a request', unit: 'µs', hasRatio: true, ratioTarget: 1.08 },
  ],
  rounds: { full: 9, quick: 2 },
  prepare: (peer, context) => prepareWire(peer, context, 50),
}

async function prepareWire(
  peer: Peer,
  { settings, isQuick }: PeerContext,
  concurrency: number,
): Promise<(() => Promise<Sample>) | undefined> {
  const { send, finish } = await peer.open(settings)
  if (send === undefined || finish === undefined) return undefined
  const url = `${settings.apiUrl}/x`
  const requests = isQuick ? 2 * concurrency : concurrency === 1 ? 300 : 1000
  const run = async (): Promise<void> => {
    let left = requests
    const caller = async (): Promise<void> => {
      for (; left > 0; ) {
        left -= 1
        const status = await finish(await send(url))
        if (status !== 200) throw new Error(`The API answered ${status}.`)
      }
    }
    await Promise.all(Array.from({ length: concurrency }, caller))
  }
  for (let warm = 0; warm < (isQuick ? 1 : 4); warm += 1) await run()
  return async () => {
    const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
    await run()
    const { user, system } = process.cpuUsage(cpu)
    return { time: ((performance.now() - startedAt) * 1000) / requests, cpu: (user + system) / requests }
  }
}
