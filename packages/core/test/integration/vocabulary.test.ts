import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type AccessToken,
  type Client,
  type ClientAuthentication,
  type ClientEvent,
  type ClientOptions,
  type Credentials,
  clientSecretBasic,
  clientSecretOf,
  clientSecretPost,
  createClient,
  dateFromEpochMilliseconds,
  dateFromEpochSeconds,
  dateFromHttpDate,
  dateFromIso,
  NightlatchError,
  type Provider,
  pathSegment,
  readPath,
  readStandardTokenResponse,
  secondsFromMilliseconds,
  type TokenAnswer,
  type TokenFields,
} from '../../src/index.ts'
import { failureOf } from '../acquire/failure-of.ts'
import { findLeaks } from '../acquire/printings.ts'
import { type Answer, json, type RecordingServer, startRecordingServer, text } from '../acquire/recording-server.ts'
import { passRetryDelay, stopTimers } from '../virtual-time.ts'
import { waitUntil } from '../wait-until.ts'

// Every word of a provider's description, on shapes that real token endpoints have, through a real socket.

const clientId = 'robot-7'
const clientSecret = 'MARKED s3cret+/=&?%é'
const credentials: Credentials = { clientId, clientSecret }
const issued = 'MARKED.issued-token_1/+='

let server: RecordingServer
/** An origin of its own, for APIs that are elsewhere. */
let elsewhere: RecordingServer

beforeAll(async () => {
  server = await startRecordingServer()
  elsewhere = await startRecordingServer()
})

afterEach(() => {
  vi.useRealTimers()
})

afterAll(async () => {
  await server.close()
  await elsewhere.close()
})

/** The clients' clock and the server's; it stands still. */
const now = Math.floor(Date.now() / 1000) * 1000

/** What a token endpoint that keeps to RFC 6749 answers. */
const standard = json({ access_token: issued, token_type: 'Bearer', expires_in: 3600 })

/** A client of a provider that differs in the given way; all that is not the API is the token endpoint. */
function connect<Info>(
  difference: Partial<Provider<Info>> = {},
  answer: Answer = standard,
  options: Partial<ClientOptions> = {},
): Client<Info> {
  server.answer((response, request) => {
    response.setHeader('date', new Date(now).toUTCString())
    const isForApi = request.target.startsWith('/api')
    return (isForApi ? json({ ok: true }) : answer)(response, request)
  })
  elsewhere.answer(json({ ok: true }))
  const provider: Provider<Info> = {
    name: 'acme',
    tokenEndpoint: `${server.origin}/token`,
    api: `${server.origin}/api`,
    ...difference,
  }
  return createClient(provider, { credentials, now: () => now, ...options })
}

type Received = RecordingServer['onlyRequest']

/** The one token request that a difference makes; its token is the one that was issued. */
async function tokenRequestOf(difference: Partial<Provider>, options?: Partial<ClientOptions>): Promise<Received> {
  const token = await connect(difference, standard, options).token()
  expect(token.value).toBe(issued)
  return server.onlyRequest
}

/** The token that a reader makes of an answer. */
function tokenOf(
  answer: Answer,
  readTokenResponse?: (answer: TokenAnswer) => TokenFields,
  difference: Partial<Provider> = {},
): Promise<AccessToken> {
  return connect({ ...difference, ...(readTokenResponse && { readTokenResponse }) }, answer).token()
}

function formOf({ body }: Received): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body))
}

function queryOf({ target }: Received): Record<string, string> {
  return Object.fromEntries(new URL(target, server.origin).searchParams)
}

/** Minutes a token has left. */
function minutesLeft({ expiresAt }: AccessToken): number | undefined {
  return expiresAt === undefined ? undefined : (expiresAt.getTime() - now) / 60_000
}

describe('name', () => {
  it('is in messages and in events', async () => {
    const events: ClientEvent[] = []
    const client = connect({ name: 'acme-7' }, json({ error: 'invalid_client' }, 401), {
      onEvent: (event) => void events.push(event),
    })
    const failure = await failureOf(client.token())
    expect(failure.provider).toBe('acme-7')
    expect(failure.message).toMatch(/^acme-7: /)
    expect(events.map(({ type, provider }) => `${type} ${provider}`)).toEqual(['grant.failed acme-7'])
  })
})

describe('tokenEndpoint', () => {
  it('G4: is asked as it is, path case, query and all', async () => {
    const { method, target } = await tokenRequestOf({
      tokenEndpoint: `${server.origin}/OAuth2/Token.ASPX?api-version=2&x`,
    })
    expect(`${method} ${target}`).toBe('POST /OAuth2/Token.ASPX?api-version=2&x')
  })

  it('P4: holds a tenant that was checked', async () => {
    const tenant = pathSegment('Müller & Söhne', 'tenant')
    const { target } = await tokenRequestOf({ tokenEndpoint: new URL(`/${tenant}/token`, server.origin) })
    expect(target).toBe('/M%C3%BCller%20%26%20S%C3%B6hne/token')
  })
})

describe('issuer', () => {
  it('G4: its metadata names the endpoint', async () => {
    const client = connect({}, (response, request) => {
      const metadata = { issuer: server.origin, token_endpoint: `${server.origin}/named/token` }
      return (request.target.includes('.well-known') ? json(metadata) : standard)(response, request)
    })
    const { tokenEndpoint: _, ...named } = client.provider
    const token = await createClient({ ...named, issuer: server.origin }, { credentials }).token()
    expect(token.value).toBe(issued)
    expect(server.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'GET /.well-known/oauth-authorization-server',
      'POST /named/token',
    ])
  })
})

describe('scopes', () => {
  it('G5: are asked for with a space between them, and those of the token where the answer names none', async () => {
    const client = connect({ scopes: ['data:read', 'data:write'] })
    const { scopes } = await client.token()
    expect(formOf(server.onlyRequest)).toEqual({ grant_type: 'client_credentials', scope: 'data:read data:write' })
    expect(scopes).toEqual(['data:read', 'data:write'])
  })

  it('G5: none are not sent', async () => {
    expect(formOf(await tokenRequestOf({}))).toEqual({ grant_type: 'client_credentials' })
  })
})

describe('parameters', () => {
  it('G6: go on the request, a list repeats its name', async () => {
    const parameters = { audience: 'https://api.acme.test/', resource: ['urn:a', 'urn:b'] }
    const { body } = await tokenRequestOf({ parameters })
    expect(body).toBe(
      'grant_type=client_credentials&audience=https%3A%2F%2Fapi.acme.test%2F&resource=urn%3Aa&resource=urn%3Ab',
    )
  })
})

describe('tokenRequest', () => {
  it('G1: method GET: the parameters travel in the query, without a body', async () => {
    const request = await tokenRequestOf({ tokenRequest: { method: 'GET' }, scopes: ['a'] })
    expect(request.method).toBe('GET')
    expect(request.body).toBe('')
    expect(queryOf(request)).toEqual({ grant_type: 'client_credentials', scope: 'a' })
  })

  it('G1: bodyFormat json: the parameters are the members', async () => {
    const request = await tokenRequestOf({
      tokenRequest: { bodyFormat: 'json' },
      clientAuthentication: clientSecretPost(),
      parameters: { audience: 'urn:api' },
    })
    expect(request.headers['content-type']).toBe('application/json')
    expect(JSON.parse(request.body)).toEqual({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      audience: 'urn:api',
    })
  })

  it('G1: bodyFormat none: POST with everything in the query', async () => {
    const request = await tokenRequestOf({ tokenRequest: { bodyFormat: 'none' }, parameters: { account_id: 'x y' } })
    expect(request.method).toBe('POST')
    expect(request.headers['content-length']).toBe('0')
    expect(request.headers['content-type']).toBeUndefined()
    expect(queryOf(request)).toEqual({ grant_type: 'client_credentials', account_id: 'x y' })
  })

  it.each([
    ['replaced', 'account_credentials', { grant_type: 'account_credentials' }],
    ['misspelt, as a vendor wants it', 'client_credential', { grant_type: 'client_credential' }],
    ['absent', null, {}],
  ])('G6: the grant type is %s', async (_, grantType, sent) => {
    expect(formOf(await tokenRequestOf({ tokenRequest: { grantType } }))).toEqual(sent)
  })

  it('G6: the grant type goes by another name', async () => {
    const request = await tokenRequestOf({
      tokenRequest: { grantType: null },
      parameters: { grantType: 'service_account' },
    })
    expect(formOf(request)).toEqual({ grantType: 'service_account' })
  })

  it('G5: scopeSeparator: a list with commas, both ways', async () => {
    const client = connect(
      { scopes: ['openid', 'AdobeID'], tokenRequest: { scopeSeparator: ',' } },
      json({ access_token: issued, scope: 'openid,AdobeID,extra' }),
    )
    const { scopes } = await client.token()
    expect(formOf(server.onlyRequest).scope).toBe('openid,AdobeID')
    expect(scopes).toEqual(['openid', 'AdobeID', 'extra'])
  })

  it('G1: headers: more of them, which win over the defaults', async () => {
    const { headers } = await tokenRequestOf({
      tokenRequest: { headers: { Accept: 'application/vnd.acme.v2+json', 'X-Api-Version': '2026-11-01' } },
    })
    expect(headers).toMatchObject({
      accept: 'application/vnd.acme.v2+json',
      'x-api-version': '2026-11-01',
      'content-type': 'application/x-www-form-urlencoded',
    })
  })
})

describe('defaultLifetime', () => {
  it('R3: stands in where nobody says', async () => {
    const token = await tokenOf(json({ access_token: issued }), undefined, { defaultLifetime: 7200 })
    expect(minutesLeft(token)).toBe(120)
  })

  it('R3: without it the end is unknown', async () => {
    expect((await tokenOf(json({ access_token: issued }))).expiresAt).toBeUndefined()
  })
})

/** Where credentials go besides the places that have a name in the IANA registry. */
const writers: readonly (readonly [string, Partial<Provider>, (request: Received) => void])[] = [
  [
    'the query, with GET',
    {
      tokenRequest: { method: 'GET', grantType: 'client_credential' },
      clientAuthentication: {
        name: 'own',
        authenticate: ({ parameters }, given) => {
          parameters.set('appid', given.clientId)
          parameters.set('secret', clientSecretOf(given))
        },
      },
    },
    (request) => {
      expect(queryOf(request)).toEqual({ grant_type: 'client_credential', appid: clientId, secret: clientSecret })
    },
  ],
  [
    'the query, beside a form',
    {
      clientAuthentication: {
        name: 'own',
        authenticate: ({ url }, given) => {
          url.searchParams.set('key', given.clientId)
          url.searchParams.set('signature', clientSecretOf(given))
        },
      },
    },
    (request) => {
      expect(queryOf(request)).toEqual({ key: clientId, signature: clientSecret })
      expect(formOf(request)).toEqual({ grant_type: 'client_credentials' })
    },
  ],
  [
    'headers of their own',
    {
      clientAuthentication: {
        name: 'own',
        authenticate: ({ headers }, given) => {
          headers.set('x-client-id', given.clientId)
          headers.set('x-client-secret', encodeURIComponent(clientSecretOf(given)))
        },
      },
    },
    ({ headers }) => {
      expect(headers).toMatchObject({ 'x-client-id': clientId, 'x-client-secret': encodeURIComponent(clientSecret) })
      expect(headers.authorization).toBeUndefined()
    },
  ],
  [
    'a Basic header by another name',
    {
      tokenRequest: { bodyFormat: 'json', grantType: null },
      parameters: { appName: 'app' },
      clientAuthentication: {
        name: 'own',
        authenticate: async (request, given) => {
          await clientSecretBasic({ encoding: 'raw' }).authenticate(request, given)
          request.headers.set('x-space-auth-key', request.headers.get('authorization') ?? '')
          request.headers.delete('authorization')
        },
      },
    },
    ({ headers, body }) => {
      expect(headers.authorization).toBeUndefined()
      const [scheme, pair] = String(headers['x-space-auth-key']).split(' ')
      expect(`${scheme} ${Buffer.from(pair ?? '', 'base64')}`).toBe(`Basic ${clientId}:${clientSecret}`)
      expect(JSON.parse(body)).toEqual({ appName: 'app' })
    },
  ],
  [
    'another scheme of the Authorization header',
    {
      clientAuthentication: {
        name: 'own',
        authenticate: ({ headers }, given) =>
          headers.set('authorization', `ApiKey ${given.clientId}:${encodeURIComponent(clientSecretOf(given))}`),
      },
    },
    ({ headers }) => {
      expect(headers.authorization).toBe(`ApiKey ${clientId}:${encodeURIComponent(clientSecret)}`)
    },
  ],
  [
    'a form, under other names',
    {
      clientAuthentication: {
        name: 'own',
        authenticate: ({ parameters }, given) => {
          parameters.set('apikey', given.clientId)
          parameters.set('apisecret', clientSecretOf(given))
        },
      },
    },
    (request) => {
      expect(formOf(request)).toEqual({
        grant_type: 'client_credentials',
        apikey: clientId,
        apisecret: clientSecret,
      })
    },
  ],
  [
    'JSON, under other names',
    {
      tokenRequest: { bodyFormat: 'json', grantType: null },
      clientAuthentication: {
        name: 'own',
        authenticate: ({ parameters }, given) => {
          parameters.set('app_id', given.clientId)
          parameters.set('app_secret', clientSecretOf(given))
        },
      },
    },
    ({ body }) => {
      expect(JSON.parse(body)).toEqual({ app_id: clientId, app_secret: clientSecret })
    },
  ],
  [
    'nested JSON',
    {
      tokenRequest: { bodyFormat: 'json' },
      clientAuthentication: {
        name: 'own',
        authenticate: (request, given) => {
          const application = { id: given.clientId, secret: clientSecretOf(given) }
          request.json = { auth: { identity: { methods: ['application'], application } }, remember: true, version: 2 }
        },
      },
    },
    ({ body }) => {
      expect(JSON.parse(body)).toEqual({
        auth: { identity: { methods: ['application'], application: { id: clientId, secret: clientSecret } } },
        remember: true,
        version: 2,
      })
    },
  ],
  [
    'JSON with the scopes as a list',
    {
      scopes: ['a', 'b'],
      tokenRequest: { bodyFormat: 'json' },
      clientAuthentication: {
        name: 'own',
        authenticate: (request, given) => {
          const scopes = request.parameters.get('scope')?.split(' ')
          request.json = { client: given.clientId, secret: clientSecretOf(given), scopes }
        },
      },
    },
    ({ body }) => {
      expect(JSON.parse(body)).toEqual({ client: clientId, secret: clientSecret, scopes: ['a', 'b'] })
    },
  ],
  [
    'a place that takes a while to compute',
    {
      clientAuthentication: {
        name: 'own',
        authenticate: async ({ headers, parameters }, given) => {
          const secret = new TextEncoder().encode(clientSecretOf(given))
          const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
          const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(String(parameters)))
          headers.set('x-signature', Buffer.from(signature).toString('hex'))
        },
      },
    },
    ({ headers }) => {
      expect(headers['x-signature']).toMatch(/^[0-9a-f]{64}$/)
    },
  ],
]

describe('clientAuthentication', () => {
  it.each(writers)('G3: credentials in %s', async (_, difference, check) => {
    check(await tokenRequestOf(difference))
  })

  it.each(writers)('X1: a server that repeats what it was sent tells no secret: %s', async (_, difference) => {
    const client = connect(difference, (response, { target, headers, body }) => {
      const sent = [target, ...Object.values(headers), body].join(' ')
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: 'invalid_request', error_description: `We got ${sent}` }))
    })
    const failure = await failureOf(client.token())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_request' })
    const secrets = [
      clientSecret,
      encodeURIComponent(clientSecret),
      new URLSearchParams([['', clientSecret]]).toString(),
    ]
    expect(findLeaks(failure, [...secrets, Buffer.from(`${clientId}:${clientSecret}`).toString('base64')])).toEqual([])
  })

  it('G1: a JSON body that would not be sent is reported as a mistake before anything is sent', async () => {
    const clientAuthentication: ClientAuthentication = {
      name: 'own',
      authenticate: (request, given) => {
        request.json = { secret: clientSecretOf(given) }
      },
    }
    const failure = await failureOf(connect({ clientAuthentication }).token())
    expect(failure).toMatchObject({ code: 'invalid_options', provider: 'acme' })
    expect(server.requests).toEqual([])
    expect(findLeaks(failure, [clientSecret])).toEqual([])
  })
})

describe('readTokenResponse: where the token is', () => {
  const shapes: readonly (readonly [string, Answer, (answer: TokenAnswer) => TokenFields])[] = [
    [
      'nested',
      json({ code: 200, data: { auth: { token: issued } } }),
      ({ body }) => ({ accessToken: readPath(body, 'data', 'auth', 'token') }),
    ],
    [
      'in an array',
      json({
        tokens: [
          { use: 'refresh', value: 'other' },
          { use: 'access', value: issued },
        ],
      }),
      ({ body }) => ({ accessToken: readPath(body, 'tokens', 1, 'value') }),
    ],
    [
      'in an array that is the body',
      json([{ token: issued }]),
      ({ body }) => ({ accessToken: readPath(body, 0, 'token') }),
    ],
    [
      'in a header',
      json({ token: { methods: ['password'] } }, 201, { 'x-subject-token': issued }),
      ({ headers }) => ({ accessToken: headers.get('x-subject-token') }),
    ],
    [
      'in a header, with no body at all',
      text('', 204, { authorization: `Bearer ${issued}` }),
      ({ headers }) => ({ accessToken: headers.get('authorization')?.replace(/^Bearer /, '') }),
    ],
    [
      'bare text',
      text(`${issued}\r\n`, 200, { 'content-type': 'text/plain' }),
      ({ body }) => ({ accessToken: typeof body === 'string' ? body.trim() : undefined }),
    ],
    ['a bare JSON string', json(issued), ({ body }) => ({ accessToken: body })],
    [
      'a form',
      text(`${new URLSearchParams({ oauth_token: issued, lifetime: '3600' })}`, 200, {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      }),
      ({ body }) => ({ accessToken: readPath(body, 'oauth_token'), expiresIn: readPath(body, 'lifetime') }),
    ],
    [
      'in an element of XML',
      text(`<?xml version="1.0"?><Login><Token>${issued}</Token></Login>`, 200, { 'content-type': 'application/xml' }),
      ({ body }) => ({ accessToken: /<Token>([^<]+)<\/Token>/.exec(String(body))?.[1] }),
    ],
  ]

  it.each(shapes)('R1: %s', async (_, answer, read) => {
    const client = connect({ readTokenResponse: read }, answer)
    const token = await client.token()
    expect(token.value).toBe(issued)
    expect(token.type).toBe('Bearer')
    expect(JSON.stringify(token.extra)).not.toContain(issued)
    await client.fetch(`${server.origin}/api/things`)
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Bearer ${issued}`)
  })

  it('R1: the default reads a form with the standard names, whatever its content type', async () => {
    const form = `${new URLSearchParams({ access_token: issued, token_type: 'bearer', expires_in: '600' })}`
    const token = await tokenOf(text(form, 200, { 'content-type': 'text/html' }))
    expect(token.value).toBe(issued)
    expect(minutesLeft(token)).toBe(10)
  })

  it.each(['Application Access Token', 'BearerToken', 'token', 'Zoho-oauthtoken'])(
    'R1: a token_type of %s is refused until the reader says what it means',
    async (token_type) => {
      const answer = json({ access_token: issued, token_type })
      expect((await failureOf(tokenOf(answer))).code).toBe('response_unreadable')
      const token = await tokenOf(answer, (given) => ({ ...readStandardTokenResponse(given), tokenType: 'Bearer' }))
      expect(token.type).toBe('Bearer')
    },
  )

  it.each([
    ['a text with commas', 'a,b', ','],
    ['a list', ['a', 'b'], ' '],
    ['a text', 'a b', ' '],
  ])('R1: scopes that are %s', async (_, scope, scopeSeparator) => {
    const read = (): TokenFields => ({ accessToken: issued, scope })
    expect((await tokenOf(standard, read, { tokenRequest: { scopeSeparator } })).scopes).toEqual(['a', 'b'])
  })

  it.each([
    ['a number', 17],
    ['an object', { value: issued }],
    ['null', null],
    ['empty', ''],
    ['with a line break', `${issued}\n`],
    ['beyond ASCII', 'tökën'],
  ])('R6: a token that is %s is none, whichever reader returned it', async (_, accessToken) => {
    const failure = await failureOf(tokenOf(standard, () => ({ accessToken })))
    expect(failure.code).toBe('response_unreadable')
    expect(findLeaks(failure, [issued])).toEqual([])
  })
})

describe('readTokenResponse: how long the token lives', () => {
  const inAnHour = now + 3_600_000
  const read =
    (field: 'expiresIn' | 'expiresAt', convert: (value: unknown) => unknown = (value) => value) =>
    ({ body }: TokenAnswer): TokenFields => ({ accessToken: issued, [field]: convert(readPath(body, 'end')) })

  it.each([
    ['seconds', () => 3600, read('expiresIn')],
    ['seconds as text', () => '3600', read('expiresIn')],
    ['milliseconds', () => 3_600_000, read('expiresIn', secondsFromMilliseconds)],
    ['milliseconds as text', () => '3600000', read('expiresIn', secondsFromMilliseconds)],
    ['minutes', () => 60, read('expiresIn', (value) => (typeof value === 'number' ? value * 60 : undefined))],
    ['seconds since the epoch', () => inAnHour / 1000, read('expiresAt', dateFromEpochSeconds)],
    ['milliseconds since the epoch', () => inAnHour, read('expiresAt', dateFromEpochMilliseconds)],
    ['milliseconds since the epoch, as text', () => `${inAnHour}`, read('expiresAt', dateFromEpochMilliseconds)],
    ['an ISO date', () => new Date(inAnHour).toISOString(), read('expiresAt', dateFromIso)],
    [
      'an ISO date of .NET',
      () => new Date(inAnHour).toISOString().replace('Z', '4567+00:00'),
      read('expiresAt', dateFromIso),
    ],
    ['an HTTP date', () => new Date(inAnHour).toUTCString(), read('expiresAt', dateFromHttpDate)],
  ])('R2: %s', async (_, end, reader) => {
    expect(minutesLeft(await tokenOf(json({ end: end() }), reader))).toBe(60)
  })

  it("R2: an HTTP date in the answer's Expires header", async () => {
    const answer = json({}, 200, { expires: new Date(inAnHour).toUTCString() })
    const reader = ({ headers }: TokenAnswer): TokenFields => ({
      accessToken: issued,
      expiresAt: dateFromHttpDate(headers.get('expires')),
    })
    expect(minutesLeft(await tokenOf(answer, reader))).toBe(60)
  })

  it.each([
    ['an hour ahead', 3600],
    ['an hour behind', -3600],
  ])("R3: an instant is by the server's clock, and that may be %s", async (_, skew) => {
    const theirs = now + skew * 1000
    const answer = json({ end: Math.round(theirs / 1000) + 1800 }, 200, { date: new Date(theirs).toUTCString() })
    expect(minutesLeft(await tokenOf(answer, read('expiresAt', dateFromEpochSeconds)))).toBe(30)
  })

  it.each([
    ['seconds taken for an instant', 3600, read('expiresAt', dateFromEpochSeconds)],
    ['milliseconds taken for seconds', 1_800_000_000_000, read('expiresIn')],
    ['an instant taken for a lifetime', 1_800_000_000, read('expiresIn')],
    ['a past instant', 1_500_000_000, read('expiresAt', dateFromEpochSeconds)],
    ['negative', -1_752_054_750, read('expiresIn')],
    ['a date taken for seconds', '2026-11-20', read('expiresIn')],
    ['a text taken for a Date', '2026-11-20T10:00:00Z', read('expiresAt')],
    ['half a number', '3600abc', read('expiresIn', secondsFromMilliseconds)],
    ['nothing', undefined, read('expiresIn', secondsFromMilliseconds)],
    ['null', null, read('expiresAt', dateFromEpochMilliseconds)],
    ['an object', {}, read('expiresAt', dateFromIso)],
  ])('R2: a reader that gets it wrong makes it unknown, never for ever and never over: %s', async (_, end, reader) => {
    const client = connect({ readTokenResponse: reader, defaultLifetime: 600 }, json({ end }))
    expect(minutesLeft(await client.token())).toBe(10)
    await client.token()
    expect(server.requests).toHaveLength(1)
  })
})

describe('readTokenResponse: failures', () => {
  const html = '<!DOCTYPE html><html><title>MARKED proxy</title></html>'

  it.each<[string, Answer, object]>([
    ["OAuth's", json({ error: 'invalid_client', error_description: 'No' }, 401), { error: 'invalid_client' }],
    [
      "Okta's",
      json({ errorCode: 'E0000011', errorSummary: 'Invalid token provided', errorCauses: [] }, 401),
      { error: 'E0000011', errorDescription: 'Invalid token provided' },
    ],
    [
      'nested',
      json({ error: { code: 'Unauthorized', message: 'No such client' } }, 401),
      { error: 'Unauthorized', errorDescription: 'No such client' },
    ],
    [
      'nested, with 200',
      json({ error: { code: 400, error: 'invalid_client_id', message: 'Invalid client_id' } }),
      { status: 200, error: 'invalid_client_id', errorDescription: 'Invalid client_id' },
    ],
    [
      'listed',
      json({ errors: [{ code: '10401', message: 'ClientId is Invalid' }] }, 401),
      { error: '10401', errorDescription: 'ClientId is Invalid' },
    ],
    [
      'plain text',
      text('MARKED no such client', 400),
      { code: 'response_unreadable', error: undefined, errorDescription: undefined },
    ],
    [
      "a proxy's HTML",
      text(html, 403, { 'content-type': 'text/html' }),
      { code: 'response_unreadable', error: undefined, message: expect.stringContaining('an HTML page') },
    ],
    ['a flag, with 200', json({ success: false, message: 'Locked' }), { status: 200, errorDescription: 'Locked' }],
    ['a flag beside a token, with 200', json({ hasError: true, accessToken: issued }), { status: 200 }],
    ['a form', text('error=invalid_client&error_description=No+such', 400), { error: 'invalid_client' }],
  ])('R5: by default, %s', async (_, answer, details) => {
    const failure = await failureOf(tokenOf(answer))
    expect(failure).toMatchObject({ code: 'grant_refused', retryable: false, provider: 'acme', ...details })
    expect(findLeaks(failure, ['MARKED', issued])).toEqual([])
  })

  it('R5: a number with 200, as the vendor counts', async () => {
    const read = ({ body }: TokenAnswer): TokenFields => ({
      accessToken: readPath(body, 'tenant_access_token'),
      expiresIn: readPath(body, 'expire'),
      error: readPath(body, 'code'),
      errorDescription: readPath(body, 'msg'),
    })
    const refused = await failureOf(tokenOf(json({ code: 10_003, msg: 'invalid param' }), read))
    expect(refused).toMatchObject({ error: '10003', errorDescription: 'invalid param', status: 200 })
    const token = await tokenOf(json({ code: 0, msg: 'ok', tenant_access_token: issued, expire: 7200 }), read)
    expect(token.value).toBe(issued)
    expect(token.extra).toEqual({ code: 0, msg: 'ok', expire: 7200 })
  })

  it('R5: plain text in words of the vendor', async () => {
    const read = ({ status, body }: TokenAnswer): TokenFields =>
      status === 200 ? { accessToken: body } : { error: /^E\d+/.exec(String(body))?.[0] }
    expect(await failureOf(tokenOf(text('E17 bad key MARKED', 401), read))).toMatchObject({ error: 'E17' })
  })

  it("G9: a code of the vendor's own that may pass is tried again", async () => {
    stopTimers()
    let asked = 0
    const client = connect(
      {
        readTokenResponse: ({ body }) => ({
          accessToken: readPath(body, 'access_token'),
          error: readPath(body, 'errcode'),
          retryable: readPath(body, 'errcode') === -1,
        }),
      },
      (response, request) => {
        asked += 1
        return (asked === 1 ? json({ errcode: -1, errmsg: 'busy' }) : standard)(response, request)
      },
      { onEvent: passRetryDelay },
    )
    expect((await client.token()).value).toBe(issued)
    expect(server.requests).toHaveLength(2)
  })

  it("G9: a 5xx that the vendor means for good is not tried again, and its wait is the reader's", async () => {
    const read = (): TokenFields => ({ error: 'account_closed', retryable: false, retryAfter: '900' })
    const failure = await failureOf(tokenOf(json({}, 503), read))
    expect(failure).toMatchObject({ error: 'account_closed', retryable: false, retryAfter: 900 })
    expect(server.requests).toHaveLength(1)
  })

  it('X1: a reader that throws is named, and what it threw stays inside', async () => {
    const read = ({ body }: TokenAnswer): TokenFields => {
      throw new Error(`cannot read ${JSON.stringify(body)}`)
    }
    const failure = await failureOf(tokenOf(standard, read))
    expect(failure.message).toContain('readTokenResponse')
    expect(findLeaks(failure, [issued])).toEqual([])
  })
})

describe('refreshIn', () => {
  it('L2: the reader hands on when the server wants the token replaced', async () => {
    let time = now
    const read = ({ body }: TokenAnswer): TokenFields => ({
      accessToken: readPath(body, 'token'),
      expiresIn: 7200,
      refreshIn: readPath(body, 'renewAfterSeconds'),
    })
    let number = 0
    const client = connect(
      { readTokenResponse: read },
      (response, request) => {
        number += 1
        return json({ token: `token-${number}`, renewAfterSeconds: 1800 })(response, request)
      },
      { now: () => time },
    )
    expect((await client.token()).value).toBe('token-1')
    time += 4000 * 1000
    expect((await client.token()).value).toBe('token-1')
    await waitUntil(() => server.requests.length === 2)
  })
})

describe('api', () => {
  it('H5: a base URL', async () => {
    const api = await connect().api()
    expect(await api.get('v2/things').json()).toEqual({ ok: true })
    expect(server.requests.at(-1)).toMatchObject({ method: 'GET', target: '/api/v2/things' })
  })

  it('P1: a function that asks for it with the token', async () => {
    const client = connect<{ readonly region: string }>({
      apiOrigins: [elsewhere.origin],
      api: async ({ fetch, tokenEndpoint, signal }) => {
        const answer = await fetch(new URL('/api/whoami', tokenEndpoint), { signal })
        return { baseUrl: `${elsewhere.origin}/eu`, info: { region: `eu ${answer.status}` } }
      },
    })
    await (await client.api()).get('things').json()
    expect(await client.info()).toEqual({ region: 'eu 200' })
    expect(server.requests.map(({ target }) => target)).toEqual(['/token', '/api/whoami'])
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Bearer ${issued}`)
    expect(elsewhere.onlyRequest.target).toBe('/eu/things')
    expect(elsewhere.onlyRequest.headers.authorization).toBe(`Bearer ${issued}`)
  })

  it('P1: a function that reads it from the token answer, and asks nobody', async () => {
    const client = connect<undefined>(
      {
        apiOrigins: [elsewhere.origin],
        api: async ({ token }) => ({ baseUrl: String(token.extra.instance_url), info: undefined }),
      },
      json({ access_token: issued, instance_url: elsewhere.origin }),
    )
    await (await client.api()).get('things').json()
    expect(elsewhere.onlyRequest.target).toBe('/things')
    expect(server.requests).toHaveLength(1)
  })
})

describe('apiOrigins', () => {
  it('H1: more origins that may see the token, and no others', async () => {
    await connect({ apiOrigins: [elsewhere.origin] }).fetch(`${elsewhere.origin}/files`)
    expect(elsewhere.onlyRequest.headers.authorization).toBe(`Bearer ${issued}`)
    const failure = await failureOf(connect().fetch(`${elsewhere.origin}/files`))
    expect(failure.code).toBe('origin_refused')
    expect([...server.requests, ...elsewhere.requests]).toEqual([])
  })
})

describe('authorizeRequest', () => {
  const uses: readonly (readonly [string, NonNullable<Provider['authorizeRequest']>, Record<string, string>])[] = [
    [
      'another scheme',
      (headers, { value }) => headers.set('authorization', `Zoho-oauthtoken ${value}`),
      { authorization: `Zoho-oauthtoken ${issued}` },
    ],
    ['no scheme at all', (headers, { value }) => headers.set('authorization', value), { authorization: issued }],
    ['another header', (headers, { value }) => headers.set('x-auth-token', value), { 'x-auth-token': issued }],
    [
      'a header beside the usual one',
      (headers, { value }) => {
        headers.set('authorization', `Bearer ${value}`)
        headers.set('x-api-key', clientId)
      },
      { authorization: `Bearer ${issued}`, 'x-api-key': clientId },
    ],
    [
      'a cookie',
      (headers, { value }) => headers.set('cookie', `session=${encodeURIComponent(value)}`),
      { cookie: `session=${encodeURIComponent(issued)}` },
    ],
    [
      'something of the answer, too',
      (headers, { value, extra }) => {
        headers.set('authorization', `Bearer ${value}`)
        headers.set('x-tenant', String(extra.tenant))
      },
      { authorization: `Bearer ${issued}`, 'x-tenant': 'acme' },
    ],
  ]

  it.each(uses)('H6: %s', async (_, authorizeRequest, expected) => {
    const client = connect({ authorizeRequest }, json({ access_token: issued, expires_in: 60, tenant: 'acme' }))
    const own = new Headers({ accept: 'text/csv' })
    const answer = await client.fetch(`${server.origin}/api/things`, { headers: own })
    expect(answer.status).toBe(200)
    const { headers, target } = server.requests.at(-1) as Received
    expect(headers).toMatchObject({ accept: 'text/csv', ...expected })
    expect(target).toBe('/api/things')
    if (!('authorization' in expected)) expect(headers.authorization).toBeUndefined()
    expect([...own]).toEqual([['accept', 'text/csv']])
  })

  it.each(uses)(
    'H2: where the API redirects to another origin, nothing of it goes along: %s',
    async (_, authorizeRequest, expected) => {
      const client = connect({ authorizeRequest }, json({ access_token: issued, tenant: 'acme' }))
      server.answer((response, request) =>
        request.target.startsWith('/api')
          ? response.writeHead(302, { location: `${elsewhere.origin}/away` }).end()
          : json({ access_token: issued, tenant: 'acme' })(response, request),
      )
      await client.fetch(`${server.origin}/api/things`)
      for (const name of Object.keys(expected)) expect(elsewhere.onlyRequest.headers[name]).toBeUndefined()
    },
  )
})

describe('explain', () => {
  it('P2: hints from the one who knows, on the error of a grant', async () => {
    const client = connect(
      {
        explain: (failure) =>
          failure instanceof NightlatchError && failure.error === 'invalid_scope' ? ['Ask for the GUID alone.'] : [],
      },
      json({ error: 'invalid_scope' }, 400),
    )
    expect((await failureOf(client.token())).hints).toEqual(['Ask for the GUID alone.'])
  })
})
