import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../src/program/run.ts'

let folder: string
let file: string
let emulator: StandardEmulator
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-serve-'))
  file = join(folder, 'gateway.config.yaml')
  emulator = await startEmulator(standardEmulation())
  await writeFile(join(folder, 'secret'), `${emulator.credentials.clientSecret}\n`)
})
afterAll(async () => {
  await emulator.close()
  await rm(folder, { recursive: true })
})

const configuration = (upstream: string): string => `
clients:
  orders:
    provider: { name: acme, tokenEndpoint: ${emulator.tokenEndpoint}, api: ${emulator.apiUrl} }
    credentials: { clientId: ${emulator.credentials.clientId}, clientSecret: { file: secret } }
listen: [{ port: 0 }]
upstreams:
  ${upstream}: { client: orders, allow: [{ callers: "*", methods: [GET], paths: ["/**"] }] }
`

beforeEach(async () => {
  emulator.clearRequests()
  await writeFile(file, configuration('orders'))
})

interface RunningInProcess {
  readonly url: string
  signal(name: 'SIGHUP' | 'SIGTERM' | 'SIGINT'): void
  /** Resolves when standard error contains a text. */
  noted(text: string): Promise<void>
  lines(): readonly Readonly<Record<string, unknown>>[]
  readonly status: Promise<number>
}

/** Runs the program in this process, with signals of its own. */
async function start(): Promise<RunningInProcess> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  let [out, notes] = ['', '']
  stdout.on('data', (text) => {
    out += text
  })
  stderr.on('data', (text) => {
    notes += text
  })
  const listeners = new Map<string, () => void>()
  const status = run([], {
    version: '1.2.3',
    environment: {},
    folder,
    stdout,
    stderr,
    pid: process.pid,
    onSignal(name, listener) {
      listeners.set(name, listener)
      return () => void listeners.delete(name)
    },
  })
  const lines = (): Readonly<Record<string, unknown>>[] =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  await Promise.race([
    expect.poll(() => lines().length, { timeout: 60_000 }).toBeGreaterThan(0),
    status.then(() => Promise.reject(new Error(`The program ended: ${notes}`))),
  ])
  return {
    url: String(lines()[0]?.url),
    signal: (name) => listeners.get(name)?.(),
    noted: async (text) => void (await expect.poll(() => notes, { timeout: 60_000 }).toContain(text)),
    lines,
    status,
  }
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status
const grants = (): number => emulator.requests.filter(({ part }) => part === 'token').length

describe('the running program', () => {
  it('prints its address and a line for each request, and ends after SIGTERM', async () => {
    const { url, signal, lines, status } = await start()
    expect(lines()).toEqual([{ event: 'listening', listener: 'main', url }])
    expect(await statusOf(`${url}/orders/123?q=private`)).toBe(200)
    await expect.poll(lines, { timeout: 60_000 }).toHaveLength(2)
    expect(lines()[1]).toMatchObject({
      event: 'request',
      caller: null,
      upstream: 'orders',
      method: 'GET',
      path: '/orders/123',
      status: 200,
      attempts: 1,
    })
    expect(JSON.stringify(lines())).not.toContain('private')
    signal('SIGTERM')
    expect(await status).toBe(0)
    await expect(fetch(`${url}/orders/123`)).rejects.toThrow()
  })

  it('reloads after SIGHUP, keeps the token, and refuses a wrong file', async () => {
    const { url, signal, noted, status } = await start()
    expect(await statusOf(`${url}/orders/1`)).toBe(200)
    await writeFile(file, configuration('purchases'))
    signal('SIGHUP')
    await noted('gateway.config.yaml was reloaded')
    expect([await statusOf(`${url}/purchases/1`), await statusOf(`${url}/orders/1`)]).toEqual([200, 404])
    expect(grants()).toBe(1)

    await writeFile(file, configuration('purchases').replace('paths:', 'path:'))
    signal('SIGHUP')
    await noted('the configuration was not reloaded; the one in use goes on')
    await noted('Unknown field `upstreams.purchases.allow[0].path`. Did you mean `upstreams.purchases.allow[0].paths`?')
    expect(await statusOf(`${url}/purchases/1`)).toBe(200)
    signal('SIGINT')
    expect(await status).toBe(0)
  })

  it('reloads when the file changes', async () => {
    const { url, noted, signal, status } = await start()
    await writeFile(file, configuration('purchases-by-file'))
    await noted('gateway.config.yaml was reloaded')
    expect(await statusOf(`${url}/purchases-by-file/1`)).toBe(200)
    signal('SIGTERM')
    expect(await status).toBe(0)
  })

  it('exits with 1 if another program listens at the address', async () => {
    const { url, signal, status } = await start()
    await writeFile(file, configuration('orders').replace('port: 0', `port: ${new URL(url).port}`))
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const second = {
      version: '1.2.3',
      environment: {},
      folder,
      stdout,
      stderr,
      pid: process.pid,
      onSignal: () => () => undefined,
    }
    expect(await run([], second)).toBe(1)
    expect(String(stderr.read())).toContain('listen')
    signal('SIGTERM')
    await status
  })
})
