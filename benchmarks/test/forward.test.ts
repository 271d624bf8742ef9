import { afterAll, beforeAll, expect, it } from 'vitest'
import { readLong } from '../src/forward/load.ts'
import { nativeProxies, startNativeProxy } from '../src/forward/native-proxies.ts'
import { nodeProxies, startNodeProxy } from '../src/forward/node-proxies.ts'
import { peakMemory, processorTime, resetPeakMemory } from '../src/forward/process-usage.ts'
import { type BenchmarkServer, startServer } from '../src/server.ts'

let server: BenchmarkServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const starters = [
  ...nodeProxies.map((name) => [name, startNodeProxy(name)] as const),
  ...nativeProxies.map((name) => [name, startNativeProxy(name)] as const),
]

it.each(starters)('%s forwards with the header, and its use of the machine is known', async (name, start) => {
  const { origin } = server
  const authorization = `Bearer ${Date.now() + 3_600_000}.1.x`
  const proxy = await start({ origin, tokenEndpoint: `${origin}/token`, authorization }, [])
  // nginx and haproxy may not be installed.
  if (proxy === undefined) return expect(nativeProxies).toContain(name)
  try {
    const [cpu, memory] = [processorTime(proxy.processes()), resetPeakMemory(proxy.processes())]
    expect(await readLong(`${proxy.apiUrl}/bytes/1000000`, proxy.headers)).toBe(1_000_000)
    expect(processorTime(proxy.processes())).toBeGreaterThan(cpu)
    expect(peakMemory(proxy.processes())).toBeGreaterThanOrEqual(memory)
  } finally {
    await proxy.stop()
  }
})
