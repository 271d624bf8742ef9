import { tokenPeers } from '../peers.ts'
import type { ProcessRow } from '../row.ts'

const reason =
  'openid-client alone takes 1.1 to 1.3. A deadline, the form of the provider, the checks of the response and errors without secrets take the rest: some 60 functions, none of them above a tenth. Beside a POST, it depends on the caches of the processor: 1.35 of the time on an AMD EPYC, 1.65 and 1.80 on an Intel Xeon. A token costs it once in its life.'

/** One token request over loopback. */
export const grant: ProcessRow = {
  kind: 'process',
  name: 'grant',
  title: 'A grant',
  about: 'A new token over loopback, one at a time, beside one POST by `fetch`.',
  baseline: 'fetch',
  peers: ['fetch', ...tokenPeers],
  metrics: [
    {
      key: 'time',
      title: 'time a grant',
      unit: 'µs',
      hasRatio: true,
      ratioTarget: 2,
      replaced: { kind: 'ratio', target: 1.2, reason },
    },
    {
      key: 'cpu',
      title: 'CPU a grant',
      unit: 'µs',
      hasRatio: true,
      ratioTarget: 2,
      replaced: { kind: 'ratio', target: 1.2, reason },
    },
  ],
  rounds: { full: 25, quick: 2 },
  processes: 5,
  async prepare(peer, { settings, isQuick }) {
    const { grant } = await peer.open(settings)
    if (grant === undefined) return undefined
    const grants = isQuick ? 3 : 200
    const run = async (): Promise<void> => {
      for (let made = 0; made < grants; made += 1) await grant()
    }
    for (let warm = 0; warm < (isQuick ? 1 : 4); warm += 1) await run()
    return async () => {
      const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
      await run()
      const { user, system } = process.cpuUsage(cpu)
      return { time: ((performance.now() - startedAt) * 1000) / grants, cpu: (user + system) / grants }
    }
  },
}
