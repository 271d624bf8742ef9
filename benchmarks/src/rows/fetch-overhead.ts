import { tokenPeers } from '../peers.ts'
import type { ProcessRow } from '../row.ts'
import { stopwatch } from '../stopwatch.ts'
import { stubNetwork } from '../stubbed-network.ts'

/** The overhead around a stubbed `fetch`. */
export const fetchOverhead: ProcessRow = {
  kind: 'process',
  name: 'fetch',
  title: 'What an authorised request adds to `fetch`, which is stubbed out',
  about:
    'A GET request with the token, against a function that answers at once. The time of that function with a static header is subtracted.',
  baseline: 'hand-written',
  peers: tokenPeers,
  metrics: [
    {
      key: 'time',
      title: 'added to a call',
      unit: 'ns',
      hasRatio: true,
      ratioTarget: 2,
      replaced: {
        kind: 'value',
        target: 500,
        reason:
          'Nanoseconds depend on the processor: 264 on an AMD EPYC, 810 on a busy Intel Xeon. Both are 1.60 of hand-written code.',
      },
    },
  ],
  rounds: { full: 15, quick: 2 },
  async prepare(peer, { settings, isQuick }) {
    const fetch = stubNetwork(settings.tokenEndpoint)
    const { send, token } = await peer.open({ ...settings, fetch })
    if (send === undefined) return undefined
    await token?.()
    const url = `${settings.apiUrl}/x`
    await send(url)
    const headers = { authorization: `Bearer ${'x'.repeat(256)}` }
    const bare = await stopwatch(async (calls) => {
      for (let call = 0; call < calls; call += 1) await fetch(url, { headers })
    }, isQuick)
    const whole = await stopwatch(async (calls) => {
      for (let call = 0; call < calls; call += 1) await send(url)
    }, isQuick)
    return async () => ({ time: (await whole()) - (await bare()) })
  },
}
