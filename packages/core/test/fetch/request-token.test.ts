import { describe, expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import type { ClientEvent } from '../../src/events.ts'
import { putToken, Repeats, type RequestTokenParts, refuseOrigin } from '../../src/fetch/request-token.ts'

const url = new URL('https://api.acme.example/things?secret=1')
const make = (value: string, type: 'Bearer' | 'DPoP' = 'Bearer'): AccessToken =>
  createAccessToken({ value, type, scopes: undefined, expiresAt: undefined, extra: {} })

function start(overrides: Partial<RequestTokenParts> = {}) {
  const events: ClientEvent[] = []
  const rejected: (string | undefined)[] = []
  const parts: RequestTokenParts = {
    provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
    token: async (options) => {
      rejected.push(options?.rejected?.value)
      return make('second')
    },
    dpop: undefined,
    emit: (event) => events.push(event),
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
  it('is put on by its scheme, or as the provider says', async () => {
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
})

describe('the repeats of a request', () => {
  it('H3: one with another token, for a 401 and nothing else', async () => {
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

  it('H3: none where the server has but the refused token to give', async () => {
    const { repeats, events } = start({ token: async () => make('first') })
    expect(await repeats.next(refused, make('first'), url, undefined)).toBeUndefined()
    expect(events).toEqual([])
  })

  it('one more where a nonce is wanted, with the token that was sent', async () => {
    const { repeats, rejected } = start({ dpop: new DpopProofs(undefined, Date.now) })
    const sent = make('first', 'DPoP')
    expect(await repeats.next(nonceWanted, sent, url, undefined)).toBe(sent)
    expect(repeats.left).toBe(true)
    expect((await repeats.next(nonceWanted, sent, url, undefined))?.value).toBe('second')
    expect(rejected).toEqual(['first'])
    expect(repeats.left).toBe(false)
  })

  it('none for a nonce where tokens are bound to nothing: that is a 401 as any', async () => {
    const { repeats, rejected } = start()
    expect((await repeats.next(nonceWanted, make('first'), url, undefined))?.value).toBe('second')
    expect(rejected).toEqual(['first'])
  })
})

describe('a refused origin', () => {
  it('H1: is told to the caller and to the listener, without the query', () => {
    const { parts, events } = start()
    const error = refuseOrigin(parts.provider, new URL('http://api.acme.example/x?secret=1'), parts.emit)
    expect(error).toMatchObject({ code: 'origin_refused', provider: 'acme' })
    expect(error.message).toContain('and it is not https')
    expect(error.message).not.toContain('secret')
    expect(events).toEqual([{ type: 'origin.refused', provider: 'acme', origin: 'http://api.acme.example', error }])
  })
})
