import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { programCommand, startProgram } from './run-program.ts'

let folder: string
let emulator: StandardEmulator
let environment: Readonly<Record<string, string>>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-process-'))
  emulator = await startEmulator(standardEmulation())
  environment = { ACME_SECRET: emulator.credentials.clientSecret }
})
afterAll(async () => {
  await emulator.close()
  await rm(folder, { recursive: true })
})

async function writeConfiguration(listen: string): Promise<string> {
  const file = join(await mkdtemp(join(folder, 'case-')), 'gateway.config.yaml')
  await writeFile(
    file,
    `
clients:
  orders:
    provider: { name: acme, tokenEndpoint: ${emulator.tokenEndpoint}, api: ${emulator.apiUrl} }
    credentials: { clientId: ${emulator.credentials.clientId}, clientSecret: { env: ACME_SECRET } }
${listen}
upstreams:
  orders: { client: orders, allow: [{ callers: "*", methods: [GET], paths: ["/**"] }] }
`,
  )
  return file
}

describe('a process of nightlatch-gateway', () => {
  it('finishes a request after SIGTERM, refuses new connections, and exits with 0', async () => {
    const file = await writeConfiguration('listen: [{ port: 0 }]')
    await using program = startProgram(['--config', file], folder, environment)
    const { url } = await program.line(({ event }) => event === 'listening')
    await (await fetch(`${url}/orders/warm`)).arrayBuffer()
    emulator.faults.set('api', { name: 'drip', seconds: 2 })
    const slow = await fetch(`${url}/orders/slow`)
    emulator.faults.clear()
    const ended = program.end('SIGTERM')
    await expect
      .poll(
        () =>
          fetch(`${url}/orders/late`).then(
            () => 'served',
            () => 'refused',
          ),
        { timeout: 60_000 },
      )
      .toBe('refused')
    expect(slow.status).toBe(200)
    expect(await slow.json()).toBeTruthy()
    expect(await ended).toBe(0)
  })

  it('reloads after SIGHUP', async () => {
    const file = await writeConfiguration('listen: [{ port: 0 }]')
    await using program = startProgram(['--config', file], folder, environment)
    const { url } = await program.line(({ event }) => event === 'listening')
    program.child.kill('SIGHUP')
    await program.note('gateway.config.yaml was reloaded')
    expect((await fetch(`${url}/orders/1`)).status).toBe(200)
    expect(await program.end()).toBe(0)
  })

  it('goes on when the reader of its output has ended', async () => {
    const file = await writeConfiguration('listen: [{ port: 0 }]')
    await using program = startProgram(['--config', file], folder, environment)
    const { url } = await program.line(({ event }) => event === 'listening')
    program.child.stdout?.destroy()
    expect((await fetch(`${url}/orders/1`)).status).toBe(200)
    await program.note('standard output is closed')
    expect((await fetch(`${url}/orders/2`)).status).toBe(200)
    expect(await program.end()).toBe(0)
  })

  it('ends after SIGTERM although nobody reads its output', async () => {
    const file = await writeConfiguration('listen: [{ port: 0 }]')
    await using program = startProgram(['--config', file], folder, environment)
    const { url } = await program.line(({ event }) => event === 'listening')
    program.child.stdout?.pause()
    const path = 'a'.repeat(2000)
    // More lines than a pipe holds.
    for (let time = 0; time < 500; time += 1) await (await fetch(`${url}/none/${path}`)).arrayBuffer()
    expect(await program.end()).toBe(0)
  })

  it('writes no secret of the environment into a diagnostic report', async () => {
    const file = await writeConfiguration('listen: [{ port: 0 }]')
    const where = join(file, '..')
    const options = `--report-on-signal --report-signal=SIGUSR2 --report-directory=${where} --report-filename=report.json`
    await using program = startProgram(['--config', file], folder, { ...environment, NODE_OPTIONS: options })
    const { url } = await program.line(({ event }) => event === 'listening')
    expect((await fetch(`${url}/orders/1`)).status).toBe(200)
    program.child.kill('SIGUSR2')
    await program.note('Node.js report completed')
    const report = await readFile(join(where, 'report.json'), 'utf8')
    expect(JSON.parse(report)).not.toHaveProperty('environmentVariables')
    expect(report).not.toContain(JSON.stringify(emulator.credentials.clientSecret).slice(1, -1))
    expect(await program.end()).toBe(0)
  })

  it('serves a unix socket with its file mode', async () => {
    const file = await writeConfiguration('listen: [{ socket: gateway.sock, mode: "0600" }]')
    await using program = startProgram(['--config', file], folder, environment)
    const { socket } = await program.line(({ event }) => event === 'listening')
    expect(socket).toBe(join(file, '../gateway.sock'))
    expect(await statusOverSocket(String(socket))).toBe(200)
    expect(await program.end()).toBe(0)
  })
})

const activate = 'systemd-socket-activate'

describe.skipIf(spawnSync(activate, ['--version']).error !== undefined)('a process that systemd activates', () => {
  it('listens on the sockets that it is passed, and the first request starts it', async () => {
    const file = await writeConfiguration('')
    const [main, admin] = [await freePort(), await freePort()]
    const listen = ['-l', `127.0.0.1:${main}`, '-l', `127.0.0.1:${admin}`, '--fdname=main:admin']
    const variables = Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`)
    const child = spawn(activate, [...listen, ...variables, ...programCommand, '--config', file], { stdio: 'ignore' })
    try {
      const call = async (port: number, path: string): Promise<number> => {
        for (;;) {
          try {
            return (await fetch(`http://127.0.0.1:${port}${path}`)).status
          } catch {
            await new Promise((resolve) => setTimeout(resolve, 50))
          }
        }
      }
      expect(await call(main, '/orders/1')).toBe(200)
      expect(await call(admin, '/live')).toBe(200)
    } finally {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
  })
})

function statusOverSocket(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: '/orders/1', headers: { host: 'localhost' } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.once('error', reject)
    sent.end()
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return address !== null && typeof address === 'object' ? address.port : 0
}
