import { startGateway } from '../forward/gateway-proxy.ts'
import { percentile, readLong, sendRequests } from '../forward/load.ts'
import { nativeProxies, startNativeProxy } from '../forward/native-proxies.ts'
import { nodeProxies, startNodeProxy } from '../forward/node-proxies.ts'
import { isUsageKnown, peakMemory, processorTime, resetPeakMemory } from '../forward/process-usage.ts'
import type { RunningProxy, StartProxy } from '../forward/target.ts'
import type { OutsideRow, RunContext, Sample } from '../row.ts'
import { tokenLength } from '../server.ts'

const starters: Readonly<Record<string, StartProxy>> = {
  nightlatch: startGateway,
  ...Object.fromEntries(nodeProxies.map((name) => [name, startNodeProxy(name)])),
  ...Object.fromEntries(nativeProxies.map((name) => [name, startNativeProxy(name)])),
}

const bare = 'node:http and undici'
const replyFrom = '@fastify/reply-from'

/**
 * Requests before those that are measured. V8 compiles until about here, which costs each proxy of Node up to twice the CPU a
 * request; a proxy runs for days.
 */
const warmUp = 30_000

const about =
  'Nightlatch is the program `nightlatch-gateway` with its defaults. It checks the caller’s key and the path rule, takes a token from the cache, and writes a line of the audit log to a pipe. The other proxies add a header that never changes and check nothing. Each proxy is a process of its own, which has forwarded 30,000 requests before; nginx and haproxy have one worker, and are left out where they are not installed.'

/** CPU and added latency of a small GET request through a proxy. */
export const forwardedRequest: readonly OutsideRow[] = [
  {
    kind: 'outside',
    name: 'forward',
    title: 'A forwarded request',
    about: `${about} CPU is that of the proxy, with 50 requests at once. The time added is that of a request through the proxy, one at a time, less that of one straight to the API in the same round.`,
    baseline: replyFrom,
    peers: Object.keys(starters),
    metrics: [
      {
        key: 'cpu',
        title: 'CPU a request',
        unit: 'µs',
        hasRatio: true,
        ratioTarget: 1.25,
        replaced: { kind: 'ratio', target: 1.15, reason: 'Whole runs gave 1.06, 1.11 and 1.18.' },
      },
      { key: 'p50', title: 'p50 added', unit: 'µs' },
      { key: 'p99', title: 'p99 added', unit: 'µs' },
    ],
    rounds: { full: 5, quick: 1 },
    measure: (name, context) => withProxy(name, context, measureRequests),
  },
  {
    kind: 'outside',
    name: 'forward-bare',
    title: 'A forwarded request, beside a proxy without any library but undici',
    about: `${about} CPU is that of the proxy, with 50 requests at once.`,
    baseline: bare,
    peers: ['nightlatch', bare],
    metrics: [
      {
        key: 'cpu',
        title: 'CPU a request',
        unit: 'µs',
        hasRatio: true,
        ratioTarget: 1.75,
        replaced: { kind: 'ratio', target: 1.6, reason: 'Whole runs gave 1.53, 1.58 and 1.65.' },
      },
    ],
    rounds: { full: 9, quick: 1 },
    measure: (name, context) => withProxy(name, context, measureProcessor),
  },
  {
    kind: 'outside',
    name: 'forward-gibibyte',
    title: 'Memory of a proxy while 1 GiB passes',
    about:
      'The API sends a body of 1 GiB as fast as the proxy takes it. What is shown is the highest resident memory of the proxy during the response, less that before it, and the CPU that a mebibyte took.',
    baseline: replyFrom,
    peers: Object.keys(starters),
    metrics: [
      { key: 'memory', title: 'memory added', unit: 'kB' },
      { key: 'cpu', title: 'CPU a MiB', unit: 'µs', hasRatio: true },
    ],
    rounds: { full: 3, quick: 1 },
    measure: (name, context) => withProxy(name, context, measureLongBody),
  },
]

async function withProxy(
  name: string,
  context: RunContext,
  measure: (proxy: RunningProxy, context: RunContext) => Promise<Sample>,
): Promise<Sample | undefined> {
  const { origin, tokenEndpoint } = context.server
  const token = `${Date.now() + 3_600_000}.1.`.padEnd(tokenLength, 'x')
  const proxy = isUsageKnown
    ? await starters[name]?.({ origin, tokenEndpoint, authorization: `Bearer ${token}` }, context.nodeOptions)
    : undefined
  if (proxy === undefined) return undefined
  try {
    return await measure(proxy, { ...context })
  } finally {
    await proxy.stop()
  }
}

async function measureProcessor(proxy: RunningProxy, { isQuick }: RunContext): Promise<Sample> {
  const requests = isQuick ? 200 : 10_000
  const load = { url: `${proxy.apiUrl}/x`, headers: proxy.headers, requests, concurrency: 50 }
  await sendRequests({ ...load, requests: isQuick ? 100 : warmUp })
  const before = processorTime(proxy.processes())
  await sendRequests(load)
  return { cpu: (processorTime(proxy.processes()) - before) / requests }
}

async function measureRequests(proxy: RunningProxy, context: RunContext): Promise<Sample> {
  const { cpu = Number.NaN } = await measureProcessor(proxy, context)
  const load = { requests: context.isQuick ? 50 : 1000, concurrency: 1 }
  const direct = { authorization: `Bearer ${`${Date.now() + 3_600_000}.1.`.padEnd(tokenLength, 'x')}` }
  const without = await sendRequests({ ...load, url: `${context.server.apiUrl}/x`, headers: direct })
  const through = await sendRequests({ ...load, url: `${proxy.apiUrl}/x`, headers: proxy.headers })
  const added = (share: number): number => percentile(through, share) - percentile(without, share)
  return { cpu, p50: added(0.5), p99: added(0.99) }
}

async function measureLongBody(proxy: RunningProxy, { isQuick }: RunContext): Promise<Sample> {
  const mebibytes = isQuick ? 16 : 1024
  // The first response makes the proxy allocate what it keeps for all of them.
  await readLong(`${proxy.apiUrl}/bytes/${2 ** 20}`, proxy.headers)
  const [before, cpu] = [resetPeakMemory(proxy.processes()), processorTime(proxy.processes())]
  const bytes = await readLong(`${proxy.apiUrl}/bytes/${mebibytes * 2 ** 20}`, proxy.headers)
  if (bytes !== mebibytes * 2 ** 20) throw new Error(`Only ${bytes} bytes arrived.`)
  return {
    memory: peakMemory(proxy.processes()) - before,
    cpu: (processorTime(proxy.processes()) - cpu) / mebibytes,
  }
}
