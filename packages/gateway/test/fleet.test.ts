import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { installed, startServer as startStore } from '../../redis/test/servers/server.ts'
import { createGateway, type GatewayConfiguration } from '../src/index.ts'
import { startServer } from './start-trial.ts'

describe.runIf(installed.length > 0)('a fleet', () => {
  it.each(installed)('of eight cold gateways over %s makes one grant, and heals together', async (kind) => {
    await using emulator = await startEmulator(standardEmulation())
    await using store = await startStore(kind)
    const rejected = new Set<string>()
    const tokens = new Set<string>()
    const api = await startServer((request, response) => {
      const token = request.headers.authorization ?? ''
      tokens.add(token)
      response.writeHead(rejected.has(token) ? 401 : 200).end()
    })
    const config: GatewayConfiguration = {
      clients: {
        orders: {
          provider: { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: api.url },
          credentials: emulator.credentials,
        },
      },
      store: {
        redis: `redis://:${store.password}@127.0.0.1:${store.port}`,
        prefix: 'gw:',
        encryptionKeys: [Buffer.alloc(32, 7).toString('base64url')],
      },
      listen: [{ port: 0 }],
      upstreams: { orders: { client: 'orders', allow: [{ callers: '*', methods: ['GET'], paths: ['/**'] }] } },
    }
    const gateways = await Promise.all(Array.from({ length: 8 }, () => createGateway(config)))
    const callAll = async (): Promise<readonly number[]> => {
      const responses = await Promise.all(gateways.map(({ addresses }) => fetch(`${addresses[0]?.url}/orders/a`)))
      return responses.map(({ status }) => status)
    }
    const grants = (): number => emulator.requests.filter(({ part }) => part === 'token').length
    expect(await callAll()).toEqual(Array.from({ length: 8 }, () => 200))
    expect(grants()).toBe(1)
    expect(tokens.size).toBe(1)
    for (const token of tokens) rejected.add(token)
    expect(await callAll()).toEqual(Array.from({ length: 8 }, () => 200))
    expect(grants()).toBe(2)
    await Promise.all(gateways.map((gateway) => gateway.close({ timeout: 1 })))
    await api.close()
  })
})
