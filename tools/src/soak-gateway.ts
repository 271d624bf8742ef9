/**
 * Soak test of the gateway: 500 requests/s for ten minutes, tokens of two seconds, random faults of the token endpoint and of the
 * API. No request may fail for want of a token while one is valid, and the gateway may not leak memory.
 *
 * `node --conditions=@nightlatch/source src/soak-gateway.ts [seconds]`
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type Fault, standardEmulation, startEmulator } from '@nightlatch/testing'
import { Pool } from 'undici'
import { judgeMemory, type MemorySample, sampleMemory } from './soaked-memory.ts'

const lifetimeSeconds = 2
const requestsPerSecond = 500
/** A longer pause of an event loop is caused by the machine; requests during it are not judged. */
const maxStallMs = 50
/** Milliseconds after a fault in which its effects may still arrive. */
const faultEchoMs = 1500
/** Seconds between two samples of the gateway's memory. */
const sampleSeconds = 10

interface Address {
  readonly tokenEndpoint: string
  readonly apiUrl: string
  readonly clientId: string
  readonly clientSecret: string
}

/** What the server reports: a token that surely arrived, the end of all tokens, a fault of the API, a blocked event loop. */
type Report =
  | { readonly is: 'granted' | 'revoked' | 'api fault' | 'api well'; readonly at: number }
  | { readonly is: 'stall'; readonly at: number; readonly from: number }

if (process.send === undefined) await soak(Number(process.argv[2] ?? 600))
else await serve(process.send.bind(process))

/** Runs the authorization server and the API in their own process. */
async function serve(send: (message: Address | Report) => void): Promise<void> {
  let tokenFault = false
  const emulator = await startEmulator(
    standardEmulation({
      answerToken: async (_request, issueToken) => {
        const token = await issueToken({ lifetime: lifetimeSeconds })
        // During a fault, the response may not arrive.
        if (!tokenFault) send({ is: 'granted', at: Date.now() })
        return { body: { access_token: token, token_type: 'Bearer', expires_in: lifetimeSeconds } }
      },
    }),
  )
  const { tokenEndpoint, apiUrl, credentials } = emulator
  send({ tokenEndpoint, apiUrl, ...credentials, clientSecret: credentials.clientSecret })
  watchStalls((from, at) => send({ is: 'stall', from, at }))
  const tokenFaults: readonly Fault[] = [
    { name: 'slow', seconds: 0.3 },
    { name: 'hang' },
    { name: 'reset' },
    { name: 'error', status: 503 },
    { name: 'tooManyRequests', retryAfter: 0 },
    { name: 'html' },
    { name: 'truncated' },
  ]
  const apiFaults: readonly Fault[] = [
    { name: 'revoked' },
    { name: 'reset' },
    { name: 'error', status: 503 },
    { name: 'drip', seconds: 0.2 },
  ]
  process.once('disconnect', () => process.exit())
  for (let round = 0; ; round += 1) {
    await pause(1000 + Math.random() * 3000)
    emulator.clearRequests()
    if (round % 3 === 2) {
      const fault = pick(apiFaults)
      send({ is: fault.name === 'revoked' ? 'revoked' : 'api fault', at: Date.now() })
      emulator.faults.set('api', fault)
      await pause(200)
      emulator.faults.clear()
      send({ is: 'api well', at: Date.now() })
    } else {
      tokenFault = true
      emulator.faults.set('token', pick(tokenFaults))
      await pause(Math.random() ** 3 * 4000)
      emulator.faults.clear()
      tokenFault = false
    }
  }
}

async function soak(seconds: number): Promise<void> {
  const server = fork(import.meta.filename, { execArgv: process.execArgv })
  const [address] = (await once(server, 'message')) as [Address]
  const key = randomBytes(32).toString('base64url')
  const folder = mkdtempSync(join(tmpdir(), 'soak-gateway-'))
  writeFileSync(join(folder, 'secret'), address.clientSecret)
  writeFileSync(join(folder, 'gateway.config.json'), JSON.stringify(configurationOf(address, key)))
  const gateway = startGateway(folder)
  try {
    const origin = await gateway.url
    const outcome = await call(origin, key, seconds, { server, gateway: gateway.child })
    process.stdout.write(`${outcome.lines.join('\n')}\n${outcome.failed ? 'FAILED' : 'passed'}\n`)
    process.exitCode = outcome.failed ? 1 : 0
  } finally {
    gateway.child.kill('SIGKILL')
    server.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Processes {
  readonly server: ChildProcess
  readonly gateway: ChildProcess
}

/** Sends the requests, and judges those that fail. */
async function call(
  origin: string,
  key: string,
  seconds: number,
  { server, gateway }: Processes,
): Promise<{ readonly lines: readonly string[]; readonly failed: boolean }> {
  const reports: Report[] = []
  server.on('message', (report: Report) => {
    reports.push(report)
    if (reports.length > 5000) reports.splice(0, 1000)
  })
  const stalls: { readonly from: number; readonly to: number }[] = []
  watchStalls((from, to) => void stalls.push({ from, to }))
  const counts = new Map<string, number>()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  const details: string[] = []

  /** Evaluates a failure 300 ms later, when the reports of the server have arrived. */
  const judge = async (error: string, from: number): Promise<void> => {
    const to = Date.now()
    await pause(300)
    const isStalled = [
      ...stalls,
      ...reports.flatMap((one) => (one.is === 'stall' ? { from: one.from, to: one.at } : [])),
    ]
    if (isStalled.some((stall) => stall.from < to + 100 && stall.to > from - 500))
      return count('not judged: the machine stalled')
    const lastFault = reports.findLast(
      ({ is, at }) => (is === 'api fault' || is === 'api well' || is === 'revoked') && at <= to,
    )
    const isFaulty = lastFault !== undefined && (lastFault.is !== 'api well' || from - lastFault.at < faultEchoMs)
    if (isFaulty) return count(`during a fault of the API: ${error}`)
    const lastEnd = reports.findLast(({ is, at }) => is === 'revoked' && at <= to)?.at ?? 0
    const granted = reports.findLast(({ is, at }) => is === 'granted' && at <= from && at > lastEnd)
    const left = granted === undefined ? 0 : granted.at + lifetimeSeconds * 980 - to
    if (left <= 0) return count(`without a valid token: ${error}`)
    count(`WITH A VALID TOKEN: ${error}`)
    if (details.length < 20) details.push(`${error} after ${to - from} ms, token valid for ${left} ms`)
  }

  const pool = new Pool(origin, { connections: 64, pipelining: 1 })
  const small = Buffer.alloc(1000, 'a')
  const large = Buffer.alloc(200_000, 'b')
  const send = async (number: number): Promise<void> => {
    const from = Date.now()
    const body = number % 100 === 0 ? large : number % 10 === 0 ? small : null
    try {
      const response = await pool.request({
        method: body === null ? 'GET' : 'POST',
        path: '/api/x',
        headers: { authorization: `Bearer ${key}` },
        body,
      })
      await response.body.dump({ limit: Number.POSITIVE_INFINITY })
      const error = response.headers['nightlatch-error']
      if (response.statusCode === 401) await judge('401 reached the caller', from)
      else if (error !== undefined) await judge(String(error), from)
      else count(`answered ${response.statusCode}`)
    } catch (failure) {
      await judge(`connection: ${(failure as NodeJS.ErrnoException).code ?? 'unknown'}`, from)
    }
  }

  const memory: MemorySample[] = []
  let sampling: Promise<unknown> = Promise.resolve()
  const startedAt = performance.now()
  const pending = new Set<Promise<void>>()
  for (let sent = 0, samples = 0; performance.now() - startedAt < seconds * 1000; ) {
    const due = ((performance.now() - startedAt) / 1000) * requestsPerSecond
    // A machine that cannot keep up sends fewer requests.
    if (pending.size > 2000) sent = Math.floor(due)
    for (; sent < due; sent += 1) {
      const one = send(sent).finally(() => pending.delete(one))
      pending.add(one)
    }
    if ((performance.now() - startedAt) / 1000 > (samples + 1) * sampleSeconds) {
      samples += 1
      sampling = sampleMemory(gateway).then((sample) => memory.push(sample))
    }
    await pause(5)
  }
  await Promise.all(pending)
  await sampling
  await pool.close()

  const { lines: memoryLines, leaks } = judgeMemory(memory)
  const total = [...counts.values()].reduce((sum, one) => sum + one, 0)
  const lines = [
    `${seconds} s, ${Math.round(total / seconds)} requests/s, tokens of ${lifetimeSeconds} s, random faults`,
    ...[...counts].sort().map(([what, many]) => `${what}: ${many}`),
    ...details,
    ...memoryLines,
  ]
  return { lines, failed: leaks || [...counts.keys()].some((what) => what.startsWith('WITH A VALID TOKEN')) }
}

function configurationOf({ tokenEndpoint, apiUrl, clientId }: Address, key: string): object {
  const digest = createHash('sha256').update(key).digest('hex')
  return {
    clients: {
      soak: {
        provider: { name: 'soak', tokenEndpoint, api: apiUrl },
        credentials: { clientId, clientSecret: { file: 'secret' } },
      },
    },
    listen: [{ port: 0 }],
    callers: { soak: { keys: [`sha256:${digest}`], concurrency: 5000 } },
    upstreams: { api: { client: 'soak', allow: [{ callers: ['soak'], methods: ['GET', 'POST'], paths: ['/**'] }] } },
  }
}

/** Starts the program from its sources. Its audit log is read and thrown away. */
function startGateway(folder: string): { readonly child: ChildProcess; readonly url: Promise<string> } {
  const program = join(import.meta.dirname, '../../packages/gateway/src/bin.ts')
  const reporter = join(import.meta.dirname, 'report-memory.ts')
  const parameters = ['--conditions=@nightlatch/source', '--expose-gc', '--import', reporter, program]
  const child = spawn(process.execPath, parameters, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const lines = createInterface({ input: child.stdout as Readable })
  const url = new Promise<string>((resolve, reject) => {
    lines.once('line', (line) => resolve(String(JSON.parse(line).url)))
    child.once('exit', (status) => reject(new Error(`The gateway exited with ${status}.`)))
  })
  return { child, url }
}

/** Reports whenever this process's event loop was blocked. */
function watchStalls(report: (from: number, to: number) => void): void {
  let last = Date.now()
  setInterval(() => {
    const now = Date.now()
    if (now - last > maxStallMs) report(last, now)
    last = now
  }, 5).unref()
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
