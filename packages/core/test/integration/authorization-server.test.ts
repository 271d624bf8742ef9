import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Configuration, Provider as OidcProvider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ClientAuthentication,
  type ClientOptions,
  clientSecretBasic,
  clientSecretPost,
  createClient,
  type Provider,
  type TokenOptions,
} from '../../src/index.ts'
import { failureOf } from '../acquire/failure-of.ts'
import { findLeaks } from '../acquire/printings.ts'
import { MemoryAdapter } from './memory-adapter.ts'

// An authorization server that others wrote and the OpenID Foundation certified: what it answers wins over what we think.

const lifetime = 600

/** Clients as they are registered; both secret methods are open to each of them. */
const clients = {
  plain: { clientId: 'plain-client', clientSecret: 'plain.secret_1' },
  /** Every character that Hexagon's secrets hold. */
  awkward: { clientId: 'id with : + % / = & ?', clientSecret: 'MARKED s: +%/=&?#~!*()' },
  /** Form decoding changes these, but does not fail. */
  plus: { clientId: 'plus', clientSecret: 'MARKED+secret' },
  percent: { clientId: 'percent', clientSecret: 'MARKED%41secret' },
  /** Form decoding leaves these as they are. */
  neutral: { clientId: 'neutral', clientSecret: 'MARKED s:/=&?#~!*()' },
  posted: { clientId: 'posted: + % / = &', clientSecret: 'MARKED p: +%/=&?#' },
  umlautSecret: { clientId: 'umlaut-secret', clientSecret: 'MARKED-geheimß' },
  umlautId: { clientId: 'ümlaut', clientSecret: 'MARKED-secret' },
} as const

let server: Server
let issuer: string
/** The paths of token requests and metadata requests, as they came. */
let asked: string[] = []
/** How clients authenticated: what the requests to the token endpoint held. */
let authorizations: (string | undefined)[] = []

beforeAll(async () => {
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new OidcProvider(issuer, await configuration())
  const answer = provider.callback()
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    authorizations.push(request.headers.authorization)
    answer(request, response)
  })
})

afterAll(async () => {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
})

/** Nothing is left to the quick-start defaults, about which oidc-provider warns on the console. */
async function configuration(): Promise<Configuration> {
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const key = await crypto.subtle.exportKey('jwk', privateKey)
  return {
    adapter: MemoryAdapter,
    jwks: { keys: [{ ...key, use: 'sig', alg: 'ES256' }] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (_context, client, token) => isOwn(client, token) },
      revocation: { enabled: true, allowedPolicy: (_context, client, token) => isOwn(client, token) },
    },
    scopes: ['api:read', 'api:write', 'api:admin'],
    ttl: { ClientCredentials: lifetime },
    clients: Object.entries(clients).map(([name, { clientId, clientSecret }]) => ({
      client_id: clientId,
      client_secret: clientSecret,
      token_endpoint_auth_method: name === 'posted' ? 'client_secret_post' : 'client_secret_basic',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: 'ES256',
      scope: 'api:read api:write',
    })),
  }
}

function isOwn(client: { readonly clientId: string }, token: object): boolean {
  return 'clientId' in token && token.clientId === client.clientId
}

function acme(overrides: Partial<Provider> = {}): Provider {
  return { name: 'acme', tokenEndpoint: `${issuer}/token`, ...overrides }
}

function grant(
  clientAuthentication: ClientAuthentication,
  credentials: ClientOptions['credentials'],
  options?: TokenOptions,
): ReturnType<ReturnType<typeof createClient>['token']> {
  asked = []
  authorizations = []
  return createClient(acme({ clientAuthentication }), { credentials }).token(options)
}

const form = clientSecretBasic({ encoding: 'form' })
const raw = clientSecretBasic({ encoding: 'raw' })
const post = clientSecretPost()

describe('a certified authorization server: the grant', () => {
  it.each([
    ['form', form],
    ['raw', raw],
    ['post', post],
  ])('G2: letters, digits and -._ authenticate by %s: the encodings agree on them', async (_, authentication) => {
    const before = Date.now()
    const token = await grant(authentication, clients.plain)
    expect(token.value).toMatch(/^[\w-]{40,}$/)
    expect(token.type).toBe('Bearer')
    expect(token.scopes).toBeUndefined()
    const expiresAt = token.expiresAt?.getTime() ?? 0
    expect(expiresAt).toBeGreaterThanOrEqual(before + lifetime * 1000)
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + lifetime * 1000)
    expect(asked).toEqual(['POST /token'])
  })

  it('G4: the issuer names the endpoint, and its metadata is asked for once', async () => {
    asked = []
    const { tokenEndpoint: _, ...named } = acme({ issuer })
    const client = createClient(named, { credentials: clients.awkward })
    const [first, second] = await Promise.all([client.token(), client.token({ scopes: ['api:read'] })])
    expect(first.value).not.toBe(second.value)
    expect(second.scopes).toEqual(['api:read'])
    expect(asked.filter((one) => one.startsWith('GET'))).toEqual(['GET /.well-known/oauth-authorization-server'])
    expect(asked.filter((one) => one.startsWith('POST'))).toEqual(['POST /token', 'POST /token'])
  })

  it('G4: an issuer that is another than the metadata says is refused', async () => {
    const { tokenEndpoint: _, ...named } = acme({ issuer: issuer.replace('127.0.0.1', 'localhost') })
    asked = []
    const failure = await failureOf(createClient(named, { credentials: clients.plain }).token())
    expect(failure.code).toBe('discovery_failed')
    expect(asked.some((one) => one.startsWith('POST'))).toBe(false)
  })
})

describe('a certified authorization server: the encodings', () => {
  it.each([
    ['awkward', form],
    ['plus', form],
    ['percent', form],
    ['neutral', form],
    ['neutral', raw],
    ['awkward', post],
    ['posted', post],
    ['posted', form],
  ] as const)('G2: the right encoding of the %s one authenticates', async (name, authentication) => {
    const token = await grant(authentication, clients[name])
    expect(token.value).not.toBe('')
    expect(asked).toEqual(['POST /token'])
    expect(authorizations.map((one) => one !== undefined)).toEqual([authentication !== post])
  })

  it.each([
    ['a plus, which it reads as a space', 'plus'],
    ['%41, which it reads as A', 'percent'],
  ] as const)('G2: raw does not authenticate: %s', async (_, name) => {
    const failure = await failureOf(grant(raw, clients[name]))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401, retryable: false })
    expect(asked).toEqual(['POST /token'])
    expect(findLeaks(failure, [clients[name].clientSecret])).toEqual([])
  })

  it('G2: raw, a percent sign that is no escape: it calls that invalid_request, not invalid_client', async () => {
    const failure = await failureOf(grant(raw, { clientId: 'plain-client', clientSecret: 'MARKED 100% secret' }))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_request', status: 400, retryable: false })
    expect(failure.errorDescription).toContain('not properly encoded')
    expect(findLeaks(failure, ['MARKED'])).toEqual([])
  })

  it('G2: raw, a colon in the client id is refused before anything is sent', async () => {
    const failure = await failureOf(grant(raw, clients.awkward))
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toContain('colon')
    expect(asked).toEqual([])
  })

  it.each([
    ['in the id, form', form, clients.umlautId],
    ['in the id, raw', raw, clients.umlautId],
    ['in the secret, form', form, clients.umlautSecret],
    ['in the secret, raw', raw, clients.umlautSecret],
  ])(
    'G2: beyond ASCII %s: it refuses what is sent as invalid_request, even as UTF-8',
    async (_, authentication, credentials) => {
      const failure = await failureOf(grant(authentication, credentials))
      expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_request', status: 400 })
      expect(failure.errorDescription).toContain('not properly encoded')
      expect(findLeaks(failure, [credentials.clientSecret])).toEqual([])
    },
  )

  it.each([
    ['in the id', clients.umlautId, 'invalid client_id value'],
    ['in the secret', clients.umlautSecret, 'invalid client_secret value'],
  ])(
    'G2: beyond ASCII %s, in the body: it says that such a client cannot be registered',
    async (_, credentials, said) => {
      const failure = await failureOf(grant(post, credentials))
      expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client_metadata', errorDescription: said })
      expect(findLeaks(failure, [credentials.clientSecret])).toEqual([])
    },
  )
})

describe('a certified authorization server: refusals', () => {
  it.each([
    ['form', form],
    ['raw', raw],
    ['post', post],
  ])('R5: a wrong secret, by %s', async (_, authentication) => {
    const failure = await failureOf(grant(authentication, { ...clients.plain, clientSecret: 'MARKED-wrong-secret' }))
    expect(failure).toMatchObject({
      code: 'grant_refused',
      provider: 'acme',
      error: 'invalid_client',
      errorDescription: 'client authentication failed',
      status: 401,
      retryable: false,
      retryAfter: undefined,
    })
    expect(failure.message).toContain(`${issuer}/token`)
    const basic = Buffer.from('plain-client:MARKED-wrong-secret').toString('base64')
    expect(findLeaks(failure, ['MARKED-wrong-secret', basic])).toEqual([])
  })

  it('R5: an unknown client', async () => {
    const failure = await failureOf(grant(form, { clientId: 'nobody', clientSecret: 'MARKED-secret' }))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
  })

  it('G3: header and body together are refused by the server, so a client must never send both', async () => {
    const both: ClientAuthentication = {
      name: 'own',
      authenticate: async (request, credentials) => {
        await form.authenticate(request, credentials)
        await post.authenticate(request, credentials)
      },
    }
    const failure = await failureOf(grant(both, clients.plain))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_request', status: 400 })
  })

  it('R5: a path that is no token endpoint', async () => {
    const provider = acme({ tokenEndpoint: `${issuer}/Token/nowhere` })
    const failure = await failureOf(createClient(provider, { credentials: clients.plain }).token())
    expect(failure).toMatchObject({ code: 'response_unreadable', status: 404, retryable: false })
  })
})

describe('a certified authorization server: scopes', () => {
  it('G5: the scopes that are asked for are granted', async () => {
    const token = await grant(form, clients.plain, { scopes: ['api:write api:read', 'api:read'] })
    expect([...(token.scopes ?? [])].sort()).toEqual(['api:read', 'api:write'])
  })

  it('R5: a scope the client may not have is invalid_scope', async () => {
    const failure = await failureOf(grant(form, clients.plain, { scopes: ['api:admin'] }))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_scope', status: 400, retryable: false })
  })

  it('R1: of a known and an unknown scope it grants the known one, and says so', async () => {
    const token = await grant(form, clients.plain, { scopes: ['api:read', 'unheard-of'] })
    expect(token.scopes).toEqual(['api:read'])
  })

  it('R1: an unknown scope alone it drops without a word; an answer that names none stands for the requested ones', async () => {
    const token = await grant(form, clients.plain, { scopes: ['unheard-of'] })
    expect(token.scopes).toEqual(['unheard-of'])
  })

  it('G6: parameters it does not know do no harm, empty ones are not sent', async () => {
    const token = await grant(form, clients.plain, { parameters: { audience: 'x', acr_values: ['a', ''], none: '' } })
    expect(token.value).not.toBe('')
  })
})

describe('a certified authorization server: revocation', () => {
  const { clientId, clientSecret } = clients.plain
  const authorization = `Basic ${btoa(`${clientId}:${clientSecret}`)}`

  const isActive = async (token: string): Promise<boolean> => {
    const body = new URLSearchParams({ token })
    const response = await fetch(`${issuer}/token/introspection`, { method: 'POST', headers: { authorization }, body })
    return (await response.json()).active
  }

  it('the tokens that a client has cached are revoked, at the endpoint of the metadata', async () => {
    const client = createClient({ name: 'acme', issuer }, { credentials: clients.plain })
    const tokens = [(await client.token()).value, (await client.token({ scopes: ['api:read'] })).value]
    expect(await Promise.all(tokens.map(isActive))).toEqual([true, true])
    await client.revoke()
    expect(await Promise.all(tokens.map(isActive))).toEqual([false, false])
    const next = (await client.token()).value
    expect(await isActive(next)).toBe(true)
    await client.close({ revoke: true })
    expect(await isActive(next)).toBe(false)
  })

  it('a client that the server rejects at revocation: grant_refused, without the token', async () => {
    let isRotated = false
    const credentials = () => ({ clientId, clientSecret: isRotated ? 'wrong' : clientSecret })
    const provider = acme({ revocationEndpoint: `${issuer}/token/revocation` })
    const rejected: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers)
      if (isRotated) headers.set('authorization', `Basic ${btoa(`${clientId}:wrong`)}`)
      return fetch(input, { ...init, headers })
    }
    const client = createClient(provider, { credentials, fetch: rejected })
    const { value } = await client.token()
    isRotated = true
    const failure = await failureOf(client.revoke())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
    expect(findLeaks(failure, [value, clientSecret])).toEqual([])
    expect(await isActive(value)).toBe(true)
    isRotated = false
    await client.revoke()
    expect(await isActive(value)).toBe(false)
  })
})
