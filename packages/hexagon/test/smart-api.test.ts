import { createClient } from '@nightlatch/core'
import { smartCompletionsEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { type SmartApiOptions, smartApi } from '../src/index.ts'

const apiUrl = 'https://sdx.example/SDxServer/api/v2/SDA'

describe('smartApi', () => {
  it.each([
    ['https://auth.example/oauth2/aus1', 'https://auth.example/oauth2/aus1/v1/token'],
    ['https://auth.example/oauth2/aus1/', 'https://auth.example/oauth2/aus1/v1/token'],
    ['https://auth.example/oauth2/aus1/v1/token', 'https://auth.example/oauth2/aus1/v1/token'],
    ['https://auth.example', 'https://auth.example/v1/token'],
  ])(
    'G4: /v1/token is appended to the authorization server %s, unless it is there',
    (authorizationServer, endpoint) => {
      expect(String(smartApi({ apiUrl, authorizationServer }).tokenEndpoint)).toBe(endpoint)
    },
  )

  it('G4: a token endpoint is used unchanged, with its case', () => {
    const tokenEndpoint = 'https://sam.example/Sam/oauth/connect/token'
    expect(String(smartApi({ apiUrl, tokenEndpoint }).tokenEndpoint)).toBe(tokenEndpoint)
  })

  it('G5: scopes are the installation’s, by default ingr.api', () => {
    const tokenEndpoint = 'https://sam.example/sam/oauth/connect/token'
    expect(smartApi({ apiUrl, tokenEndpoint }).scopes).toEqual(['ingr.api'])
    expect(smartApi({ apiUrl, tokenEndpoint, scopes: ['GUID'] }).scopes).toEqual(['GUID'])
    expect(smartApi({ apiUrl, tokenEndpoint, scopes: [] }).scopes).toEqual([])
  })

  it('an issuer’s metadata names the endpoint', async () => {
    await using emulator = await startEmulator(smartCompletionsEmulation())
    const provider = smartApi({ apiUrl: `${emulator.host}/sc/datalake/v1`, issuer: emulator.authorizationServer })
    const client = createClient(provider, { credentials: emulator.credentials })
    expect((await client.token()).scopes).toEqual(['ingr.api'])
  })

  it('P3: a 404 at the token endpoint has a hint about its address', async () => {
    await using emulator = await startEmulator(smartCompletionsEmulation())
    const provider = smartApi({ apiUrl, authorizationServer: `${emulator.url}/elsewhere` })
    const client = createClient(provider, { credentials: emulator.credentials })
    await expect(client.token()).rejects.toMatchObject({ status: 404, hints: [expect.stringMatching(/\/v1\/token/)] })
  })

  it.each([
    [{}, /exactly one of .*, not none/],
    [{ tokenEndpoint: 'https://a.example', issuer: 'https://b.example' }, /exactly one of .*, not 2/],
    [{ authorizationServer: 'auth.example' }, /authorizationServer must be an absolute URL/],
    [{ issuer: '' }, /issuer must be an absolute URL/],
    [{ tokenEndpoint: 'localhost:1/token' }, /tokenEndpoint must be an absolute URL/],
    [{ tokenEndpoint: 'https://a.example', scope: 'x' }, /Unknown option `scope`\. Did you mean `scopes`\?/],
  ])('rejects %o and names the fix', (address, message) => {
    expect(() => smartApi({ apiUrl, ...address } as SmartApiOptions)).toThrow(message)
  })

  it('rejects a missing apiUrl', () => {
    expect(() => smartApi({ tokenEndpoint: 'https://a.example' } as SmartApiOptions)).toThrow(/apiUrl must be/)
  })
})
