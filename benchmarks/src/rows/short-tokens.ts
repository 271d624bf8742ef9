import { tokenPeers } from '../peers.ts'
import type { ProcessRow } from '../row.ts'
import { stalledFor, watchStalls } from '../stalls.ts'
import { callSteadily, slowCallMs } from '../steady-calls.ts'

/** Tokens with a lifetime of two seconds. */
export const shortTokens: ProcessRow = {
  kind: 'process',
  peersAtOnce: 3,
  name: 'short-tokens',
  title: 'Tokens of 2 seconds, a slow token endpoint, 200 requests a second for 10 seconds',
  about:
    'The token endpoint takes 300 ms, so a token is 150 ms old when it arrives. Calls that were slow because the machine was busy have a column of their own.',
  baseline: undefined,
  peers: tokenPeers,
  metrics: [
    { key: 'unauthorized', title: '401s', unit: '', target: 0 },
    { key: 'slow', title: 'calls over 50 ms', unit: '', target: 0 },
    { key: 'grants', title: 'grants', unit: '', target: 8 },
    { key: 'heldUp', title: 'held up by the machine', unit: '' },
    { key: 'calls', title: 'calls', unit: '' },
  ],
  rounds: { full: 1, quick: 1 },
  async prepare(peer, { server, settings, isQuick }) {
    if (!peer.caches) return undefined
    return async () => {
      const session = await peer.open(settings)
      await server.behave({ lifetime: 2, delayBefore: 150, delayAfter: 150 })
      const url = `${settings.apiUrl}/x`
      await session.finish?.(await session.send?.(url))
      await server.reset()
      const watch = watchStalls()
      const calls = await callSteadily(session, url, { seconds: isQuick ? 0.2 : 10, perSecond: 200 })
      watch.stop()
      const { grants, unauthorized, stalls } = await server.counts()
      await server.behave({})
      await session.close?.()
      const slow = calls.filter(({ from, to }) => to - from > slowCallMs)
      const all = [...watch.stalls, ...stalls]
      const heldUp = slow.filter((call) => call.to - call.from - stalledFor(all, call) <= slowCallMs).length
      return { unauthorized, slow: slow.length - heldUp, grants, heldUp, calls: calls.length }
    }
  },
}
