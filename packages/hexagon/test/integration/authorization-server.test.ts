import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clientSecretBasic, clientSecretPost, createClient } from '@nightlatch/core'
import { Provider as OidcProvider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { smartApi, smartCompletions } from '../../src/index.ts'

/** An id and a secret as Smart API Manager makes them: what encodings differ in, all of it. */
const secret = 'a+b%41=c?d#e:f/g&h i^|;'
const clients = [
  ['basic', 'client_secret_basic'],
  ['post', 'client_secret_post'],
] as const

/** An OpenID-certified server with Okta's path, as an authorization server nobody here has written. */
describe('the Hexagon flow against an independent authorization server', () => {
  let server: Server
  let origin: string

  beforeAll(async () => {
    server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const configuration: ConstructorParameters<typeof OidcProvider>[1] = {
      routes: { token: '/oauth2/aus1/v1/token' },
      // A scope it knows and the client may not have; one that it does not know it grants, which no guide of Hexagon does.
      scopes: ['ingr.api', 'Ingr.Api'],
      clients: clients.map(([id, method]) => ({
        client_id: `${id}=plant+1`,
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: 'ingr.api',
        token_endpoint_auth_method: method,
      })),
      features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
      ttl: { ClientCredentials: 3600 },
    }
    const provider = new OidcProvider(origin, configuration)
    server.on('request', provider.callback())
  })

  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })

  const settings = () => ({ host: 'https://completions.example', authorizationServer: `${origin}/oauth2/aus1` })

  it('G4: gets a token with scope ingr.api at <authorization server>/v1/token', async () => {
    const client = createClient(smartCompletions({ ...settings(), clientAuthentication: clientSecretPost() }), {
      credentials: { clientId: 'post=plant+1', clientSecret: secret },
    })
    const token = await client.token()
    expect(token.scopes).toEqual(['ingr.api'])
    expect(token.expiresAt?.getTime()).toBeGreaterThan(Date.now())
  })

  it('G2: this server decodes a Basic header, so the form-encoded one is right and the raw one is refused', async () => {
    const credentials = { clientId: 'basic=plant+1', clientSecret: secret }
    const decoded = smartCompletions({ ...settings(), clientAuthentication: clientSecretBasic() })
    expect((await createClient(decoded, { credentials }).token()).type).toBe('Bearer')
    await expect(createClient(smartCompletions(settings()), { credentials }).token()).rejects.toMatchObject({
      code: 'grant_refused',
      error: 'invalid_client',
      hints: expect.arrayContaining([expect.stringMatching(/form-encodes/)]),
    })
  })

  it('G5: a scope in the wrong case is refused, with the hint that case counts', async () => {
    const provider = smartCompletions({ ...settings(), scopes: ['Ingr.Api'], clientAuthentication: clientSecretPost() })
    const client = createClient(provider, { credentials: { clientId: 'post=plant+1', clientSecret: secret } })
    await expect(client.token()).rejects.toMatchObject({
      error: 'invalid_scope',
      hints: expect.arrayContaining([expect.stringMatching(/case-sensitive/)]),
    })
  })

  it('finds the token endpoint by the issuer’s metadata', async () => {
    const provider = smartApi({
      apiUrl: 'https://sdx.example/api',
      issuer: origin,
      clientAuthentication: clientSecretPost(),
    })
    const client = createClient(provider, { credentials: { clientId: 'post=plant+1', clientSecret: secret } })
    expect((await client.token()).scopes).toEqual(['ingr.api'])
  })
})
