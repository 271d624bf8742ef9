import type { Peer, Session, Settings } from '../peer.ts'
import { tokenPeers } from '../peers.ts'
import type { Bench, Metric, ProcessRow, Sample } from '../row.ts'
import { stubApi } from '../stubbed-network.ts'

/** Milliseconds that the token endpoint takes, as one across a country does. */
const grantTakes = 100

const metrics: readonly Metric[] = [
  { key: 'requests', title: 'token requests', unit: '', target: 1 },
  { key: 'grants', title: 'in grants', unit: '', target: 1.1 },
  { key: 'time', title: 'time', unit: 'ms', hasRatio: true },
  { key: 'cpu', title: 'CPU', unit: 'ms', target: 5 },
]

const how = `The token endpoint takes ${grantTakes} ms. "In grants" is the time until all callers have their token, as a multiple of what one caller of the same peer waits for one.`

/** A thousand callers at once, and no token that lives. */
export const manyCallers: readonly ProcessRow[] = [
  {
    ...row('cold', '1,000 callers at once, cold', how, metrics),
    prepare: (peer, bench) =>
      prepareCallers(peer, bench, async (open) => {
        const session = await open('cold')
        return () => [ask(session)]
      }),
  },
  {
    ...row('expiry', '1,000 callers at once, the token just ended', `${how} The token lives one second.`, metrics, 2),
    prepare: (peer, bench) =>
      prepareCallers(peer, bench, async (open, { server }) => {
        await server.behave({ lifetime: 1 })
        const session = await open('expiring')
        await ask(session)()
        await new Promise((resolve) => setTimeout(resolve, 1050))
        await server.behave({ delayBefore: grantTakes })
        return () => [ask(session)]
      }),
  },
  {
    ...row('cold-tenants', '1,000 callers at once over 100 tenants, cold', how, [
      { key: 'requests', title: 'token requests', unit: '', target: 100 },
      ...metrics.slice(1),
    ]),
    prepare: (peer, bench) =>
      prepareCallers(peer, bench, async (open) => {
        const tenants = Array.from({ length: bench.isQuick ? 2 : 100 }, (_, index) => `tenant-${index}`)
        const sessions: Session[] = []
        for (const tenant of tenants) sessions.push(await open(tenant))
        return () => sessions.map(ask)
      }),
  },
]

function row(
  name: string,
  title: string,
  about: string,
  metrics: readonly Metric[],
  full = 4,
): Omit<ProcessRow, 'prepare'> {
  const rounds = { full, quick: 1 }
  return { kind: 'process', name, title, about, baseline: 'hand-written', peers: tokenPeers, metrics, rounds }
}

/** How a session is asked: by its own way to a token, or by a request where that is the only one. */
function ask({ token, send }: Session): () => Promise<unknown> {
  return token ?? (() => send?.('http://127.0.0.1/api/x') ?? Promise.resolve())
}

type Open = (clientId: string) => Promise<Session>

/** @param begin opens what is asked, anew each round; returns ways to ask it, which the callers share evenly */
async function prepareCallers(
  peer: Peer,
  bench: Bench,
  begin: (open: Open, bench: Bench) => Promise<() => readonly (() => Promise<unknown>)[]>,
): Promise<(() => Promise<Sample>) | undefined> {
  if (!peer.caches) return undefined
  const { server } = bench
  const settings: Settings = { ...bench.settings, fetch: stubApi(bench.settings.tokenEndpoint) }
  const open: Open = (clientId) => peer.open({ ...settings, clientId })
  const callers = bench.isQuick ? 10 : 1000
  const one = async (): Promise<number> => {
    await server.behave({ delayBefore: grantTakes })
    const session = await open('one')
    const begun = performance.now()
    await ask(session)()
    return performance.now() - begun
  }
  const all = async (): Promise<Sample> => {
    const grant = await one()
    const ways = (await begin(open, bench))()
    await server.reset()
    const [begun, cpu] = [performance.now(), process.cpuUsage()]
    await Promise.all(Array.from({ length: callers }, (_, caller) => ways[caller % ways.length]?.()))
    const { user, system } = process.cpuUsage(cpu)
    const time = performance.now() - begun
    const { tokenRequests } = await server.counts()
    await server.behave({})
    return { requests: tokenRequests, grants: time / grant, time, cpu: (user + system) / 1000 }
  }
  // Once before: code compiled, connections open.
  await all()
  return all
}
