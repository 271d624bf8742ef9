import { type ClientOptions, clientSecretBasic, clientSecretPost, createClient } from '@nightlatch/core'
import { type SmartCompletionsEmulationOptions, smartCompletionsEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { type SmartCompletionsOptions, smartCompletions } from '../src/index.ts'

async function start(
  emulation: SmartCompletionsEmulationOptions = {},
  settings: Partial<Pick<SmartCompletionsOptions, 'scopes' | 'resource' | 'clientAuthentication'>> = {},
  options: Partial<ClientOptions> = {},
) {
  const emulator = await startEmulator(smartCompletionsEmulation(emulation))
  const { host, authorizationServer, credentials } = emulator
  const client = createClient(smartCompletions({ host, authorizationServer, ...settings }), { credentials, ...options })
  return { emulator, client, [Symbol.asyncDispose]: () => emulator.close() }
}

describe('smartCompletions', () => {
  it('gets its token with scope ingr.api and reads projects', async () => {
    await using bench = await start()
    const { client, emulator } = bench
    const api = await client.api()
    const answer = await api.get('Instances(2)/Projects').json<{ readonly value: readonly unknown[] }>()
    expect(answer.value).toHaveLength(3)
    expect((await client.token()).scopes).toEqual(['ingr.api'])
    expect(await client.info()).toBeUndefined()
    expect(emulator.requests.map(({ method, path, body }) => `${method} ${path} ${body}`)).toEqual([
      'POST /oauth2/aus1/v1/token grant_type=client_credentials&scope=ingr.api',
      'GET /sc/datalake/v1/Instances(2)/Projects ',
    ])
  })

  it('G3: a Basic header or the form, never both', async () => {
    await using basic = await start()
    await basic.client.token()
    const [header] = basic.emulator.requests
    expect(header?.headers.get('authorization')).toMatch(/^Basic /)
    expect([...(header?.form.keys() ?? [])]).toEqual(['grant_type', 'scope'])

    await using post = await start({}, { clientAuthentication: clientSecretPost() })
    await post.client.token()
    const [form] = post.emulator.requests
    expect(form?.headers.has('authorization')).toBe(false)
    expect([...(form?.form.keys() ?? [])]).toEqual(['grant_type', 'scope', 'client_id', 'client_secret'])
  })

  it('G2: a server that decodes accepts the form-encoded header', async () => {
    await using wrong = await start({ basicEncoding: 'form' })
    await expect(wrong.client.token()).rejects.toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
    await using right = await start({ basicEncoding: 'form' }, { clientAuthentication: clientSecretBasic() })
    expect((await right.client.token()).type).toBe('Bearer')
  })

  it('G6: the service id is sent as resource', async () => {
    await using bench = await start({}, { resource: 'EE9C5479-A52E-4D11-80AE-BFDDCE9A603F' })
    await bench.client.token()
    expect(bench.emulator.requests[0]?.form.get('resource')).toBe('EE9C5479-A52E-4D11-80AE-BFDDCE9A603F')
  })

  it('G5: for "<GUID> ingr.api" the hint says to send only the GUID, and the scope is sent unchanged', async () => {
    const guid = 'A1B2C3D4-0000-4000-8000-00000000ABCD'
    await using bench = await start({ scopes: [guid] }, { scopes: [`${guid} ingr.api`] })
    await expect(bench.client.token()).rejects.toMatchObject({
      error: 'invalid_scope',
      hints: expect.arrayContaining([expect.stringContaining(`scopes: ['${guid}']`)]),
    })
    expect(bench.emulator.requests[0]?.form.get('scope')).toBe(`${guid} ingr.api`)
  })

  it('G5: the hint is also given for scopes of the client and for the wrong case', async () => {
    await using bench = await start({}, {}, { scopes: ['Ingr.API'] })
    await expect(bench.client.token()).rejects.toMatchObject({
      hints: [expect.stringMatching(/GUID/), expect.stringMatching(/case-sensitive/)],
    })
  })

  it('P3: a valid token that the product rejects has a hint about the sub mapping', async () => {
    await using bench = await start({ productUsers: ['somebody.else'] })
    const { client, emulator } = bench
    const url = new URL(`${emulator.host}/sc/datalake/v1/Instances(2)/Projects`)
    const response = await client.fetch(url)
    const hints = client.provider.explain?.({ status: response.status, url, body: await response.json() })
    expect(response.status).toBe(403)
    expect(hints?.join()).toMatch(/`sub` claim is the client id/)
    expect(client.provider.explain?.({ status: 404, url, body: {} })).toEqual([])
  })

  it('P3: both formats of invalid_client have hints about id, secret and their placement', async () => {
    await using bench = await start()
    const { clientId, clientSecret } = bench.emulator.credentials
    for (const credentials of [
      { clientId: 'unknown', clientSecret },
      { clientId, clientSecret: 'wrong' },
    ]) {
      const client = createClient(bench.client.provider, { credentials })
      await expect(client.token()).rejects.toMatchObject({
        code: 'grant_refused',
        status: 401,
        error: 'invalid_client',
        hints: expect.arrayContaining([expect.stringMatching(/clientSecretPost/), expect.stringMatching(/\+ %/)]),
      })
    }
  })

  it('G2: a colon in the client id is reported before anything is sent', async () => {
    await using bench = await start()
    const client = createClient(bench.client.provider, { credentials: { clientId: 'a:b', clientSecret: 'x' } })
    await expect(client.token()).rejects.toMatchObject({
      code: 'invalid_options',
      hints: [expect.stringMatching(/clientSecretPost/)],
    })
    expect(bench.emulator.requests).toHaveLength(0)
  })

  it('H5: the base path is kept and not repeated', () => {
    const settings = { authorizationServer: 'https://idp.example/oauth2/aus1' }
    for (const host of ['https://sc.example', 'https://sc.example/', 'https://sc.example/sc/datalake/v1/']) {
      expect(String(smartCompletions({ host, ...settings }).api)).toBe('https://sc.example/sc/datalake/v1')
    }
  })

  it('rejects an invalid host and names the fix', () => {
    expect(() => smartCompletions({ host: 'sc.example', authorizationServer: 'https://idp.example' })).toThrow(
      /host must be an absolute URL/,
    )
  })
})
