import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ClientAuthentication } from '../../src/acquire/authentication-method.ts'
import { clientSecretBasic, clientSecretJwt, clientSecretPost, none } from '../../src/acquire/client-authentication.ts'
import type { Credentials } from '../../src/acquire/credentials.ts'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import type { DpopKeyPair } from '../../src/acquire/dpop-key.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import { type GrantedToken, requestGrant } from '../../src/acquire/request-grant.ts'
import type { TokenEndpoint, Transport } from '../../src/acquire/token-endpoint.ts'
import type { GrantRequest } from '../../src/acquire/token-request.ts'
import { NightlatchError } from '../../src/errors.ts'
import { failureOf } from './failure-of.ts'
import { networkTransport } from './network-transport.ts'
import { findLeaks } from './printings.ts'
import { type Answer, json, type RecordingServer, startRecordingServer, text } from './recording-server.ts'

const clientId = 'MARKED-id:1'
const clientSecret = 'MARKED-secret: +%/=&ü'
const credentials: Credentials = { clientId, clientSecret }
const issued = 'MARKED-issued-token-90af'
const assertion = 'eyJNQVJLRUQ.assertion.c2ln'
const signature = 'MARKED-signature-1177'

const formPair = `${new URLSearchParams({ x: clientId }).toString().slice(2)}:${new URLSearchParams({ x: clientSecret }).toString().slice(2)}`
const basicValue = Buffer.from(formPair).toString('base64')

/** Every form the secrets take on their way. */
const secrets: readonly string[] = [
  clientSecret,
  encodeURIComponent(clientSecret),
  new URLSearchParams({ x: clientSecret }).toString().slice(2),
  basicValue,
  assertion,
  signature,
  issued,
]

/** An authentication that leaves something of each kind on the request. */
const everything: ClientAuthentication = {
  name: 'own',
  authenticate: ({ headers, parameters }) => {
    headers.set('authorization', `Basic ${basicValue}`)
    headers.set('x-signature', signature)
    parameters.set('client_assertion', assertion)
    parameters.set('client_secret', clientSecret)
  },
}

interface Call {
  readonly path?: string
  /** What is known of the endpoint besides its URL. */
  readonly known?: Partial<TokenEndpoint>
  readonly credentials?: Credentials
  /** Instead of path and origin. */
  readonly endpoint?: URL
  readonly origin?: string
  readonly provider?: Partial<Provider>
  readonly dpop?: DpopProofs
  readonly grant?: GrantRequest
  readonly transport?: Partial<Transport>
  readonly signal?: AbortSignal
}

let server: RecordingServer
beforeAll(async () => {
  server = await startRecordingServer()
})
beforeEach(() => {
  server.answer(json({ access_token: issued, token_type: 'Bearer', expires_in: 3600 }))
})
afterAll(() => server.close())

function ask({
  path = '/token',
  endpoint,
  origin = server.origin,
  known,
  credentials: own = credentials,
  provider,
  dpop,
  grant,
  transport,
  signal,
}: Call = {}): Promise<GrantedToken> {
  const url = endpoint ?? new URL(path, origin)
  return requestGrant({
    provider: { name: 'acme', tokenEndpoint: url, ...provider },
    endpoint: { url, issuer: undefined, ...known },
    grant: grant ?? { scopes: [], parameters: {} },
    credentials: own,
    dpop,
    transport: { ...networkTransport, ...transport },
    signal: signal ?? new AbortController().signal,
  })
}

describe('how the client authenticates', () => {
  const issuer = new URL('https://login.acme.test')

  it("G8: an assertion is made for the issuer as it is written, by the transport's clock", async () => {
    await ask({
      provider: { clientAuthentication: clientSecretJwt() },
      known: { issuer, issuerIdentifier: 'https://login.acme.test' },
      transport: { now: () => 1_700_000_000_000 },
    })
    const claims = decodeJwt(new URLSearchParams(server.onlyRequest.body).get('client_assertion') ?? '')
    expect(claims).toMatchObject({ aud: 'https://login.acme.test', iat: 1_699_999_995, exp: 1_700_000_060 })
  })

  it('X1: if a server repeats the assertion, or a part of it, the error does not', async () => {
    const sent: string[] = []
    server.answer((response, { body }) => {
      const text = new URLSearchParams(body).get('client_assertion') ?? ''
      sent.push(text, ...text.split('.'))
      json({ error: 'invalid_client', error_description: `saw ${text}, of ${text.split('.').join(' and ')}` }, 401)(
        response,
        server.onlyRequest,
      )
    })
    const failure = await failureOf(ask({ provider: { clientAuthentication: clientSecretJwt() } }))
    expect(failure.errorDescription).toBe('saw [redacted], of [redacted] and [redacted] and [redacted]')
    expect(sent).toHaveLength(4)
    expect(findLeaks(failure, sent)).toEqual([])
  })

  it('X1: a JSON body has the assertion as a member, and it is a secret, too', async () => {
    const provider = { clientAuthentication: clientSecretJwt(), tokenRequest: { bodyFormat: 'json' as const } }
    server.answer((response, request) => {
      const { client_assertion: text } = JSON.parse(request.body)
      json({ error: 'invalid_client', error_description: `saw ${text}` }, 401)(response, request)
    })
    expect((await failureOf(ask({ provider }))).errorDescription).toBe('saw [redacted]')
  })

  it('G3: by the client id only', async () => {
    await ask({ provider: { clientAuthentication: none() }, credentials: { clientId: 'app' } })
    expect(server.onlyRequest.body).toBe('grant_type=client_credentials&client_id=app')
    expect(server.onlyRequest.headers.authorization).toBeUndefined()
  })
})

describe('the request', () => {
  it('G1: POST, a form, Accept JSON, a correct Content-Length', async () => {
    await ask()
    const { method, target, headers, body } = server.onlyRequest
    expect(method).toBe('POST')
    expect(target).toBe('/token')
    expect(headers.accept).toBe('application/json')
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(headers['content-length']).toBe('29')
    expect(body).toBe('grant_type=client_credentials')
  })

  it('G3: by default a Basic header, and no credentials in the body', async () => {
    await ask()
    expect(server.onlyRequest.headers.authorization).toBe(`Basic ${basicValue}`)
    expect(server.onlyRequest.body).not.toMatch(/client_id|client_secret/)
  })

  it('G3: with clientSecretPost in the body, and no header', async () => {
    await ask({ provider: { clientAuthentication: clientSecretPost() } })
    const { headers, body } = server.onlyRequest
    expect(headers.authorization).toBeUndefined()
    const form = new URLSearchParams(body)
    expect([...form.keys()].sort()).toEqual(['client_id', 'client_secret', 'grant_type'])
    expect(form.get('client_id')).toBe(clientId)
    expect(form.get('client_secret')).toBe(clientSecret)
    expect(headers['content-length']).toBe(String(Buffer.byteLength(body)))
  })

  it('G3: a JSON body has the secret as a member', async () => {
    await ask({ provider: { clientAuthentication: clientSecretPost(), tokenRequest: { bodyFormat: 'json' } } })
    const { headers, body } = server.onlyRequest
    expect(headers['content-type']).toBe('application/json')
    expect(headers.authorization).toBeUndefined()
    expect(JSON.parse(body)).toEqual({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    })
  })

  it('G3: a client authentication that does nothing sends nothing of the credentials', async () => {
    await ask({ provider: { clientAuthentication: { name: 'own', authenticate: () => {} } } })
    const { headers, body, target } = server.onlyRequest
    expect(JSON.stringify([headers, body, target])).not.toContain('MARKED')
    expect(body).toBe('grant_type=client_credentials')
  })

  it('G2: a colon in a raw client id is rejected before anything is sent', async () => {
    const failure = await failureOf(ask({ provider: { clientAuthentication: clientSecretBasic({ encoding: 'raw' }) } }))
    expect(failure.code).toBe('invalid_options')
    expect(server.requests).toEqual([])
    expect(findLeaks(failure, secrets)).toEqual([])
  })

  it('G10: if no method of the metadata works with the credentials, nothing is sent', async () => {
    const known = { issuer: new URL('https://login.acme.test'), authenticationMethods: ['private_key_jwt'] }
    const failure = await failureOf(ask({ known }))
    expect(failure.code).toBe('invalid_options')
    expect(server.requests).toEqual([])
  })

  it('X2: a failure before anything is sent names the provider', async () => {
    const failure = await failureOf(ask({ provider: { clientAuthentication: clientSecretBasic({ encoding: 'raw' }) } }))
    expect(failure.provider).toBe('acme')
  })

  it('G2: without a source the draft has no member `assertion`', async () => {
    const drafts: object[] = []
    const clientAuthentication = { name: 'own', authenticate: (draft: object) => void drafts.push(draft) }
    await ask({ provider: { clientAuthentication } })
    expect(drafts.map((draft) => Object.hasOwn(draft, 'assertion'))).toEqual([false])
  })

  it.each([
    '/sam/oauth/connect/token',
    '/OAuth2/AUS123/V1/Token',
    '/token/',
    '/a//b/;v=1/%7ex/%2F/T%C3%B6ken',
    '/token?Tenant=A%20b&flag&x=+%2b',
    '/',
  ])('G4: the path %s is used unchanged', async (path) => {
    await ask({ path })
    expect(server.onlyRequest.target).toBe(path)
  })

  it('G5: scopes and parameters in the body', async () => {
    await ask({ grant: { scopes: ['B', 'a', 'ingr.api'], parameters: { resource: ['urn:a', 'urn:b'] } } })
    expect(server.onlyRequest.body).toBe(
      'grant_type=client_credentials&scope=B+a+ingr.api&resource=urn%3Aa&resource=urn%3Ab',
    )
  })

  it('G6: each attempt has its own draft, without the parameters of an earlier one', async () => {
    let calls = 0
    const clientAuthentication: ClientAuthentication = {
      name: 'own',
      authenticate: ({ url, parameters, headers }) => {
        calls += 1
        url.searchParams.append('n', String(calls))
        parameters.append('n', String(calls))
        headers.append('n', String(calls))
      },
    }
    const provider: Partial<Provider> = { clientAuthentication }
    const endpoint = new URL('/token', server.origin)
    await ask({ provider, endpoint })
    await ask({ provider, endpoint })
    const [, second] = server.requests
    expect(second?.target).toBe('/token?n=2')
    expect(second?.body).toBe('grant_type=client_credentials&n=2')
    expect(second?.headers.n).toBe('2')
  })

  it('G1: with GET the parameters are in the query, and there is no body', async () => {
    await ask({ path: '/token?v=1', provider: { tokenRequest: { method: 'GET' } } })
    const { method, target, headers, body } = server.onlyRequest
    expect([method, target, body]).toEqual(['GET', '/token?v=1&grant_type=client_credentials', ''])
    expect(headers['content-type']).toBeUndefined()
  })

  it('G1: a function of a header is called for each attempt', async () => {
    let made = 0
    const headers = { 'X-Correlation-Id': () => `correlation-${++made}`, 'x-version': '2', Accept: () => 'text/json' }
    const provider = { tokenRequest: { headers } }
    await ask({ provider })
    await ask({ provider })
    expect(server.requests.map((request) => request.headers['x-correlation-id'])).toEqual([
      'correlation-1',
      'correlation-2',
    ])
    expect(server.requests.at(-1)?.headers).toMatchObject({ 'x-version': '2', accept: 'text/json' })
  })

  it.each<[string, () => unknown, RegExp]>([
    ['no text', () => undefined, /tokenRequest\.headers\.x-id must return a string/],
    ['a promise', async () => 'a', /tokenRequest\.headers\.x-id must return a string/],
    ['what no header can hold', () => `${clientSecret}\n1`, /tokenRequest\.headers\.x-id threw a TypeError/],
  ])(
    'X1: a header function that returns %s is an error that names it, before anything is sent',
    async (_, make, says) => {
      const headers = { 'x-id': make as () => string }
      const failure = await failureOf(ask({ provider: { tokenRequest: { headers } } }))
      expect(failure).toMatchObject({ code: 'invalid_options', provider: 'acme', message: expect.stringMatching(says) })
      expect(findLeaks(failure, secrets)).toEqual([])
      expect(server.requests).toEqual([])
    },
  )

  it('X1: a computed header is not a secret, unless the client authentication overwrites it', async () => {
    const headers = { 'x-id': () => 'correlation-77', 'x-static': 'static-77', 'x-signature': () => 'to be signed' }
    const said = `no ${signature} of static-77 in correlation-77`
    server.answer(json({ error: 'invalid_client', error_description: said }, 401))
    const provider = { tokenRequest: { headers }, clientAuthentication: everything }
    const failure = await failureOf(ask({ provider }))
    expect(failure.errorDescription).toBe('no [redacted] of [redacted] in correlation-77')
    expect(findLeaks(failure, secrets)).toEqual([])
  })

  it("G1: the provider's headers win over the defaults", async () => {
    const headers = { accept: 'application/vnd.acme+json', 'x-tenant': 'eu' }
    await ask({ provider: { tokenRequest: { headers } } })
    expect(server.onlyRequest.headers).toMatchObject(headers)
  })
})

describe('the response', () => {
  it.each<[string, Answer]>([
    ['201', json({ access_token: issued }, 201)],
    ['no content type', text(JSON.stringify({ access_token: issued }))],
    ['a wrong content type', text(JSON.stringify({ access_token: issued }), 200, { 'content-type': 'text/html' })],
    ['a byte order mark', text(`\uFEFF${JSON.stringify({ access_token: issued })}`)],
    [
      'a form',
      text(`access_token=${issued}&token_type=bearer`, 200, { 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    ['camelCase', json({ hasError: false, accessToken: issued, tokenType: 'BEARER', expiresIn: -1_752_054_750 })],
  ])('R6: a response with %s is read', async (_, answer) => {
    server.answer(answer)
    await expect(ask()).resolves.toMatchObject({ accessToken: issued, tokenType: 'Bearer' })
  })

  it("R1: the provider's reader gets status, headers and body, and its result is used", async () => {
    server.answer(json({ d: { AuthToken: issued } }, 200, { 'x-lifetime': '77' }))
    const granted = await ask({
      provider: {
        readTokenResponse: ({ status, headers, body }) => ({
          accessToken: (body as { d: { AuthToken: string } }).d.AuthToken,
          expiresIn: status === 200 ? headers.get('x-lifetime') : undefined,
        }),
      },
    })
    expect(granted).toMatchObject({ accessToken: issued, lifetime: 77, scopes: undefined })
  })

  it.each([
    [' ', undefined, ['a,b', 'c']],
    [',', { scopeSeparator: ',' }, ['a', 'b', 'c']],
  ] as const)("R1: granted scopes are separated by the provider's %j", async (_, tokenRequest, scopes) => {
    server.answer(json({ access_token: issued, scope: 'a,b c' }))
    await expect(ask({ provider: tokenRequest === undefined ? {} : { tokenRequest } })).resolves.toMatchObject({
      scopes,
    })
  })

  it('R1: a refresh hint is used if it is a valid lifetime', async () => {
    for (const [refresh_in, refreshIn] of [
      [600, 600],
      ['600', 600],
      [-600, undefined],
    ]) {
      server.answer(json({ access_token: issued, refresh_in }))
      await expect(ask()).resolves.toHaveProperty('refreshIn', refreshIn)
    }
  })

  it('R3: openid-client does not get what it would misread: lifetimes, scopes, other tokens', async () => {
    server.answer(
      json({
        access_token: issued,
        expires_in: '2026-10-20',
        scope: { read: true },
        id_token: 'no JWT',
        refresh_token: 7,
        kept: { a: [1, null, 'x'] },
      }),
    )
    const granted = await ask()
    expect(granted).toMatchObject({ lifetime: undefined, scopes: undefined })
    expect(granted.extra).toMatchObject({ kept: { a: [1, null, 'x'] } })
  })

  it('R4: the time is read before the request is sent and when the headers have arrived', async () => {
    let time = 1_000_000
    const claims = Buffer.from(JSON.stringify({ exp: 1_065 })).toString('base64url')
    const jwt = `e30.${claims}.c2ln`
    server.answer((response) => {
      time += 5000
      response.writeHead(200, { date: new Date(1_005_000).toUTCString() })
      response.flushHeaders()
      // The rest comes later, when the headers have been seen.
      seen.then(() => {
        time += 5000
        response.end(JSON.stringify({ access_token: jwt }))
      })
    })
    let tellSeen = (): void => {}
    const seen = new Promise<void>((resolve) => {
      tellSeen = resolve
    })
    const granted = await ask({
      transport: {
        now: () => time,
        fetch: async (input, init) => {
          const response = await globalThis.fetch(input, init)
          setImmediate(tellSeen)
          return response
        },
      },
    })
    // Both clocks agree when the headers come, so that the JWT's own end holds.
    expect(granted).toMatchObject({ requestedAtWall: 1_000_000, lifetime: 65 })
    expect(time).toBe(1_010_000)
  })
})

describe('the seam around openid-client', () => {
  it('G1: no header of openid-client reaches the provider', async () => {
    await ask()
    expect(server.onlyRequest.headers['user-agent']).not.toMatch(/openid-client/)
    expect(Object.keys(server.onlyRequest.headers)).not.toContain('dpop')
  })

  it('L3: concurrent grants are not mixed up', async () => {
    const held = Promise.withResolvers<void>()
    server.answer(async (response, request) => {
      const scope = new URLSearchParams(request.body).get('scope')
      if (scope === 'first') await held.promise
      json({ access_token: `${issued}-${scope}` })(response, request)
    })
    const first = ask({ grant: { scopes: ['first'], parameters: {} } })
    const second = await ask({ grant: { scopes: ['second'], parameters: {} } })
    held.resolve()
    expect(second.accessToken).toBe(`${issued}-second`)
    expect((await first).accessToken).toBe(`${issued}-first`)
  })

  it('L11: a grant leaves no timer behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const fetch = async (): Promise<Response> => Response.json({ access_token: issued })
    const before = timers()
    await ask({ transport: { fetch } })
    expect(timers()).toBe(before)
  })

  it('X1: an error of openid-client is shown without the response', async () => {
    const proofs = new DpopProofs({ privateKey: {}, publicKey: {} } as unknown as DpopKeyPair, Date.now)
    const failure: unknown = await ask({ dpop: proofs }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TypeError)
    expect(String(failure)).toMatch(/^TypeError: openid-client: /)
    expect((failure as Error).cause).toBeUndefined()
    expect(server.requests).toEqual([])
  })
})

describe('DPoP', () => {
  const at = Date.UTC(2026, 10, 20, 12)
  const claimsOf = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => decodeJwt(String(headers.dpop))
  const bound = json({ access_token: issued, token_type: 'DPoP' })

  it('G8: the proof is for this request', async () => {
    server.answer(bound)
    await expect(ask({ path: '/token?x=1', dpop: new DpopProofs(undefined, () => at) })).resolves.toMatchObject({
      tokenType: 'DPoP',
    })
    const claims = claimsOf(server.onlyRequest)
    expect(claims).toMatchObject({ htm: 'POST', htu: `${server.origin}/token`, iat: at / 1000 })
    expect(claims).not.toHaveProperty('nonce')
  })

  it('G8: the nonce that the server requires is in a second proof, and in the next grant’s first', async () => {
    const dpop = new DpopProofs(undefined, () => at)
    server.answer((response, request) =>
      claimsOf(request).nonce === 'n1'
        ? bound(response, request)
        : json({ error: 'use_dpop_nonce' }, 400, { 'dpop-nonce': 'n1' })(response, request),
    )
    await ask({ dpop })
    await ask({ dpop })
    expect(server.requests.map((request) => claimsOf(request).nonce)).toEqual([undefined, 'n1', 'n1'])
  })

  it.each([
    ['another nonce each time', 2, (): Record<string, string> => ({ 'dpop-nonce': crypto.randomUUID() })],
    ['a nonce, and sends none', 1, (): Record<string, string> => ({})],
  ])('G8: a server that requires %s fails the grant', async (_, requests, headers) => {
    server.answer((response, request) => json({ error: 'use_dpop_nonce' }, 400, headers())(response, request))
    const failure = await failureOf(ask({ dpop: new DpopProofs(undefined, () => at) }))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'use_dpop_nonce', status: 400, provider: 'acme' })
    expect(server.requests).toHaveLength(requests)
  })

  /** Rejects proofs that are more than a minute off, by its own clock. */
  const strict: Answer = (response, request) => {
    const date = new Date(at).toUTCString()
    const isInTime = Math.abs(Number(claimsOf(request).iat) - at / 1000) <= 60
    const answer = isInTime ? bound : json({ error: 'invalid_dpop_proof' }, 400, { date })
    answer(response, request)
  }

  it.each([
    ['behind', -300_000],
    ['ahead', 300_000],
  ])(
    'G8: a clock that is %s: a rejected proof is repeated with the server’s time, and later ones hold it',
    async (_, off) => {
      const dpop = new DpopProofs(undefined, () => at + off)
      server.answer(strict)
      await expect(ask({ dpop })).resolves.toMatchObject({ accessToken: issued })
      await ask({ dpop })
      expect(server.requests).toHaveLength(3)
    },
  )

  it('G8: a clock that is set right afterwards: the correction goes the same way', async () => {
    let now = at - 300_000
    const dpop = new DpopProofs(undefined, () => now)
    server.answer(strict)
    await ask({ dpop })
    now = at
    await ask({ dpop })
    await ask({ dpop })
    expect(server.requests.map((request) => Number(claimsOf(request).iat) - at / 1000)).toEqual([-300, 0, 300, 0, 0])
  })

  it.each([
    [-300_000, "This machine's clock is 300 s behind the server's"],
    [90_000, "This machine's clock is 90 s ahead of the server's"],
  ])('G8: a proof that is rejected twice: the error says by how much the clock is off (%d ms)', async (off, what) => {
    server.answer(json({ error: 'invalid_dpop_proof' }, 400, { date: new Date(at).toUTCString() }))
    const failure = await failureOf(ask({ dpop: new DpopProofs(undefined, () => at + off) }))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_dpop_proof', status: 400 })
    expect(failure.message).toContain(what)
    expect(server.requests).toHaveLength(2)
  })

  it.each<[string, Record<string, string>, string]>([
    ['by a clock that agrees', { date: new Date(at).toUTCString() }, 'invalid_dpop_proof'],
    ['without a readable Date', { date: 'soon' }, 'invalid_dpop_proof'],
    ['for another reason', { date: new Date(at + 300_000).toUTCString() }, 'invalid_client'],
    ['for another reason, with a nonce', { 'dpop-nonce': 'n1' }, 'invalid_client'],
  ])('G8: a grant rejected %s is not repeated', async (_, headers, error) => {
    server.answer(json({ error }, 400, headers))
    const failure = await failureOf(ask({ dpop: new DpopProofs(undefined, () => at) }))
    expect(failure.message).not.toContain('clock')
    expect(server.requests).toHaveLength(1)
  })

  it('G8: a rejected proof without DPoP is an error like any other', async () => {
    server.answer(json({ error: 'invalid_dpop_proof' }, 400, { date: new Date(at).toUTCString() }))
    expect(await failureOf(ask())).toMatchObject({ code: 'grant_refused', error: 'invalid_dpop_proof', status: 400 })
    expect(server.requests).toHaveLength(1)
  })

  it('G8: the nonce that another server requires of the client authentication is not this one’s', async () => {
    const elsewhere = new NightlatchError('grant_refused', 'no', { error: 'use_dpop_nonce', provider: 'vault' })
    let calls = 0
    const authenticate = (): Promise<void> => {
      calls += 1
      return Promise.reject(elsewhere)
    }
    const clientAuthentication = { name: 'own', authenticate }
    const dpop = new DpopProofs(undefined, () => at)
    await expect(ask({ dpop, provider: { clientAuthentication } })).rejects.toBe(elsewhere)
    expect(calls).toBe(1)
  })
})

describe('redirects', () => {
  let other: RecordingServer
  beforeAll(async () => {
    other = await startRecordingServer()
  })
  afterAll(() => other.close())

  describe.each([301, 302, 303, 307, 308])('%i', (status) => {
    it.each([
      ['Basic', clientSecretBasic()],
      ['body', clientSecretPost()],
    ])('G7: the secret (%s) never reaches the other server, nor the same one', async (_, clientAuthentication) => {
      for (const location of [`${other.origin}/token`, '/elsewhere']) {
        other.answer(json({ access_token: 'stolen' }))
        server.answer((response) => response.writeHead(status, { location }).end())
        const failure = await failureOf(ask({ provider: { clientAuthentication } }))
        expect(failure).toMatchObject({ code: 'response_unreadable', status, retryable: false })
        expect(failure.message).toContain('redirect')
        expect(failure.message).not.toContain(other.origin)
        expect(findLeaks(failure, secrets)).toEqual([])
        expect(server.onlyRequest.target).toBe('/token')
        expect(other.requests).toEqual([])
      }
    })
  })

  it('G7: a token in the body of a redirect is ignored', async () => {
    server.answer(json({ access_token: issued }, 302, { location: `${other.origin}/` }))
    await expect(ask()).rejects.toMatchObject({ code: 'response_unreadable' })
  })
})

/** What goes wrong, and what it is called. */
const troubles: readonly (readonly [string, Answer, Partial<NightlatchError>])[] = [
  ['no answer at all', (response) => response.socket?.destroy(), { code: 'endpoint_unavailable', retryable: true }],
  [
    'a reset',
    (response) => response.socket?.resetAndDestroy(),
    { code: 'endpoint_unavailable', retryable: true, status: undefined },
  ],
  [
    'a reset in the middle of the body',
    (response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write(`{"access_token":"${issued}"`, () => response.socket?.destroy())
    },
    { code: 'endpoint_unavailable', retryable: true },
  ],
  [
    'a body that ends too early in chunks',
    (response) => {
      response.writeHead(200)
      response.write(`{"access_token":"${issued}"}`, () => response.socket?.destroy())
    },
    { code: 'endpoint_unavailable', retryable: true },
  ],
  [
    'no HTTP',
    (response) => response.socket?.end(`MARKED nonsense ${clientSecret}\r\n\r\n`),
    { code: 'endpoint_unavailable' },
  ],
  [
    '500 with HTML',
    text(`<html>${clientSecret} ${issued}</html>`, 500),
    { code: 'endpoint_unavailable', status: 500, retryable: true },
  ],
  [
    '502 with text',
    text(`upstream ${clientSecret}`, 502),
    { code: 'endpoint_unavailable', status: 502, retryable: true },
  ],
  [
    '503 with an error',
    json({ error: 'temporarily_unavailable', error_description: `try ${clientSecret} later` }, 503, {
      'retry-after': '7',
    }),
    { code: 'endpoint_unavailable', status: 503, retryable: true, retryAfter: 7 },
  ],
  [
    '200 with HTML',
    text(`<!doctype html><p>${clientSecret}`),
    { code: 'response_unreadable', status: 200, retryable: false },
  ],
  ['200 with nothing', text(''), { code: 'response_unreadable', status: 200 }],
  ['204', (response) => response.writeHead(204).end(), { code: 'response_unreadable', status: 204 }],
  ['200 with JSON and no token', json({ ok: true, echo: clientSecret }), { code: 'response_unreadable', status: 200 }],
  ['200 with broken JSON', text(`{"access_token":"${issued}`), { code: 'response_unreadable', status: 200 }],
  [
    '200 with an unheard-of type',
    json({ access_token: issued, token_type: `mac ${clientSecret}` }),
    { code: 'response_unreadable' },
  ],
  [
    '200 with a token no header may carry',
    json({ access_token: `${issued}\r\nx: y` }),
    { code: 'response_unreadable' },
  ],
  [
    '200 with 1 MiB and more',
    text(`${clientSecret}${'x'.repeat(1024 * 1024)}`),
    { code: 'response_unreadable', status: 200, retryable: false },
  ],
  ['500 with 1 MiB and more', text('x'.repeat(1024 * 1024 + 1), 500), { status: 500 }],
  [
    '200 with an error',
    json({ error: 'invalid_client', error_description: `secret ${clientSecret}` }),
    { code: 'grant_refused', error: 'invalid_client', status: 200 },
  ],
  [
    '200 with a flag beside a token',
    json({ hasError: true, accessToken: issued }),
    { code: 'grant_refused', status: 200 },
  ],
  [
    '401 with an error',
    json({ error: 'invalid_client', error_description: 'no such client' }, 401, {
      'www-authenticate': `Basic realm="${clientSecret}"`,
    }),
    {
      code: 'grant_refused',
      error: 'invalid_client',
      errorDescription: 'no such client',
      status: 401,
      retryable: false,
    },
  ],
  [
    "401 in Okta's form",
    json({ errorCode: 'invalid_client', errorSummary: `bad ${clientSecret}` }, 401),
    { code: 'grant_refused', error: 'invalid_client' },
  ],
  [
    '400 with text',
    text(`invalid client ${clientSecret}`, 400),
    { code: 'response_unreadable', status: 400, error: undefined },
  ],
  ['403 with HTML', text(`<html>${clientSecret}`, 403), { code: 'response_unreadable', status: 403 }],
  [
    '429',
    json({}, 429, { 'retry-after': '30' }),
    { code: 'grant_refused', status: 429, retryable: true, retryAfter: 30 },
  ],
]

describe('failures', () => {
  it.each(troubles)('R5: %s', async (_, answer, expected) => {
    server.answer(answer)
    const failure = await failureOf(ask({ path: '/oauth/token' }))
    expect(failure).toMatchObject({ provider: 'acme', ...expected })
    expect(failure.message).toContain(`${server.origin}/oauth/token`)
  })
})

describe('secrets', () => {
  /** The server repeats all it was sent, in every field that is shown. */
  const echo =
    (status: number): Answer =>
    (response, request) => {
      const { headers, body } = request
      const form = [...new URLSearchParams(body).values()]
      const said = [headers.authorization, headers['x-signature'], clientSecret, body, ...form].join(' | ')
      json({ error: `bad ${said}`, error_description: `you sent ${said}`, errorSummary: said }, status)(
        response,
        request,
      )
    }

  it.each([200, 400, 401, 500])('X1: a server that repeats all it was sent, with status %i', async (status) => {
    server.answer(echo(status))
    const failure = await failureOf(ask({ provider: { clientAuthentication: everything } }))
    expect(failure.errorDescription).toContain('you sent')
    expect(failure.errorDescription).toContain('[redacted]')
    expect(findLeaks(failure, secrets)).toEqual([])
  })

  it("X1: values from before the client authentication are not secrets, so the server's text stays", async () => {
    const said = 'send client_credentials as application/x-www-form-urlencoded, accept application/json'
    server.answer(json({ error: 'invalid_request', error_description: said }, 400))
    expect((await failureOf(ask({ provider: { clientAuthentication: everything } }))).errorDescription).toBe(said)
  })

  it.each([
    ['Basic, form', clientSecretBasic({ encoding: 'form' })],
    ['the body', clientSecretPost()],
  ])('X1: a server that quotes the secret of %s', async (_, clientAuthentication) => {
    server.answer(echo(401))
    const failure = await failureOf(ask({ provider: { clientAuthentication } }))
    expect(failure.errorDescription).toContain('[redacted]')
    expect(findLeaks(failure, secrets)).toEqual([])
  })

  it('X1: a server that quotes a raw Basic header', async () => {
    server.answer(echo(401))
    const raw: Credentials = { clientId: 'app', clientSecret }
    const failure = await failureOf(
      ask({
        provider: {
          clientAuthentication: {
            name: 'own',
            authenticate: (draft) => clientSecretBasic({ encoding: 'raw' }).authenticate(draft, raw),
          },
        },
      }),
    )
    const value = Buffer.from(`app:${clientSecret}`).toString('base64')
    expect(server.onlyRequest.headers.authorization).toBe(`Basic ${value}`)
    expect(findLeaks(failure, [...secrets, value])).toEqual([])
  })

  it('X1: a server that quotes the token beside an error', async () => {
    server.answer(json({ access_token: issued, error: 'late', error_description: `revoked ${issued}` }))
    expect(findLeaks(await failureOf(ask()), secrets)).toEqual([])
  })

  it.each(troubles)('X1: no printing of the failure holds a secret: %s', async (_, answer) => {
    server.answer(answer)
    const failure = await failureOf(ask({ provider: { clientAuthentication: everything } }))
    expect(findLeaks(failure, secrets)).toEqual([])
    expect(failure.cause).toBeUndefined()
  })

  it.each(troubles)('X2: the error shows no query, no header and no body: %s', async (_, answer) => {
    server.answer(answer)
    const failure = await failureOf(ask({ path: '/token?api_key=MARKED-query' }))
    expect(findLeaks(failure, ['MARKED-query', 'api_key', 'www-authenticate', '<html', 'MARKED nonsense'])).toEqual([])
  })

  it('X1: with GET the secret is in the query, and not in the error', async () => {
    server.answer(json({ error: 'invalid_client' }, 401))
    const provider: Partial<Provider> = {
      tokenRequest: { method: 'GET' },
      clientAuthentication: clientSecretPost(),
    }
    const refused = await failureOf(ask({ provider }))
    expect(server.onlyRequest.target).toContain('client_secret=')
    expect(findLeaks(refused, secrets)).toEqual([])
    server.answer((response) => response.socket?.destroy())
    expect(findLeaks(await failureOf(ask({ provider })), secrets)).toEqual([])
  })

  it('X1: for a transport failure that contains the whole request, the error shows only the code', async () => {
    const failure = await failureOf(
      ask({
        transport: {
          fetch: (input, init) =>
            Promise.reject(
              Object.assign(new Error(`failed: ${String(init?.body)}`), {
                code: 'ECONNRESET',
                input,
                init,
                config: { data: clientSecret },
              }),
            ),
        },
      }),
    )
    expect(failure.message).toContain('ECONNRESET')
    expect(findLeaks(failure, secrets)).toEqual([])
  })

  it('X1: a transport that returns no Response is an error that shows nothing of it', async () => {
    const failure = await failureOf(
      ask({ transport: { fetch: (async () => ({ secret: clientSecret })) as unknown as typeof fetch } }),
    )
    expect(findLeaks(failure, secrets)).toEqual([])
  })
})
