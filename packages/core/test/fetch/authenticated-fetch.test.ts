import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { type StandardEmulationOptions, standardEmulation, startEmulator } from '@nightlatch/testing'

import { decodeJwt } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import { AllowedOrigins } from '../../src/fetch/allowed-origins.ts'
import { createAuthenticatedFetch } from '../../src/fetch/authenticated-fetch.ts'
import { RequestTokens } from '../../src/fetch/request-tokens.ts'

import { type ClientEvent, type ClientOptions, createClient, type Provider } from '../../src/index.ts'
import { findLeaks } from '../acquire/printings.ts'
import { passRetryDelay, stopTimers } from '../virtual-time.ts'

function allowAcme(): AllowedOrigins {
  const provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token', api: 'https://api.acme.example' }
  return new AllowedOrigins({ provider, emit: () => {} }, false)
}

function formOf(text: string): FormData {
  const form = new FormData()
  form.set('part', text)
  return form
}

function changingHeaders(): [HeadersInit, () => void] {
  const headers = new Headers({ 'x-own': '1' })
  return [headers, () => headers.set('x-own', '2')]
}

function changingRecord(): [HeadersInit, () => void] {
  const headers: Record<string, string> = { 'x-own': '1' }
  return [headers, () => Object.assign(headers, { 'x-own': '2' })]
}

function changingPairs(): [HeadersInit, () => void] {
  const pair: [string, string] = ['x-own', '1']
  return [[pair], () => pair.splice(1, 1, '2')]
}

async function start(
  emulation: StandardEmulationOptions = {},
  provider: Partial<Provider> = {},
  options: Partial<ClientOptions> = {},
) {
  const emulator = await startEmulator(standardEmulation(emulation))
  const { tokenEndpoint, apiUrl, credentials } = emulator
  const events: ClientEvent[] = []
  const client = createClient(
    { name: 'standard', tokenEndpoint, api: apiUrl, ...provider },
    { credentials, onEvent: (event) => events.push(event), ...options },
  )
  return {
    emulator,
    client,
    events,
    /** How often each part was asked. */
    count: (part: 'token' | 'api') => emulator.requests.filter((request) => request.part === part).length,
    [Symbol.asyncDispose]: () => emulator.close(),
  }
}

describe('authenticated fetch', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('H4: adds the token, and fails if there is none', async () => {
    stopTimers()
    await using bench = await start({}, {}, { onEvent: passRetryDelay })
    const { client, emulator } = bench
    const answer = await (await client.fetch(`${emulator.apiUrl}/things?x=1`)).json()
    expect(answer).toMatchObject({ path: '/api/things', query: 'x=1', authorized: true })

    emulator.faults.set('token', { name: 'error', status: 500 })
    emulator.clearRequests()
    await client.forget()
    await expect(client.fetch(`${emulator.apiUrl}/things`)).rejects.toMatchObject({ code: 'endpoint_unavailable' })
    expect(bench.count('api')).toBe(0)
  })

  it('H1: another origin is rejected before any token is requested', async () => {
    await using bench = await start()
    const { client, emulator, events } = bench
    for (const url of [emulator.elsewhereUrl, 'https://api.evil.test/x', 'http://api.evil.test/x']) {
      await expect(client.fetch(url)).rejects.toMatchObject({ code: 'origin_refused' })
    }
    expect(emulator.requests).toHaveLength(0)
    expect(events.map((event) => event.type)).toEqual(['origin.refused', 'origin.refused', 'origin.refused'])
  })

  it('H1: apiOrigins allows other origins', async () => {
    const elsewhere = await startEmulator(standardEmulation())
    await using bench = await start({}, { apiOrigins: [new URL(elsewhere.elsewhereUrl).origin] })
    const answer = await (await bench.client.fetch(elsewhere.elsewhereUrl)).json()
    expect(answer).toMatchObject({ authorized: true })
    await elsewhere.close()
  })

  it('H1: without an API and without apiOrigins no origin is allowed', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const client = createClient({ name: 'bare', tokenEndpoint }, { credentials })
    await expect(client.fetch(emulator.apiUrl)).rejects.toMatchObject({ code: 'origin_refused' })
    await expect(client.api()).rejects.toThrow(/names no API/)
  })

  it('H2: a redirect to another origin arrives there without the token', async () => {
    await using bench = await start()
    const answer = await (await bench.client.fetch(bench.emulator.redirectUrl)).json()
    expect(answer).toMatchObject({ path: '/api/redirected', authorized: false })
  })

  it('H3: a 401 costs one other token and one repeat', async () => {
    await using bench = await start()
    const { client, emulator, events } = bench
    await client.token()
    emulator.faults.set('api', { name: 'revoked' })
    const response = await client.fetch(`${emulator.apiUrl}/x`, { method: 'PUT', body: 'once more' })
    expect(await response.json()).toMatchObject({ method: 'PUT', body: 'once more', authorized: true })
    expect(bench.count('api')).toBe(2)
    expect(bench.count('token')).toBe(2)
    expect(events.map((event) => ('from' in event ? event.from : event.type))).toEqual([
      ...['token.granted', 'grant'],
      ...['memory', 'token.granted', 'grant', 'request.repeated'],
    ])
  })

  it('H3: ten parallel 401s cost one grant', async () => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'revoked' })
    const calls = Array.from({ length: 10 }, () => bench.client.fetch(`${bench.emulator.apiUrl}/x`))
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(bench.count('token')).toBe(2)
  })

  it('H3: a second 401 is returned as it is', async () => {
    await using bench = await start()
    bench.emulator.faults.set('api', { name: 'answer', answer: { status: 401, body: 'never' } })
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`)
    expect(response.status).toBe(401)
    expect(await response.text()).toBe('never')
    expect(bench.count('api')).toBe(2)
  })

  it('H3: a 401 of another origin, to which the API redirects, says nothing about the token', async () => {
    await using bench = await start()
    const server = createServer((_request, response) => response.writeHead(401).end('not you'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
    bench.emulator.faults.set('api', { name: 'redirect', to: elsewhere, status: 302 })
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`)
    server.closeAllConnections()
    server.close()
    expect([response.status, response.url]).toEqual([401, elsewhere])
    expect(bench.count('api')).toBe(1)
    expect(bench.count('token')).toBe(1)
  })

  it('H4: if there is no other token after a 401, the call fails, and the response is dropped', async () => {
    const answer = new Response('no', { status: 401 })
    const failure = new Error('no token')
    const authenticated = createAuthenticatedFetch({
      provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
      tokens: new RequestTokens(async (options) => {
        if (options?.rejected !== undefined) throw failure
        return createAccessToken({ value: 't', type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })
      }),
      dpop: undefined,
      emit: () => {},
      origins: allowAcme(),
      fetch: async () => answer,
    })
    await expect(authenticated('https://api.acme.example/x')).rejects.toBe(failure)
    expect(answer.bodyUsed).toBe(true)
  })

  it('H3: a 403 is never repeated', async () => {
    await using bench = await start()
    bench.emulator.faults.set('api', { name: 'answer', answer: { status: 403, body: 'no' } })
    expect((await bench.client.fetch(`${bench.emulator.apiUrl}/x`)).status).toBe(403)
    expect(bench.count('api')).toBe(1)
    expect(bench.count('token')).toBe(1)
  })

  it.each([
    ['a web stream', () => new Blob(['streamed']).stream()],
    ['a Node stream', () => Readable.from(['streamed'])],
  ])('H3: %s is not replayed, and the 401 is returned', async (_what, body) => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'revoked' })
    const init = { method: 'POST', body: body(), duplex: 'half' }
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`, init as RequestInit)
    expect(response.status).toBe(401)
    expect(bench.count('api')).toBe(1)
  })

  it('H3: after the 401 of a stream, the next request goes out with another token', async () => {
    await using bench = await start()
    const send = async (): Promise<number> => {
      const init = { method: 'POST', body: new Blob(['streamed']).stream(), duplex: 'half' }
      return (await bench.client.fetch(`${bench.emulator.apiUrl}/x`, init as RequestInit)).status
    }
    const statuses = [await send()]
    bench.emulator.faults.set('api', { name: 'revoked' })
    for (let call = 0; call < 4; call += 1) statuses.push(await send())
    expect(statuses).toEqual([200, 401, 200, 200, 200])
    expect(bench.count('token')).toBe(2)
    expect(bench.events.filter(({ type }) => type === 'request.repeated')).toEqual([])
  })

  it.each([
    ['a string', () => 'body'],
    ['bytes', () => new TextEncoder().encode('body')],
    ['a Blob', () => new Blob(['body'])],
    ['a form', () => new URLSearchParams({ body: '' })],
  ])('H3: %s is sent again', async (_what, body) => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'revoked' })
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`, { method: 'POST', body: body() })
    const answer = (await response.json()) as { readonly body: string }
    expect(answer.body).toContain('body')
    expect(bench.count('api')).toBe(2)
  })

  it.each<[string, RequestInit | undefined]>([
    ['', undefined],
    [', also beside an init whose body is null', { body: null }],
  ])("H3: a Request's body is sent again%s", async (_what, init) => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'revoked' })
    const request = new Request(`${bench.emulator.apiUrl}/x`, {
      method: 'POST',
      body: 'body',
      headers: { 'x-own': '1' },
    })
    const answer = await (await bench.client.fetch(request, init)).json()
    expect(answer).toMatchObject({ body: 'body', headers: { 'x-own': '1' }, authorized: true })
    expect(bench.count('api')).toBe(2)
  })

  it("H6: the caller's init, headers and Request are never written to", async () => {
    await using bench = await start()
    const { client, emulator } = bench
    const headers = new Headers({ 'x-own': '1' })
    const init = Object.freeze({ headers, method: 'POST', body: 'b' })
    await client.fetch(`${emulator.apiUrl}/x`, init)
    expect([...headers]).toEqual([['x-own', '1']])
    const request = new Request(`${emulator.apiUrl}/x`, { headers })
    await client.fetch(request)
    expect(request.headers.has('authorization')).toBe(false)
    expect(emulator.requests.filter(({ part }) => part === 'api').map((sent) => sent.headers.get('x-own'))).toEqual([
      '1',
      '1',
    ])
  })

  it('H1: the caller can change a URL after the call without effect', async () => {
    await using bench = await start()
    const { apiUrl, elsewhereUrl } = bench.emulator
    const url = new URL(`${apiUrl}/1`)
    const first = bench.client.fetch(url)
    url.pathname = '/api/2'
    const second = bench.client.fetch(url)
    url.host = new URL(elsewhereUrl).host
    expect(await Promise.all([first, second].map(async (call) => (await call).url))).toEqual([
      `${apiUrl}/1`,
      `${apiUrl}/2`,
    ])
    expect(bench.emulator.requests.filter(({ origin }) => origin !== bench.emulator.url)).toEqual([])
  })

  it.each<[string, () => [HeadersInit, () => void]]>([
    ['Headers', changingHeaders],
    ['a record', changingRecord],
    ['pairs', changingPairs],
  ])('reads init at the call, as fetch does: %s', async (_what, make) => {
    await using bench = await start()
    const [headers, change] = make()
    const init: RequestInit = { method: 'POST', body: '1', headers }
    const call = bench.client.fetch(`${bench.emulator.apiUrl}/x`, init)
    change()
    init.body = '2'
    init.method = 'PUT'
    expect(await (await call).json()).toMatchObject({ method: 'POST', body: '1', headers: { 'x-own': '1' } })
  })

  it('accepts a Request as init, and inherited members, as fetch does', async () => {
    await using bench = await start()
    const address = `${bench.emulator.apiUrl}/x`
    const expected = { authorized: true, method: 'POST', body: 'body', headers: { 'x-own': '1' } }
    const members = { method: 'POST', body: 'body', headers: { 'x-own': '1' } }
    for (const init of [new Request(`${bench.emulator.apiUrl}/y`, members), Object.create(members) as RequestInit]) {
      expect(await (await bench.client.fetch(address, init)).json()).toMatchObject({ ...expected, path: '/api/x' })
    }
  })

  it.each<[string, [string, string][]]>([
    ['without', []],
    ['with', [['authorization', 'Basic own']]],
  ])('reads headers that can be read only once, %s an authorization among them', async (what, own) => {
    await using bench = await start()
    function* once(): Generator<[string, string]> {
      yield* own
      yield ['x-own', '1']
    }
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`, {
      headers: once() as unknown as HeadersInit,
    })
    const sent = bench.emulator.requests.at(-1)?.headers
    expect(sent?.get('x-own')).toBe('1')
    expect(sent?.get('authorization')).toMatch(what === 'with' ? /^Basic own$/ : /^Bearer /)
    expect(response.status).toBe(what === 'with' ? 401 : 200)
  })

  it('H6: a provider sets the token on a copy of the caller’s headers', async () => {
    await using bench = await start(
      { readToken: ({ headers }) => headers.get('x-token') ?? undefined },
      { authorizeRequest: (headers, token) => headers.set('x-token', token.value) },
    )
    const { client, emulator } = bench
    const headers = new Headers({ 'x-own': '1' })
    const request = new Request(`${emulator.apiUrl}/x`, { headers })
    const calls = [client.fetch(request.url, { headers }), client.fetch(request)]
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200)
    for (const own of [headers, request.headers]) expect([...own]).toEqual([['x-own', '1']])
  })

  it('H6: a provider with its own header sets it beside the caller’s Authorization', async () => {
    await using bench = await start(
      { readToken: ({ headers }) => headers.get('x-token') ?? undefined },
      {
        authorizeRequest: (headers, token) => {
          headers.set('x-token', token.value)
          headers.set('authorization', 'of the provider')
        },
      },
    )
    const { client, emulator } = bench
    const own = { Authorization: 'Bearer mine' }
    const seen = (): unknown[] =>
      emulator.requests
        .filter(({ part }) => part !== 'token')
        .map(({ headers }) => [headers.get('authorization'), headers.has('x-token')])
    expect((await client.fetch(`${emulator.apiUrl}/x`, { headers: own })).status).toBe(200)
    expect(seen()).toEqual([['Bearer mine', true]])
    emulator.faults.set('api', { name: 'revoked' })
    expect((await client.fetch(`${emulator.apiUrl}/x`, { headers: new Headers(own) })).status).toBe(200)
    expect(seen().slice(1)).toEqual([
      ['Bearer mine', true],
      ['Bearer mine', true],
    ])
    // Where the token may not go, the caller's own authorization still may.
    await client.fetch(emulator.elsewhereUrl, { headers: own })
    expect(seen().at(-1)).toEqual(['Bearer mine', false])
    expect(bench.events.filter(({ type }) => type === 'origin.refused')).toEqual([])
  })

  it.each<[string, HeadersInit]>([
    ['alone', { DPoP: 'proof' }],
    ['beside an authorization', { dpop: 'proof', authorization: 'DPoP own' }],
    ['in Headers', new Headers({ dpop: 'proof', authorization: 'DPoP own' })],
    ['in pairs', [['DPoP', 'proof']]],
  ])(
    'H2: a caller’s own proof of possession does not follow a redirect to another origin: %s',
    async (_what, headers) => {
      await using bench = await start()
      const { client, emulator } = bench
      const sent = () => emulator.requests.filter(({ part }) => part !== 'token')
      for (const make of [
        () => client.fetch(`${emulator.apiUrl}/x`, { headers }),
        () => client.fetch(new Request(`${emulator.apiUrl}/x`, { headers })),
      ]) {
        emulator.faults.set('api', { name: 'redirect', to: `${emulator.elsewhereUrl}/y` }, { times: 1 })
        await make()
        const [first, second] = sent().slice(-2)
        expect([first?.headers.get('dpop'), second?.headers.has('dpop')]).toEqual(['proof', false])
        expect(second?.headers.has('authorization')).toBe(false)
        emulator.faults.set('api', { name: 'redirect', to: `${emulator.apiUrl}/y` }, { times: 1 })
        await make()
        expect(sent().at(-1)?.headers.get('dpop')).toBe('proof')
      }
      emulator.faults.set('api', { name: 'redirect', to: emulator.elsewhereUrl, status: 302 }, { times: 1 })
      expect((await client.fetch(`${emulator.apiUrl}/x`, { headers, redirect: 'manual' })).status).toBe(302)
    },
  )

  it("H6: a caller's own Authorization wins and is left alone", async () => {
    await using bench = await start()
    const { client, emulator } = bench
    const response = await client.fetch(`${emulator.apiUrl}/x`, { headers: { Authorization: 'Bearer mine' } })
    expect(response.status).toBe(401)
    expect(emulator.requests.map(({ part, headers }) => [part, headers.get('authorization')])).toEqual([
      ['api', 'Bearer mine'],
    ])
  })

  it.each<[string, (emulator: string) => RequestInit['headers']]>([
    ['none', () => undefined],
    ['a record', () => ({ 'X-Own': '1' })],
    ['a record without a prototype', () => Object.assign(Object.create(null), { 'x-own': '1' })],
    ['pairs', () => [['x-own', '1']]],
    ['Headers', () => new Headers({ 'x-own': '1' })],
    ['a Map', () => new Map([['x-own', '1']]) as unknown as Headers],
    [
      'an object that is walked through',
      () => ({ [Symbol.iterator]: () => [['x-own', '1']].values() }) as unknown as Headers,
    ],
  ])('H6: headers given as %s arrive as with fetch, with the token', async (what, headers) => {
    await using bench = await start()
    const given = headers(bench.emulator.url)
    const answer = await (await bench.client.fetch(`${bench.emulator.apiUrl}/x`, given && { headers: given })).json()
    expect(answer).toMatchObject({ authorized: true, headers: what === 'none' ? {} : { 'x-own': '1' } })
  })

  it.each<[string, HeadersInit]>([
    ['a record', { AUTHORIZATION: 'Bearer mine' }],
    ['pairs', [['Authorization', 'Bearer mine']]],
    ['Headers', new Headers({ authorization: 'Bearer mine' })],
  ])('H6: the caller’s own Authorization in %s is found', async (_what, headers) => {
    await using bench = await start()
    await bench.client.fetch(`${bench.emulator.elsewhereUrl}/x`, { headers })
    expect(bench.emulator.requests.at(-1)?.headers.get('authorization')).toBe('Bearer mine')
    expect(bench.count('token')).toBe(0)
  })

  it('H4: another header with a name as long as Authorization does not count as one', async () => {
    await using bench = await start()
    const headers = { 'If-None-Match': 'x', 'Cache-Control': 'no-store' }
    const answer = await (await bench.client.fetch(`${bench.emulator.apiUrl}/x`, { headers })).json()
    expect(answer).toMatchObject({ authorized: true, headers: { 'if-none-match': 'x', 'cache-control': 'no-store' } })
  })

  it('H6: the body of a Request is not used if init has another, as with fetch', async () => {
    await using bench = await start()
    const request = new Request(`${bench.emulator.apiUrl}/x`, { method: 'POST', body: 'own' })
    bench.emulator.faults.set('api', { name: 'answer', answer: { status: 401, body: 'no' } }, { times: 1 })
    const answer = await (await bench.client.fetch(request, { body: 'other' })).json()
    expect(answer).toMatchObject({ body: 'other' })
    expect(request.bodyUsed).toBe(false)
    expect(await request.text()).toBe('own')
  })

  it('H6: the body of a Request is not used if init has another, though the request fails', async () => {
    await using bench = await start()
    const request = new Request(`${bench.emulator.apiUrl}/x`, { method: 'POST', body: 'own' })
    bench.emulator.faults.set('api', { name: 'reset' })
    await expect(bench.client.fetch(request, { body: 'other' })).rejects.toThrow(TypeError)
    expect(await request.text()).toBe('own')
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['an init of nulls', { headers: null, body: null, signal: null }],
    ['an object without a prototype', Object.create(null)],
    ['an instance of a class', new (class {})()],
  ])('accepts %s as init, as fetch does', async (_what, init) => {
    await using bench = await start()
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`, init as RequestInit)
    expect(await response.json()).toMatchObject({ authorized: true, method: 'GET' })
  })

  it('reads a copy of the JSON only for a provider that judges bodies', async () => {
    const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
    const copied: boolean[] = []
    for (const tokenRejection of [{ statuses: [403] }, { body: () => false }]) {
      const answer = Response.json({})
      const clone = vi.spyOn(answer, 'clone')
      const authenticated = createAuthenticatedFetch({
        provider: { ...provider, tokenRejection },
        tokens: new RequestTokens(async () =>
          createAccessToken({ value: 't', type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} }),
        ),
        dpop: undefined,
        emit: () => {},
        origins: allowAcme(),
        fetch: async () => answer,
      })
      await authenticated('https://api.acme.example/x')
      copied.push(clone.mock.calls.length > 0)
    }
    expect(copied).toEqual([false, true])
  })

  it('H6: the headers of init replace those of a Request, as with fetch', async () => {
    await using bench = await start()
    const request = new Request(`${bench.emulator.apiUrl}/x`, {
      headers: { 'x-own': '1', authorization: 'Bearer mine' },
    })
    const answer = await (await bench.client.fetch(request, { headers: { 'x-other': '2' } })).json()
    expect(answer).toMatchObject({ authorized: true, headers: { 'x-other': '2' } })
    expect(answer.headers).not.toHaveProperty('x-own')
  })

  it('accepts a string, a URL and a Request, and resolves to the platform’s own Response', async () => {
    await using bench = await start()
    const address = `${bench.emulator.apiUrl}/x`
    for (const input of [address, new URL(address), new Request(address)]) {
      const response = await bench.client.fetch(input)
      expect(response).toBeInstanceOf(Response)
      expect(response.url).toBe(address)
      expect(await response.json()).toMatchObject({ authorized: true })
    }
    // Whatever makes an address of itself, as with `fetch`.
    const other = { toString: () => address } as unknown as URL
    expect(await (await bench.client.fetch(other)).json()).toMatchObject({ authorized: true })
    await expect(bench.client.fetch('/relative')).rejects.toThrow(TypeError)
  })

  it('accepts the Request of a transport with its own class', async () => {
    await using bench = await start()
    const { url, headers } = new Request(`${bench.emulator.apiUrl}/x`, { headers: { 'x-own': '1' } })
    const foreign = {
      url,
      headers,
      method: 'GET',
      body: null,
      bodyUsed: false,
      clone: () => foreign,
    } as unknown as Request
    const sent: unknown[] = []
    const client = createClient(bench.client.provider, {
      credentials: bench.emulator.credentials,
      fetch: async (input, init) => {
        if (input !== foreign) return fetch(input, init)
        sent.push(new Headers(init?.headers).get('authorization'))
        return new Response()
      },
    })
    await client.fetch(foreign)
    expect(sent).toEqual([expect.stringMatching(/^Bearer ey/)])
  })

  it.each<[string, () => RequestInit]>([
    ['a string', () => ({ body: 'body' })],
    ['bytes', () => ({ body: new TextEncoder().encode('body') })],
    ['an ArrayBuffer', () => ({ body: new TextEncoder().encode('body').buffer as ArrayBuffer })],
    ['a Blob', () => ({ body: new Blob(['body']) })],
    ['parameters', () => ({ body: new URLSearchParams({ body: '' }) })],
    ['a form', () => ({ body: formOf('body') })],
    ['a web stream', () => ({ body: new Blob(['body']).stream(), duplex: 'half' }) as RequestInit],
    ['a Node stream', () => ({ body: Readable.from(['bo', 'dy']), duplex: 'half' }) as unknown as RequestInit],
  ])('sends %s, as a call and as a Request', async (_what, body) => {
    await using bench = await start()
    const address = `${bench.emulator.apiUrl}/x`
    const asCall = await (await bench.client.fetch(address, { method: 'POST', ...body() })).json()
    const request = new Request(address, { method: 'POST', ...body() })
    const asRequest = await (await bench.client.fetch(request)).json()
    for (const answer of [asCall, asRequest]) {
      expect(answer).toMatchObject({ authorized: true, method: 'POST' })
      expect(answer.body).toContain('body')
    }
    expect(request.bodyUsed).toBe(true)
  })

  it('H3: a Request’s body is kept until the response arrives, and not longer', async () => {
    await using bench = await start()
    const request = new Request(`${bench.emulator.apiUrl}/x`, { method: 'POST', body: 'once' })
    await bench.client.fetch(request)
    expect(request.bodyUsed).toBe(true)
    await expect(bench.client.fetch(request)).rejects.toThrow(TypeError)
    const failing = new Request(`${bench.emulator.apiUrl}/x`, { method: 'POST', body: 'once' })
    bench.emulator.faults.set('api', { name: 'reset' })
    await expect(bench.client.fetch(failing)).rejects.toThrow(TypeError)
    expect(failing.bodyUsed).toBe(true)
  })

  it.each(['manual', 'error', 'follow'] as const)('H2: redirect "%s" works as with fetch', async (redirect) => {
    await using bench = await start()
    bench.emulator.faults.set('api', {
      name: 'answer',
      answer: ({ path }) =>
        path === '/api/there' ? { body: 'there' } : { status: 302, headers: { location: '/api/there' } },
    })
    const call = bench.client.fetch(`${bench.emulator.apiUrl}/x`, { redirect })
    if (redirect === 'error') return await expect(call).rejects.toThrow(TypeError)
    const response = await call
    expect([response.status, response.redirected]).toEqual(redirect === 'manual' ? [302, false] : [200, true])
    const authorizations = bench.emulator.requests
      .filter(({ part }) => part === 'api')
      .map(({ headers }) => headers.get('authorization'))
    expect(authorizations).toEqual(Array(redirect === 'manual' ? 1 : 2).fill(expect.stringMatching(/^Bearer ey/)))
  })

  it('H3: connections are kept alive after a 401', async () => {
    // A refusal that takes long to come in whole costs its connection.
    stopTimers()
    await using bench = await start()
    const ports = new Set<number | undefined>()
    let requests = 0
    const server = createServer((request, response) => {
      ports.add(request.socket.remotePort)
      requests += 1
      response.writeHead(requests % 2 === 0 ? 200 : 401).end('x'.repeat(20_000))
    })
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const client = createClient({ ...bench.client.provider, api }, { credentials: bench.emulator.credentials })
    for (let call = 0; call < 10; call += 1) expect(await (await client.fetch(api)).text()).toHaveLength(20_000)
    expect(requests).toBe(20)
    // The platform itself opens a second one where a request follows at once on the end of an answer.
    expect(ports.size).toBeLessThan(3)
    server.closeAllConnections()
    server.close()
  })

  it('H2: on Workers, whose redirects keep every header, the client removes the token', async () => {
    await using bench = await start()
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    try {
      /** As workerd's of before September 2025 follows redirects. */
      const keepsHeaders: typeof fetch = async (input, init) => {
        const response = await fetch(input, { ...init, redirect: 'manual' })
        const location = response.headers.get('location')
        if (location === null || init?.redirect === 'manual') return response
        return await keepsHeaders(new URL(location, String(input)), init)
      }
      const client = createClient(bench.client.provider, {
        credentials: bench.emulator.credentials,
        fetch: keepsHeaders,
      })
      const answer = await (await client.fetch(bench.emulator.redirectUrl, { headers: { cookie: 'a=b' } })).json()
      expect(answer).toMatchObject({ path: '/api/redirected', authorized: false })
      const last = bench.emulator.requests.at(-1)
      expect([last?.headers.has('authorization'), last?.headers.has('cookie')]).toEqual([false, false])
      expect(await (await client.fetch(`${bench.emulator.apiUrl}/x`)).json()).toMatchObject({ authorized: true })
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('passes everything else in init on unchanged', async () => {
    await using bench = await start()
    const seen: (RequestInit | undefined)[] = []
    const client = createClient(bench.client.provider, {
      credentials: bench.emulator.credentials,
      fetch: async (input, init) => {
        seen.push(init)
        return fetch(input, init)
      },
    })
    const { signal } = new AbortController()
    const init = {
      keepalive: true,
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal,
      dispatcher: undefined,
    } as const
    await client.fetch(`${bench.emulator.apiUrl}/x`, init)
    expect(seen.at(-1)).toMatchObject({ keepalive: true, cache: 'no-store', referrerPolicy: 'no-referrer' })
    expect(seen.at(-1)?.signal).toBe(signal)
  })

  it('ends with the caller’s signal in the middle of a response, but not with that of a Request if the signal of init is null', async () => {
    await using bench = await start()
    const address = `${bench.emulator.apiUrl}/x`
    const controller = new AbortController()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'drip', seconds: 60 })
    const response = await bench.client.fetch(address, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(response.text()).rejects.toThrow('enough')

    bench.emulator.faults.clear('api')
    const aborted = new Request(address, { signal: AbortSignal.abort(new Error('late')) })
    await expect(bench.client.fetch(aborted)).rejects.toThrow('late')
    expect((await bench.client.fetch(aborted, { signal: null })).status).toBe(200)
  })

  it('uses the provider’s authorizeRequest', async () => {
    await using bench = await start(
      {},
      { authorizeRequest: (headers, token) => headers.set('x-api-token', `t ${token.value}`) },
    )
    await bench.client.fetch(`${bench.emulator.apiUrl}/x`)
    const sent = bench.emulator.requests.at(-1)
    expect(sent?.headers.get('x-api-token')).toMatch(/^t ey/)
  })

  it.each(['of the init', 'of a Request'])('waits for a token no longer than the signal %s', async (whose) => {
    await using bench = await start()
    bench.emulator.faults.set('token', { name: 'hang' })
    const controller = new AbortController()
    const { signal } = controller
    const address = `${bench.emulator.apiUrl}/x`
    const isRequest = whose === 'of a Request'
    const call = bench.client.fetch(isRequest ? new Request(address, { signal }) : address, isRequest ? {} : { signal })
    await bench.emulator.waitForRequest()
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  })

  it('ends with the signal of the caller while it waits for another token', async () => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.clearRequests()
    bench.emulator.faults.set('api', { name: 'revoked' })
    bench.emulator.faults.set('token', { name: 'hang' })
    const controller = new AbortController()
    const call = bench.client.fetch(`${bench.emulator.apiUrl}/x`, { signal: controller.signal })
    await bench.emulator.waitForRequest(({ part }) => part === 'token')
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  })
})

/** Tokens of a text each, over a transport of the test; no socket. */
function fetchOver(transport: typeof fetch): typeof fetch {
  return createAuthenticatedFetch({
    provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
    tokens: new RequestTokens(async (options) => {
      const value = options?.rejected === undefined ? 'first-token-of-the-test' : 'second-token-of-the-test'
      return createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })
    }),
    dpop: undefined,
    emit: () => {},
    origins: allowAcme(),
    fetch: transport,
  })
}

describe('authenticated fetch and its transport', () => {
  const url = 'https://api.acme.example/things'
  const own = { authorization: 'Basic credentials-of-the-caller' }
  const quote = (init: RequestInit | undefined): Error => {
    const headers = new Headers(init?.headers)
    return new Error(`sent ${headers.get('authorization')} and ${headers.get('dpop')}`)
  }

  it('X3: an error of the second attempt does not quote the token', async () => {
    let attempts = 0
    const authenticated = fetchOver(async (_input, init) => {
      attempts += 1
      if (attempts === 1) return new Response(null, { status: 401 })
      throw quote(init)
    })
    await expect(authenticated(url)).rejects.toMatchObject({ message: 'sent Bearer [redacted] and null' })
    expect(attempts).toBe(2)
  })

  it("X3: an error does not quote the caller's own authorization and proof", async () => {
    const authenticated = fetchOver(async (_input, init) => {
      throw quote(init)
    })
    const both = { ...own, DPoP: 'proof-of-the-caller' }
    for (const call of [authenticated(url, { headers: both }), authenticated(new Request(url, { headers: both }))]) {
      await expect(call).rejects.toMatchObject({ message: 'sent Basic [redacted] and [redacted]' })
    }
  })

  it.each<[string, Record<string, string>, string]>([
    ['the token', {}, 'sent Bearer [redacted] and null'],
    ["the caller's own authorization", own, 'sent Basic [redacted] and null'],
  ])('X3: a signal passes its reason on as it is, but no other error with %s', async (_what, headers, message) => {
    // A function cannot be searched for secrets, so a cleaned copy has none.
    const reason = Object.assign(new Error('enough'), { again: () => {} })
    for (const isReasonThrown of [true, false]) {
      const callWith = (make: (signal: AbortSignal) => Parameters<typeof fetch>): Promise<Response> => {
        const controller = new AbortController()
        const authenticated = fetchOver(async (_input, init) => {
          controller.abort(reason)
          throw isReasonThrown ? reason : quote(init)
        })
        return authenticated(...make(controller.signal))
      }
      for (const call of [
        callWith((signal) => [url, { headers, signal }]),
        callWith((signal) => [new Request(url, { headers, signal })]),
      ]) {
        const failure: unknown = await call.catch((thrown: unknown) => thrown)
        if (isReasonThrown) expect(failure).toBe(reason)
        else expect(failure).toMatchObject({ message })
      }
    }
  })

  it('X1: an error about headers that are a text does not quote the text', async () => {
    const failure: unknown = await fetchOver(fetch)(url, { headers: own.authorization as unknown as Headers }).catch(
      (thrown: unknown) => thrown,
    )
    expect(failure).toBeInstanceOf(TypeError)
    expect(findLeaks(failure, ['credentials-of-the-caller'])).toEqual([])
  })

  it.each<[string, Record<string, string>, RequestRedirect | undefined]>([
    ['the token alone', {}, undefined],
    ['the token beside other headers', { 'x-own': '1' }, undefined],
    ["the caller's own authorization", own, undefined],
    ["the caller's own proof", { dpop: 'proof' }, 'manual'],
  ])('H2: the transport follows redirects, unless they need care: %s', async (_what, headers, redirect) => {
    const seen: unknown[] = []
    const authenticated = fetchOver(async (_input, init) => {
      seen.push(init?.redirect)
      return new Response()
    })
    await authenticated(url, { headers })
    expect(seen).toEqual([redirect])
  })

  it('accepts a Request that does not show its body, as on platforms without request streams', async () => {
    const sent: unknown[] = []
    const copy = { url, headers: new Headers(), method: 'POST', bodyUsed: false }
    const request = { ...copy, clone: () => copy } as unknown as Request
    const authenticated = fetchOver(async (input) => {
      sent.push(input)
      return new Response()
    })
    expect((await authenticated(request)).status).toBe(200)
    expect(sent).toEqual([copy])
  })
})

it('L5: a response other than 401 counts as an acceptance of the token, at the URL of the request', async () => {
  const token = createAccessToken({ value: 'a', type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })
  const tokens = new RequestTokens(async () => token)
  const accept = vi.spyOn(tokens, 'accept')
  const response = new Response(null, { status: 404 })
  const authenticated = createAuthenticatedFetch({
    provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
    tokens,
    dpop: undefined,
    emit: () => {},
    origins: allowAcme(),
    fetch: async () => response,
  })
  expect(await authenticated('https://api.acme.example/x?y')).toBe(response)
  expect(accept.mock.calls).toEqual([[404, 'https://api.acme.example/x?y', response]])
})

/** Tokens bound to a key, at an API whose answers each test sets; no socket. */
function startBound(answers: readonly Response[]) {
  const sent: { readonly htm: unknown; readonly htu: unknown; readonly nonce: unknown; readonly value: string }[] = []
  const rejected: (string | undefined)[] = []
  const left = [...answers]
  const authenticated = createAuthenticatedFetch({
    provider: { name: 'bound', tokenEndpoint: 'https://login.acme.example/token', dpop: true },
    tokens: new RequestTokens(async (options) => {
      if (options?.rejected !== undefined) rejected.push(options.rejected.value)
      const value = `token-${rejected.length}`
      return createAccessToken({ value, type: 'DPoP', scopes: undefined, expiresAt: undefined, extra: {} })
    }),
    dpop: new DpopProofs(undefined, Date.now),
    emit: () => {},
    origins: allowAcme(),
    fetch: async (_input, init) => {
      const headers = new Headers(init?.headers)
      const { htm, htu, nonce } = decodeJwt(headers.get('dpop') ?? '')
      sent.push({ htm, htu, nonce, value: headers.get('authorization') ?? '' })
      return left.shift() ?? new Response()
    },
  })
  return { fetch: authenticated, sent, rejected }
}

const nonceWanted = (): Response =>
  new Response(null, {
    status: 401,
    headers: { 'dpop-nonce': 'n1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' },
  })

describe('authenticated fetch with tokens bound to a key', () => {
  const url = 'https://api.acme.example/things'

  it('learns the nonce from the 401 of a stream, which is not sent again', async () => {
    const bench = startBound([nonceWanted()])
    const send = (): Promise<Response> =>
      bench.fetch(url, { method: 'POST', body: new Blob(['b']).stream(), duplex: 'half' } as RequestInit)
    expect((await send()).status).toBe(401)
    expect((await send()).status).toBe(200)
    expect(bench.sent.map(({ nonce }) => nonce)).toEqual([undefined, 'n1'])
    expect(bench.rejected).toEqual([])
  })

  it('learns the nonce of every response, of any status', async () => {
    const bench = startBound([new Response(null, { status: 404, headers: { 'dpop-nonce': 'n1' } })])
    expect((await bench.fetch(url)).status).toBe(404)
    await bench.fetch(url)
    expect(bench.sent.map(({ nonce }) => nonce)).toEqual([undefined, 'n1'])
  })

  it('the proof has the method and the URL of the call, whether they are in init, in a Request or in neither', async () => {
    const bench = startBound([])
    await bench.fetch(url)
    await bench.fetch(new URL(url), { method: 'PUT' })
    await bench.fetch(new Request(url, { method: 'DELETE' }))
    await bench.fetch(new Request(url, { method: 'DELETE' }), { method: 'PATCH' })
    expect(bench.sent.map(({ htm, htu }) => [htm, htu])).toEqual([
      ['GET', url],
      ['PUT', url],
      ['DELETE', url],
      ['PATCH', url],
    ])
  })

  it('H2: a redirect within the origin gets a new proof', async () => {
    const bench = startBound([new Response(null, { status: 302, headers: { location: '/there' } })])
    await bench.fetch(url, { method: 'POST', body: 'b' })
    expect(bench.sent.map(({ htm, htu }) => [htm, htu])).toEqual([
      ['POST', url],
      ['GET', 'https://api.acme.example/there'],
    ])
  })

  it('H3: if the API requires a nonce the same token is sent again, once; then another, once', async () => {
    const bench = startBound([nonceWanted(), nonceWanted(), nonceWanted()])
    expect((await bench.fetch(url)).status).toBe(401)
    expect(bench.sent.map(({ value }) => value)).toEqual(['DPoP token-0', 'DPoP token-0', 'DPoP token-1'])
    expect(bench.rejected).toEqual(['token-0'])
  })
})
