import { createClient, memoryStore, type Provider, type TokenStore } from '@nightlatch/core'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { instrument } from '../src/index.ts'
import { startSdk } from './sdk.ts'

describe('metrics', () => {
  it('have no label, unless a call of `instrument` enabled it', async () => {
    await using sdk = await startSdk()
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const tokenOf = (label: string): Promise<unknown> =>
      createClient({ name: 'acme', tokenEndpoint }, { credentials, label, store: memoryStore() }).token()
    const undo = instrument(sdk)
    await tokenOf('blue')
    await sdk.flush()
    expect(JSON.stringify(sdk.receiver.metrics())).not.toContain('blue')
    instrument({ ...sdk, labelMetrics: true })()
    await tokenOf('green')
    await sdk.flush()
    undo()
    const labelled = sdk.receiver
      .metrics()
      .filter(({ points }) => points.some(({ attributes }) => attributes['nightlatch.client.label'] === 'green'))
    expect([...new Set(labelled.map(({ name }) => name))].sort()).toEqual([
      'nightlatch.grant.duration',
      'nightlatch.store.duration',
      'nightlatch.token.remaining',
      'nightlatch.token.served',
    ])
  })

  it('count served tokens by source, and measure how long they can still be served', async () => {
    await using sdk = await startSdk()
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const undo = instrument(sdk)
    const store = memoryStore()
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials, store })
    const startedAt = performance.now()
    await Promise.all([client.token(), client.token(), client.token()])
    const seconds = (performance.now() - startedAt) / 1000
    for (let call = 0; call < 5; call += 1) await client.token()
    await createClient({ name: 'acme', tokenEndpoint }, { credentials, store }).token()
    undo()
    await client.token()
    await sdk.flush()
    const metrics = sdk.receiver.metrics()
    const served = metrics.find(({ name }) => name === 'nightlatch.token.served')
    expect(served).toMatchObject({ unit: '{token}', type: 'sum' })
    const bySource = served?.points.map(({ attributes, value }) => [attributes['nightlatch.token.source'], value])
    expect(Object.fromEntries(bySource ?? [])).toEqual({ grant: 1, flight: 2, memory: 5, store: 1 })
    expect(served?.points[0]?.attributes).toMatchObject({ 'nightlatch.provider': 'acme' })
    const remaining = metrics.find(({ name }) => name === 'nightlatch.token.remaining')
    expect(remaining).toMatchObject({ unit: 's', points: [{ count: 9 }] })
    expect(remaining?.points[0]?.sum).toBeGreaterThan(9 * 3500)
    const grants = metrics.find(({ name }) => name === 'nightlatch.grant.duration')
    expect(grants).toMatchObject({
      unit: 's',
      type: 'histogram',
      points: [
        {
          count: 1,
          attributes: {
            'nightlatch.provider': 'acme',
            'nightlatch.grant.background': false,
            'server.address': '127.0.0.1',
          },
        },
      ],
    })
    expect(grants?.points[0]?.sum).toBeGreaterThan(0)
    expect(grants?.points[0]?.sum).toBeLessThanOrEqual(seconds)
    const operations = metrics.find(({ name }) => name === 'nightlatch.store.duration')
    const counts = operations?.points.map(({ attributes, count }) => [attributes['nightlatch.store.operation'], count])
    expect(Object.fromEntries(counts ?? [])).toEqual({ get: 4, lock: 1, set: 1, release: 1 })
  })

  it('count failures by reason', async () => {
    await using sdk = await startSdk()
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const undo = instrument(sdk)
    const broken = (): Promise<never> => Promise.reject(new Error('down'))
    const store: TokenStore = { get: broken, set: broken, delete: broken }
    const provider: Provider = { name: 'acme', tokenEndpoint, api: apiUrl }
    const client = createClient(provider, { credentials, store })
    emulator.faults.set('token', { name: 'error', status: 503 }, { times: 1 })
    await client.token()
    emulator.faults.set('api', { name: 'revoked' })
    await client.fetch(`${apiUrl}/orders`)
    await expect(client.fetch('https://elsewhere.example/')).rejects.toMatchObject({ code: 'origin_refused' })
    const wrong = { ...credentials, clientSecret: 'wrong' }
    await expect(createClient(provider, { credentials: wrong }).token()).rejects.toThrow()
    const undiscovered = { ...provider, api: () => Promise.reject(new Error('no')) }
    await expect(createClient(undiscovered, { credentials }).info()).rejects.toThrow()
    await sdk.flush()
    undo()
    const points = (metric: string) => sdk.receiver.metrics().find(({ name }) => name === metric)?.points
    expect(points('nightlatch.grant.retries')).toMatchObject([
      { value: 1, attributes: { 'error.type': 'endpoint_unavailable', 'http.response.status_code': 503 } },
    ])
    expect(points('nightlatch.grant.failures')).toMatchObject([
      { value: 1, attributes: { 'error.type': 'grant_refused', 'http.response.status_code': 401 } },
    ])
    expect(points('nightlatch.grant.duration')).toHaveLength(2)
    expect(points('nightlatch.store.failures')?.map(({ attributes }) => attributes)).toEqual([
      { 'nightlatch.provider': 'acme', 'nightlatch.store.operation': 'get', 'error.type': '_OTHER' },
    ])
    expect(points('nightlatch.request.repeated')).toMatchObject([
      { value: 1, attributes: { 'server.address': '127.0.0.1' } },
    ])
    expect(points('nightlatch.origin.refused')).toMatchObject([{ value: 1 }])
    expect(points('nightlatch.discovery.duration')).toMatchObject([
      { count: 1, attributes: { 'error.type': 'discovery_failed' } },
    ])
  })
})
