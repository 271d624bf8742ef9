/**
 * Soak test of a client: 200 requests/s for ten minutes, tokens of two seconds, random faults of the token endpoint. No call
 * may fail or wait while a token is valid, and memory must stay bounded.
 *
 * `node --expose-gc --conditions=@nightlatch/source src/soak.ts [seconds]`
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type ClientEvent, createClient } from '@nightlatch/core'
import { type Fault, standardEmulation, startEmulator } from '@nightlatch/testing'

const lifetimeSeconds = 2
const callsPerSecond = 200
/** Maximum duration of a call over loopback while a token is valid. */
const maxCallMs = 250
/** A longer pause of the event loop is caused by the machine; calls during it are not judged. */
const maxStallMs = 25

/** Clocks have a resolution of 1 ms, so the last 2 ms of a token's lifetime are uncertain. */
const clockResolutionMs = 2

/** A period in which a process's event loop was blocked, in milliseconds since the epoch. */
interface Stall {
  readonly from: number
  readonly to: number
}

interface Address {
  readonly tokenEndpoint: string
  readonly apiUrl: string
  readonly credentials: { readonly clientId: string; readonly clientSecret: string }
}

if (process.send === undefined) await soak(Number(process.argv[2] ?? 600))
else await serve(process.send.bind(process))

/** Runs the server in its own process; faults are mostly short, but sometimes outlast a token's lifetime. */
async function serve(send: (message: Address | Stall) => void): Promise<void> {
  const emulator = await startEmulator(standardEmulation({ lifetime: lifetimeSeconds }))
  const { tokenEndpoint, apiUrl, credentials } = emulator
  send({ tokenEndpoint, apiUrl, credentials: { ...credentials } })
  watchStalls(send)
  const faults: readonly Fault[] = [
    { name: 'slow', seconds: 0.3 },
    { name: 'hang' },
    { name: 'hang', at: 'body' },
    { name: 'reset' },
    { name: 'reset', at: 'body' },
    { name: 'error', status: 503 },
    { name: 'tooManyRequests', retryAfter: 0 },
    { name: 'html' },
    { name: 'truncated' },
    { name: 'drip', seconds: 0.4 },
  ]
  process.once('disconnect', () => process.exit())
  for (;;) {
    await pause(Math.random() * 3000)
    const fault = faults[Math.floor(Math.random() * faults.length)]
    if (fault !== undefined) emulator.faults.set('token', fault)
    await pause(Math.random() ** 3 * 4000)
    emulator.faults.clear()
    emulator.clearRequests()
  }
}

async function soak(seconds: number): Promise<void> {
  const server = fork(import.meta.filename, { execArgv: process.execArgv })
  const [address] = (await once(server, 'message')) as [Address]
  const { tokenEndpoint, apiUrl, credentials } = address
  const stalls: Stall[] = []
  const recordStall = (stall: Stall): void => {
    stalls.push(stall)
    if (stalls.length > 1000) stalls.shift()
  }
  watchStalls(recordStall)
  server.on('message', (stall: Stall) => recordStall(stall))

  /** Until when a token is certainly valid, counted from before its request and less the time to reach the API. */
  let validUntil = 0
  const events = new Map<string, number>()
  const onEvent = (event: ClientEvent): void => {
    const what = 'background' in event && event.background ? `${event.type} background` : event.type
    events.set(what, (events.get(what) ?? 0) + 1)
    if (event.type !== 'token.granted') return
    validUntil = Math.max(validUntil, performance.now() + ((event.lifetime ?? 0) * 0.98 - event.duration) * 1000)
  }
  const client = createClient({ name: 'soak', tokenEndpoint, api: apiUrl }, { credentials, onEvent })

  const calls = {
    answered: 0,
    failedWithoutToken: 0,
    failedWithToken: 0,
    slowWithToken: 0,
    unauthorized: 0,
    stalled: 0,
  }
  const details: string[] = []
  /** Evaluates a call 200 ms later, when the stalls of both processes are known. */
  const judge = async (kind: 'failedWithToken' | 'slowWithToken' | 'unauthorized', from: number, why: string) => {
    const to = Date.now()
    await pause(200)
    const stalled = stalls.some((stall) => stall.from < to && stall.to > from - 100)
    calls[stalled ? 'stalled' : kind] += 1
    if (!stalled && details.length < 20) details.push(`${kind} after ${to - from} ms: ${why}`)
  }
  const call = async (): Promise<void> => {
    const [startedAt, from] = [performance.now(), Date.now()]
    const left = validUntil - startedAt - clockResolutionMs
    try {
      const response = await client.fetch(`${apiUrl}/x`)
      await response.arrayBuffer()
      calls.answered += 1
      const took = performance.now() - startedAt
      if (response.status === 401) await judge('unauthorized', from, '401')
      else if (left > 0 && took > maxCallMs) await judge('slowWithToken', from, `token valid for ${left.toFixed(0)} ms`)
    } catch (failure) {
      if (left > 0) await judge('failedWithToken', from, `token valid for ${left.toFixed(0)} ms: ${failure}`)
      else calls.failedWithoutToken += 1
    }
  }

  const heaps: { readonly minute: number; readonly megabytes: number }[] = []
  const startedAt = performance.now()
  const pending = new Set<Promise<void>>()
  for (let sent = 0; performance.now() - startedAt < seconds * 1000; ) {
    const due = ((performance.now() - startedAt) / 1000) * callsPerSecond
    for (; sent < due; sent += 1) {
      const one = call().finally(() => pending.delete(one))
      pending.add(one)
    }
    const minute = (performance.now() - startedAt) / 60_000
    if (minute * 6 > heaps.length + 1) {
      globalThis.gc?.()
      heaps.push({ minute, megabytes: process.memoryUsage().heapUsed / 1e6 })
    }
    await pause(5)
  }
  while (pending.size > 0) await Promise.all(pending)
  server.disconnect()

  const slope = slopeOf(heaps.slice(Math.floor(heaps.length / 5)))
  const grew = globalThis.gc === undefined || heaps.length < 10 ? false : slope > 0.5
  const lines = [
    `${seconds} s, ${callsPerSecond} calls/s, tokens of ${lifetimeSeconds} s, random faults`,
    ...Object.entries(calls).map(([what, count]) => `${what}: ${count}`),
    ...[...events].sort().map(([what, count]) => `${what}: ${count}`),
    ...details,
    `heap: ${heaps.map(({ megabytes }) => megabytes.toFixed(1)).join(' ')} MB; slope ${slope.toFixed(3)} MB/min`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  const failed = calls.failedWithToken + calls.slowWithToken + calls.unauthorized > 0 || grew
  process.stdout.write(failed ? 'FAILED\n' : 'passed\n')
  process.exitCode = failed ? 1 : 0
}

/** Reports whenever this process's event loop was blocked. */
function watchStalls(report: (stall: Stall) => void): void {
  let last = Date.now()
  setInterval(() => {
    const now = Date.now()
    if (now - last > maxStallMs) report({ from: last, to: now })
    last = now
  }, 5).unref()
}

/** The slope by least squares, in MB/min. */
function slopeOf(points: readonly { readonly minute: number; readonly megabytes: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map(({ minute }) => minute)), mean(points.map(({ megabytes }) => megabytes))]
  const covariance = mean(points.map(({ minute, megabytes }) => (minute - x) * (megabytes - y)))
  return points.length < 2 ? 0 : covariance / mean(points.map(({ minute }) => (minute - x) ** 2))
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
