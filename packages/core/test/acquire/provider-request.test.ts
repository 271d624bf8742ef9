import nock from 'nock'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { clientSecretBasic, clientSecretPost } from '../../src/acquire/client-authentication.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import { providerHeaders, toHttpRequest, toProviderParameters } from '../../src/acquire/provider-request.ts'
import { requestGrant } from '../../src/acquire/request-grant.ts'
import { type GrantRequest, refineGrant, standardParameters } from '../../src/acquire/token-request.ts'
import { networkTransport } from './network-transport.ts'

const acme: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.test/OAuth/Token' }
const empty: GrantRequest = { scopes: [], parameters: {} }

function described(overrides: Partial<Provider>): Provider {
  return { ...acme, ...overrides }
}

describe('standardParameters and toProviderParameters', () => {
  const form = (provider: Provider, grant: GrantRequest): string =>
    toProviderParameters(provider, grant, standardParameters(grant)).toString()

  it('G1: a grant without scopes and parameters sends only the grant type', () => {
    expect(form(acme, empty)).toBe('grant_type=client_credentials')
    expect(form(acme, empty)).toHaveLength(29)
  })

  it('G5: scopes are sent with single spaces, in the given order', () => {
    expect(form(acme, refineGrant(empty, { scopes: ['b  a', 'a', 'ingr.api'] }))).toBe(
      'grant_type=client_credentials&scope=b+a+ingr.api',
    )
  })

  it("G5: the provider's separator", () => {
    const provider = described({ tokenRequest: { scopeSeparator: ',' } })
    expect(form(provider, refineGrant(empty, { scopes: ['a', 'b'] }))).toBe('grant_type=client_credentials&scope=a%2Cb')
    const dollar = described({ tokenRequest: { scopeSeparator: '$&' } })
    expect(form(dollar, refineGrant(empty, { scopes: ['a', 'b'] }))).toContain('scope=a%24%26b')
  })

  it('G6: an array repeats its name', () => {
    const grant = refineGrant(empty, { parameters: { resource: ['urn:a', 'urn:b'], audience: 'x&y=z' } })
    expect(form(acme, grant)).toBe('grant_type=client_credentials&resource=urn%3Aa&resource=urn%3Ab&audience=x%26y%3Dz')
  })

  it.each([
    ['another', 'urn:acme:service', 'grant_type=urn%3Aacme%3Aservice'],
    ['none', null, ''],
  ])('G6: the provider sets the grant type: %s', (_, grantType, sent) => {
    expect(form(described({ tokenRequest: { grantType } }), empty)).toBe(sent)
  })

  it('G6: the standard request has the standard grant type, whatever the provider sets', () => {
    const grant = refineGrant(empty, { scopes: ['a'], parameters: { grant_type: 'own', audience: 'x' } })
    expect(String(standardParameters(grant))).toBe('grant_type=client_credentials&scope=a&audience=x')
  })

  it("G6: the provider's grant type leaves the other parameters as they are", () => {
    const grant = refineGrant(empty, { scopes: ['a'], parameters: { audience: 'x' } })
    const provider = described({ tokenRequest: { grantType: 'own' } })
    expect(form(provider, grant)).toBe('grant_type=own&scope=a&audience=x')
  })

  it('G6: a provider may set the grant type as a parameter, and it is sent once', () => {
    const grant = refineGrant(empty, { parameters: { grant_type: 'account_credentials' } })
    expect(form(acme, grant)).toBe('grant_type=account_credentials')
  })
})

describe('providerHeaders', () => {
  it.each([
    ['a form', {}, 'application/x-www-form-urlencoded'],
    ['a form that the provider names', { bodyFormat: 'form' }, 'application/x-www-form-urlencoded'],
    ['JSON', { bodyFormat: 'json' }, 'application/json'],
    ['no body', { bodyFormat: 'none' }, null],
    ['GET', { method: 'GET' }, null],
    ['GET, whatever the format', { method: 'GET', bodyFormat: 'json' }, null],
  ] as const)('G1: Accept is JSON, and the content type that of %s', (_, tokenRequest, contentType) => {
    const headers = providerHeaders(described({ tokenRequest }))
    expect(headers.get('accept')).toBe('application/json')
    expect(headers.get('content-type')).toBe(contentType)
  })

  it("G1: the provider's headers win", () => {
    const headers = providerHeaders(described({ tokenRequest: { headers: { ACCEPT: '*/*', 'x-tenant': 'a' } } }))
    expect(Object.fromEntries(headers)).toEqual({
      accept: '*/*',
      'content-type': 'application/x-www-form-urlencoded',
      'x-tenant': 'a',
    })
  })
})

describe('toHttpRequest', () => {
  const sent = (
    provider: Provider,
    { json, url = acme.tokenEndpoint as string }: { json?: unknown; url?: string } = {},
  ): ReturnType<typeof toHttpRequest> =>
    toHttpRequest(
      {
        url: new URL(url),
        headers: providerHeaders(provider),
        parameters: new URLSearchParams([
          ['grant_type', 'client_credentials'],
          ['scope', 'a b'],
          ['resource', 'urn:a'],
          ['resource', 'urn:b'],
        ]),
        issuer: undefined,
        ...(json === undefined ? {} : { json }),
      },
      provider.tokenRequest,
      provider.name,
    )

  it('G7: redirects are not followed, in any format', () => {
    for (const tokenRequest of [{}, { method: 'GET' }, { bodyFormat: 'json' }, { bodyFormat: 'none' }] as const) {
      expect(sent(described({ tokenRequest })).init.redirect).toBe('manual')
    }
  })

  it('G1: a form', () => {
    const { url, init } = sent(acme)
    expect(url.href).toBe('https://login.acme.test/OAuth/Token')
    expect(init.method).toBe('POST')
    expect(init.body).toBe('grant_type=client_credentials&scope=a+b&resource=urn%3Aa&resource=urn%3Ab')
  })

  it('G1: JSON members, a repeated name as a list', () => {
    const { init } = sent(described({ tokenRequest: { bodyFormat: 'json' } }))
    expect(JSON.parse(String(init.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      resource: ['urn:a', 'urn:b'],
    })
  })

  it.each([[{ auth: { id: 'a' } }], [['a']], ['a']])('G1: a JSON body of its own: %o', (json) => {
    const { init } = sent(described({ tokenRequest: { bodyFormat: 'json' } }), { json })
    expect(JSON.parse(String(init.body))).toEqual(json)
  })

  it.each([
    ['a form', {}],
    ['GET', { method: 'GET', bodyFormat: 'json' }],
    ['no body', { bodyFormat: 'none' }],
  ] as const)('G1: a JSON body that would not be sent is refused, and not shown: %s', (_, tokenRequest) => {
    const provider = described({ tokenRequest })
    expect(() => sent(provider, { json: { secret: 'MARKED' } })).toThrow(
      expect.objectContaining({
        code: 'invalid_options',
        provider: 'acme',
        message: expect.stringMatching(/^acme: .*bodyFormat 'json'$/),
      }),
    )
  })

  it.each([
    ['GET', { method: 'GET' }],
    ['POST without a body', { bodyFormat: 'none' }],
  ] as const)('G1: %s: the parameters travel in the query', (_, tokenRequest) => {
    const { url, init } = sent(described({ tokenRequest }))
    expect(init.body).toBeNull()
    expect(url.search).toBe('?grant_type=client_credentials&scope=a+b&resource=urn%3Aa&resource=urn%3Ab')
  })

  it("G4: the endpoint's own query stays unchanged, also if parameters are added to it", () => {
    const own = '?Api-Version=2&flag&q=a%20b~c%2fd'
    const url = `https://login.acme.test/OAuth/Token${own}`
    expect(sent(acme, { url }).url.search).toBe(own)
    const nothing = { headers: new Headers(), parameters: new URLSearchParams(), issuer: undefined }
    for (const href of [url, 'https://login.acme.test/OAuth/Token']) {
      const request = toHttpRequest({ ...nothing, url: new URL(href) }, { method: 'GET' }, 'acme')
      expect(request.url.href).toBe(href)
    }
    expect(sent(described({ tokenRequest: { method: 'GET' } }), { url }).url.search).toBe(
      `${own}&grant_type=client_credentials&scope=a+b&resource=urn%3Aa&resource=urn%3Ab`,
    )
  })
})

describe('the request that fetch gets', () => {
  beforeAll(() => {
    nock.disableNetConnect()
  })
  afterEach(() => {
    nock.cleanAll()
  })
  afterAll(() => {
    nock.enableNetConnect()
    nock.restore()
  })

  async function ask(provider: Provider, grant: GrantRequest): Promise<void> {
    await requestGrant({
      provider,
      endpoint: { url: new URL('https://login.acme.test/OAuth/Token'), issuer: undefined },
      grant,
      credentials: { clientId: 'app', clientSecret: 's3cret' },
      transport: networkTransport,
      signal: new AbortController().signal,
    })
  }

  it('G1: POST, a form, Accept JSON, and a correct length', async () => {
    const asked = nock('https://login.acme.test', {
      reqheaders: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: 'Basic YXBwOnMzY3JldA==',
      },
    })
      .post('/OAuth/Token', 'grant_type=client_credentials')
      .reply(200, { access_token: 'abc' })
    await ask(acme, empty)
    expect(asked.isDone()).toBe(true)
  })

  it('G3: with the secret in the form, no header is sent', async () => {
    const asked = nock('https://login.acme.test', { badheaders: ['authorization'] })
      .post('/OAuth/Token', { grant_type: 'client_credentials', client_id: 'app', client_secret: 's3cret' })
      .reply(200, { access_token: 'abc' })
    await ask(described({ clientAuthentication: clientSecretPost() }), empty)
    expect(asked.isDone()).toBe(true)
  })

  it('G6: parameters are sent, empty ones are not, lists repeat', async () => {
    const body = 'grant_type=client_credentials&scope=a+b&resource=urn%3Aa&resource=urn%3Ab&acr_values=idp%3Ax'
    const asked = nock('https://login.acme.test').post('/OAuth/Token', body).reply(200, { access_token: 'abc' })
    const parameters = { resource: ['urn:a', '', 'urn:b'], audience: '', acr_values: 'idp:x' }
    await ask(acme, refineGrant(empty, { scopes: ['a', 'b'], parameters }))
    expect(asked.isDone()).toBe(true)
  })

  it('G6: no scope means no scope parameter, not an empty one', async () => {
    const asked = nock('https://login.acme.test')
      .post('/OAuth/Token', (form: Record<string, string>) => !('scope' in form))
      .reply(200, { access_token: 'abc' })
    await ask(described({ clientAuthentication: clientSecretBasic() }), refineGrant(empty, { scopes: ['', ' '] }))
    expect(asked.isDone()).toBe(true)
  })

  it('G1: a JSON body', async () => {
    const asked = nock('https://login.acme.test', { reqheaders: { 'content-type': 'application/json' } })
      .post('/OAuth/Token', { grant_type: 'client_credentials', client_id: 'app', client_secret: 's3cret' })
      .reply(200, { access_token: 'abc' })
    const provider = described({ tokenRequest: { bodyFormat: 'json' }, clientAuthentication: clientSecretPost() })
    await ask(provider, empty)
    expect(asked.isDone()).toBe(true)
  })
})
