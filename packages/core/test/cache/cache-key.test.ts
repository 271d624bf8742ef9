import { describe, expect, it } from 'vitest'
import {
  clientSecretBasic,
  clientSecretPost,
  none,
  privateKeyJwt,
  tlsClientAuth,
} from '../../src/acquire/client-authentication.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import { cacheKey, grantIdentity, type TokenIdentity } from '../../src/cache/cache-key.ts'

const base: TokenIdentity = {
  provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
  endpoint: 'https://login.acme.example/token',
  clientId: 'me',
  grant: { scopes: ['read', 'write'], parameters: { audience: 'x' } },
}

describe('cache key', () => {
  it('L3: equal identities have one key, whatever the order of scopes and parameters', async () => {
    const scopes = Object.freeze(['write', 'read'])
    const grant = { scopes, parameters: { resource: 'r', audience: 'x' } }
    const same = { scopes: ['read', 'write'], parameters: { audience: 'x', resource: 'r' } }
    expect(await cacheKey({ ...base, grant })).toBe(await cacheKey({ ...base, grant: same }))
  })

  it('L3: what is spelt out and is the default is the same identity', async () => {
    const spelt = { ...base.provider, clientAuthentication: clientSecretBasic() }
    expect(await cacheKey({ ...base, provider: spelt })).toBe(await cacheKey(base))
  })

  it('L3: a request format is the same in whatever order it is written', async () => {
    const keyOf = (tokenRequest: Provider['tokenRequest'] & object): Promise<string> =>
      cacheKey({ ...base, provider: { ...base.provider, tokenRequest } })
    expect(await keyOf({ method: 'GET', grantType: 'x' })).toBe(await keyOf({ grantType: 'x', method: 'GET' }))
  })

  it('L3: a header that is made anew for each request counts by its name, not by what it is', async () => {
    const keyOf = (headers: NonNullable<Provider['tokenRequest']>['headers'] & object): Promise<string> =>
      cacheKey({ ...base, provider: { ...base.provider, tokenRequest: { headers } } })
    const key = await keyOf({ 'x-id': () => crypto.randomUUID() })
    expect(await keyOf({ 'x-id': () => 'another' })).toBe(key)
    expect(await keyOf({ 'x-other': () => 'another' })).not.toBe(key)
    expect(await keyOf({})).not.toBe(key)
    expect(await keyOf({ 'x-id': 'null' })).not.toBe(key)
    const neverCalled = (): string => {
      throw new Error('called for a key')
    }
    expect(await keyOf({ 'x-id': neverCalled })).toBe(key)
  })

  it('S1: a key is the same in every version, process and machine', async () => {
    const grant = { scopes: ['write', 'read'], parameters: { resource: 'r', audience: 'x' } }
    expect(await cacheKey({ ...base, clientId: 'a', grant })).toBe('v1.23_33Xa2NbfTeN6T3epTxe9BfZ1Dm5wZ-q9_1P5Ya8k')
  })

  const others: readonly (readonly [string, TokenIdentity])[] = [
    ['name', { ...base, provider: { ...base.provider, name: 'other' } }],
    ['endpoint', { ...base, endpoint: 'https://login.acme.example/Token' }],
    ['client id', { ...base, clientId: 'Me' }],
    ['scopes', { ...base, grant: { ...base.grant, scopes: ['read'] } }],
    ['case of a scope', { ...base, grant: { ...base.grant, scopes: ['Read', 'write'] } }],
    ['joined scopes', { ...base, grant: { ...base.grant, scopes: ['read write'] } }],
    ['parameters', { ...base, grant: { ...base.grant, parameters: { audience: 'y' } } }],
    ['one value or a list', { ...base, grant: { ...base.grant, parameters: { audience: ['x'] } } }],
    ['method of authentication', { ...base, provider: { ...base.provider, clientAuthentication: clientSecretPost() } }],
    [
      'encoding',
      { ...base, provider: { ...base.provider, clientAuthentication: clientSecretBasic({ encoding: 'raw' }) } },
    ],
    ...[privateKeyJwt(), privateKeyJwt({ audience: 'tokenEndpoint' }), tlsClientAuth(), none()].map(
      (clientAuthentication): readonly [string, TokenIdentity] => [
        `method of authentication (${clientAuthentication.name})`,
        { ...base, provider: { ...base.provider, clientAuthentication } },
      ],
    ),
    ['method, which metadata will choose', { ...base, provider: { name: 'acme', issuer: base.endpoint } }],
    ['key that the token is bound to', { ...base, thumbprint: 'a' }],
    ['key of another thumbprint', { ...base, thumbprint: 'b' }],
    ['subject of the assertion', { ...base, subject: 'a' }],
    ['subject of another assertion', { ...base, subject: 'b' }],
    ['key and subject', { ...base, thumbprint: 'a', subject: 'a' }],
    ['grant type', { ...base, provider: { ...base.provider, tokenRequest: { grantType: 'account_credentials' } } }],
  ]

  it.each(others)('L3: another %s is another key', async (_what, identity) => {
    expect(await cacheKey(identity)).not.toBe(await cacheKey(base))
  })

  it('L3: beside a declared endpoint an issuer changes nothing: no metadata chooses the method', async () => {
    const provider = { ...base.provider, issuer: 'https://login.acme.example' }
    expect(await cacheKey({ ...base, provider })).toBe(await cacheKey(base))
  })

  it('L3: all those keys differ from one another, too', async () => {
    const keys = await Promise.all(others.map(([, identity]) => cacheKey(identity)))
    expect(new Set(keys).size).toBe(others.length)
  })

  it('L3: lists are nested, never joined', () => {
    const one = grantIdentity({ scopes: ['a","b'], parameters: {} })
    const two = grantIdentity({ scopes: ['a', 'b'], parameters: {} })
    expect(one).not.toBe(two)
  })

  it('X1: a key is a hash and holds none of what it stands for', async () => {
    const key = await cacheKey({ ...base, grant: { scopes: [], parameters: { api_key: 'marked-secret' } } })
    expect(key).toMatch(/^v1\.[A-Za-z0-9_-]{43}$/)
  })
})
