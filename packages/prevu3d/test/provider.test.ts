import { createClient, NightlatchError } from '@nightlatch/core'
import { type Prevu3dEmulationOptions, prevu3dEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { type Prevu3dOptions, prevu3d } from '../src/index.ts'

async function start(options: Prevu3dEmulationOptions = {}) {
  const emulator = await startEmulator(prevu3dEmulation(options))
  const { url: cloudApiUrl, apiOrigins, credentials } = emulator
  const client = createClient(prevu3d({ cloudApiUrl, apiOrigins }), { credentials })
  return { emulator, client, [Symbol.asyncDispose]: () => emulator.close() }
}

describe('prevu3d', () => {
  it('P1: token, then api-info, then calls on the region', async () => {
    await using bench = await start({ separateRegion: true, region: 'cc1' })
    const { client, emulator } = bench
    const { organization, scopes, apiUrl } = await client.info()
    const api = await client.api()
    const divisions = await api.get(`v1/nodes/${organization.id}/browse`).json()
    expect(divisions).toEqual(emulator.divisions.map(({ id, name, type }) => ({ id, name, type })))
    expect(organization).toEqual(emulator.organization)
    expect(scopes).toEqual(['read:basic', 'read:hierarchy'])
    expect(apiUrl).toBe(emulator.apiUrl)
    expect(emulator.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /oauth/token',
      'GET /oauth/api-info',
      `GET /realityconnect-api/v1/nodes/${organization.id}/browse`,
    ])
  })

  it('G1: the token request is as documented: Basic header, no scope, no credentials in the body', async () => {
    await using bench = await start()
    await bench.client.token()
    const [request] = bench.emulator.requests
    const { clientId, clientSecret } = bench.emulator.credentials
    expect(request?.headers.get('authorization')).toBe(
      `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    )
    expect(request?.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(request?.headers.get('content-length')).toBe('29')
    expect(request?.body).toBe('grant_type=client_credentials')
  })

  it.each(['', '/', '/v1', '/v1/'] as const)(
    'P1: an apiUrl that ends in "%s" makes the same calls',
    async (apiUrlSuffix) => {
      await using bench = await start({ apiUrlSuffix })
      const { id } = bench.emulator.organization
      const api = await bench.client.api()
      for (const path of [`v1/nodes/${id}/browse`, `/v1/nodes/${id}/browse`]) {
        expect(await api.get(path).json()).toHaveLength(2)
      }
    },
  )

  it('P1: an apiUrl outside the allowed origins is rejected before a token is sent to it', async () => {
    const evil = await startEmulator(prevu3dEmulation())
    await using emulator = await startEmulator(prevu3dEmulation())
    const client = createClient(prevu3d({ cloudApiUrl: emulator.url }), { credentials: emulator.credentials })
    for (const apiUrl of [evil.apiUrl, 'https://api-ue1.prevu3d.com.evil.test/x', 'http://api-ue1.prevu3d.com/x']) {
      emulator.faults.set('discovery', { name: 'wrongRegion', apiUrl })
      await expect(client.api()).rejects.toMatchObject({
        code: apiUrl.startsWith('http://api-') ? 'discovery_failed' : 'origin_refused',
      })
    }
    expect(evil.requests).toHaveLength(0)
    await evil.close()
  })

  it('P1: the four documented regions are allowed by default, and nothing is hard-coded', async () => {
    await using emulator = await startEmulator(prevu3dEmulation())
    for (const region of ['ue1', 'ec1', 'an1', 'cc1', 'new9']) {
      const apiUrl = `https://api-${region}.prevu3d.com/realityconnect-api`
      emulator.faults.set('discovery', { name: 'wrongRegion', apiUrl })
      const client = createClient(prevu3d({ cloudApiUrl: emulator.url }), { credentials: emulator.credentials })
      expect(await client.info()).toMatchObject({ apiUrl })
    }
  })

  it('R2: the negative lifetime of the older page is unknown: the token is used, with its own exp', async () => {
    await using bench = await start({ expiresIn: 'negative', lifetime: 600 })
    const token = await bench.client.token()
    expect(await bench.client.token()).toBe(token)
    expect(bench.emulator.requests).toHaveLength(1)
    // From when it was asked for, by the server's clock, to its end in whole seconds.
    const lifetime = (token.expiresAt?.getTime() ?? 0) - (bench.emulator.requests[0]?.time ?? 0)
    expect(lifetime).toBeGreaterThan(590_000)
    expect(lifetime).toBeLessThan(610_000)
  })

  it('R3: without any lifetime the token is used, and expiresAt is undefined', async () => {
    await using bench = await start({ expiresIn: 'negative', timeClaims: false })
    const token = await bench.client.token()
    expect(token.expiresAt).toBeUndefined()
    expect(await bench.client.token()).toBe(token)
    expect(bench.emulator.requests).toHaveLength(1)
  })

  it('R5: hasError with status 200 is a grant error', async () => {
    await using bench = await start()
    bench.emulator.faults.set('token', { name: 'answer', answer: { body: { hasError: true, accessToken: 'x' } } })
    await expect(bench.client.token()).rejects.toMatchObject({ code: 'grant_refused', status: 200 })
  })

  it('P2: a 401 at the token endpoint has hints about id, secret and encoding', async () => {
    await using bench = await start()
    bench.emulator.rotateSecret()
    const error = await bench.client.token().then(
      () => undefined,
      (failure: unknown) => failure,
    )
    expect(error).toMatchObject({ code: 'grant_refused', status: 401, provider: 'prevu3d', retryable: false })
    expect(error).toHaveProperty('hints', [expect.stringMatching(/client id.*secret/), expect.stringMatching(/Base64/)])
  })

  it.each([
    ['scopes', { scopes: ['read:basic'] }],
    ['role', { role: false }],
  ])('P2: a 403 for want of %s is explained by the three layers', async (_what, options) => {
    await using bench = await start(options)
    const { client, emulator } = bench
    const url = new URL(`${emulator.apiUrl}/v1/nodes/${emulator.organization.id}/browse`)
    const response = await client.fetch(url)
    const hints = client.provider.explain?.({ status: response.status, url, body: await response.json() })
    expect(hints?.join(' ')).toMatch(/OAuth scopes.*content access.*role/i)
  })

  it('P2: an empty browse with 200 has a hint about content access', async () => {
    await using bench = await start({ contentAccess: false })
    const { client, emulator } = bench
    const url = new URL(`${emulator.apiUrl}/v1/nodes/${emulator.organization.id}/browse`)
    const response = await client.fetch(url)
    const body: unknown = await response.json()
    expect(client.provider.explain?.({ status: response.status, url, body })?.join()).toMatch(/content access/)
    expect(client.provider.explain?.({ status: 200, url, body: { items: [], total: 0 } })).toHaveLength(1)
    expect(client.provider.explain?.({ status: 200, url, body: [{ id: 'x' }] })).toEqual([])
    expect(client.provider.explain?.({ status: 404, url, body: {} })).toEqual([])
  })

  it('P2: a 403 at api-info has hints about the three layers', async () => {
    await using bench = await start()
    bench.emulator.faults.set('discovery', { name: 'answer', answer: { status: 403, body: {} } })
    await expect(bench.client.info()).rejects.toMatchObject({
      code: 'discovery_failed',
      status: 403,
      hints: expect.arrayContaining([expect.stringMatching(/three layers/)]),
    })
  })

  it.each([
    [{ cloudApiUrl: 'cloud-api' }, /cloudApiUrl must be an absolute URL/],
    [{ cloudApiUrl: 'localhost:8080' }, /cloudApiUrl must be an absolute URL/],
    [
      { cloudApiURL: 'https://preprod.example' },
      /^prevu3d: Unknown option `cloudApiURL`\. Did you mean `cloudApiUrl`\?$/,
    ],
    [{ apiOrigins: 'https://x.example' }, /apiOrigins must be an array/],
    ['https://preprod.example', /options must be an object/],
  ])('rejects %o and names the fix', (options, message) => {
    expect(() => prevu3d(options as Prevu3dOptions)).toThrow(message)
    expect(() => prevu3d(options as Prevu3dOptions)).toThrow(NightlatchError)
  })

  it('G4: another cloudApiUrl keeps its path', () => {
    expect(prevu3d({ cloudApiUrl: 'https://gate.example/prevu3d/' }).tokenEndpoint).toBe(
      'https://gate.example/prevu3d/oauth/token',
    )
    expect(prevu3d().tokenEndpoint).toBe('https://cloud-api.prevu3d.com/oauth/token')
  })
})
