import type { ProcessRow } from '../row.ts'
import { stopwatch } from '../stopwatch.ts'
import { stubNetwork } from '../stubbed-network.ts'

/** Requests with the ky instance of `client.api()`. */
export const api: ProcessRow = {
  kind: 'process',
  name: 'api',
  title: 'A request by `client.api()`, `fetch` stubbed out',
  about: 'ky with the token of the client, and ky with a static header.',
  baseline: 'ky',
  peers: ['nightlatch', 'ky'],
  metrics: [
    {
      key: 'time',
      title: 'time a call',
      unit: 'ns',
      hasRatio: true,
      ratioTarget: 1.1,
      replaced: {
        kind: 'ratio',
        target: 1.05,
        reason:
          '`client.fetch` takes 0.3 to 0.4 µs of 15 to 40 µs. Two processes with the same code differ by a few percent.',
      },
    },
  ],
  rounds: { full: 120, quick: 2 },
  processes: 10,
  async prepare(peer, { settings, isQuick }) {
    const session = await peer.open({ ...settings, fetch: stubNetwork(settings.tokenEndpoint) })
    const { openApi } = session
    if (openApi === undefined) return undefined
    const get = await openApi()
    await get('x')
    const time = await stopwatch(async (calls) => {
      for (let call = 0; call < calls; call += 1) await get('x')
    }, isQuick)
    return async () => ({ time: await time() })
  },
}
