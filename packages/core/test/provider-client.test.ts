import { inspect } from 'node:util'
import { createClock, standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSharedParts } from '../src/client-parts.ts'
import {
  type ClientEvent,
  type Credentials,
  createClient,
  createClientPool,
  memoryStore,
  type Provider,
  type TokenStore,
} from '../src/index.ts'
import { ProviderClient } from '../src/provider-client.ts'
import { stopTimers } from './virtual-time.ts'

describe('client', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('L1: asks for nothing before it is used, and once for all that follows', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    expect(emulator.requests).toHaveLength(0)
    const [one, two] = await Promise.all([client.token(), client.token()])
    expect(one).toBe(two)
    expect(await client.token()).toBe(one)
    expect(emulator.requests).toHaveLength(1)
  })

  it('R4: a token is replaced before it ends, by the clock it was given', async () => {
    const clock = createClock()
    await using emulator = await startEmulator(standardEmulation({ lifetime: 60, now: clock.now }))
    const { tokenEndpoint, credentials } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials, now: clock.now })
    const first = await client.token()
    expect(first.expiresAt).toEqual(new Date(clock.now() + 60_000))
    clock.advance(30)
    expect(await client.token()).toBe(first)
    clock.advance(29)
    expect(await client.token()).not.toBe(first)
  })

  it('L3: scopes and parameters of a call make another token, and stay with the call', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const provider: Provider = {
      name: 'acme',
      tokenEndpoint,
      scopes: ['read'],
      parameters: { audience: 'a', empty: '' },
    }
    const client = createClient(provider, { credentials, parameters: { resource: ['r1', 'r2'] } })
    const own = await client.token()
    const other = await client.token({ scopes: ['write', 'Admin'], parameters: { audience: 'b' } })
    expect(other.value).not.toBe(own.value)
    expect(await client.token({ scopes: ['Admin', 'write'], parameters: { audience: 'b' } })).toBe(other)
    expect(await client.token()).toBe(own)
    expect(emulator.requests.map(({ form }) => form.toString())).toEqual([
      'grant_type=client_credentials&scope=read&audience=a&resource=r1&resource=r2',
      'grant_type=client_credentials&scope=write+Admin&audience=b&resource=r1&resource=r2',
    ])
  })

  it('L3, G5: scopes may be one string, which is the same as its words in an array', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials, scopes: 'read  write' })
    const own = await client.token()
    expect(await client.token({ scopes: 'write read' })).toBe(own)
    expect(await client.token({ scopes: ['read', 'write'] })).toBe(own)
    expect((await client.token({ scopes: 'Admin' })).value).not.toBe(own.value)
    expect(emulator.requests.map(({ form }) => form.get('scope'))).toEqual(['read write', 'Admin'])
  })

  it('L3: clients share tokens through a store, and only those that are theirs', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const store = memoryStore()
    const provider: Provider = { name: 'acme', tokenEndpoint }
    const one = await createClient(provider, { credentials, store }).token()
    const two = await createClient(provider, { credentials, store }).token()
    expect(two.value).toBe(one.value)
    const tenant = await createClient(provider, { credentials, store, parameters: { tenant: 'b' } }).token()
    expect(tenant.value).not.toBe(one.value)
    expect(emulator.requests).toHaveLength(2)
  })

  it('has what the contract names, and nothing else to get at', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const provider: Provider = { name: 'acme', tokenEndpoint, api: apiUrl }
    const pool = createClientPool(provider, { credentials: () => credentials })
    for (const client of [createClient(provider, { credentials }), pool.client('tenant')]) {
      await client.token()
      await client.fetch(`${apiUrl}/orders`)
      expect(Reflect.ownKeys(client)).toEqual([])
      const prototype: object = Object.getPrototypeOf(client)
      const requests = ['fetch', 'authorize', 'api', 'apiUrl', 'info']
      const methods = ['token', 'status', ...requests, 'with', 'forget', 'revoke', 'close']
      const names = ['constructor', 'provider', ...methods, Symbol.asyncDispose]
      expect(new Set(Reflect.ownKeys(prototype))).toEqual(new Set(names))
      expect(Object.getPrototypeOf(prototype)).toBe(Object.prototype)
    }
  })

  it('says of a method that was taken off its client how to call it; fetch and authorize may be taken off', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    for (const name of ['token', 'api', 'apiUrl', 'info', 'forget', 'revoke', 'close'] as const) {
      const { [name]: method } = client
      for (const self of [undefined, {}, 7]) {
        await expect(Reflect.apply(method, self, [])).rejects.toMatchObject({
          code: 'invalid_options',
          message: expect.stringContaining(`Call it as client.${name}()`),
        })
      }
    }
    const { fetch, authorize } = client
    expect((await fetch(`${apiUrl}/orders`)).status).toBe(200)
    expect(await authorize(`${apiUrl}/orders`)).toBeDefined()
  })

  it('names the base URL of its API, as a copy, and describes its token without a request', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const url = await client.apiUrl()
    expect(url.href).toBe(new URL(apiUrl).href)
    url.pathname = '/elsewhere'
    expect((await client.apiUrl()).href).toBe(new URL(apiUrl).href)
    expect(client.status().state).toBe('none')
    expect(emulator.requests).toHaveLength(0)
    const { value } = await client.token()
    expect(client.status()).toMatchObject({ state: 'fresh', refreshAt: expect.any(Date) })
    expect(JSON.stringify(client.status())).not.toContain(value)
    const view = client.with({ scopes: ['other'] })
    expect(view.status().state).toBe('none')
  })

  it('L5, L12: a cached token is served no more once it was replaced or forgotten, however it was cached', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const first = await client.token()
    expect(await client.token()).toBe(first)
    emulator.faults.set('api', { name: 'revoked' })
    expect((await client.fetch(`${apiUrl}/orders`)).status).toBe(200)
    const second = await client.token()
    expect(second.value).not.toBe(first.value)
    expect(await client.token()).toBe(second)
    const replaced = client.token({ rejected: second })
    const concurrent = client.token()
    expect(await concurrent).toBe(second)
    const another = await replaced
    expect(await client.token()).toBe(another)
    const third = await client.token()
    expect(third.value).not.toBe(second.value)
    await client.forget()
    expect((await client.token()).value).not.toBe(third.value)
  })

  it('L12: forget drops the token, here and in the store', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const store = memoryStore()
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials, store })
    const first = await client.token()
    await client.forget()
    expect((await client.token()).value).not.toBe(first.value)
    expect(emulator.requests).toHaveLength(2)
  })

  it('S3: a broken store fails no token, and is reported', async () => {
    stopTimers()
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const broken = (): Promise<never> => Promise.reject(new Error('down'))
    const store: TokenStore = { get: broken, set: broken, delete: broken }
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint },
      { credentials, store, onEvent: (event) => events.push(event) },
    )
    expect((await client.token()).type).toBe('Bearer')
    await client.forget()
    await client.close()
    // Known to be bad, it is left alone for a second.
    expect(events.map(({ type }) => type)).toEqual(['store.failed', 'token.granted', 'token.served'])
  })

  it('L8: forget reads the credentials anew, and deletes with those that the server accepted', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    const store = memoryStore()
    let asked = 0
    const credentials = (): Credentials => {
      asked += 1
      return emulator.credentials
    }
    const provider = { name: 'acme', tokenEndpoint }
    const client = createClient(provider, { credentials, store })
    const { value } = await client.token()
    await client.token()
    expect(asked).toBe(1)
    const before = emulator.credentials
    emulator.rotateSecret('the next one', { overlap: true })
    await client.forget()
    // The entry was deleted with the secret that it was had with.
    expect((await createClient(provider, { credentials: before, store }).token()).value).not.toBe(value)
    await client.token()
    expect(asked).toBe(2)
    const secrets = emulator.requests.map(({ headers }) => atob(String(headers.get('authorization')).slice(6)))
    expect(secrets.at(-1)).toBe('test-client:the+next+one')
  })

  it('L8: credentials come out of use by their age, without a rejection', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    let now = Date.now()
    const asked: string[] = []
    const credentials = (): Credentials => {
      asked.push(emulator.credentials.clientSecret)
      return emulator.credentials
    }
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint },
      { credentials, credentialsMaxAge: 900, now: () => now, onEvent: (event) => events.push(event) },
    )
    const first = await client.token()
    emulator.rotateSecret('the next one')
    now += 899_000
    await client.token({ rejected: first }).catch(() => {})
    expect(asked).toHaveLength(2)
    emulator.rotateSecret('the one after')
    now += 900_000
    const second = await client.token()
    await client.token({ rejected: second })
    expect(asked.slice(1)).toEqual(['the next one', 'the one after'])
    expect(events.filter(({ type }) => type === 'grant.retried')).toHaveLength(1)
  })

  it('S3: forget during an outage of the store makes what is left there stale for this client', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const memory = memoryStore()
    let isDown = false
    const unlessDown = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isDown) throw new Error('down')
      return await work()
    }
    const store: TokenStore = {
      get: (key) => unlessDown(() => memory.get(key)),
      set: (key, token) => unlessDown(() => memory.set(key, token)),
      delete: (key, token) => unlessDown(() => memory.delete(key, token)),
    }
    const clock = createClock()
    const options = { credentials, store, now: clock.now }
    const client = createClient({ name: 'acme', tokenEndpoint }, options)
    const first = await client.token()
    isDown = true
    clock.advance(1)
    await client.forget()
    isDown = false
    // Another process, which has not forgotten it, still finds it there.
    const other = createClient({ name: 'acme', tokenEndpoint }, options)
    expect((await other.token()).value).toBe(first.value)
    clock.advance(1)
    const second = await client.token()
    expect(second.value).not.toBe(first.value)
    expect(emulator.requests).toHaveLength(2)
    // Not for what it never asked for before, either.
    const left = await other.token({ scopes: ['other'] })
    await client.forget()
    clock.advance(1)
    expect((await client.token({ scopes: ['other'] })).value).not.toBe(left.value)
  })

  it('L5: rejected answers with another token', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
    const first = await client.token()
    const second = await client.token({ rejected: first })
    expect(second.value).not.toBe(first.value)
    expect(await client.token({ rejected: first })).toBe(second)
  })

  it('asks a credentials function when first needed, and remembers what it answered', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    let asked = 0
    const client = createClient(
      { name: 'acme', tokenEndpoint },
      {
        credentials: async () => {
          asked += 1
          if (asked === 1) throw new Error('the vault is sealed')
          return emulator.credentials
        },
      },
    )
    expect(asked).toBe(0)
    await expect(client.token()).rejects.toThrow('the vault is sealed')
    await client.token()
    await client.token({ scopes: ['other'] })
    expect(asked).toBe(2)
  })

  it('X1: neither the client nor what it answers prints a secret', async () => {
    await using emulator = await startEmulator(standardEmulation({ clientSecret: 'marked-secret' }))
    const { tokenEndpoint, credentials } = emulator
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint },
      { credentials, onEvent: (event) => events.push(event) },
    )
    const token = await client.token()
    await client.token({ scopes: ['x'] })
    const printed = [client, token, events]
      .map(
        (value) => `${inspect(value, { depth: 20, showHidden: true, getters: true })}${JSON.stringify(value)}${value}`,
      )
      .join()
    expect(printed).not.toContain('marked-secret')
    expect(printed).not.toContain(token.value)
    expect(events.map(({ type }) => type).sort()).toEqual([
      ...['token.granted', 'token.granted'],
      ...['token.served', 'token.served'],
    ])
  })

  it('G1: nothing is written into what the caller handed over, and what the caller does to it later changes nothing', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    const provider = { name: 'acme', tokenEndpoint, scopes: ['read'] }
    const credentials = { ...emulator.credentials }
    const options = Object.freeze({ credentials })
    const client = createClient(Object.freeze(provider), options)
    credentials.clientSecret = 'changed'
    provider.scopes.push('more')
    await client.token()
    expect(emulator.requests.at(-1)?.form.get('scope')).toBe('read')
  })

  it('R6: what somebody put onto Object.prototype is no option and no description', async () => {
    const emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, apiUrl, credentials } = emulator
    const pollution: Readonly<Record<string, unknown>> = {
      anything: { a: 1 },
      apiOrigins: ['https://*.evil.test', new URL(emulator.elsewhereUrl).origin],
      authorizeRequest: (headers: Headers) => headers.set('x-polluted', '1'),
      tokenRequest: { method: 'GET' },
      statuses: [200],
      tokenRejection: { statuses: [200] },
      allowInsecureRequests: true,
      onEvent: () => {},
      scopes: ['polluted'],
    }
    const provider = { name: 'standard', tokenEndpoint, api: apiUrl }
    // Modules are loaded before: what loads them is not under test.
    await createClient(provider, { credentials }).token()
    for (const when of ['before', 'after']) {
      const before = when === 'after' ? createClient(provider, { credentials }) : undefined
      for (const [name, value] of Object.entries(pollution)) {
        Object.defineProperty(Object.prototype, name, { value, enumerable: true, configurable: true, writable: true })
      }
      let results: unknown
      try {
        const client = before ?? createClient(provider, { credentials })
        const token = await client.token()
        const refused = await client.fetch(emulator.elsewhereUrl).catch(({ code }: { readonly code: unknown }) => code)
        const sent = await client.authorize(apiUrl)
        results = [token.scopes, refused, Object.keys({ ...sent?.headers })]
      } finally {
        for (const name of Object.keys(pollution)) delete (Object.prototype as Record<string, unknown>)[name]
      }
      expect(results, when).toEqual([undefined, 'origin_refused', ['authorization']])
    }
    expect(emulator.requests.map(({ method, part }) => [method, part])).toEqual([
      ['POST', 'token'],
      ['POST', 'token'],
      ['POST', 'token'],
    ])
    await emulator.close()
  })

  it('a listener that throws, or rejects, is its own affair', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const loud = createClient(
      { name: 'acme', tokenEndpoint },
      {
        credentials,
        onEvent: () => {
          throw new Error('no')
        },
      },
    )
    const late = createClient(
      { name: 'acme', tokenEndpoint },
      { credentials, onEvent: () => Promise.reject(new Error('no')) as unknown as undefined },
    )
    expect((await loud.token()).type).toBe('Bearer')
    expect((await late.token()).type).toBe('Bearer')
  })

  it('close leaves pending calls to settle, and `await using` closes', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    await using client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
    const pending = client.token()
    await client.close()
    expect((await pending).type).toBe('Bearer')
  })

  it('tells of grants and refusals', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint },
      { credentials: { ...credentials, clientSecret: 'wrong' }, onEvent: (event) => events.push(event) },
    )
    await expect(client.token()).rejects.toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
    expect(events).toEqual([
      expect.objectContaining({ type: 'grant.failed', provider: 'acme', attempt: 1, background: false }),
    ])
  })
})

const acme: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }

function create(answer: () => Promise<Response>) {
  const parts = createSharedParts(acme, { fetch: answer })
  return new ProviderClient(parts, parts.createReader({ clientId: 'app', clientSecret: 'secret' }, {}))
}

describe('ProviderClient, for its pool', () => {
  it('has a turn while it was used since the last one', () => {
    const client = create(() => new Promise(() => {}))
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(false)
    ProviderClient.markUsed(client)
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(true)
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(false)
  })

  it('has a turn while a token request is in flight', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>()
    const client = create(() => promise)
    const token = client.token()
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(true)
    resolve(Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 }))
    await token
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(false)
  })
})

describe('a method without its client', () => {
  it.each(['token', 'api', 'info', 'forget', 'revoke', 'close'] as const)('%s says how to call it', async (name) => {
    const { [name]: method } = create(() => new Promise(() => {}))
    await expect(Reflect.apply(method, undefined, [])).rejects.toThrow(`client.${name}() was called without its client`)
  })
})
