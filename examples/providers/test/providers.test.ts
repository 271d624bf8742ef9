import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Client, createClient, NightlatchError, type Provider } from '@nightlatch/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  credentials,
  type DocumentedAnswer,
  type DocumentedEndpoint,
  type DocumentedRequest,
  endpoints,
} from '../page/documented.ts'
import { renderPage } from '../page/render-page.ts'
import { arcgis } from '../src/arcgis.ts'
import { auth0 } from '../src/auth0.ts'
import { entraId } from '../src/entra-id.ts'
import { insightsHub } from '../src/insights-hub.ts'
import { keycloak } from '../src/keycloak.ts'
import { lark } from '../src/lark.ts'
import { okta } from '../src/okta.ts'
import { salesforce } from '../src/salesforce.ts'
import { sapXsuaa } from '../src/sap-xsuaa.ts'
import { wechat } from '../src/wechat.ts'

/** A request as it came over the wire; `url` as it was meant, before it was led here. */
interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What carries the address that was meant to the server that stands in for it. */
const meantFor = 'x-meant-for'

let server: Server
let origin: string
let received: Received[]
/** What the token endpoint answers; everything else is answered with an empty object. */
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

/** The instant at which all of this happens. */
const startedAt = 'Mon, 15 Jan 2018 21:14:05 GMT'
const now = Date.parse(startedAt)

/** Leads every request to the server that stands in for the vendor. */
const transport: typeof globalThis.fetch = (input, init) => {
  const request = new Request(input, init)
  const { origin: meant, pathname, search } = new URL(request.url)
  request.headers.set(meantFor, meant)
  return fetch(new Request(`${origin}${pathname}${search}`, request))
}

function connect(provider: Provider): Client {
  return createClient(provider, { credentials, fetch: transport, now: () => now })
}

/** Answers what is documented at the endpoint's address, and nothing there that would hide a mistake elsewhere. */
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

describe.each(endpoints.map((endpoint) => [endpoint.title, endpoint] as const))('%s', (_, endpoint) => {
  it('is asked as it is documented, and its answer is understood', async () => {
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
    it('its API gets the token where it wants it', async () => {
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
    it('its documented refusal is told in its words', async () => {
      const { error, errorDescription } = refusal
      serve(endpoint, refusal)
      const failure: unknown = await connect(endpoint.provider)
        .token()
        .catch((thrown: unknown) => thrown)
      expect(failure).toBeInstanceOf(NightlatchError)
      expect(failure).toMatchObject({ code: 'grant_refused', status: refusal.status ?? 200, error, errorDescription })
    })

  it('refuses what is no answer of its own', async () => {
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

describe('odd things', () => {
  it('WeChat: "busy" is tried again', async () => {
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

describe('the page', () => {
  const file = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

  it('is up to date: `pnpm tools endpoints` writes it', () => {
    const page = readFileSync(file('../../docs/real-endpoints.md'), 'utf8')
    expect(renderPage(page)).toBe(page)
  })

  it('has every description, and each is about twenty lines', () => {
    const described = readdirSync(file('src')).map((name) => name.replace(/\.ts$/, ''))
    expect(endpoints.map(({ slug }) => slug).sort()).toEqual(described.sort())
    for (const slug of described) {
      const code = readFileSync(file(`src/${slug}.ts`), 'utf8').replace(/\/\*\*.*?\*\/\n/gs, '')
      expect(code.split('\n').length, slug).toBeLessThan(35)
    }
  })
})
