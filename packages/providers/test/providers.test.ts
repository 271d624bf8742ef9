import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Client, createClient, NightlatchError, type Provider } from '@nightlatch/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { arcgis } from '../src/arcgis.ts'
import { auth0 } from '../src/auth0.ts'
import { cognito } from '../src/cognito.ts'
import { concur } from '../src/concur.ts'
import { crowdstrike } from '../src/crowdstrike.ts'
import { databricks } from '../src/databricks.ts'
import { entraId } from '../src/entra-id.ts'
import { genesysCloud } from '../src/genesys-cloud.ts'
import { insightsHub } from '../src/insights-hub.ts'
import { keycloak } from '../src/keycloak.ts'
import { lark } from '../src/lark.ts'
import { marketo } from '../src/marketo.ts'
import { okta } from '../src/okta.ts'
import { pagerDuty } from '../src/pagerduty.ts'
import { sailpoint } from '../src/sailpoint.ts'
import { salesforce } from '../src/salesforce.ts'
import { sapXsuaa } from '../src/sap-xsuaa.ts'
import { shopify } from '../src/shopify.ts'
import { stytch } from '../src/stytch.ts'
import { wechat } from '../src/wechat.ts'
import {
  clientId,
  clientSecret,
  type DocumentedAnswer,
  type DocumentedEndpoint,
  type DocumentedRequest,
} from './documented-endpoint.ts'
import { endpoints } from './endpoints.ts'

/** A received request; `url` is the one before the transport changed it. */
interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** The header that carries the request's own origin to the test's server. */
const meantFor = 'x-meant-for'

let server: Server
let origin: string
let received: Received[]
/** The response of the token endpoint; every other response is an empty object. */
let answer: (request: Received) => DocumentedAnswer | undefined

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { [meantFor]: meant = '', ...headers } = request.headers
      const url = `${String(meant)}${request.url}`
      const got = { method: request.method ?? '', url, headers, body: Buffer.concat(chunks).toString() }
      received.push(got)
      const given = answer(got) ?? { body: {} }
      response.writeHead(given.status ?? 200, { 'content-type': 'application/json', date: startedAt, ...given.headers })
      response.end(JSON.stringify(given.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

beforeEach(() => {
  received = []
  answer = () => undefined
})

afterAll(async () => {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
})

/** The instant of all responses. */
const startedAt = 'Mon, 15 Jan 2018 21:14:05 GMT'
const now = Date.parse(startedAt)

/** Sends every request to the test's server. */
const transport: typeof globalThis.fetch = (input, init) => {
  const request = new Request(input, init)
  const { origin: meant, pathname, search } = new URL(request.url)
  request.headers.set(meantFor, meant)
  return fetch(new Request(`${origin}${pathname}${search}`, request))
}

function connect(provider: Provider): Client {
  return createClient(provider, { credentials: { clientId, clientSecret }, fetch: transport, now: () => now })
}

/** Responds with the documented response at the endpoint's URL only. */
function serve({ request }: DocumentedEndpoint, given: DocumentedAnswer): void {
  const { origin: home, pathname } = new URL(request.url)
  answer = ({ url }) => (url.startsWith(`${home}${pathname}`) ? given : undefined)
}

function expectDocumented(got: Received | undefined, { method, url, headers, body }: DocumentedRequest): void {
  expect(`${got?.method} ${got?.url}`).toBe(`${method} ${url}`)
  expect(got?.headers).toMatchObject(headers)
  expect(got?.headers.authorization).toBe(headers.authorization)
  if (typeof body === 'object') expect(JSON.parse(got?.body ?? '')).toEqual(body)
  else expect(got?.body).toBe(body ?? '')
}

describe.each(endpoints.map((endpoint) => [endpoint.name, endpoint] as const))('%s', (_, endpoint) => {
  it('gets the documented request, and its documented response is read', async () => {
    serve(endpoint, endpoint.answer)
    const { value, type, expiresAt, scopes } = await connect(endpoint.provider).token()
    expect(received).toHaveLength(1)
    expectDocumented(received[0], endpoint.request)
    const { lifetime, ...expected } = endpoint.token
    expect({ value, type, scopes }).toEqual({ type: 'Bearer', scopes: undefined, ...expected })
    expect(expiresAt).toEqual(lifetime === undefined ? undefined : new Date(now + lifetime * 1000))
  })

  const { api, refusal } = endpoint
  if (api !== undefined)
    it('its API gets the token in the documented header', async () => {
      serve(endpoint, endpoint.answer)
      const { url, headers } = api
      const client = connect(endpoint.provider)
      if (typeof endpoint.provider.api === 'function') await client.api()
      expect((await client.fetch(url)).status).toBe(200)
      const got = received.at(-1)
      expect(got?.url).toBe(url)
      expect(got?.headers).toMatchObject(headers)
      expect(got?.headers.authorization).toBe(headers.authorization)
    })

  if (refusal !== undefined)
    it('its documented error is reported in its words', async () => {
      const { error, errorDescription } = refusal
      serve(endpoint, refusal)
      const failure: unknown = await connect(endpoint.provider)
        .token()
        .catch((thrown: unknown) => thrown)
      expect(failure).toBeInstanceOf(NightlatchError)
      expect(failure).toMatchObject({ code: 'grant_refused', status: refusal.status ?? 200, error, errorDescription })
    })

  it('a response without a token or an error is unreadable', async () => {
    serve(endpoint, { body: {} })
    const failure: unknown = await connect(endpoint.provider)
      .token()
      .catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'response_unreadable', provider: endpoint.provider.name })
  })
})

describe('what a tenant may be', () => {
  const rest = { appName: 'a', appVersion: '1', hostTenant: 'h', userTenant: 'u' }
  it.each<[string, (tenant: string) => unknown]>([
    ['region', (region) => insightsHub({ region, ...rest })],
    ['subdomain', (subdomain) => sapXsuaa({ subdomain, region: 'eu10', api: 'https://api.example.com' })],
    ['region', (region) => sapXsuaa({ subdomain: 'a', region, api: 'https://api.example.com' })],
    ['myDomain', (myDomain) => salesforce({ myDomain })],
    ['tenant', (tenant) => entraId({ tenant })],
    ['domain', (domain) => okta({ domain, scopes: [], api: 'https://api.example.com' })],
    [
      'authorizationServer',
      (id) => okta({ domain: 'a.test', authorizationServer: id, scopes: [], api: 'https://a.test' }),
    ],
    ['domain', (domain) => auth0({ domain })],
    ['domain', (domain) => cognito({ domain, api: 'https://api.example.com' })],
    ['host', (host) => concur({ host })],
    ['workspace', (workspace) => databricks({ workspace })],
    ['munchkinId', (munchkinId) => marketo({ munchkinId })],
    ['host', (host) => crowdstrike({ host })],
    ['subdomain', (subdomain) => pagerDuty({ subdomain, scopes: ['incidents.read'] })],
    ['tenant', (tenant) => sailpoint({ tenant })],
    ['shop', (shop) => shopify({ shop })],
    ['domain', (domain) => genesysCloud({ domain })],
    ['host', (host) => stytch({ host, projectId: 'p', api: 'https://api.example.com' })],
    ['projectId', (projectId) => stytch({ host: 'h.test', projectId, api: 'https://api.example.com' })],
    ['host', (host) => keycloak({ host, realm: 'r', api: 'https://api.example.com' })],
    ['realm', (realm) => keycloak({ host: 'h.test', realm, api: 'https://api.example.com' })],
  ])('P4: a %s cannot lead the secret elsewhere', (role, describeProvider) => {
    for (const evil of ['evil.test/#', '..', '', 'a\u0000', '%2e%2e', 'a/b']) {
      expect(() => describeProvider(evil)).toThrow(
        expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining(`${role} must`) }),
      )
    }
  })
})

describe('oddities', () => {
  it('WeChat: "busy" is retried', async () => {
    let asked = 0
    answer = () => {
      asked += 1
      return { body: asked === 1 ? { errcode: -1, errmsg: 'system error' } : { access_token: 'abc', expires_in: 7200 } }
    }
    expect((await connect(wechat()).token()).value).toBe('abc')
    expect(asked).toBe(2)
  })

  it('ArcGIS: the token goes to its own hosts alone', async () => {
    answer = () => ({ body: { access_token: 'abc', expires_in: 7200 } })
    const failure: unknown = await connect(arcgis())
      .fetch('https://arcgis.com.evil.test/')
      .catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'origin_refused' })
    expect(received).toEqual([])
  })
})

describe('a token that the API rejects in words of its own', () => {
  it.each([
    [
      'ArcGIS',
      arcgis(),
      'access_token',
      'https://services.arcgis.com/x',
      200,
      { error: { code: 498, message: 'Invalid token.' } },
    ],
    [
      'Lark',
      lark(),
      'tenant_access_token',
      'https://open.larksuite.com/open-apis/x',
      400,
      { code: 99991663, msg: 'Invalid access token' },
    ],
    [
      'Marketo',
      marketo({ munchkinId: '284-RPR-133' }),
      'access_token',
      'https://284-rpr-133.mktorest.com/rest/x',
      200,
      { requestId: 'e42b#14272d07d78', success: false, errors: [{ code: '602', message: 'Access token expired' }] },
    ],
  ])('H3: %s gets another', async (_vendor, provider, field, url, status, body) => {
    let asked = 0
    answer = () => {
      asked += 1
      return { body: { code: 0, [field]: `token-${asked}`, expires_in: 7200, expire: 7200 } }
    }
    const authorization = await connect(provider).authorize(url)
    expect(await authorization?.handleResponse({ status: 200, body: { code: 0, data: [] } })).toBeUndefined()
    const next = await authorization?.handleResponse({ status, body })
    expect([authorization?.token.value, next?.token.value]).toEqual(['token-1', 'token-2'])
  })
})
