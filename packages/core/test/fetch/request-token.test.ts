import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import type { ClientEvent } from '../../src/events.ts'
import { AllowedOrigins } from '../../src/fetch/allowed-origins.ts'
import { putToken, Repeats, type RequestTokenParts } from '../../src/fetch/request-token.ts'
import { RequestTokens } from '../../src/fetch/request-tokens.ts'

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
const nonceWanted = {
  status: 401,
  headers: new Headers({ 'dpop-nonce': 'n', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }),
}

describe('a token on a request', () => {
  it('is set with its scheme, or by the provider', async () => {
    const headers = new Headers()
    await putToken(start().parts, headers, make('one'), { url, method: 'GET' })
    expect([...headers]).toEqual([['authorization', 'Bearer one']])
    const own = start({
      provider: {
        name: 'acme',
        tokenEndpoint: 'https://login.acme.example/token',
        authorizeRequest: (given, token) => given.set('x-key', token.value),
      },
    })
    const others = new Headers()
    await putToken(own.parts, others, make('one'), { url, method: 'GET' })
    expect([...others]).toEqual([['x-key', 'one']])
  })

  it('has a proof of the request if it is bound to a key', async () => {
    const { parts } = start({ dpop: new DpopProofs(undefined, Date.now) })
    const headers = new Headers()
    await putToken(parts, headers, make('one', 'DPoP'), { url, method: 'PUT' })
    expect(headers.get('authorization')).toBe('DPoP one')
    expect(decodeJwt(headers.get('dpop') ?? '')).toMatchObject({ htm: 'PUT', htu: 'https://api.acme.example/things' })
  })
})

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
    const proofRejected = {
      status: 401,
      headers: new Headers({ 'www-authenticate': 'DPoP error="invalid_dpop_proof"', date: new Date(at).toUTCString() }),
    }
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
    const date = new Date(at).toUTCString()
    const proofRejected = {
      status: 401,
      headers: new Headers({ 'www-authenticate': 'DPoP error="invalid_dpop_proof"', date }),
    }
    const token = make('first', 'DPoP')
    expect(await repeats.next(nonceWanted, token, url, undefined)).toBe(token)
    expect(await repeats.next(proofRejected, token, url, undefined)).toBe(token)
    expect(rejected).toEqual([])
  })

  it('H3: a clock that another request has corrected meanwhile costs no token', async () => {
    const at = Date.UTC(2026, 10, 21)
    const dpop = new DpopProofs(undefined, () => at - 300_000)
    const date = new Date(at).toUTCString()
    const proofRejected = {
      status: 401,
      headers: new Headers({ 'www-authenticate': 'DPoP error="invalid_dpop_proof"', date }),
    }
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
    const { repeats, rejected } = start({ dpop: new DpopProofs(undefined, Date.now) })
    for (const answer of [refused, nonceWanted]) {
      expect(await repeats.next(answer, make('first'), url, { repeatable: false })).toBeUndefined()
    }
    expect(rejected).toEqual([])
    expect(repeats.left).toBe(true)
  })

  it('none for a nonce if tokens are not bound to a key', async () => {
    const { repeats, rejected } = start()
    expect((await repeats.next(nonceWanted, make('first'), url, undefined))?.value).toBe('second')
    expect(rejected).toEqual(['first'])
  })
})
