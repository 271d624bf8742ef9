import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AssertionSource,
  type ClientAuthentication,
  type ClientEvent,
  type ClientOptions,
  type Credentials,
  clientAssertion,
  createClient,
  createClientPool,
  jwtBearerGrant,
  memoryStore,
  NightlatchError,
  type Provider,
  type StoredToken,
} from '../../src/index.ts'
import { failureOf } from './failure-of.ts'
import { findLeaks } from './printings.ts'
import { json, type RecordingServer, startRecordingServer } from './recording-server.ts'

let server: RecordingServer

beforeAll(async () => {
  server = await startRecordingServer()
})
afterAll(() => server.close())

let serial = 0

/** A JWT that is like no other: the servers here look at no signature. */
function issue(claims: object = {}): string {
  serial += 1
  const exp = Math.floor(Date.now() / 1000) + 600
  const payload = { iss: 'https://platform.example', sub: 'robot', aud: server.origin, exp, jti: serial, ...claims }
  return `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(payload)}.MARKED-signature-${serial}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function acme(clientAuthentication: ClientAuthentication, overrides: Partial<Provider> = {}): Provider {
  return { name: 'acme', tokenEndpoint: `${server.origin}/token`, clientAuthentication, ...overrides }
}

const forms = (): readonly URLSearchParams[] => server.requests.map(({ body }) => new URLSearchParams(body))
const sent = (name: string): readonly (string | null)[] => forms().map((form) => form.get(name))
const granted = { access_token: 'MARKED-token', token_type: 'Bearer', expires_in: 600 }

/** Answers one after the other; the last one stays. */
function answerWith(...answers: readonly ReturnType<typeof json>[]): void {
  let at = 0
  server.answer((response, request) => {
    const answer = answers[Math.min(at, answers.length - 1)]
    at += 1
    answer?.(response, request)
  })
}

const invalidClient = json({ error: 'invalid_client' }, 401)

describe.each<[string, (source: AssertionSource) => ClientAuthentication, string, object]>([
  [
    'clientAssertion',
    clientAssertion,
    'client_assertion',
    {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    },
  ],
  ['jwtBearerGrant', jwtBearerGrant, 'assertion', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }],
])('%s', (_name, authenticateBy, parameter, others) => {
  it('sends the JWT, and no client id where the credentials have none', async () => {
    answerWith(json(granted))
    const jwt = issue()
    const provider = acme(
      authenticateBy(() => `${jwt}\n`),
      { scopes: ['read'] },
    )
    await createClient(provider, { credentials: {} }).token()
    expect(Object.fromEntries(forms()[0] ?? [])).toEqual({ ...others, scope: 'read', [parameter]: jwt })
    expect(server.onlyRequest.headers.authorization).toBeUndefined()
  })

  it('sends the client id of the credentials, also of those that a function returns', async () => {
    const credentials: Credentials = { clientId: 'app' }
    for (const given of [credentials, () => credentials]) {
      answerWith(json(granted))
      await createClient(acme(authenticateBy(() => issue())), { credentials: given }).token()
      expect(sent('client_id')).toEqual(['app'])
    }
  })

  it('takes a function that returns credentials without a client id', async () => {
    answerWith(json(granted))
    await createClient(acme(authenticateBy(() => issue())), { credentials: () => ({}) }).token()
    expect(sent('client_id')).toEqual([null])
  })

  it('asks the source for each HTTP attempt: the platform may have renewed the JWT', async () => {
    answerWith(json({}, 503), json({}, 503), json(granted))
    const jwts = [issue(), issue(), issue()]
    const left = [...jwts]
    const provider = acme(authenticateBy(async () => left.shift() ?? ''))
    await createClient(provider, { credentials: {} }).token()
    expect(sent(parameter)).toEqual(jwts)
  })

  it('never sends a JWT that has expired', async () => {
    answerWith(json(granted))
    const now = Date.now()
    const jwt = issue({ exp: Math.floor(now / 1000) - 42 })
    const fromPlatform = (): string => jwt
    const client = createClient(acme(authenticateBy(fromPlatform)), { credentials: {}, now: () => now })
    const failure = await failureOf(client.token())
    expect(failure).toMatchObject({ code: 'invalid_options', provider: 'acme', retryable: false })
    expect(failure.message).toMatch(/The JWT of the source `fromPlatform` expired 4[23] s ago/)
    expect(server.requests).toEqual([])
  })

  it('L8: asks the source once more after a rejection, and repeats the grant with another JWT', async () => {
    answerWith(invalidClient, json(granted))
    const jwts = [issue(), issue(), issue()]
    const left = [...jwts]
    const events: ClientEvent[] = []
    const provider = acme(authenticateBy(() => left.shift() ?? ''))
    await createClient(provider, { credentials: {}, onEvent: (event) => events.push(event) }).token()
    expect(sent(parameter)).toEqual(jwts.slice(0, 2))
    expect(left).toHaveLength(1)
    expect(events.filter((event) => 'error' in event)).toHaveLength(1)
  })

  it.each(['invalid_client', 'unauthorized_client', 'access_denied', 'invalid_grant'])(
    'L8: %s is such a rejection, with status 400, too',
    async (error) => {
      answerWith(json({ error }, 400), json(granted))
      await createClient(acme(authenticateBy(() => issue())), { credentials: {} }).token()
      expect(new Set(sent(parameter)).size).toBe(2)
    },
  )

  it('L8: does not repeat the grant with the same JWT, and repeats it once at most', async () => {
    answerWith(invalidClient)
    const jwt = issue()
    const same = createClient(acme(authenticateBy(() => jwt)), { credentials: {} })
    expect(await failureOf(same.token())).toMatchObject({ error: 'invalid_client' })
    expect(server.requests).toHaveLength(1)
    answerWith(invalidClient)
    const changing = createClient(acme(authenticateBy(() => issue())), { credentials: {} })
    expect(await failureOf(changing.token())).toMatchObject({ error: 'invalid_client' })
    expect(server.requests).toHaveLength(2)
  })

  it('L8: a rejection stands if the source fails meanwhile', async () => {
    answerWith(invalidClient)
    const jwts = [issue()]
    const source = (): string => {
      const jwt = jwts.shift()
      if (jwt === undefined) throw new Error('MARKED: the volume is gone')
      return jwt
    }
    const failure = await failureOf(createClient(acme(authenticateBy(source)), { credentials: {} }).token())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
  })

  it('does not ask the source again after a rejection of something else', async () => {
    answerWith(json({ error: 'invalid_scope' }, 400))
    let asked = 0
    const source = (): string => {
      asked += 1
      return issue()
    }
    expect(await failureOf(createClient(acme(authenticateBy(source)), { credentials: {} }).token())).toMatchObject({
      error: 'invalid_scope',
    })
    expect(asked).toBe(1)
  })

  it('G9: a failure of the source that is transient is retried', async () => {
    answerWith(json(granted))
    let asked = 0
    const source = (): string => {
      asked += 1
      if (asked === 1) {
        throw new NightlatchError('endpoint_unavailable', 'the metadata server is updated', { retryable: true })
      }
      return issue()
    }
    await createClient(acme(authenticateBy(source)), { credentials: {} }).token()
    expect(asked).toBe(2)
    expect(server.requests).toHaveLength(1)
  })

  it('fails as the source fails, and with the name of the provider where the error can have it', async () => {
    const sealed = new Error('the vault is sealed')
    const client = createClient(acme(authenticateBy(() => Promise.reject(sealed))), { credentials: {} })
    await expect(client.token()).rejects.toBe(sealed)
    const missing = new NightlatchError('invalid_options', 'The file /missing cannot be read (ENOENT).')
    const other = createClient(acme(authenticateBy(() => Promise.reject(missing))), { credentials: {} })
    expect(await failureOf(other.token())).toMatchObject({ message: missing.message, provider: 'acme' })
  })

  it('a hint names the audience and the issuer, where they differ', async () => {
    answerWith(json({ error: 'invalid_client' }, 400))
    const provider = acme(
      authenticateBy(() => issue({ aud: 'api://other' })),
      { issuer: 'https://login.acme.example' },
    )
    const { hints } = await failureOf(createClient(provider, { credentials: {} }).token())
    expect(hints).toEqual([expect.stringContaining('"api://other", and the issuer is "https://login.acme.example"')])
    const right = acme(
      authenticateBy(() => issue({ aud: ['api://other', 'https://login.acme.example'] })),
      { issuer: 'https://login.acme.example/' },
    )
    expect((await failureOf(createClient(right, { credentials: {} }).token())).hints).toEqual([])
    const unknown = acme(authenticateBy(() => issue({ aud: 'api://other' })))
    expect((await failureOf(createClient(unknown, { credentials: {} }).token())).hints).toEqual([])
  })

  it('P2: a failure that is no grant error has no hint about the audience', async () => {
    answerWith(json({}))
    const provider = acme(
      authenticateBy(() => issue({ aud: 'api://other' })),
      { issuer: 'https://login.acme.example' },
    )
    const failure = await failureOf(createClient(provider, { credentials: {} }).token())
    expect(failure).toMatchObject({ code: 'response_unreadable', hints: [] })
  })

  it('X1: the JWT leaves with no word of the server, and is in no event and no store', async () => {
    const jwt = issue()
    const [header = '', payload = '', signature = ''] = jwt.split('.')
    const told = [jwt, signature, `${header}.${payload}`, encodeURIComponent(jwt)]
    const events: ClientEvent[] = []
    const kept: unknown[] = []
    const backing = memoryStore()
    const store = {
      ...backing,
      set: async (key: string, token: StoredToken) => {
        kept.push(key, token)
        await backing.set(key, token)
      },
    }
    const connect = (): ReturnType<typeof createClient> =>
      createClient(acme(authenticateBy(() => jwt)), {
        credentials: {},
        store,
        onEvent: (event) => events.push(event),
      })
    const client = connect()
    answerWith(json({ error: 'invalid_request', error_description: `not this: ${told.join(' ')}` }, 400), json(granted))
    const failure = await failureOf(client.token())
    expect(failure.errorDescription).toContain('not this')
    await connect().token()
    expect(kept).toHaveLength(2)
    expect(findLeaks([failure, events, kept, client], [jwt, payload, signature])).toEqual([])
  })
})

describe('clientAssertion', () => {
  it('has a type of its own for JWT-SVIDs', async () => {
    answerWith(json(granted))
    const provider = acme(clientAssertion(() => issue(), { type: 'jwt-spiffe' }))
    await createClient(provider, { credentials: {} }).token()
    expect(sent('client_assertion_type')).toEqual(['urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'])
  })

  it('is named after its type and its source', () => {
    const fromVault = (): string => ''
    expect(clientAssertion(fromVault).name).toBe('client_assertion jwt-bearer fromVault')
    expect(clientAssertion(fromVault, { type: 'jwt-spiffe' }).name).toBe('client_assertion jwt-spiffe fromVault')
    expect(jwtBearerGrant(fromVault).name).toBe('jwt_bearer_grant fromVault')
  })

  it('X1: wrong arguments are rejected, without the value', () => {
    const jwt = 'MARKED.jwt.itself' as unknown as AssertionSource
    for (const [name, create] of Object.entries({ clientAssertion, jwtBearerGrant })) {
      const call = (): unknown => create(jwt)
      expect(call).toThrow(
        expect.objectContaining({
          code: 'invalid_options',
          message: `${name}: the source must be a function that returns a JWT, such as \`() => readFile(path, 'utf8')\``,
        }),
      )
    }
    const options = { type: 'saml2-bearer' as 'jwt-bearer' }
    expect(() => clientAssertion(() => '', options)).toThrow(
      expect.objectContaining({
        code: 'invalid_options',
        message: "clientAssertion: type must be 'jwt-bearer' or 'jwt-spiffe'",
      }),
    )
  })
})

describe('credentials without a client id', () => {
  it.each<[string, ClientOptions['credentials']]>([
    ['an object', {}],
    ['a function', () => ({})],
  ])('are for a client authentication with a source alone: %s', async (_name, credentials) => {
    const byNone: ClientAuthentication = { name: 'own', authenticate: () => {} }
    const attempt = async (): Promise<unknown> => createClient(acme(byNone), { credentials }).token()
    const failure = await failureOf(attempt())
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toMatch(/^options\.credentials(\(\))?\.clientId is missing$/)
  })

  it('a client id from a variable that is not set is a mistake, as ever', () => {
    const credentials = { clientId: process.env.NIGHTLATCH_TEST_NOT_SET } as Credentials
    expect(() => createClient(acme(clientAssertion(() => issue())), { credentials })).toThrow(
      /options\.credentials\.clientId must be a string \(if it comes from an environment variable, is that set\?\)/,
    )
  })

  it('serve a pool, too', async () => {
    answerWith(json(granted))
    const provider = (tenant: string): Provider => acme(clientAssertion(() => issue({ sub: tenant })))
    await using pool = createClientPool(provider, { credentials: () => ({}) })
    await pool.client('a').token()
    await pool.client('b').token()
    expect(server.requests).toHaveLength(2)
  })
})

describe('L3: a store that is shared', () => {
  const tokens = (): void => {
    let granting = 0
    server.answer((response, request) => {
      granting += 1
      json({ ...granted, access_token: `token-${granting}` })(response, request)
    })
  }

  /** Every source has the same name, as those of two pods that mount their tokens at one path. */
  const named = (jwt: () => string): ClientAuthentication => clientAssertion(() => jwt())

  it('serves all who are one workload, whatever their JWTs, and nobody else', async () => {
    tokens()
    const store = memoryStore()
    const tokenOf = async (claims: object, credentials: Credentials = {}): Promise<string> =>
      (await createClient(acme(named(() => issue(claims))), { credentials, store }).token()).value
    const own = await tokenOf({})
    expect(await tokenOf({ aud: 'another', exp: Math.floor(Date.now() / 1000) + 60 })).toBe(own)
    const others = [
      await tokenOf({ sub: 'another robot' }),
      await tokenOf({ iss: 'https://another-platform.example' }),
      await tokenOf({}, { clientId: 'app' }),
      await tokenOf({ sub: 'another robot' }, { clientId: 'app' }),
    ]
    expect(new Set([own, ...others]).size).toBe(5)
  })

  it('shares nothing of a JWT without a subject: nobody can tell whose it is', async () => {
    tokens()
    const store = memoryStore()
    const tokenOf = async (): Promise<string> =>
      (await createClient(acme(named(() => issue({ sub: undefined }))), { credentials: {}, store }).token()).value
    expect(await tokenOf()).not.toBe(await tokenOf())
  })

  it('fails nothing where the source fails for a moment', async () => {
    tokens()
    let asked = 0
    const source = (): string => {
      asked += 1
      if (asked === 1) throw new NightlatchError('endpoint_unavailable', 'for a moment', { retryable: true })
      return issue()
    }
    const client = createClient(acme(clientAssertion(source)), { credentials: {}, store: memoryStore() })
    expect((await client.token()).value).toBe('token-1')
  })

  it('forget() deletes the token of this workload', async () => {
    tokens()
    const store = memoryStore()
    const client = (): ReturnType<typeof createClient> =>
      createClient(acme(named(() => issue())), { credentials: {}, store })
    await client().token()
    await client().forget()
    expect((await client().token()).value).toBe('token-2')
  })
})

describe('a client authentication of your own with a source', () => {
  it('gets the JWT as the assertion of the request', async () => {
    answerWith(json(granted))
    const jwt = issue()
    const tokenExchange: ClientAuthentication = {
      name: 'token exchange',
      source: () => jwt,
      authenticate: ({ parameters, assertion = '' }) => parameters.set('subject_token', assertion),
    }
    await createClient(acme(tokenExchange), { credentials: {} }).token()
    expect(sent('subject_token')).toEqual([jwt])
  })

  it('X1: what it does with the JWT leaves with no word of the server either', async () => {
    const jwt = issue()
    answerWith(json({ error: 'invalid_request', error_description: `wrong: ${jwt.split('.')[2]}` }, 400))
    const inJson: ClientAuthentication = {
      name: 'in JSON',
      source: () => jwt,
      authenticate: (request) => {
        request.json = { nested: { token: `prefix ${request.assertion}` } }
      },
    }
    const provider = acme(inJson, { tokenRequest: { bodyFormat: 'json' } })
    const failure = await failureOf(createClient(provider, { credentials: {} }).token())
    expect(findLeaks(failure, [jwt, jwt.split('.')[2] ?? ''])).toEqual([])
  })

  it('is rejected if the source is no function', () => {
    const wrong = { name: 'wrong', source: 'MARKED.jwt.x', authenticate: () => {} } as unknown as ClientAuthentication
    expect(() => createClient(acme(wrong), { credentials: {} })).toThrow(
      /provider\.clientAuthentication\.source must be a function/,
    )
  })
})
