import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSharedParts } from '../src/client-parts.ts'
import { createClient, createClientPool, memoryStore, type Provider, type TokenStore } from '../src/index.ts'

const acme: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token', scopes: ['read'] }
const credentials = { clientId: 'app', clientSecret: 'secret' }
const grantAll = async (): Promise<Response> =>
  Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 })

afterEach(() => {
  vi.useRealTimers()
})

describe('createSharedParts', () => {
  it('copies the provider, and keeps the given one for its reader', () => {
    const given = { ...acme }
    const parts = createSharedParts(given, {})
    given.name = 'other'
    expect(parts.provider.name).toBe('acme')
    expect(parts.given).toBe(given)
    expect(parts.defaultGrant).toEqual({ scopes: ['read'], parameters: {} })
    expect(parts.timeout).toBe(10)
    expect(parts.sharing).toBeUndefined()
  })

  it('loads the code of a store once for all its clients and calls', async () => {
    // The time after which a store that failed is tried again does not pass.
    vi.useFakeTimers({ toFake: ['performance'] })
    const failing = async (): Promise<never> => {
      throw new Error('the store is down')
    }
    const store: TokenStore = { get: failing, set: failing, delete: failing }
    const events: string[] = []
    const reported = Promise.withResolvers<void>()
    const pool = createClientPool(acme, {
      credentials: async (tenant) => {
        if (tenant === 'later') await reported.promise
        return credentials
      },
      store,
      fetch: grantAll,
      onEvent: ({ type }) => {
        events.push(type)
        if (type === 'store.failed') reported.resolve()
      },
    })
    // Both calls load the code, and the second reaches the store after the first has found that it fails.
    await Promise.all([pool.client('first').token(), pool.client('later').token()])
    expect(events.filter((type) => type === 'store.failed')).toHaveLength(1)
    expect(events.filter((type) => type === 'token.granted')).toHaveLength(2)
  })

  it('S3: a token in the store is deleted by a client that has used nothing yet', async () => {
    const store = memoryStore()
    const createOwn = () => createClient(acme, { credentials, store, fetch: grantAll })
    await createOwn().token()
    let grants = 0
    await createOwn().forget()
    const other = createClient(acme, {
      credentials,
      store,
      fetch: () => {
        grants += 1
        return grantAll()
      },
    })
    await other.token()
    expect(grants).toBe(1)
  })
})
