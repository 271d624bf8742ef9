import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  type Client,
  clientSecretPost,
  createClient,
  NightlatchError,
  type Provider,
  readPath,
  readStandardTokenResponse,
  type TokenAnswer,
  type TokenFields,
} from '@nightlatch/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type Prevu3dEmulator,
  type ProviderSuite,
  prevu3dEmulation,
  type StandardEmulator,
  type StandardOffers,
  standardEmulation,
  testProvider,
} from '../src/index.ts'
import { createFixtureRunner } from '../src/provider-suite/fixture.ts'
import type { ProviderOffers } from '../src/provider-suite/provider-suite.ts'
import { providerChecks } from '../src/test-provider.ts'

const standard: ProviderSuite<StandardOffers> = {
  emulation: standardEmulation,
  provider: describeStandard,
  request: {
    headers: { authorization: 'Basic {clientId}:{clientSecret}' },
    parameters: { grant_type: 'client_credentials', scope: 'read' },
  },
  grants: [
    { what: 'a grant', body: { access_token: 'abc', expires_in: 600, scope: 'a' }, accessToken: 'abc', expiresIn: 600 },
    {
      what: 'a text for a number',
      body: { access_token: 'abc', expires_in: '600' },
      accessToken: 'abc',
      expiresIn: 600,
      scopes: ['read'],
    },
  ],
  refusals: [
    {
      what: 'a wrong secret',
      status: 401,
      body: { error: 'invalid_client', error_description: 'who?' },
      error: 'invalid_client',
      errorDescription: 'who?',
    },
    { what: 'an outage', status: 503, code: 'endpoint_unavailable', error: undefined },
  ],
}

function describeStandard({ tokenEndpoint, apiUrl }: StandardEmulator): Provider {
  return { name: 'acme', tokenEndpoint, api: apiUrl, scopes: ['read'] }
}

/** A provider with discovery, written here because this package depends on no provider. */
const discovering = {
  emulation: () => prevu3dEmulation({ separateRegion: true }),
  provider: describeDiscovering,
  apiUrl: ({ apiUrl, organization }: Prevu3dEmulator) => `${apiUrl}/v1/nodes/${organization.id}/browse`,
  discovers: 'api',
} as const

function describeDiscovering({ url, apiOrigins }: Prevu3dEmulator): Provider {
  return {
    name: 'acme',
    tokenEndpoint: `${url}/oauth/token`,
    clientAuthentication: {
      name: 'own',
      authenticate: ({ headers }, credentials) => {
        const secret = 'clientSecret' in credentials ? credentials.clientSecret : ''
        headers.set('authorization', `Basic ${Buffer.from(`${credentials.clientId}:${secret}`).toString('base64')}`)
      },
    },
    apiOrigins,
    async api({ fetch, signal }) {
      const { status, body } = await askInfo(url, fetch, signal)
      if (typeof body?.apiUrl !== 'string') {
        throw new NightlatchError('discovery_failed', `acme: answered ${status}, without an apiUrl`, { status })
      }
      return { baseUrl: body.apiUrl, info: body }
    },
  }
}

async function askInfo(
  url: string,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string; readonly body: Record<string, unknown> | undefined }> {
  const response = await fetch(`${url}/oauth/api-info`, { signal })
  const text = await response.text()
  try {
    return { status: response.status, text, body: response.ok ? JSON.parse(text) : undefined }
  } catch {
    return { status: response.status, text, body: undefined }
  }
}

// Without jitter retries do not wait.
beforeAll(() => void vi.spyOn(Math, 'random').mockReturnValue(0))
afterAll(() => void vi.restoreAllMocks())

/** Runs a suite and returns the failed checks with their messages. */
async function run<Offers extends ProviderOffers, Info>(
  suite: ProviderSuite<Offers, Info>,
  create: typeof createClient = createClient,
  isRun: (name: string) => boolean = () => true,
): Promise<ReadonlyMap<string, string>> {
  const failed = new Map<string, string>()
  const waiting = providerChecks(suite, (known) => createFixtureRunner(known, create)).filter(({ name }) => isRun(name))
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { name } = check
      await check.run().catch((failure: Error) => failed.set(name, failure.message))
    }
  }
  await Promise.all(Array.from({ length: 6 }, work))
  return failed
}

type Change = (emulator: StandardEmulator) => Partial<Provider>

function changed(change: Change, more: Partial<ProviderSuite<StandardOffers>> = {}): ProviderSuite<StandardOffers> {
  return { ...standard, ...more, provider: (emulator) => ({ ...describeStandard(emulator), ...change(emulator) }) }
}

/** An emulation that accepts all requests, so that only the suite detects a provider's mistakes. */
const acceptingEmulation = (): ReturnType<typeof standardEmulation> =>
  standardEmulation({
    answerToken: async (request, issueToken) =>
      request.body.includes('wrong-secret') ||
      atob(request.headers.get('authorization')?.split(' ')[1] ?? '').includes('wrong-secret')
        ? { status: 401, body: { error: 'invalid_client' } }
        : { body: { access_token: await issueToken(), expires_in: 3600 } },
  })

interface Members {
  readonly access_token?: unknown
  readonly expires_in?: unknown
  readonly error?: unknown
  readonly error_description?: unknown
}

/** A reader that reads errors correctly, and everything else by `read`. */
function reading(read: (body: Members) => TokenFields): Partial<Provider> {
  return {
    readTokenResponse: ({ body }) =>
      typeof body === 'object' && body !== null
        ? {
            accessToken: (body as Members).access_token,
            error: (body as Members).error,
            errorDescription: (body as Members).error_description,
            ...read(body as Members),
          }
        : {},
  }
}

/** Providers with one defect each, and exactly the checks that detect it. */
const broken: Readonly<
  Record<string, { readonly suite: ProviderSuite<StandardOffers>; readonly fails: readonly string[] }>
> = {
  'a hint that quotes the answer of the API': {
    suite: changed(() => ({ explain: (failure) => ('body' in failure ? [JSON.stringify(failure.body)] : []) })),
    fails: ['explain does not throw for any failure', 'X1: reveals no secret in hints'],
  },
  'hints that are not strings': {
    suite: changed(() => ({ explain: () => 'look at the log' as unknown as readonly string[] })),
    fails: ['explain does not throw for any failure'],
  },
  'an explain function that expects an object as body': {
    suite: changed(() => ({
      explain: (failure) => ('body' in failure && (failure.body as { x?: string }).x === 'y' ? ['x'] : []),
    })),
    fails: ['explain does not throw for any failure'],
  },
  'a reader that expects an object as body': {
    suite: changed(() => ({
      readTokenResponse: ({ body }) => {
        const { access_token, expires_in, error, error_description } = body as Record<string, unknown>
        return { accessToken: access_token, expiresIn: expires_in, error, errorDescription: error_description }
      },
    })),
    fails: ['readTokenResponse does not throw for any response'],
  },
  'a reader with infinite lifetimes': {
    suite: changed(() => reading(() => ({ expiresIn: Number.POSITIVE_INFINITY, scope: 'read' }))),
    fails: ['reads a grant', 'reads a text for a number'],
  },
  'a reader that drops the error of the default reader': {
    suite: changed(() => ({
      readTokenResponse: (answer) => ({ ...readStandardTokenResponse(answer), error: readPath(answer.body, 'code') }),
    })),
    fails: ['reads the grant error: a wrong secret', 'reads a standard OAuth error'],
  },
  'a reader that drops the description of the default reader': {
    suite: changed(
      () => ({
        readTokenResponse: (answer) => ({
          ...readStandardTokenResponse(answer),
          errorDescription: readPath(answer.body, 'reason'),
        }),
      }),
      { refusals: [] },
    ),
    fails: ['reads a standard OAuth error'],
  },
  'a reader that parses leading digits': {
    suite: changed(
      () => reading(({ expires_in }) => ({ expiresIn: Number.parseInt(String(expires_in), 10), scope: 'read' })),
      { refusals: [] },
    ),
    fails: ['treats a lifetime of a number followed by letters as unknown'],
  },
  'a reader that drops the sign': {
    suite: changed(() => reading(({ expires_in }) => ({ expiresIn: Math.abs(Number(expires_in)), scope: 'read' })), {
      refusals: [],
    }),
    fails: ['treats a lifetime of a negative number as unknown'],
  },
  'a reader that accepts any text as token': {
    suite: changed(
      () => ({
        readTokenResponse: ({ body }) =>
          typeof body === 'object'
            ? {
                ...(body as object),
                accessToken: (body as Members).access_token ?? 'none',
                errorDescription: (body as Members).error_description,
              }
            : { accessToken: 'text' },
      }),
      { grants: [], refusals: [] },
    ),
    fails: [
      'finds no token in an HTML page',
      'finds no token in an empty body',
      'finds no token in an empty object',
      'finds no token in an empty array',
      'finds no token in a truncated response',
      'readTokenResponse does not throw for any response',
    ],
  },
  'a reader that marks every failure as retryable': {
    suite: changed(() => reading(({ expires_in }) => ({ expiresIn: expires_in, retryable: true, scope: 'read' })), {
      refusals: [],
    }),
    fails: ['fails with a wrong secret, without a retry'],
  },
  'credentials in the header and in the body': {
    suite: changed(
      () => ({
        clientAuthentication: {
          name: 'own',
          authenticate: ({ headers, parameters }, credentials) => {
            const secret = 'clientSecret' in credentials ? credentials.clientSecret : ''
            const pair = new TextEncoder().encode(`${credentials.clientId}:${secret}`)
            headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
            parameters.set('client_secret', secret)
          },
        },
      }),
      { emulation: acceptingEmulation },
    ),
    fails: ['sends the client secret in one place', 'matches the documented request'],
  },
  'no credentials': {
    suite: changed(() => ({ clientAuthentication: { name: 'own', authenticate: () => {} } }), {
      emulation: () =>
        standardEmulation({ answerToken: async (_, issueToken) => ({ body: { access_token: await issueToken() } }) }),
    }),
    fails: [
      'sends the client secret in one place',
      'matches the documented request',
      'fails with a wrong secret, without a retry',
    ],
  },
  'a wrong content type': {
    suite: changed(() => ({ tokenRequest: { headers: { 'content-type': 'text/plain' } } }), {
      emulation: acceptingEmulation,
    }),
    fails: ['sends the content type of its body', 'matches the documented request'],
  },
  'an Accept header for HTML': {
    suite: changed(() => ({ tokenRequest: { headers: { accept: 'text/html' } } })),
    fails: ['accepts a content type that it can read'],
  },
  'an empty scope, and a grant type sent twice': {
    suite: changed(
      () => ({
        clientAuthentication: {
          name: 'own',
          authenticate: (draft, credentials) => {
            draft.parameters.set('scope', '')
            draft.parameters.append('grant_type', 'client_credentials')
            return clientSecretPost().authenticate(draft, credentials)
          },
        },
      }),
      { emulation: acceptingEmulation },
    ),
    fails: ['sends no empty or repeated parameter', 'matches the documented request'],
  },
  'a foreign origin in apiOrigins': {
    suite: changed(({ elsewhereUrl }) => ({ apiOrigins: [new URL(elsewhereUrl).origin] })),
    fails: ['rejects foreign origins before it requests a token'],
  },
  'a shared hosting domain in apiOrigins': {
    suite: changed(() => ({ apiOrigins: ['https://*.co.uk', 'https://*.acme.co.uk'] })),
    fails: ['allows no origins of shared hosting domains', 'rejects foreign origins before it requests a token'],
  },
  'a token in two headers': {
    suite: changed(() => ({
      authorizeRequest: (headers, { value }) => {
        headers.set('authorization', `Bearer ${value}`)
        headers.set('x-token', value)
      },
    })),
    fails: ['sends the token in one place, and the API accepts it'],
  },
  'its own token cache': {
    suite: changed(() => {
      let first: string | undefined
      return {
        authorizeRequest: (headers, { value }) => {
          first ??= value
          headers.set('authorization', `Bearer ${first}`)
        },
      }
    }),
    fails: ['replaces a token that the API rejects, once'],
  },
}

describe('the suite passes', () => {
  it.each(['form', 'raw'] as const)('a standard provider (%s)', async (encoding) => {
    const emulation = (): ReturnType<typeof standardEmulation> => standardEmulation({ basicEncoding: encoding })
    const clientAuthentication =
      encoding === 'raw' ? describeDiscovering({} as Prevu3dEmulator).clientAuthentication : undefined
    expect(await run(changed(() => ({ clientAuthentication }) as Partial<Provider>, { emulation }))).toEqual(new Map())
  })

  it('a provider with discovery', async () => {
    expect(await run(discovering)).toEqual(new Map())
  })

  it('a provider with an issuer', async () => {
    const provider = ({ issuer, apiUrl }: StandardEmulator): Provider => ({
      name: 'acme',
      issuer,
      api: apiUrl,
      scopes: ['read'],
    })
    expect(await run({ ...standard, provider, discovers: 'issuer' })).toEqual(new Map())
  })

  it('a provider with all deviations that the emulation supports', async () => {
    const suite: ProviderSuite<StandardOffers> = {
      emulation: () =>
        standardEmulation({
          tokenRequest: {
            bodyFormat: 'json',
            grantType: null,
            parameters: { audience: 'api' },
            headers: { 'x-version': '2' },
          },
          readCredentials: ({ headers }) => ({ clientSecret: headers.get('x-key') ?? '' }),
          writeGrant: ({ accessToken, expiresIn }) => ({ data: { token: accessToken, ttl: expiresIn * 1000 } }),
          writeRefusal: ({ status, error }) => ({ status, body: { fault: { code: error } } }),
          readToken: ({ headers }) => headers.get('x-session') ?? undefined,
        }),
      provider: ({ tokenEndpoint, apiUrl }) => ({
        name: 'acme',
        tokenEndpoint,
        api: apiUrl,
        parameters: { audience: 'api' },
        tokenRequest: { bodyFormat: 'json', grantType: null, headers: { 'x-version': '2' } },
        clientAuthentication: {
          name: 'own',
          authenticate: ({ headers }, credentials) => {
            headers.set('x-key', 'clientSecret' in credentials ? credentials.clientSecret : '')
          },
        },
        readTokenResponse: (answer) => {
          const usual = readStandardTokenResponse(answer)
          const { data, fault } = {
            ...(answer.body as { data?: { token?: unknown; ttl?: unknown }; fault?: { code?: unknown } } | null),
          }
          return {
            ...usual,
            accessToken: data?.token,
            expiresIn: Number(data?.ttl) / 1000,
            error: fault?.code ?? usual.error,
          }
        },
        authorizeRequest: (headers, { value }) => headers.set('x-session', value),
      }),
      credentials: ({ credentials }) => credentials,
      request: {
        contentType: 'application/json',
        headers: { 'x-key': '{clientSecret}', 'x-version': '2' },
        parameters: { audience: 'api' },
      },
      grants: [
        { what: 'the sample', body: { data: { token: 'abc', ttl: 60_000 } }, accessToken: 'abc', expiresIn: 60 },
      ],
      refusals: [{ what: 'no', status: 401, body: { fault: { code: 'invalid_client' } }, error: 'invalid_client' }],
    }
    expect(await run(suite)).toEqual(new Map())
  })

  it('a provider with the token in a response header', async () => {
    expect(await run(inHeader(({ headers }) => headers.get('x-subject-token')))).toEqual(new Map())
  })

  it('a provider with Base64 credentials after its own scheme, and a nested member', async () => {
    const request = { kind: { of: ['grant'] } }
    const suite: ProviderSuite<StandardOffers> = {
      ...standard,
      emulation: () =>
        standardEmulation({
          tokenRequest: { bodyFormat: 'json', grantType: null, parameters: { request } },
          readCredentials: ({ headers }) => {
            const [word = '', encoded = ''] = (headers.get('authorization') ?? '').split(' ')
            const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
            return word === 'Acme' ? { clientId, clientSecret: rest.join(':') } : undefined
          },
        }),
      provider: ({ tokenEndpoint, apiUrl }) => ({
        name: 'acme',
        tokenEndpoint,
        api: apiUrl,
        tokenRequest: { bodyFormat: 'json', grantType: null },
        clientAuthentication: {
          name: 'own',
          authenticate: (draft, credentials) => {
            const secret = 'clientSecret' in credentials ? credentials.clientSecret : ''
            const pair = Buffer.from(`${credentials.clientId}:${secret}`).toString('base64')
            draft.headers.set('authorization', `Acme ${pair}`)
            draft.json = { request }
          },
        },
      }),
      request: {
        contentType: 'application/json',
        headers: { authorization: 'Acme {clientId}:{clientSecret}' },
        parameters: { request },
      },
      grants: [{ what: 'the sample', body: { access_token: 'abc' }, accessToken: 'abc', expiresIn: undefined }],
      refusals: [{ what: 'nothing', status: 200, body: '', code: 'response_unreadable', error: undefined }],
    }
    expect(await run(suite)).toEqual(new Map())
    const wrong = { ...suite, request: { ...suite.request, parameters: { request: { kind: 'grant' } } } }
    expect([...(await run(wrong)).keys()]).toEqual(['matches the documented request'])
    const noPair = { ...wrong, request: { headers: { authorization: 'Acme {clientId}' }, parameters: { request } } }
    expect([
      ...(await run({ ...noPair, request: { contentType: 'application/json', ...noPair.request } })).keys(),
    ]).toEqual(['matches the documented request'])
  })
})

/** A provider with the token in a header and the lifetime in the body. */
function inHeader(find: (answer: TokenAnswer) => unknown): ProviderSuite<StandardOffers> {
  return {
    emulation: () =>
      standardEmulation({
        writeGrant: ({ expiresIn }) => ({ code: 0, session: { ttl: expiresIn } }),
        writeGrantHeaders: ({ accessToken }) => ({ 'X-Subject-Token': accessToken }),
      }),
    provider: (emulator) => ({
      ...describeStandard(emulator),
      readTokenResponse: (answer) => {
        const usual = readStandardTokenResponse(answer)
        return {
          ...usual,
          accessToken: find(answer),
          expiresIn: readPath(answer.body, 'session', 'ttl'),
          error: readPath(answer.body, 'code') ?? usual.error,
        }
      },
    }),
    grants: [
      {
        what: 'the sample',
        headers: { 'x-subject-token': 'abc' },
        body: { session: { ttl: 60 } },
        accessToken: 'abc',
        expiresIn: 60,
      },
    ],
    refusals: [{ what: 'a code, with 200', status: 200, body: { code: 7 }, error: '7' }],
  }
}

/** Like `broken`, for providers with discovery. */
const brokenDiscoveries: Readonly<
  Record<string, { readonly change: DiscoveryChange; readonly fails: readonly string[] }>
> = {
  'an unchecked address': {
    change: ({ url }) => ({
      async api({ fetch, signal }) {
        const { body } = await askInfo(url, fetch, signal)
        return { baseUrl: `https://${body?.apiUrl}.acme.example`, info: undefined }
      },
    }),
    fails: expect.arrayContaining([
      'rejects a discovery response of an empty body',
      'rejects a discovery response of an HTML page',
      'rejects a discovery response of an array',
    ]),
  },
  'a default for failures': {
    change: ({ url, apiUrl }) => ({
      async api({ fetch, signal }) {
        const { body } = await askInfo(url, fetch, signal)
        return { baseUrl: typeof body?.apiUrl === 'string' ? body.apiUrl : apiUrl, info: undefined }
      },
    }),
    fails: expect.arrayContaining([
      'fails if discovery fails, and retries with the next call',
      ...['an HTML page', 'an empty body', 'an empty object', 'an array', 'null'].map(
        (what) => `rejects a discovery response of ${what}`,
      ),
    ]),
  },
  'an error that quotes the answer': {
    change: ({ url }) => ({
      async api({ fetch, signal }) {
        const { text, body } = await askInfo(url, fetch, signal)
        if (typeof body?.apiUrl !== 'string') throw new NightlatchError('discovery_failed', `acme: got ${text}`)
        return { baseUrl: body.apiUrl, info: undefined }
      },
    }),
    fails: ['X1, X2: reveals neither secret nor response if discovery fails'],
  },
  'its own fetch to the discovered URL': {
    change: ({ url }) => ({
      async api({ fetch, token, signal }) {
        const { status, body } = await askInfo(url, fetch, signal)
        const { apiUrl } = body ?? {}
        if (typeof apiUrl !== 'string' || !URL.canParse(apiUrl)) {
          throw new NightlatchError('discovery_failed', `acme: answered ${status}, without an apiUrl`)
        }
        await globalThis.fetch(apiUrl, { headers: { authorization: `Bearer ${token.value}` }, signal }).catch(() => {})
        return { baseUrl: apiUrl, info: undefined }
      },
    }),
    fails: ['sends no token to a foreign origin from discovery'],
  },
}

/** Clients with one defect each, for checks that no provider can fail. */
const brokenEngines: Readonly<
  Record<string, { readonly create: typeof createClient; readonly fails: readonly string[] }>
> = {
  'one that follows redirects': {
    create: (provider, options) =>
      createClient(provider, {
        ...options,
        fetch: (input, init) => send(options, input, { ...init, redirect: 'follow' }),
      }),
    fails: ['does not follow redirects with the client secret'],
  },
  'one without a cache': {
    create: (provider, options) =>
      alter(createClient(provider, options), { token: (wanted) => createClient(provider, options).token(wanted) }),
    fails: ['caches a token', 'treats a lifetime of zero as unknown'],
  },
  'one whose tokens never expire': {
    create(provider, options) {
      const client = createClient(provider, options)
      let known: ReturnType<typeof client.token> | undefined
      return alter(client, {
        token() {
          known ??= client.token()
          return known
        },
      })
    },
    fails: [
      'replaces an expired token',
      'replaces a rejected token',
      'treats a lifetime of a negative number as unknown',
      'treats a lifetime of null as unknown',
      'treats a lifetime of an empty string as unknown',
      'treats a lifetime of a number followed by letters as unknown',
      'treats a lifetime of the string NaN as unknown',
      'treats a lifetime of 1e15 seconds as unknown',
      'treats a lifetime of a string of forty digits as unknown',
      'treats a lifetime of an object as unknown',
    ],
  },
  'one that sends tokens to any origin, and requests without a token': {
    create(provider, options) {
      const client = createClient(provider, options)
      const fetch: typeof globalThis.fetch = async (input, init) => {
        const token = await client.token().catch(() => ({ value: 'none' }))
        const headers = { authorization: `Bearer ${token.value}` }
        const response = await send(options, input, { ...init, headers, redirect: 'manual' })
        const location = response.headers.get('location')
        return location === null ? response : send(options, location, { headers })
      }
      return alter(client, { fetch })
    },
    fails: [
      'rejects foreign origins before it requests a token',
      'removes the token on redirects to another origin',
      'replaces a token that the API rejects, once',
      'returns the 401 of an API that rejects every token',
      'sends no API request without a token',
    ],
  },
  'one that sends one token request only': {
    create(provider, options) {
      let first: Promise<Response> | undefined
      return createClient(provider, {
        ...options,
        async fetch(input, init) {
          first ??= send(options, input, init)
          return (await first).clone()
        },
      })
    },
    fails: ['retries after a 503', 'waits for the Retry-After of a 429', 'recovers from a broken connection'],
  },
  'one whose tokens are plain objects': {
    create(provider, options) {
      const client = createClient(provider, options)
      return alter(client, {
        async token(wanted) {
          const { value, type, scopes, expiresAt, extra } = await client.token(wanted)
          return { value, type, scopes, expiresAt, extra }
        },
      })
    },
    fails: ['X1: reveals no secret on success', 'caches a token'],
  },
  'one that returns a token for every failure': {
    create(provider, options) {
      const client = createClient(provider, options)
      const none = { value: 'none', type: 'none' as 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} }
      return alter(client, { token: (wanted) => client.token(wanted).catch(() => none) })
    },
    fails: ['rejects an unknown token type', 'finds no token in an empty array'],
  },
  'one whose errors contain secrets': {
    create(provider, options) {
      const { clientSecret } = options.credentials as { readonly clientSecret: string }
      const client = createClient(provider, {
        ...options,
        async fetch(input, init) {
          const response = await send(options, input, init)
          said.push(
            await response
              .clone()
              .text()
              .catch(() => ''),
          )
          return response
        },
      })
      const said: string[] = []
      const reveal = (failure: unknown): never => {
        throw new Error(`${clientSecret} ${said.join()}`, { cause: failure })
      }
      return alter(client, {
        token: (wanted) => client.token(wanted).catch(reveal),
        api: (wanted) => client.api(wanted).catch(reveal),
      })
    },
    fails: [
      'fails with a wrong secret, without a retry',
      'finds no token in two megabytes',
      "treats a proxy's page as an outage",
      'treats an empty 4xx as a grant error',
      'reads the grant error: an outage',
      'reports a long Retry-After instead of waiting',
      'times out if the endpoint hangs',
      'times out if the response does not end',
      'X1: reveals no secret if the server echoes the request',
      'X1: reveals no secret if a token comes with an error',
      'X1: reveals no secret if the network fails',
      'X2: reveals only the status and the error of a response',
    ],
  },
}

type DiscoveryChange = (emulator: Prevu3dEmulator) => Partial<Provider>

function send(
  { fetch = globalThis.fetch }: { readonly fetch?: typeof globalThis.fetch },
  ...[input, init]: Parameters<typeof globalThis.fetch>
): Promise<Response> {
  return fetch(input, init)
}

/** A client with some of its members replaced. */
function alter<Info>(client: Client<Info>, members: Partial<Client<Info>>): Client<Info> {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Object.hasOwn(members, name)
        ? Reflect.get(members, name)
        : Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

describe('the suite detects, for a token in a header,', () => {
  it('a reader that throws with or without the header', async () => {
    const thrower = inHeader(({ headers, status }) => {
      const token = headers.get('x-subject-token')
      if (token !== null && status === 400) throw new Error('a token with status 400')
      return token
    })
    expect([...(await run(thrower)).keys()]).toEqual(
      expect.arrayContaining(['readTokenResponse does not throw for any response']),
    )
    const reader = inHeader(({ headers }) => (headers.get('x-subject-token') as string).trim())
    expect([...(await run(reader)).keys()]).toEqual(
      expect.arrayContaining(['readTokenResponse does not throw for any response']),
    )
  })

  it('an invented lifetime', async () => {
    const suite = inHeader(({ headers }) => headers.get('x-subject-token'))
    const provider = (emulator: StandardEmulator): Provider => {
      const described = suite.provider(emulator)
      const abs = (answer: TokenAnswer): TokenFields => ({
        ...described.readTokenResponse?.(answer),
        expiresIn: Math.abs(Number(readPath(answer.body, 'session', 'ttl'))),
      })
      return { ...described, readTokenResponse: abs }
    }
    expect([...(await run({ ...suite, provider })).keys()]).toEqual([
      'treats a lifetime of a negative number as unknown',
    ])
  })
})

describe('the suite detects', () => {
  const found = new Set<string>()
  const runAndNote: typeof run = async (...parameters) => {
    const failed = await run(...parameters)
    for (const name of failed.keys()) found.add(name)
    return failed
  }
  const timeout = 600_000

  for (const [what, { suite, fails }] of Object.entries(broken)) {
    it.concurrent(`a provider with ${what}`, { timeout }, async () => {
      expect([...(await runAndNote(suite)).keys()].sort()).toEqual([...fails].sort())
    })
  }
  for (const [what, { change, fails }] of Object.entries(brokenDiscoveries)) {
    it.concurrent(`a discovery with ${what}`, { timeout }, async () => {
      const provider = (emulator: Prevu3dEmulator): Provider => ({
        ...describeDiscovering(emulator),
        ...change(emulator),
      })
      expect([...(await runAndNote({ ...discovering, provider })).keys()]).toEqual(fails)
    })
  }
  for (const [what, { create, fails }] of Object.entries(brokenEngines)) {
    it.concurrent(`a client: ${what}`, { timeout }, async () => {
      const failed = await runAndNote(standard, create, (name) => fails.includes(name))
      expect([...failed.keys()].sort()).toEqual([...fails].sort())
    })
  }
  it.concurrent('a client that accepts any issuer, and hangs with discovery', { timeout }, async () => {
    const provider = ({ issuer, apiUrl, tokenEndpoint }: StandardEmulator): Provider => ({
      name: 'acme',
      issuer,
      tokenEndpoint,
      api: apiUrl,
      scopes: ['read'],
    })
    const fails = [
      'discovers what the option `discovers` says',
      'discovers once and caches the result',
      'rejects metadata of another issuer',
      'times out if discovery hangs',
    ]
    const failed = await runAndNote({ ...standard, provider, discovers: 'issuer' }, createClient, (name) =>
      fails.includes(name),
    )
    expect([...failed.keys()].sort()).toEqual([...fails].sort())
  })
  it.concurrent('a wrong token endpoint', { timeout }, async () => {
    const wrong = changed(({ url }) => ({ tokenEndpoint: `${url}/wrong` }))
    const fails = ['returns a token', 'matches the documented request']
    const failed = await run(wrong, createClient, (name) => fails.includes(name))
    expect([...failed.keys()].sort()).toEqual(fails.sort())
    // The other checks prove nothing here, because all start with a token.
    found.add('returns a token')
  })

  it('every check can fail', () => {
    const suites = [standard, discovering, { ...standard, discovers: 'issuer' as const }]
    const names = new Set(
      suites.flatMap((suite) =>
        providerChecks(suite as unknown as ProviderSuite<ProviderOffers>).map(({ name }) => name),
      ),
    )
    expect([...names].filter((name) => !found.has(name))).toEqual([])
  })
})

describe('a failed check', () => {
  it('X1: reveals no secret', async () => {
    const { suite } = broken['credentials in the header and in the body'] ?? {}
    const secret = 'marked-secret-Zq7'
    const emulation = (): ReturnType<typeof standardEmulation> => standardEmulation({ clientSecret: secret })
    const leaky: ProviderSuite<StandardOffers> = {
      ...(suite ?? standard),
      emulation,
      request: { parameters: { grant_type: secret } },
      provider: (emulator) => {
        const provider = describeStandard(emulator)
        return {
          ...provider,
          explain: () => {
            throw new Error(`could not explain ${emulator.credentials.clientSecret}`)
          },
        }
      },
    }
    const failed = await run(leaky)
    expect(failed.get('explain does not throw for any failure')).toContain('could not explain [redacted]')
    expect([...failed.values()].join('\n')).not.toContain(secret)
  })
})

describe('the test runner', () => {
  it('gets every check, in groups, under one name', () => {
    const names: string[] = []
    testProvider({
      ...standard,
      describe: (name, body) => {
        names.push(name)
        body()
      },
      it: (name) => names.push(name),
    })
    expect(names.slice(0, 3)).toEqual(['provider conformance', 'token request', 'returns a token'])
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(providerChecks(standard).map(({ name }) => name)))
  })

  it('defaults to the globals; without them testProvider throws', () => {
    expect(() => testProvider(standard)).toThrow(/describe and it/)
    const names: string[] = []
    const globals = { describe: (_name: string, body: () => void) => body(), it: (name: string) => names.push(name) }
    Object.assign(globalThis, globals)
    try {
      testProvider(standard)
    } finally {
      for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name)
    }
    expect(names).toContain('caches a token')
  })

  it('can be node:test', { timeout: 600_000 }, async () => {
    const file = join(import.meta.dirname, 'with-node-test.ts')
    const parameters = ['--conditions=@nightlatch/source', '--test', '--test-reporter=tap', file]
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { env, timeout: 590_000 })
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBe(providerChecks(standard).length)
  })
})
