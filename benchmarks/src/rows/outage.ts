import { tokenPeers } from '../peers.ts'
import type { ProcessRow } from '../row.ts'
import { stalledFor, watchStalls } from '../stalls.ts'
import { callSteadily, slowCallMs } from '../steady-calls.ts'

/** All in seconds. The outage starts when the token is due for a refresh and ends before it expires. */
const [lifetime, outageAt, outage, callsFor] = [8, 4, 3, 6]

/** A token endpoint that fails while the token is valid. */
export const outages: readonly ProcessRow[] = [
  { fault: '503', says: 'answers 503' },
  { fault: 'hang', says: 'does not answer' },
].map(({ fault, says }) => ({
  kind: 'process',
  peersAtOnce: 3,
  name: `outage-${fault}`,
  title: `The token endpoint ${says} for ${outage} seconds`,
  about: `The token lives for ${lifetime} s. From second ${outageAt} on, the token endpoint ${says}, for ${outage} s, and ${200 * callsFor} calls are made in ${callsFor} s. A call fails if its status is not 200, and waits if it takes longer than 50 ms. "Fresh" is the time from the end of the outage to a new token.`,
  baseline: undefined,
  peers: tokenPeers,
  metrics: [
    { key: 'failed', title: 'failed calls', unit: '', target: 0 },
    { key: 'waiters', title: 'waiting calls', unit: '', target: 0 },
    { key: 'requests', title: 'requests in the outage', unit: '', target: 4 },
    { key: 'fresh', title: 'fresh after', unit: 'ms', target: 1000 },
  ],
  rounds: { full: 3, quick: 1 },
  async prepare(peer, { server, settings, isQuick }) {
    if (!peer.caches) return undefined
    const scale = isQuick ? 0.05 : 1
    const pause = (seconds: number): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, seconds * scale * 1000))
    return async () => {
      const session = await peer.open(settings)
      const url = `${settings.apiUrl}/x`
      await server.behave({ lifetime })
      await session.finish?.(await session.send?.(url))
      await pause(outageAt)
      await server.behave({ lifetime, fault: fault as '503' | 'hang' })
      await server.reset()
      const watch = async (): Promise<{ requests: number; fresh: number }> => {
        await pause(outage)
        const { tokenRequests } = await server.counts()
        await server.behave({ lifetime: 3600 })
        const recoveredAt = performance.now()
        for (; performance.now() - recoveredAt < (isQuick ? 100 : 5000); ) {
          await new Promise((resolve) => setTimeout(resolve, 10))
          if ((await server.counts()).grants > 0) break
        }
        return { requests: tokenRequests, fresh: performance.now() - recoveredAt }
      }
      const stallsHere = watchStalls()
      const [calls, { requests, fresh }] = await Promise.all([
        callSteadily(session, url, { seconds: callsFor * scale, perSecond: 200 }),
        watch(),
      ])
      stallsHere.stop()
      const stalls = [...stallsHere.stalls, ...(await server.counts()).stalls]
      await server.behave({})
      await session.close?.()
      const failed = calls.filter(({ status }) => status !== 200).length
      const waiters = calls.filter((call) => call.to - call.from - stalledFor(stalls, call) > slowCallMs).length
      return { failed, waiters, requests, fresh }
    }
  },
}))
