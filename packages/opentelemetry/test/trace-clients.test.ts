import { createClient, memoryStore, type Provider, type TokenStore } from '@nightlatch/core'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { instrument } from '../src/index.ts'
import type { ReceivedSpan } from './otlp-receiver.ts'
import { type Sdk, startSdk } from './sdk.ts'

let sdk: Sdk
let undo: () => void
beforeEach(async () => {
  sdk = await startSdk()
  undo = instrument(sdk)
})
afterEach(async () => {
  undo()
  await sdk[Symbol.asyncDispose]()
})

/** The exported spans of one name, or of names that begin so. */
async function exported(name: string): Promise<readonly ReceivedSpan[]> {
  await sdk.flush()
  return sdk.receiver.spans().filter((span) => span.name.startsWith(name))
}

describe('spans', () => {
  it('have the label of the client, of each kind of span', async () => {
    await using sdk = await startSdk()
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const undo = instrument(sdk)
    const api = async (): Promise<{ baseUrl: string; info: undefined }> => ({ baseUrl: apiUrl, info: undefined })
    for (const label of [{ label: 'blue' }, {}]) {
      await createClient({ name: 'acme', tokenEndpoint, api }, { credentials, store: memoryStore(), ...label }).info()
    }
    await sdk.flush()
    undo()
    const spans = sdk.receiver.spans()
    const labels = spans.map(({ attributes }) => attributes['nightlatch.client.label'])
    expect(labels.filter((label) => label === 'blue')).toHaveLength(spans.length / 2)
    expect(labels.filter((label) => label === undefined)).toHaveLength(spans.length / 2)
    expect(new Set(spans.map(({ name }) => name.split(' ')[0]))).toEqual(
      new Set(['nightlatch.grant', 'nightlatch.store', 'nightlatch.discovery']),
    )
  })

  it('of a grant is a child of the span that was active in the program', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
    const caller = await sdk.within('sync orders', () => client.token())
    const [grant, ...others] = await exported('nightlatch')
    expect(others).toEqual([])
    expect(grant).toMatchObject({
      name: 'nightlatch.grant acme',
      traceId: caller.traceId,
      parentSpanId: caller.spanId,
      kind: 3,
      status: { code: 0 },
    })
    expect(grant?.attributes).toEqual({
      'nightlatch.provider': 'acme',
      'nightlatch.grant.background': false,
      'nightlatch.grant.attempts': 1,
      // The token's own `exp` and the server's `Date` are whole seconds, so that one can be missing.
      'nightlatch.token.lifetime': expect.closeTo(3600, -1),
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(tokenEndpoint).port),
      'url.full': tokenEndpoint,
    })
  })

  it('are created for clients created before, and not for cached tokens', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    undo()
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
    const first = await client.token()
    undo = instrument(sdk)
    await client.token()
    expect(await exported('nightlatch')).toEqual([])
    await client.token({ rejected: first })
    expect(await exported('nightlatch')).toMatchObject([{ name: 'nightlatch.grant acme' }])
  })

  it('of operations within a grant are its children', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const fetch: typeof globalThis.fetch = async (...request) =>
      sdk.tracerProvider.getTracer('http').startActiveSpan('POST', async (span) => {
        try {
          return await globalThis.fetch(...request)
        } finally {
          span.end()
        }
      })
    await createClient({ name: 'acme', tokenEndpoint }, { credentials, fetch }).token()
    const [grant] = await exported('nightlatch.grant')
    expect(await exported('POST')).toMatchObject([{ parentSpanId: grant?.spanId, traceId: grant?.traceId }])
  })

  it('of a grant that several calls share belongs to the trace of the call that started it', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
    const [one] = await Promise.all([sdk.within('one', () => client.token()), sdk.within('two', () => client.token())])
    expect(await exported('nightlatch')).toMatchObject([
      { name: 'nightlatch.grant acme', traceId: one.traceId, parentSpanId: one.spanId },
    ])
  })

  it('of a discovery is the parent of its grant’s; each store operation has its own', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const provider: Provider<string> = {
      name: 'acme',
      tokenEndpoint,
      api: async () => ({ baseUrl: apiUrl, info: 'here' }),
    }
    const client = createClient(provider, { credentials, store: memoryStore() })
    const caller = await sdk.within('start', () => client.info())
    const [discovery] = await exported('nightlatch.discovery')
    expect(discovery).toMatchObject({ parentSpanId: caller.spanId, attributes: { 'url.full': apiUrl } })
    expect(await exported('nightlatch.grant')).toMatchObject([{ parentSpanId: discovery?.spanId }])
    const operations = await exported('nightlatch.store')
    expect(operations.map(({ name }) => name.split(' ')[1])).toEqual(['get', 'lock', 'get', 'get', 'set', 'release'])
    for (const operation of operations) expect(operation).toMatchObject({ parentSpanId: discovery?.spanId, kind: 1 })
    expect(operations[4]?.attributes).toEqual({ 'nightlatch.provider': 'acme', 'nightlatch.store.operation': 'set' })
  })

  it('contain the reason of a failure', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    const { clientId } = emulator.credentials
    const down = (): Promise<never> => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }))
    const store: TokenStore = { get: down, set: async () => {}, delete: async () => {} }
    const credentials = { clientId, clientSecret: 'MARKED-wrong-secret' }
    const provider: Provider = {
      name: 'acme',
      tokenEndpoint,
      api: async () => Promise.reject(new RangeError('MARKED-words')),
    }
    const wrong = createClient(provider, { credentials, store })
    const undiscovered = createClient(provider, { credentials: emulator.credentials })
    const sealedVault = createClient(provider, { credentials: () => Promise.reject(new Error('MARKED-words')) })
    await expect(wrong.token()).rejects.toMatchObject({ code: 'grant_refused' })
    await expect(undiscovered.info()).rejects.toMatchObject({ code: 'discovery_failed' })
    await expect(sealedVault.token()).rejects.toThrow('MARKED-words')
    const [refused, , sealed] = await exported('nightlatch.grant')
    expect(refused).toMatchObject({
      status: { code: 2, message: expect.stringContaining('acme: ') },
      attributes: {
        'error.type': 'grant_refused',
        'http.response.status_code': 401,
        'nightlatch.oauth.error': 'invalid_client',
      },
    })
    expect(sealed).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'invalid_options' } })
    expect(await exported('nightlatch.store get')).toMatchObject([
      { status: { code: 2 }, attributes: { 'error.type': 'ECONNREFUSED' } },
    ])
    expect(await exported('nightlatch.discovery')).toMatchObject([
      { status: { code: 2 }, attributes: { 'error.type': 'discovery_failed' } },
    ])
    expect(sdk.receiver.payloads.join()).not.toContain('MARKED')
  })

  it('X1: contain no secret, nor do the metrics', async () => {
    await using emulator = await startEmulator(standardEmulation({ clientSecret: 'MARKED-secret' }))
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const store = memoryStore()
    const seen = new Set<string>()
    for (const name of ['acme', 'beta']) {
      const client = createClient({ name, tokenEndpoint, api: apiUrl }, { credentials, store })
      const [token] = await Promise.all([client.token(), client.token()])
      seen.add(token.value)
      emulator.faults.set('api', { name: 'revoked' })
      await client.fetch(`${apiUrl}/orders?secret=MARKED-query`)
      seen.add((await client.token()).value)
      await client.fetch('https://elsewhere.example/MARKED-path').catch(() => {})
    }
    await sdk.flush()
    expect(seen.size).toBe(4)
    const payload = sdk.receiver.payloads.join('\n')
    expect(payload).toContain('nightlatch.grant.duration')
    expect(payload).toContain('nightlatch.grant acme')
    const basic = Buffer.from(`${credentials.clientId}:MARKED-secret`).toString('base64')
    for (const secret of ['MARKED', basic, ...seen]) expect(payload).not.toContain(secret)
  })

  it('are not created for an unsampled trace, and the call succeeds', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    undo()
    const silent = instrument({ tracerProvider: trace.getTracerProvider(), meterProvider: sdk.meterProvider })
    try {
      const client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
      expect((await client.token()).type).toBe('Bearer')
      expect(await exported('nightlatch')).toEqual([])
    } finally {
      silent()
    }
  })
})
