/**
 * Soaks a client: 200 requests a second for ten minutes, tokens that live two seconds, faults at random at the token
 * endpoint. No call may fail or wait while a token lives, and memory must stay bounded.
 *
 * `node --expose-gc --conditions=@nightlatch/source src/soak.ts [seconds]`; the server is a process of its own, so that the heap measured
 * is the client's alone.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type ClientEvent, createClient } from '@nightlatch/core'
import { type Fault, standardEmulation, startEmulator } from '@nightlatch/testing'

const lifetime = 2
const perSecond = 200
/** Milliseconds: what a call over loopback may take while a token lives. */
const longestCall = 250
/** Milliseconds: a process that stood still for longer was held up by the machine; calls of that moment prove nothing. */
const longestStall = 25

/** Milliseconds: clocks tell whole ones, so of the last two of a token's life nobody can say on which side they are. */
const clockSteps = 2

/** A time, in milliseconds since the epoch, in which a process stood still. */
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

/** The server: now and then something is wrong with its token endpoint, mostly for a moment, at times for longer than a token lives. */
async function serve(tell: (message: Address | Stall) => void): Promise<void> {
  const emulator = await startEmulator(standardEmulation({ lifetime }))
  const { tokenEndpoint, apiUrl, credentials } = emulator
  tell({ tokenEndpoint, apiUrl, credentials: { ...credentials } })
  watchStalls(tell)
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
  const noteStall = (stall: Stall): void => {
    stalls.push(stall)
    if (stalls.length > 1000) stalls.shift()
  }
  watchStalls(noteStall)
  server.on('message', (stall: Stall) => noteStall(stall))

  /** Until when a token lives for certain: as long as it was good for, less the way to the API, from before it was asked for. */
  let livesUntil = 0
  const events = new Map<string, number>()
  const onEvent = (event: ClientEvent): void => {
    const what = 'background' in event && event.background ? `${event.type} background` : event.type
    events.set(what, (events.get(what) ?? 0) + 1)
    if (event.type !== 'token.granted') return
    livesUntil = Math.max(livesUntil, performance.now() + ((event.lifetime ?? 0) * 0.98 - event.duration) * 1000)
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
  /** Judged a moment later, when the stalls of both processes are known. */
  const judge = async (kind: 'failedWithToken' | 'slowWithToken' | 'unauthorized', from: number, why: string) => {
    const to = Date.now()
    await pause(200)
    const stalled = stalls.some((stall) => stall.from < to && stall.to > from - 100)
    calls[stalled ? 'stalled' : kind] += 1
    if (!stalled && details.length < 20) details.push(`${kind} after ${to - from} ms: ${why}`)
  }
  const call = async (): Promise<void> => {
    const [startedAt, from] = [performance.now(), Date.now()]
    const left = livesUntil - startedAt - clockSteps
    try {
      const response = await client.fetch(`${apiUrl}/x`)
      await response.arrayBuffer()
      calls.answered += 1
      const took = performance.now() - startedAt
      if (response.status === 401) await judge('unauthorized', from, '401')
      else if (left > 0 && took > longestCall) await judge('slowWithToken', from, `with ${left.toFixed(0)} ms to live`)
    } catch (failure) {
      if (left > 0) await judge('failedWithToken', from, `with ${left.toFixed(0)} ms to live: ${failure}`)
      else calls.failedWithoutToken += 1
    }
  }

  const heaps: { readonly minute: number; readonly megabytes: number }[] = []
  const begun = performance.now()
  const pending = new Set<Promise<void>>()
  for (let sent = 0; performance.now() - begun < seconds * 1000; ) {
    const due = ((performance.now() - begun) / 1000) * perSecond
    for (; sent < due; sent += 1) {
      const one = call().finally(() => pending.delete(one))
      pending.add(one)
    }
    const minute = (performance.now() - begun) / 60_000
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
    `${seconds} s, ${perSecond} calls a second, tokens of ${lifetime} s, faults at random`,
    ...Object.entries(calls).map(([what, count]) => `${what}: ${count}`),
    ...[...events].sort().map(([what, count]) => `${what}: ${count}`),
    ...details,
    `heap: ${heaps.map(({ megabytes }) => megabytes.toFixed(1)).join(' ')} MB; slope ${slope.toFixed(3)} MB a minute`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  const failed = calls.failedWithToken + calls.slowWithToken + calls.unauthorized > 0 || grew
  process.stdout.write(failed ? 'FAILED\n' : 'passed\n')
  process.exitCode = failed ? 1 : 0
}

/** Tells whenever this process stood still. */
function watchStalls(tell: (stall: Stall) => void): void {
  let last = Date.now()
  setInterval(() => {
    const now = Date.now()
    if (now - last > longestStall) tell({ from: last, to: now })
    last = now
  }, 5).unref()
}

/** By least squares: megabytes a minute. */
function slopeOf(points: readonly { readonly minute: number; readonly megabytes: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map(({ minute }) => minute)), mean(points.map(({ megabytes }) => megabytes))]
  const covariance = mean(points.map(({ minute, megabytes }) => (minute - x) * (megabytes - y)))
  return points.length < 2 ? 0 : covariance / mean(points.map(({ minute }) => (minute - x) ** 2))
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
