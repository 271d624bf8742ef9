import { inspect } from 'node:util'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { decodeJwt, type JWTPayload } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import { AllowedOrigins } from '../../src/fetch/allowed-origins.ts'
import {
  type ApiResponse,
  type Authorization,
  type AuthorizeOptions,
  createAuthorize,
} from '../../src/fetch/authorization.ts'
import { RequestTokens } from '../../src/fetch/request-tokens.ts'
import { type ClientEvent, type ClientOptions, clientSecretPost, createClient, type Provider } from '../../src/index.ts'
import { InFlightRequests } from '../../src/platform/in-flight-requests.ts'
import { findLeaks } from '../acquire/printings.ts'
import { passRetryDelay, stopTimers } from '../virtual-time.ts'

async function start(provider: Partial<Provider> = {}, options: Partial<ClientOptions> = {}) {
  const emulator = await startEmulator(standardEmulation())
  const { tokenEndpoint, apiUrl, credentials } = emulator
  const events: ClientEvent[] = []
  const client = createClient(
    { name: 'standard', tokenEndpoint, api: apiUrl, ...provider },
    { credentials, onEvent: (event) => events.push(event), ...options },
  )
  /** What an HTTP client does that knows nothing of tokens. */
  const send = async (path: string, method = 'GET'): Promise<readonly number[]> => {
    const statuses: number[] = []
    let authorization = await client.authorize(`${apiUrl}${path}`, { method })
    while (authorization !== undefined) {
      const answer = await fetch(`${apiUrl}${path}`, { method, headers: authorization.headers })
      statuses.push(answer.status)
      await answer.text()
      authorization = await authorization.handleResponse(answer)
    }
    return statuses
  }
  return {
    emulator,
    client,
    events,
    send,
    count: (part: 'token' | 'api') => emulator.requests.filter((request) => request.part === part).length,
    [Symbol.asyncDispose]: () => emulator.close(),
  }
}

describe('client.authorize()', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('H3: authorizes a request of any HTTP client, and its one repeat', async () => {
    await using bench = await start()
    expect(await bench.send('/x')).toEqual([200])
    bench.emulator.faults.set('api', { name: 'revoked' })
    expect(await bench.send('/x', 'DELETE')).toEqual([401, 200])
    bench.emulator.faults.set('api', { name: 'answer', answer: { status: 401, body: 'never' } })
    expect(await bench.send('/x')).toEqual([401, 401])
    bench.emulator.faults.set('api', { name: 'answer', answer: { status: 403, body: 'no' } })
    expect(await bench.send('/x')).toEqual([403])
    expect(bench.events.filter(({ type }) => type === 'request.repeated')).toHaveLength(2)
  })

  it('H1: rejects other origins before any token is requested, or passes them through without one', async () => {
    await using bench = await start()
    const { client, emulator, events } = bench
    await expect(client.authorize(emulator.elsewhereUrl)).rejects.toMatchObject({ code: 'origin_refused' })
    expect(events.map(({ type }) => type)).toEqual(['origin.refused'])
    expect(await client.authorize(emulator.elsewhereUrl, { foreignOrigins: 'passThrough' })).toBeUndefined()
    expect(events).toHaveLength(1)
    expect(bench.count('token')).toBe(0)
    await expect(client.authorize(new URL(emulator.elsewhereUrl))).rejects.toMatchObject({ code: 'origin_refused' })
    await expect(client.authorize('no url')).rejects.toThrow(TypeError)
  })

  it('H4: fails if there is no token', async () => {
    stopTimers()
    await using bench = await start({}, { onEvent: passRetryDelay })
    bench.emulator.faults.set('token', { name: 'error', status: 500 })
    await expect(bench.client.authorize(bench.emulator.apiUrl)).rejects.toMatchObject({ code: 'endpoint_unavailable' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(bench.client.authorize(bench.emulator.apiUrl, { signal })).rejects.toThrow('enough')
  })

  it('H3: requests no other token if the request cannot be sent again', async () => {
    await using bench = await start()
    const authorization = await bench.client.authorize(bench.emulator.apiUrl)
    expect(await authorization?.handleResponse({ status: 401 }, { repeatable: false })).toBeUndefined()
    expect(bench.count('token')).toBe(1)
    expect(bench.events.map(({ type }) => type)).not.toContain('request.repeated')
    expect(await authorization?.handleResponse({ status: 401 }, { repeatable: true })).toBeDefined()
  })

  it('H3: after a 401 that cannot be repeated, the next request goes out with another token', async () => {
    await using bench = await start()
    const values: (string | undefined)[] = []
    for (let call = 0; call < 4; call += 1) {
      const authorization = await bench.client.authorize(bench.emulator.apiUrl)
      values.push(authorization?.token.value)
      await authorization?.handleResponse({ status: call === 1 ? 401 : 200 }, { repeatable: false })
    }
    expect(new Set(values).size).toBe(2)
    expect([values[0], values[2]]).toEqual([values[1], values[3]])
    expect(bench.count('token')).toBe(2)
  })

  it.each<[string, Provider['tokenRejection'], ApiResponse]>([
    ['another status', { statuses: [403] }, { status: 403 }],
    [
      'a code in a body',
      { body: (body) => (body as { errcode?: number }).errcode === 40001 },
      { status: 200, body: { errcode: 40001 } },
    ],
    [
      'a header',
      { body: (_body, { headers }) => headers.get('x-token') === 'gone, long' },
      { status: 200, headers: { ':status': '200', 'X-Token': ['gone', 'long'], 'x-none': undefined }, body: {} },
    ],
  ])('H3: %s counts as a rejection if the provider says so', async (_what, tokenRejection, response) => {
    await using bench = await start(tokenRejection && { tokenRejection })
    const authorization = await bench.client.authorize(bench.emulator.apiUrl)
    expect(await authorization?.handleResponse({ status: 500, body: null })).toBeUndefined()
    const next = await authorization?.handleResponse(response)
    expect(next?.token.value).not.toBe(authorization?.token.value)
    expect(next).toBeDefined()
  })

  it.each<[string, string | readonly string[] | undefined, string | null]>([
    ['a text', 'gone', 'gone'],
    ['a list', ['gone', 'long'], 'gone, long'],
    ['an empty list', [], null],
    ['nothing', undefined, null],
    ['a list with a text beyond Latin-1', ['gone', '…'], 'gone'],
    ['a text beyond Latin-1', 'größer als …', null],
  ])('H3: the provider reads a header from a record whose value is %s', async (_what, given, expected) => {
    const read: (string | null)[] = []
    await using bench = await start({
      tokenRejection: { body: (_body, { headers }) => read.push(headers.get('x-token')) < 0 },
    })
    const authorization = await bench.client.authorize(bench.emulator.apiUrl)
    await authorization?.handleResponse({ status: 200, headers: { ':status': '200', 'X-Token': given }, body: {} })
    expect(read).toEqual([expected])
  })

  it('X3: redacts the token and what else its headers hold from an error', async () => {
    await using bench = await start({
      authorizeRequest: (headers, { value }) => headers.set('x-key', `v1 key-made-of-${value.length}-characters`),
    })
    const authorization = await bench.client.authorize(bench.emulator.apiUrl)
    const { value = '' } = authorization?.token ?? {}
    for (const secret of [value, `key-made-of-${value.length}-characters`]) {
      expect(String(authorization?.redactError(new Error(`sent ${secret}`)))).toBe('Error: sent [redacted]')
    }
    const failure = new Error('refused')
    expect(authorization?.redactError(failure)).toBe(failure)
  })

  it('ends with the caller’s signal while it waits for another token', async () => {
    await using bench = await start()
    const authorization = await bench.client.authorize(new URL(bench.emulator.apiUrl))
    bench.emulator.faults.set('token', { name: 'hang' })
    const controller = new AbortController()
    const next = authorization?.handleResponse({ status: 401 }, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
  })

  it('does not make the client’s own token requests wait for a token', async () => {
    // As where one HTTP client makes all requests of a process, those to the authorization server too.
    const passed: string[] = []
    await using bench = await start(
      { clientAuthentication: clientSecretPost() },
      {
        fetch: async (input, init) => {
          const url = String(input)
          const authorization = await bench.client.authorize(url, { foreignOrigins: 'passThrough' })
          if (authorization === undefined) passed.push(new URL(url).pathname)
          const headers = { ...Object.fromEntries(new Headers(init?.headers)), ...authorization?.headers }
          return fetch(input, { ...init, headers })
        },
      },
    )
    // The API has the token endpoint's origin, so the origin alone does not distinguish them.
    expect((await bench.client.token()).type).toBe('Bearer')
    expect(passed).toEqual([new URL(bench.emulator.tokenEndpoint).pathname])
    expect(await bench.client.authorize(bench.emulator.apiUrl)).toBeDefined()
  })

  it('authorizes no request to the token endpoint', async () => {
    await using bench = await start()
    const { client, emulator } = bench
    await client.token()
    expect(await client.authorize(emulator.tokenEndpoint)).toBeUndefined()
    expect(await client.authorize(new URL(emulator.tokenEndpoint), { method: 'POST' })).toBeUndefined()
    expect(await client.authorize(`${emulator.tokenEndpoint}/x`)).toBeDefined()
  })

  it('authorizes requests for a provider that names its issuer instead of a token endpoint', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { issuer, apiUrl, credentials } = emulator
    const client = createClient({ name: 'acme', issuer, api: apiUrl }, { credentials })
    expect((await client.authorize(apiUrl))?.headers.authorization).toMatch(/^Bearer ey/)
  })

  it('accepts a URL or its text', async () => {
    await using bench = await start()
    const url = new URL(bench.emulator.apiUrl)
    for (const address of [url, url, url.href]) {
      expect((await bench.client.authorize(address))?.headers.authorization).toMatch(/^Bearer ey/)
    }
  })

  it('uses the provider’s authorizeRequest', async () => {
    await using bench = await start({ authorizeRequest: (headers, token) => headers.set('X-Api-Key', token.value) })
    const authorization = await bench.client.authorize(bench.emulator.apiUrl)
    expect(authorization?.headers).toEqual({ 'x-api-key': authorization?.token.value })
  })

  it('X1: does not quote a token that a header cannot carry', async () => {
    await using broken = await start({
      authorizeRequest: (headers, token) => headers.set('x-key', `a\n${token.value}`),
    })
    const leaked = (await broken.client.token()).value
    for (const call of [broken.client.authorize(broken.emulator.apiUrl), broken.client.fetch(broken.emulator.apiUrl)]) {
      const failure: unknown = await call.catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'invalid_options', provider: 'standard' })
      expect(findLeaks(failure, [leaked])).toEqual([])
    }
  })

  it('X1: does not show its headers when it is printed', async () => {
    await using bench = await start()
    const authorization = await bench.client.authorize(bench.emulator.apiUrl)
    const { value } = await bench.client.token()
    expect(authorization?.headers).toEqual({ authorization: `Bearer ${value}` })
    expect(findLeaks(authorization, [value])).toEqual([])
    expect(findLeaks({ ...authorization }, [value])).toEqual([])
    expect(inspect(authorization, { getters: true, showHidden: true, depth: 9 })).not.toContain(value)
    expect(JSON.stringify(authorization)).not.toContain(value)
    expect(JSON.stringify(authorization)).toBe(JSON.stringify({ token: authorization?.token }))
    expect(inspect(authorization)).toBe(inspect({ token: authorization?.token }))
  })
})

/** Tokens bound to a key, and an API whose answers each test sets; no socket. */
async function startBound(options?: AuthorizeOptions) {
  const rejected: (string | undefined)[] = []
  const provider: Provider = {
    name: 'bound',
    tokenEndpoint: 'https://login.acme.example/token',
    api: 'https://api.acme.example',
    dpop: true,
  }
  const authorize = createAuthorize({
    provider,
    tokens: new RequestTokens(async (given) => {
      if (given?.rejected !== undefined) rejected.push(given.rejected.value)
      const value = `token-${rejected.length}`
      return createAccessToken({ value, type: 'DPoP', scopes: undefined, expiresAt: undefined, extra: {} })
    }),
    dpop: new DpopProofs(undefined, Date.now),
    emit: () => {},
    origins: new AllowedOrigins({ provider, emit: () => {} }, false),
    ownRequests: new InFlightRequests(),
  })
  const again = async (): Promise<JWTPayload> => claimsOf(await authorize('https://api.acme.example/x', options))
  return { authorization: await authorize('https://api.acme.example/x?y', options), again, rejected }
}

function claimsOf(authorization: Authorization | undefined): JWTPayload {
  return decodeJwt(authorization?.headers.dpop ?? '')
}

const challenge = 'DPoP error="use_dpop_nonce"'

it('L5: every answer but a 401 counts as an acceptance of the token, at the URL of the request', async () => {
  const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
  const tokens = new RequestTokens(async () =>
    createAccessToken({ value: 'a', type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} }),
  )
  const accept = vi.spyOn(tokens, 'accept')
  const authorize = createAuthorize({
    provider,
    tokens,
    dpop: undefined,
    emit: () => {},
    origins: new AllowedOrigins({ provider, emit: () => {} }, false, 'https://api.acme.example'),
    ownRequests: new InFlightRequests(),
  })
  const authorization = await authorize('https://api.acme.example/x?y')
  expect(await authorization?.handleResponse({ status: 404 })).toBeUndefined()
  expect(await authorization?.handleResponse({ status: 401 })).toBeUndefined()
  expect(accept.mock.calls).toEqual([[404, 'https://api.acme.example/x?y']])
})

describe('client.authorize() with tokens bound to a key', () => {
  it('the proof is for GET unless another method is given', async () => {
    const url = 'https://api.acme.example/x'
    expect(claimsOf((await startBound()).authorization)).toMatchObject({ htm: 'GET', htu: url })
    expect(claimsOf((await startBound({ method: 'PUT' })).authorization)).toMatchObject({ htm: 'PUT', htu: url })
  })

  it.each<[string, ApiResponse['headers']]>([
    ['Headers', new Headers({ 'dpop-nonce': 'n1', 'www-authenticate': challenge })],
    ['a record', { 'dpop-nonce': 'n1', 'www-authenticate': challenge }],
    ['a record beside what `Headers` rejects', { 'dpop-nonce': 'n1', 'www-authenticate': challenge, 'x-city': 'Łódź' }],
    ['a record of lists', { 'dpop-nonce': ['n1'], 'www-authenticate': ['Bearer', challenge] }],
  ])('reads the required nonce from %s', async (_what, headers) => {
    const { authorization, rejected } = await startBound()
    const next = await authorization?.handleResponse({ status: 401, ...(headers && { headers }) })
    expect(next?.headers.authorization).toBe('DPoP token-0')
    expect(claimsOf(next).nonce).toBe('n1')
    expect(rejected).toEqual([])
  })

  it('learns the nonce of every response, also to a request that cannot be sent again', async () => {
    for (const status of [200, 401]) {
      const { authorization, again } = await startBound()
      const answer = { status, headers: { 'dpop-nonce': 'n1', 'www-authenticate': challenge } }
      expect(await authorization?.handleResponse(answer, { repeatable: false })).toBeUndefined()
      expect((await again()).nonce).toBe('n1')
    }
  })

  it('H3: replaces the token after a 401 without a challenge, with a proof for the new one', async () => {
    for (const answer of [{ status: 401 }, { status: 401, headers: {} }]) {
      const { authorization, rejected } = await startBound()
      const next = await authorization?.handleResponse(answer)
      expect(next?.headers.authorization).toBe('DPoP token-1')
      expect(claimsOf(next).ath).not.toBe(claimsOf(authorization).ath)
      expect(rejected).toEqual(['token-0'])
    }
  })
})
