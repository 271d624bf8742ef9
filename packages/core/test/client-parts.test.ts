import { describe, expect, it } from 'vitest'
import { createSharedParts } from '../src/client-parts.ts'
import { createClient, memoryStore, type Provider, type TokenStore } from '../src/index.ts'

const acme: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token', scopes: ['read'] }
const credentials = { clientId: 'app', clientSecret: 'secret' }
const grantAll = async (): Promise<Response> =>
  Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 })

describe('createSharedParts', () => {
  it('copies the provider, and keeps the given one for its reader', () => {
    const given = { ...acme }
    const parts = createSharedParts(given, {})
    given.name = 'other'
    expect(parts.provider.name).toBe('acme')
    expect(parts.given).toBe(given)
    expect(parts.defaultGrant).toEqual({ scopes: ['read'], parameters: {} })
    expect(parts.timeout).toBe(10)
    expect(parts.shared).toBeUndefined()
  })

  it('loads the code of a store once for all its clients and calls', async () => {
    let isBroken = true
    const working = memoryStore()
    const failing = async (): Promise<never> => {
      throw new Error('the store is down')
    }
    const store: TokenStore = {
      get: (key) => (isBroken ? failing() : working.get(key)),
      set: (key, token) => (isBroken ? failing() : working.set(key, token)),
      delete: (key, token) => working.delete(key, token),
    }
    const events: string[] = []
    const client = createClient(acme, {
      credentials,
      store,
      fetch: grantAll,
      onEvent: ({ type }) => events.push(type),
    })
    // Both calls see one circuit: had each its own, each would report the failure.
    await Promise.all([client.token({ scopes: ['a'] }), client.token({ scopes: ['b'] })])
    isBroken = false
    await client.token({ scopes: ['c'] })
    expect(events.filter((type) => type === 'store.failed').length).toBeLessThanOrEqual(2)
    expect(events.filter((type) => type === 'token.granted')).toHaveLength(3)
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
