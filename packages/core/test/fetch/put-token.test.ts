import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import { AllowedOrigins } from '../../src/fetch/allowed-origins.ts'
import { credentialsIn, putToken, type RequestTokenParts } from '../../src/fetch/put-token.ts'
import { RequestTokens } from '../../src/fetch/request-tokens.ts'
import type { Provider } from '../../src/index.ts'

const url = new URL('https://api.acme.example/things?secret=1')
const acme: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
const make = (value: string, type: 'Bearer' | 'DPoP' = 'Bearer'): AccessToken =>
  createAccessToken({ value, type, scopes: undefined, expiresAt: undefined, extra: {} })

function createParts(provider = acme, dpop?: DpopProofs): RequestTokenParts {
  const emit = (): void => {}
  const origins = new AllowedOrigins({ provider, emit }, false)
  return { provider, tokens: new RequestTokens(async () => make('one')), origins, dpop, emit }
}

it.each([
  ['Bearer one', 'one'],
  ['one', 'one'],
  ['Scheme a b', 'b'],
  ['', ''],
  [null, ''],
  [undefined, ''],
])('X3: of the header value %j, %j is the secret part', (value, secret) => {
  expect(credentialsIn(value)).toBe(secret)
})

describe('a token on a request', () => {
  it('is set with its scheme, or by the provider', async () => {
    const headers = new Headers()
    await putToken(createParts(), headers, make('one'), { url, method: 'GET' })
    expect([...headers]).toEqual([['authorization', 'Bearer one']])
    const own = createParts({ ...acme, authorizeRequest: (given, token) => given.set('x-key', token.value) })
    const others = new Headers()
    await putToken(own, others, make('one'), { url, method: 'GET' })
    expect([...others]).toEqual([['x-key', 'one']])
  })

  it("X3: is not quoted if the provider's authorizeRequest cannot set it", async () => {
    const provider: Provider = { ...acme, authorizeRequest: (given, { value }) => given.set('x-key', `${value}\n`) }
    const label = 'billing'
    const call = putToken({ ...createParts(provider), label }, new Headers(), make('one\ntwo'), { url, method: 'GET' })
    await expect(call).rejects.toMatchObject({
      code: 'invalid_options',
      message:
        "acme (billing): the provider's authorizeRequest threw a TypeError. Its message is withheld because it may contain a secret. Check that it sets no header to a value with a line break.",
      label,
    })
  })

  it('has a proof of the request if it is bound to a key', async () => {
    const parts = createParts(acme, new DpopProofs(undefined, Date.now))
    const headers = new Headers()
    await putToken(parts, headers, make('one', 'DPoP'), { url, method: 'PUT' })
    expect(headers.get('authorization')).toBe('DPoP one')
    expect(decodeJwt(headers.get('dpop') ?? '')).toMatchObject({ htm: 'PUT', htu: 'https://api.acme.example/things' })
  })
})
