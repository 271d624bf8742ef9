import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oauth from 'oauth4webapi'
import { Provider as OidcProvider } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ClientEvent, type ClientOptions, createClient, memoryStore, type Provider } from '../../src/index.ts'
import { findLeaks } from '../acquire/printings.ts'
import { MemoryAdapter } from './memory-adapter.ts'

// Both sides are others': oidc-provider issues the tokens, oauth4webapi judges them and their proofs at the API.

const credentials = { clientId: 'plant', clientSecret: 'MARKED-secret' }

let server: Server
let api: Server
let elsewhere: Server
let issuer: string
let apiUrl: string
let elsewhereUrl: string
/** Whether the authorization server and the API want to see a nonce. */
let nonces: { atTokenEndpoint: boolean; atApi: string | undefined }
/** The API forgets the tokens it has seen so far. */
let revoked: Set<string>
let tokenRequests: number
let apiRequests: { readonly url: string; readonly status: number; readonly nonce: unknown; readonly proof: string }[]
let elsewhereRequests: IncomingMessage[]

beforeEach(() => {
  nonces = { atTokenEndpoint: false, atApi: undefined }
  revoked = new Set()
  tokenRequests = 0
  apiRequests = []
  elsewhereRequests = []
})

beforeAll(async () => {
  server = createServer()
  issuer = await listen(server)
  api = createServer((request, response) => {
    judge(request)
      .catch(() => ({ status: 401, headers: { 'www-authenticate': 'DPoP error="invalid_token"' } }))
      .then(({ status, headers }) => response.writeHead(status, headers).end())
  })
  apiUrl = await listen(api)
  elsewhere = createServer((request, response) => {
    elsewhereRequests.push(request)
    response.end('elsewhere')
  })
  elsewhereUrl = await listen(elsewhere)

  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', privateKey)
  const provider = new OidcProvider(issuer, {
    adapter: MemoryAdapter,
    jwks: { keys: [{ kty, crv, x, y, d, kid: 'k', use: 'sig', alg: 'ES256' }] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: {
        enabled: true,
        nonceSecret: crypto.getRandomValues(Buffer.alloc(32)),
        requireNonce: () => nonces.atTokenEndpoint,
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'read',
          audience: apiUrl,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    ttl: { ClientCredentials: 600 },
    clients: [
      {
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        id_token_signed_response_alg: 'ES256',
        dpop_bound_access_tokens: true,
      },
    ],
  })
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (request.url === '/token') tokenRequests += 1
    answer(request, response)
  })
})

afterAll(async () => {
  for (const one of [server, api, elsewhere]) {
    one.closeAllConnections()
    await new Promise((resolve) => one.close(resolve))
  }
})

async function listen(one: Server): Promise<string> {
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`
}

/** The API: a token of the issuer's, bound to the key that signed a proof of this very request. */
async function judge(request: IncomingMessage): Promise<{ status: number; headers: Record<string, string> }> {
  const { method = 'GET', url = '/', headers } = request
  const proof = String(headers.dpop)
  const { nonce } = JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString()) as { nonce?: unknown }
  const note = (
    status: number,
    answer: Record<string, string> = {},
  ): { status: number; headers: Record<string, string> } => {
    apiRequests.push({ url, status, nonce, proof })
    return { status, headers: answer }
  }
  const wanted = nonces.atApi
  if (wanted !== undefined && nonce !== wanted) {
    return note(401, { 'dpop-nonce': wanted, 'www-authenticate': 'DPoP error="use_dpop_nonce"' })
  }
  const given = new Request(`${apiUrl}${url}`, {
    method,
    headers: { authorization: String(headers.authorization), dpop: proof },
  })
  const token = String(headers.authorization).split(' ')[1] ?? ''
  try {
    if (revoked.has(token)) throw new Error('revoked')
    const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
    await oauth.validateJwtAccessToken(metadata as oauth.AuthorizationServer, given, apiUrl, {
      requireDPoP: true,
      [oauth.allowInsecureRequests]: true,
    })
  } catch {
    return note(401, { 'www-authenticate': 'DPoP error="invalid_token"' })
  }
  if (url === '/renews') {
    nonces.atApi = 'renewed'
    return note(307, { location: '/there', 'dpop-nonce': 'renewed' })
  }
  if (url.startsWith('/to/')) return note(307, { location: decodeURIComponent(url.slice(4)) })
  return note(200)
}

function start(options: Partial<ClientOptions> = {}, overrides: Partial<Provider> = {}) {
  const events: ClientEvent[] = []
  const provider: Provider = {
    name: 'bound',
    tokenEndpoint: `${issuer}/token`,
    scopes: ['read'],
    parameters: { resource: apiUrl },
    api: apiUrl,
    dpop: true,
    ...overrides,
  }
  const client = createClient(provider, { credentials, onEvent: (event) => events.push(event), ...options })
  return { client, events }
}

const makeKey = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])

describe('tokens bound to a key (RFC 9449)', () => {
  it.each([
    ['ahead', 600_000],
    ['behind', -600_000],
  ])('G8: a clock ten minutes %s: the server rejects the proof, and takes one with its own time', async (_, off) => {
    const { client } = start({ now: () => Date.now() + off })
    await expect(client.token()).resolves.toHaveProperty('type', 'DPoP')
    expect(tokenRequests).toBe(2)
    await client.token({ parameters: { note: 'another' } })
    expect(tokenRequests).toBe(3)
  })

  it('asks with a proof, and proves each request anew', async () => {
    const { client } = start()
    const token = await client.token()
    expect(token.type).toBe('DPoP')
    for (const method of ['GET', 'POST', 'PATCH']) {
      const response = await client.fetch(`${apiUrl}/things?x=1`, { method, body: method === 'GET' ? null : 'b' })
      expect(response.status).toBe(200)
    }
    expect(new Set(apiRequests.map(({ proof }) => proof)).size).toBe(3)
    expect(tokenRequests).toBe(1)
  })

  it('shows the authorization server the nonce that it asks for, at the price of one request', async () => {
    nonces.atTokenEndpoint = true
    const { client, events } = start()
    expect((await client.token()).type).toBe('DPoP')
    expect(tokenRequests).toBe(2)
    await client.forget()
    await client.token()
    expect(tokenRequests).toBe(3)
    const grants = events.filter(({ type }) => type !== 'token.served')
    expect(grants.map(({ type }) => type)).toEqual(['token.granted', 'token.granted'])
  })

  it('learns the API’s nonce from its refusal, once, and from every answer', async () => {
    nonces.atApi = 'first'
    const { client, events } = start()
    expect((await client.fetch(`${apiUrl}/a`, { method: 'POST', body: 'kept' })).status).toBe(200)
    expect((await client.fetch(`${apiUrl}/b`)).status).toBe(200)
    nonces.atApi = 'second'
    expect((await client.fetch(new Request(`${apiUrl}/c`, { method: 'POST', body: 'kept' }))).status).toBe(200)
    expect(apiRequests.map(({ url, status, nonce }) => [url, status, nonce])).toEqual([
      ['/a', 401, undefined],
      ['/a', 200, 'first'],
      ['/b', 200, 'first'],
      ['/c', 401, 'first'],
      ['/c', 200, 'second'],
    ])
    expect(tokenRequests).toBe(1)
    expect(events.filter(({ type }) => type === 'request.repeated')).toHaveLength(2)
  })

  it('learns the nonce from the answer to a stream, which is not sent again', async () => {
    nonces.atApi = 'first'
    const { client } = start()
    const send = async (): Promise<number> => {
      const init = { method: 'POST', body: new Blob(['streamed']).stream(), duplex: 'half' }
      return (await client.fetch(`${apiUrl}/a`, init as RequestInit)).status
    }
    expect([await send(), await send()]).toEqual([401, 200])
    expect(apiRequests.map(({ nonce }) => nonce)).toEqual([undefined, 'first'])
  })

  it('learns the nonce from an answer that redirects', async () => {
    const { client } = start()
    expect((await client.fetch(`${apiUrl}/renews`)).status).toBe(200)
    expect(apiRequests.map(({ url, status, nonce }) => [url, status, nonce])).toEqual([
      ['/renews', 307, undefined],
      ['/there', 200, 'renewed'],
    ])
  })

  it('H3: one nonce and one other token for one request, and then the answer stands', async () => {
    const { client } = start()
    revoked.add((await client.token()).value)
    nonces.atApi = 'new'
    const request = new Request(`${apiUrl}/a`, { method: 'POST', body: 'kept' })
    expect((await client.fetch(request)).status).toBe(200)
    expect(apiRequests.map(({ status }) => status)).toEqual([401, 401, 200])
    expect(tokenRequests).toBe(2)
    expect(request.bodyUsed).toBe(true)
  })

  it('H2: a redirect within the origin gets a proof of its own; another origin gets neither proof nor token', async () => {
    const { client } = start()
    expect((await client.fetch(`${apiUrl}/to/${encodeURIComponent('/there')}`)).status).toBe(200)
    expect(apiRequests.map(({ url, status }) => [url, status])).toEqual([
      [`/to/${encodeURIComponent('/there')}`, 307],
      ['/there', 200],
    ])
    const response = await client.fetch(`${apiUrl}/to/${encodeURIComponent(`${elsewhereUrl}/x`)}`)
    expect(await response.text()).toBe('elsewhere')
    expect(elsewhereRequests[0]?.headers).not.toHaveProperty('dpop')
    expect(elsewhereRequests[0]?.headers).not.toHaveProperty('authorization')
  })

  it('L3: a token is shared with clients that have its key, and with no others', async () => {
    const store = memoryStore()
    const dpopKey = await makeKey()
    const tokens: string[] = []
    for (const options of [{ dpopKey }, { dpopKey }, { dpopKey: await makeKey() }, {}, {}]) {
      const { client } = start({ store, ...options })
      tokens.push((await client.token()).value)
      expect((await client.fetch(`${apiUrl}/a`)).status).toBe(200)
    }
    expect(tokenRequests).toBe(4)
    expect(tokens[0]).toBe(tokens[1])
    expect(new Set(tokens).size).toBe(4)
  })

  it('authorises what other HTTP clients send, nonces and all', async () => {
    nonces.atApi = 'new'
    const { client } = start()
    const url = `${apiUrl}/other`
    let authorization = await client.authorize(url, { method: 'PUT' })
    const statuses: number[] = []
    while (authorization !== undefined) {
      const { headers } = authorization
      const answer = await fetch(url, { method: 'PUT', headers })
      statuses.push(answer.status)
      authorization = await authorization.handleResponse(answer)
    }
    expect(statuses).toEqual([401, 200])
  })

  it('refuses a token that is bound to nothing', async () => {
    const { client } = start({
      fetch: async () => Response.json({ access_token: 'unbound', token_type: 'Bearer', expires_in: 60 }),
    })
    await expect(client.token()).rejects.toMatchObject({ code: 'response_unreadable' })
    await expect(client.token()).rejects.toThrow(/not DPoP, so the token is not bound to the key/)
  })

  it('gives up where the server wants a nonce after it was shown one', async () => {
    let asked = 0
    const { client } = start({
      fetch: async () => {
        asked += 1
        return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'dpop-nonce': `n${asked}` } })
      },
    })
    await expect(client.token()).rejects.toMatchObject({ code: 'grant_refused', error: 'use_dpop_nonce' })
    expect(asked).toBe(2)
  })

  it('X1: neither the key nor a proof is anywhere to be seen', async () => {
    const { client, events } = start()
    await client.fetch(`${apiUrl}/a`)
    const authorization = await client.authorize(`${apiUrl}/a`)
    const { value } = await client.token()
    const secrets = [
      value,
      apiRequests[0]?.proof ?? 'none',
      authorization?.headers.dpop ?? 'none',
      credentials.clientSecret,
    ]
    expect(findLeaks(authorization, secrets)).toEqual([])
    expect(findLeaks(events, secrets)).toEqual([])
    expect(findLeaks(client, secrets)).toEqual([])
  })

  it('says what is wrong with the key, and that it is of no use to an unbound provider', async () => {
    const dpopKey = await makeKey()
    expect(() => start({ dpopKey: { privateKey: dpopKey.publicKey, publicKey: dpopKey.publicKey } })).toThrow(
      /options\.dpopKey must be a CryptoKeyPair/,
    )
    const extractable = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    expect(() => start({ dpopKey: extractable })).toThrow(/options\.dpopKey has a privateKey that is extractable/)
    expect(() => start({ dpopKey }, { dpop: false })).toThrow(/options\.dpopKey is for a provider/)
    expect(() => start({}, { tokenRequest: { method: 'GET' } })).toThrow(
      /provider\.tokenRequest\.method must be POST with dpop/,
    )
  })
})
