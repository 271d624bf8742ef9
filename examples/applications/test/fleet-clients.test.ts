import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prevu3dEmulation, smartCompletionsEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectFleet, type FleetClients, type FleetSettings } from '../src/fleet-clients.ts'
import { startTelemetry } from '../src/telemetry.ts'

// Whether the time to wait for Redis is over at once, or never.
const patience = vi.hoisted(() => ({ isOver: true }))
vi.mock('node:timers/promises', () => ({
  setTimeout: () => (patience.isOver ? Promise.resolve() : new Promise(() => {})),
}))

const program = ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version']).status === 0)

/** A port that nobody listens at, for now. */
async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function startRedis(port: number): Promise<ChildProcess> {
  const server = spawn(program ?? '', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''])
  for await (const text of server.stdout) if (/ready to accept/i.test(`${text}`)) break
  server.stdout.resume()
  return server
}

async function start() {
  const prevu3d = await startEmulator(prevu3dEmulation())
  const hexagon = await startEmulator(smartCompletionsEmulation())
  const secrets = await mkdtemp(join(tmpdir(), 'fleet-'))
  const port = await findPort()
  const write = (name: string, text: string): Promise<void> => writeFile(join(secrets, name), text)
  const writeSecrets = async (): Promise<void> => {
    await write('prevu3d-secret', `${prevu3d.credentials.clientSecret}\n`)
    await write('hexagon-secret', hexagon.credentials.clientSecret)
  }
  await writeSecrets()
  await write('token-keys', `${Buffer.alloc(32, 1).toString('base64')}\n`)
  const reports: string[] = []
  const settings: FleetSettings = {
    secrets,
    report: (message) => reports.push(message),
    redisUrl: `redis://127.0.0.1:${port}`,
    prevu3d: { clientId: prevu3d.credentials.clientId, cloudApiUrl: prevu3d.url },
    hexagon: {
      clientId: hexagon.credentials.clientId,
      host: hexagon.host,
      authorizationServer: hexagon.authorizationServer,
    },
  }
  return {
    settings,
    reports,
    port,
    rotate: async () => {
      prevu3d.rotateSecret()
      hexagon.rotateSecret()
      await writeSecrets()
    },
    grants: () => [prevu3d, hexagon].map(({ requests }) => requests.filter(({ part }) => part === 'token').length),
    async [Symbol.asyncDispose]() {
      await Promise.all([prevu3d.close(), hexagon.close(), rm(secrets, { recursive: true })])
    },
  }
}

const work = async ({ prevu3d, hexagon }: FleetClients): Promise<void> => {
  const { organization } = await prevu3d.info()
  await (await prevu3d.api()).get(`v1/nodes/${organization.id}/browse`).json()
  await (await hexagon.api()).get('Instances(2)/Projects').json()
}

afterEach(() => {
  vi.unstubAllEnvs()
  patience.isOver = true
})

describe('the clients of a fleet', () => {
  it.skipIf(program === undefined)('share a token of each vendor, and go on through a rotation', async () => {
    patience.isOver = false
    await using fleet = await start()
    const server = await startRedis(fleet.port)
    try {
      await using one = await connectFleet(fleet.settings)
      await using other = await connectFleet(fleet.settings)
      await Promise.all([work(one), work(other)])
      expect(fleet.grants()).toEqual([1, 1])

      await fleet.rotate()
      await Promise.all([one, other].flatMap(({ prevu3d, hexagon }) => [prevu3d.forget(), hexagon.forget()]))
      await Promise.all([work(one), work(other)])
      // forget() had the new secret read, so the server rejected nothing.
      expect(fleet.grants()).toEqual([2, 2])
    } finally {
      server.kill()
    }
  })

  it('start and work without Redis', async () => {
    await using fleet = await start()
    await using clients = await connectFleet(fleet.settings)
    await work(clients)
    expect(fleet.grants()).toEqual([1, 1])
    await expect.poll(() => fleet.reports[0], { timeout: 60_000 }).toMatch(/^redis: .*ECONNREFUSED/)
  })
})

describe('telemetry', () => {
  it('exports metrics with the name of the replica', async () => {
    const bodies: string[] = []
    const collector = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      bodies.push(Buffer.concat(chunks).toString())
      response.setHeader('content-type', 'application/json').end('{}')
    }).listen(0, '127.0.0.1')
    await once(collector, 'listening')
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`)
    try {
      const end = startTelemetry('plants', 'plants-7f9c-x2')
      await using fleet = await start()
      await using clients = await connectFleet(fleet.settings)
      await work(clients)
      await end()
      const all = bodies.join('\n')
      for (const text of [
        'plants-7f9c-x2',
        'nightlatch.token.served',
        'nightlatch.grant.duration',
        'nightlatch.store.failures',
        'CLIENT_OFFLINE',
      ]) {
        expect(all).toContain(text)
      }
    } finally {
      collector.close()
    }
  })
})
