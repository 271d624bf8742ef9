import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { decodeJwt } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import type { ClientEvent } from '../../src/events.ts'
import { AllowedOrigins } from '../../src/fetch/allowed-origins.ts'
import type { RequestTokenParts } from '../../src/fetch/put-token.ts'
import { isTokenRejected, Repeats, readJsonCopy } from '../../src/fetch/repeats.ts'
import { RequestTokens } from '../../src/fetch/request-tokens.ts'
import { createClient, type Provider, type TokenRejection } from '../../src/index.ts'

const url = new URL('https://api.acme.example/things?secret=1')
const make = (value: string, type: 'Bearer' | 'DPoP' = 'Bearer'): AccessToken =>
  createAccessToken({ value, type, scopes: undefined, expiresAt: undefined, extra: {} })

function start(overrides: Partial<RequestTokenParts> = {}) {
  const events: ClientEvent[] = []
  const rejected: (string | undefined)[] = []
  const emit = (event: ClientEvent): void => void events.push(event)
  const provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
  const parts: RequestTokenParts = {
    provider,
    origins: new AllowedOrigins({ provider, emit }, false),
    tokens: new RequestTokens(async (options) => {
      rejected.push(options?.rejected?.value)
      return make('second')
    }),
    dpop: undefined,
    emit,
    ...overrides,
  }
  return { parts, events, rejected, repeats: new Repeats(parts) }
}

const refused = { status: 401, headers: new Headers() }
/** A response that rejects the proof, by the API's clock. */
const proofRejectedAt = (time: number) => ({
  status: 401,
  headers: new Headers({
    'www-authenticate': 'DPoP error="invalid_dpop_proof"',
    date: new Date(time).toUTCString(),
  }),
})
const nonceWanted = {
  status: 401,
  headers: new Headers({ 'dpop-nonce': 'n', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }),
}

describe('the repeats of a request', () => {
  it('H3: one with another token, for a 401 only', async () => {
    const { repeats, rejected, events } = start()
    for (const status of [200, 302, 403, 500]) {
      expect(await repeats.next({ ...refused, status }, make('first'), url, undefined)).toBeUndefined()
    }
    expect(rejected).toEqual([])
    expect((await repeats.next(refused, make('first'), url, undefined))?.value).toBe('second')
    expect(repeats.left).toBe(false)
    expect(await repeats.next(refused, make('second'), url, undefined)).toBeUndefined()
    expect(rejected).toEqual(['first'])
    expect(events).toEqual([
      { type: 'request.repeated', provider: 'acme', url: 'https://api.acme.example/things', status: 401 },
    ])
  })

  it("H3: one with the API's time, if it rejected the proof and its Date differs from the client's", async () => {
    const at = Date.UTC(2026, 10, 21)
    const dpop = new DpopProofs(undefined, () => at - 300_000)
    const { repeats, rejected } = start({ dpop })
    const proofRejected = proofRejectedAt(at)
    const token = make('first', 'DPoP')
    expect(await repeats.next(proofRejected, token, url, undefined)).toBe(token)
    expect(decodeJwt(await dpop.prove(url, 'GET', token)).iat).toBe(at / 1000)
    expect(rejected).toEqual([])
    // The proof holds the API's time: it is the token that the API rejects now.
    const second = await repeats.next(proofRejected, token, url, undefined)
    expect(second?.value).toBe('second')
    expect(await repeats.next(proofRejected, second ?? token, url, undefined)).toBeUndefined()
  })

  it('H3: none if the server grants only the rejected token', async () => {
    const { repeats, events } = start({ tokens: new RequestTokens(async () => make('first')) })
    expect(await repeats.next(refused, make('first'), url, undefined)).toBeUndefined()
    expect(events).toEqual([])
  })

  it('H3: one with the nonce and one with the time, before the token counts as rejected', async () => {
    const at = Date.UTC(2026, 10, 21)
    const { repeats, rejected } = start({ dpop: new DpopProofs(undefined, () => at - 300_000) })
    const proofRejected = proofRejectedAt(at)
    const token = make('first', 'DPoP')
    expect(await repeats.next(nonceWanted, token, url, undefined)).toBe(token)
    expect(await repeats.next(proofRejected, token, url, undefined)).toBe(token)
    expect(rejected).toEqual([])
  })

  it.each([
    [['nonce', 'time', 'token']],
    [['time', 'token', 'nonce']],
    [['token', 'nonce', 'time']],
    [['token', 'time', 'nonce']],
  ] as const)('H3: one each for %j, in this order, and then none is left', async (order) => {
    const at = Date.UTC(2026, 10, 21)
    const { repeats, rejected } = start({ dpop: new DpopProofs(undefined, () => at - 300_000) })
    const answers = { nonce: nonceWanted, time: proofRejectedAt(at), token: refused }
    let token = make('first', 'DPoP')
    for (const reason of order) {
      expect(repeats.left).toBe(true)
      const next = await repeats.next(answers[reason], token, url, undefined)
      expect(next?.value).toBe(reason === 'token' ? 'second' : token.value)
      token = next ?? token
    }
    expect(repeats.left).toBe(false)
    expect(rejected).toEqual(['first'])
  })

  it('H3: none for a challenge that comes with another status than 401', async () => {
    const at = Date.UTC(2026, 10, 21)
    for (const answer of [nonceWanted, proofRejectedAt(at)]) {
      const { repeats, events } = start({ dpop: new DpopProofs(undefined, () => at - 300_000) })
      expect(await repeats.next({ ...answer, status: 400 }, make('first', 'DPoP'), url, undefined)).toBeUndefined()
      expect(events).toEqual([])
    }
  })

  it('H3: a clock that another request has corrected meanwhile costs no token', async () => {
    const at = Date.UTC(2026, 10, 21)
    const dpop = new DpopProofs(undefined, () => at - 300_000)
    const proofRejected = proofRejectedAt(at)
    const token = make('first', 'DPoP')
    for (const { repeats, rejected } of [start({ dpop }), start({ dpop })]) {
      expect(await repeats.next(proofRejected, token, url, undefined)).toBe(token)
      expect(rejected).toEqual([])
    }
  })

  it('one more if a nonce is required, with the same token', async () => {
    const { repeats, rejected } = start({ dpop: new DpopProofs(undefined, Date.now) })
    const sent = make('first', 'DPoP')
    expect(await repeats.next(nonceWanted, sent, url, undefined)).toBe(sent)
    expect(repeats.left).toBe(true)
    const second = await repeats.next(nonceWanted, sent, url, undefined)
    expect(second?.value).toBe('second')
    expect(rejected).toEqual(['first'])
    expect(await repeats.next(nonceWanted, second ?? sent, url, undefined)).toBeUndefined()
  })

  it.each([
    ['a nonce is given, and not required', { 'dpop-nonce': 'n' }],
    ['the token is what is refused', { 'dpop-nonce': 'n', 'www-authenticate': 'DPoP error="invalid_token"' }],
    [
      'the token is what is refused, by an API with another time',
      { date: 'Sat, 21 Nov 2026 00:00:00 GMT', 'www-authenticate': 'DPoP error="invalid_token"' },
    ],
    ['the proof is refused, and the API shows no time', { 'www-authenticate': 'DPoP error="invalid_dpop_proof"' }],
    ['another scheme is asked for', { 'dpop-nonce': 'n', 'www-authenticate': 'Bearer error="use_dpop_nonce"' }],
    ['a nonce is required, and not given', { 'www-authenticate': 'DPoP error="use_dpop_nonce"' }],
  ])('H3: with another token if %s', async (_what, headers) => {
    const { repeats, rejected } = start({ dpop: new DpopProofs(undefined, Date.now) })
    const answer = { status: 401, headers: new Headers(headers) }
    expect((await repeats.next(answer, make('first', 'DPoP'), url, undefined))?.value).toBe('second')
    expect(rejected).toEqual(['first'])
  })

  it('one more for a nonce, with the scheme in any case, and among other challenges', async () => {
    for (const challenge of ['dpop error="use_dpop_nonce"', 'Bearer, DPOP algs="ES256", error="use_dpop_nonce"']) {
      const { repeats } = start({ dpop: new DpopProofs(undefined, Date.now) })
      const sent = make('first', 'DPoP')
      const headers = new Headers({ 'dpop-nonce': 'n', 'www-authenticate': challenge })
      expect(await repeats.next({ status: 401, headers }, sent, url, undefined)).toBe(sent)
    }
  })

  it('H3: none if the body cannot be sent again, and no token is requested', async () => {
    const at = Date.UTC(2026, 10, 21)
    const { repeats, rejected } = start({ dpop: new DpopProofs(undefined, () => at - 300_000) })
    const proofRejected = proofRejectedAt(at)
    for (const answer of [refused, nonceWanted, proofRejected]) {
      expect(await repeats.next(answer, make('first'), url, { repeatable: false })).toBeUndefined()
    }
    expect(rejected).toEqual([])
    expect(repeats.left).toBe(true)
  })

  it.each(['use_dpop_nonce', 'invalid_dpop_proof'])('none for %s if tokens are not bound to a key', async (error) => {
    const { repeats, rejected } = start()
    const date = new Date(Date.UTC(2026, 10, 21)).toUTCString()
    const headers = new Headers({ 'dpop-nonce': 'n', 'www-authenticate': `DPoP error="${error}"`, date })
    expect((await repeats.next({ status: 401, headers }, make('first'), url, undefined))?.value).toBe('second')
    expect(rejected).toEqual(['first'])
    expect(repeats.left).toBe(false)
  })

  it('L5: every answer that is no rejection of the token counts as its acceptance, and no other', async () => {
    const { parts, repeats } = start({ dpop: new DpopProofs(undefined, Date.now) })
    const accept = vi.spyOn(parts.tokens, 'accept')
    await repeats.next(refused, make('first', 'DPoP'), url, undefined)
    await repeats.next({ ...refused, status: 404 }, make('first', 'DPoP'), url, undefined)
    expect(accept.mock.calls).toEqual([[404, url.href]])
  })
})

const providerWith = (tokenRejection?: TokenRejection): Provider => ({
  name: 'acme',
  tokenEndpoint: 'https://login.acme.example/token',
  ...(tokenRejection && { tokenRejection }),
})

describe('a rejected token', () => {
  const headers = new Headers({ 'x-reason': 'expired' })

  it('is recognised by 401 only, unless the provider says otherwise', () => {
    for (const status of [200, 400, 401, 403, 500]) {
      expect(isTokenRejected(providerWith(), { status, headers, body: { code: 1 } })).toBe(status === 401)
      expect(isTokenRejected(providerWith({ body: () => false }), { status, headers, body: {} })).toBe(status === 401)
      expect(isTokenRejected(providerWith({ statuses: [400, 403] }), { status, headers })).toBe(
        status === 400 || status === 403,
      )
    }
  })

  it('is recognised by the body, with its status and headers', () => {
    const provider = providerWith({
      body: (body, answer) =>
        (body as { code: number }).code === 601 &&
        answer.status === 200 &&
        answer.headers.get('x-reason') === 'expired',
    })
    expect(isTokenRejected(provider, { status: 200, headers, body: { code: 601 } })).toBe(true)
    expect(isTokenRejected(provider, { status: 500, headers, body: { code: 601 } })).toBe(false)
    expect(isTokenRejected(provider, { status: 200, headers, body: { code: 0 } })).toBe(false)
    // A function that throws over a body it does not know has not recognised a rejection.
    expect(isTokenRejected(provider, { status: 200, headers, body: null })).toBe(false)
    expect(isTokenRejected(provider, { status: 200, headers })).toBe(false)
    // A body that was not read says nothing.
    expect(isTokenRejected(providerWith({ body: () => true }), { status: 200, headers })).toBe(false)
    const truthy = providerWith({ body: (() => 'yes') as unknown as () => boolean })
    expect(isTokenRejected(truthy, { status: 200, headers, body: {} })).toBe(false)
  })
})

describe('the JSON of a response', () => {
  const of = (body: BodyInit | null, type?: string, more: Record<string, string> = {}): Response =>
    new Response(body, { headers: { ...(type !== undefined && { 'content-type': type }), ...more } })

  it.each([
    ['JSON', () => of('{"a":1}', 'application/json; charset=utf-8'), { a: 1 }],
    ['JSON with a parameter after a space', () => of('{"a":1}', 'Text/JSON ; charset=utf-8'), { a: 1 }],
    ['JSON of a vendor', () => of(' [1]', 'application/problem+JSON'), [1]],
    ['JSON as text', () => of('{"a":1}', 'text/plain'), { a: 1 }],
    ['JSON without a type', () => of(new Blob(['{"a":1}'])), { a: 1 }],
    ['text', () => of('hello', 'text/plain'), undefined],
    ['broken JSON', () => of('{"a":', 'application/json'), undefined],
    ['nothing', () => of('', 'application/json'), undefined],
    ['JSON that is neither an object nor an array', () => of('"a"', 'application/json'), undefined],
    ['no body', () => of(null, 'application/json'), undefined],
    ['a picture', () => of('{"a":1}', 'image/png'), undefined],
    ['an event stream', () => of('{"a":1}', 'text/event-stream'), undefined],
    [
      '64 KiB',
      () => of(`"${'x'.repeat(65_534)}"`.replace(/^"x/, '["').replace(/x"$/, '"]'), 'application/json'),
      ['x'.repeat(65_532)],
    ],
    ['64 KiB by its length', () => of('{"a":1}', 'application/json', { 'content-length': '65536' }), { a: 1 }],
    ['more than 64 KiB', () => of(`["${'x'.repeat(65_533)}"]`, 'application/json'), undefined],
    ['more by its length', () => of('{"a":1}', 'application/json', { 'content-length': '65537' }), undefined],
  ])('is read from %s, and the response stays readable', async (_what, make, expected) => {
    const response = make()
    const text = await make().text()
    expect(await readJsonCopy(response)).toEqual(expected)
    expect(response.bodyUsed).toBe(false)
    expect(await response.text()).toBe(text)
  })

  it('does not wait for the end of a stream that is not JSON, nor for an endless one', async () => {
    for (const chunk of ['plain ', `["${'x'.repeat(70_000)}`]) {
      const stream = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(chunk)) })
      const response = of(stream, 'text/plain')
      expect(await readJsonCopy(response)).toBeUndefined()
      const first = await response.body?.getReader().read()
      expect(new TextDecoder().decode(first?.value)).toBe(chunk)
    }
  })

  it('is read from chunks that begin with space or end within a character', async () => {
    const bytes = new TextEncoder().encode('{"a":"é"}')
    const chunks = [new Uint8Array(), new TextEncoder().encode(' \n'), bytes.slice(0, 7), bytes.slice(7)]
    const response = of(
      new ReadableStream({
        pull(controller) {
          const chunk = chunks.shift()
          if (chunk === undefined) controller.close()
          else controller.enqueue(chunk)
        },
      }),
    )
    expect(await readJsonCopy(response)).toEqual({ a: 'é' })
  })

  it('reads no more of a body that is not JSON, so that the caller can cancel it', async () => {
    const cancelled = vi.fn()
    const response = of(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('plain')),
        cancel: cancelled,
      }),
      'text/plain',
    )
    expect(await readJsonCopy(response)).toBeUndefined()
    await response.body?.cancel('enough')
    expect(cancelled).toHaveBeenCalledTimes(1)
  })

  it('is undefined if the body fails, and the caller gets that failure', async () => {
    const response = of(
      new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) }),
      'application/json',
    )
    expect(await readJsonCopy(response)).toBeUndefined()
    await expect(response.text()).rejects.toThrow('cut')
  })
})

describe('client.fetch with a provider that says what a rejection is', () => {
  it.each<[string, TokenRejection, number, string]>([
    ['another status', { statuses: [401, 403] }, 403, 'no'],
    [
      'a code in a JSON body',
      { body: (body) => (body as { errcode: number }).errcode === 40001 },
      200,
      '{"errcode":40001}',
    ],
  ])('H3: repeats the request once with another token after %s', async (_what, tokenRejection, status, body) => {
    const emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, apiUrl, credentials } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl, tokenRejection }, { credentials })
    emulator.faults.set('api', { name: 'answer', answer: { status, body } }, { times: 1 })
    const response = await (await client.api()).post('x', { body: 'sent', throwHttpErrors: false })
    expect(await response.json()).toMatchObject({ body: 'sent' })
    expect(emulator.requests.map(({ part }) => part)).toEqual(['token', 'api', 'token', 'api'])
    // A stream is not sent again, and the next request has another token.
    emulator.faults.set('api', { name: 'answer', answer: { status, body } }, { times: 1 })
    const init = { method: 'POST', body: new Blob(['b']).stream(), duplex: 'half' } as RequestInit
    const handedOn = await client.fetch(apiUrl, init)
    expect([handedOn.status, await handedOn.text()]).toEqual([status, body])
    expect((await client.fetch(apiUrl)).status).toBe(200)
    expect(emulator.requests.map(({ part }) => part).slice(4)).toEqual(['api', 'token', 'api'])
    await emulator.close()
  })

  it('rejects an invalid tokenRejection by its path', () => {
    const make = (tokenRejection: unknown) => () =>
      createClient({ ...providerWith(), tokenRejection } as Provider, { credentials: { clientId: 'a' } })
    expect(make({ statuses: [99] })).toThrow(
      'provider.tokenRejection.statuses.0 must be an HTTP status from 200 to 599',
    )
    expect(make({ statuses: [700] })).toThrow('must be an HTTP status from 200 to 599')
    expect(make({ statuses: ['401'] })).toThrow('must be an HTTP status')
    expect(make({ statuses: [401.5] })).toThrow('must be an HTTP status')
    expect(make({ statuses: 401 })).toThrow('provider.tokenRejection.statuses must be an array of HTTP statuses')
    expect(make({ body: 'x' })).toThrow('provider.tokenRejection.body must be a function')
    expect(make({ status: [1] })).toThrow('provider.tokenRejection.status')
  })
})
