import type { Peer, Session, Settings } from '../peer.ts'
import { tokenPeers } from '../peers.ts'
import type { Metric, PeerContext, ProcessRow, Sample } from '../row.ts'
import { stubApi } from '../stubbed-network.ts'

/** Delay of the token endpoint, like that of a distant server. */
const grantDelayMs = 100

const metrics: readonly Metric[] = [
  { key: 'requests', title: 'token requests', unit: '', target: 1 },
  { key: 'grants', title: 'in grants', unit: '', target: 1.1 },
  { key: 'time', title: 'time', unit: 'ms', hasRatio: true },
  { key: 'cpu', title: 'CPU', unit: 'ms', target: 5 },
]

/** Grants of each peer before the rounds, because V8 compiles until about then. */
const warmGrants = 1500

const how = `Before the rounds, each peer makes ${warmGrants.toLocaleString('en')} grants by new clients of one tenant, so that no row measures the loading of code; start-up has rows of its own. The token endpoint takes ${grantDelayMs} ms. "In grants" is the time until all callers have their token, as a multiple of what one caller of the same peer waits for one.`

const tenantMetrics: readonly Metric[] = [
  { key: 'requests', title: 'token requests', unit: '', target: 100 },
  {
    key: 'grants',
    title: 'in grants',
    unit: '',
    replaced: {
      kind: 'value',
      target: 1.1,
      reason: 'One process sends 100 requests, so hand-written code takes longer, too.',
    },
  },
  { key: 'time', title: 'time', unit: 'ms', hasRatio: true },
  {
    key: 'cpu',
    title: 'CPU',
    unit: 'ms',
    hasRatio: true,
    ratioTarget: 2,
    replaced: {
      kind: 'ratio',
      target: 1.15,
      reason: 'The row is 100 grants, so it cannot cost less than [a grant](#a-grant). Runs gave 1.10 to 1.92.',
    },
  },
]

/** A thousand concurrent callers without a valid token. */
export const manyCallers: readonly ProcessRow[] = [
  {
    ...row('cold', '1,000 callers at once, cold', how, metrics),
    prepare: (peer, context) =>
      prepareCallers(peer, context, async (open) => {
        const session = await open('cold')
        return () => [tokenCallOf(session)]
      }),
  },
  {
    ...row('expiry', '1,000 callers at once, the token just ended', `${how} The token lives one second.`, metrics, 2),
    prepare: (peer, context) =>
      prepareCallers(peer, context, async (open, { server }) => {
        await server.behave({ lifetime: 1 })
        const session = await open('expiring')
        await tokenCallOf(session)()
        await new Promise((resolve) => setTimeout(resolve, 1050))
        await server.behave({ delayBefore: grantDelayMs })
        return () => [tokenCallOf(session)]
      }),
  },
  {
    ...row('cold-tenants', '1,000 callers at once over 100 tenants, cold', how, tenantMetrics, 9),
    processes: 3,
    prepare: (peer, context) =>
      prepareCallers(peer, context, async (open) => {
        const tenants = Array.from({ length: context.isQuick ? 2 : 100 }, (_, index) => `tenant-${index}`)
        const sessions: Session[] = []
        for (const tenant of tenants) sessions.push(await open(tenant))
        return () => sessions.map(tokenCallOf)
      }),
  },
]

function row(
  name: string,
  title: string,
  about: string,
  metrics: readonly Metric[],
  full = 7,
): Omit<ProcessRow, 'prepare'> {
  const rounds = { full, quick: 1 }
  return { kind: 'process', name, title, about, baseline: 'hand-written', peers: tokenPeers, metrics, rounds }
}

/** Returns how a session gets a token: by its own function, or by a request. */
function tokenCallOf({ token, send }: Session): () => Promise<unknown> {
  return token ?? (() => send?.('http://127.0.0.1/api/x') ?? Promise.resolve())
}

type Open = (clientId: string) => Promise<Session>

/** @param begin opens new sessions each round and returns the calls, which the callers share evenly */
async function prepareCallers(
  peer: Peer,
  context: PeerContext,
  begin: (open: Open, context: PeerContext) => Promise<() => readonly (() => Promise<unknown>)[]>,
): Promise<(() => Promise<Sample>) | undefined> {
  if (!peer.caches) return undefined
  const { server } = context
  const settings: Settings = { ...context.settings, fetch: stubApi(context.settings.tokenEndpoint) }
  const open: Open = (clientId) => peer.open({ ...settings, clientId })
  const callers = context.isQuick ? 10 : 1000
  const one = async (): Promise<number> => {
    const session = await open('one')
    const startedAt = performance.now()
    await tokenCallOf(session)()
    const took = performance.now() - startedAt
    await session.close?.()
    return took
  }
  const all = async (): Promise<Sample> => {
    await server.behave({ delayBefore: grantDelayMs })
    const grant = await one()
    const ways = (await begin(open, context))()
    await server.reset()
    const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
    await Promise.all(Array.from({ length: callers }, (_, caller) => ways[caller % ways.length]?.()))
    const { user, system } = process.cpuUsage(cpu)
    const time = performance.now() - startedAt
    const { tokenRequests } = await server.counts()
    await server.behave({})
    return { requests: tokenRequests, grants: time / grant, time, cpu: (user + system) / 1000 }
  }
  for (let warm = 0; warm < (context.isQuick ? 1 : warmGrants); warm += 1) await one()
  // The connections are open after one whole round.
  await all()
  return all
}
