import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import { shareTokens, type TokenSharing } from '../../src/cache/token-sharing.ts'
import {
  type AccessToken,
  type ClientEvent,
  type Credentials,
  clientAssertion,
  createClient,
  createClientPool,
  memoryStore,
  type Provider,
  type StoredToken,
  type TokenStore,
  tlsClientAuth,
} from '../../src/index.ts'
import { waitFor } from '../../src/platform/deadline.ts'
import { networkTransport } from '../acquire/network-transport.ts'
import { findLeaks } from '../acquire/printings.ts'
import { stopTimers } from '../virtual-time.ts'
import { waitUntil } from '../wait-until.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('token sharing', () => {
  it('L3: clients with other credentials, endpoints, scopes or authentication never share, others do', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const store = memoryStore()
    const provider: Provider = { name: 'acme', tokenEndpoint, scopes: ['read', 'write'] }
    const tokenOf = async (described: Provider, who: Credentials = credentials): Promise<string> =>
      (await createClient(described, { credentials: who, store }).token()).value
    const own = await tokenOf(provider)
    expect(await tokenOf({ ...provider, scopes: ['write', 'read'] })).toBe(own)
    const others = [
      await tokenOf({ ...provider, name: 'other' }),
      await tokenOf({ ...provider, tokenEndpoint: `${tokenEndpoint}?tenant=b` }),
      await tokenOf({ ...provider, scopes: ['read'] }),
      await tokenOf({ ...provider, parameters: { audience: 'b' } }),
    ]
    expect(new Set([own, ...others]).size).toBe(5)
    await expect(tokenOf(provider, { ...credentials, clientId: 'somebody' })).rejects.toMatchObject({
      error: 'invalid_client',
    })
    expect(emulator.requests).toHaveLength(6)
  })

  it('L3: two secrets of one client are one identity, as rotation needs', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const store = memoryStore()
    const provider: Provider = { name: 'acme', tokenEndpoint }
    const tokenOf = (who: Credentials): Promise<AccessToken> =>
      createClient(provider, { credentials: who, store }).token()
    const first = await tokenOf(credentials)
    const rotated = emulator.rotateSecret('the next one', { overlap: true })
    const second = await tokenOf(rotated)
    expect(second.value).not.toBe(first.value)
    for (const who of [credentials, rotated]) expect((await tokenOf(who)).value).toBe(second.value)
    expect(emulator.requests).toHaveLength(2)
  })

  it('S1: what is in the store and cannot be read is a miss', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const kept = new Map<string, StoredToken>()
    const store = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, token: StoredToken) => void kept.set(key, token),
      delete: async (key: string) => void kept.delete(key),
    }
    const provider: Provider = { name: 'acme', tokenEndpoint }
    const first = await createClient(provider, { credentials, store }).token()
    const [key = ''] = kept.keys()
    kept.set(key, { expiresAt: Date.now() + 60_000, value: 'from another version' })
    const second = await createClient(provider, { credentials, store }).token()
    expect(second.value).not.toBe(first.value)
    expect(kept.get(key)?.value).toBe(second.value)
    expect(key).not.toContain(credentials.clientId)
  })

  it('L12: a purge while the token is written leaves none in the store', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const kept = new Map<string, StoredToken>()
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const store = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, token: StoredToken) => {
        ask()
        await written
        kept.set(key, token)
      },
      delete: async (key: string) => void kept.delete(key),
    }
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials, store })
    const pending = client.token()
    await asked
    await client.forget()
    write()
    await pending
    expect(kept.size).toBe(0)
  })

  it('L12: a client that is closed while a token fetched ahead is written leaves it to the others', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const kept = new Map<string, StoredToken>()
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    let sets = 0
    const store = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, token: StoredToken) => {
        sets += 1
        if (sets === 2) await written
        kept.set(key, token)
      },
      delete: async (key: string) => void kept.delete(key),
    }
    let now = Date.now()
    const provider = { name: 'acme', tokenEndpoint }
    const client = createClient(provider, { credentials, store, now: () => now })
    const first = await client.token()
    now += ((first.expiresAt?.getTime() ?? now) - now) * 0.97
    expect(await client.token()).toBe(first)
    await vi.waitFor(() => expect(sets).toBe(2), 20_000)
    await client.close()
    write()
    const second = await client.token()
    expect(second).not.toBe(first)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([...kept.values()][0]?.value).toBe(second.value)
  })

  it('L8: credentials that hang once keep no client with a store from its token, nor from forgetting', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    let asked = 0
    const credentials = (): Credentials | Promise<Credentials> => {
      asked += 1
      return asked === 1 ? new Promise(() => {}) : emulator.credentials
    }
    const options = { credentials, store: memoryStore(), timeout: 1 }
    const client = createClient({ name: 'acme', tokenEndpoint }, options)
    // The server's time passes as it likes, the client's when the credentials have been asked for.
    stopTimers()
    const first = expect(client.token()).rejects.toMatchObject({ code: 'timed_out' })
    await waitUntil(() => asked === 1)
    await vi.advanceTimersByTimeAsync(1000)
    await first
    await client.forget()
    expect((await client.token()).type).toBe('Bearer')
  })

  it('L14: an older token in the store is nothing to go back to', async () => {
    await using emulator = await startEmulator(standardEmulation({ onlyLatestToken: true }))
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const memory = memoryStore()
    let broken = false
    const store = {
      ...memory,
      set: (key: string, token: StoredToken) => (broken ? Promise.reject(new Error('full')) : memory.set(key, token)),
    }
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials, store })
    const first = await client.token()
    broken = true
    const second = await client.token({ rejected: first })
    const third = await client.token({ rejected: second })
    expect(new Set([first.value, second.value, third.value]).size).toBe(3)
  })

  it.each([
    ['fail', () => Promise.reject(new Error('the vault is sealed'))],
    ['hang', () => new Promise<Credentials>(() => {})],
  ])('S3: where credentials %s the store is left alone, and nobody is kept waiting', async (_what, read) => {
    const touched: string[] = []
    const note = (what: string) => async (): Promise<undefined> => void touched.push(what)
    const store = { get: note('get'), set: note('set'), delete: note('delete') }
    const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
    const shared = shareTokens({ provider, store, transport: networkTransport, timeout: 0.05, emit: () => {} })
    const client = {
      read: (signal?: AbortSignal) => waitFor<Credentials>(read(), signal),
      readOthers: async () => undefined,
    }
    const grant = { scopes: [], parameters: {} }
    const opening = shared.open(client, grant, 10, AbortSignal.timeout(20))
    await expect(opening).rejects.toThrow()
    await shared.forget(client, grant)
    expect(touched).toEqual([])
  })

  const acquired: AcquiredToken = {
    token: createAccessToken({ value: 'a-token', type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} }),
    requestedAt: Date.now(),
    lifetimeMs: 3_600_000,
    refreshInMs: undefined,
  }
  const grant = { scopes: [], parameters: {} }
  const app = { read: async () => ({ clientId: 'app', clientSecret: 'x' }), readOthers: async () => undefined }
  const share = (store: TokenStore): TokenSharing => {
    const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
    return shareTokens({ provider, store, transport: networkTransport, timeout: 10, emit: () => {} })
  }

  it('L3: the key that shows a holder is computed once for the same credentials', async () => {
    const importKey = vi.spyOn(crypto.subtle, 'importKey')
    const credentials = await app.read()
    const holder = { ...app, read: async () => credentials }
    const sharing = share(memoryStore())
    try {
      for (let call = 0; call < 3; call += 1) await sharing.open(holder, grant, 10, AbortSignal.timeout(20_000))
      await sharing.forget(holder, grant)
      expect(importKey).toHaveBeenCalledTimes(1)
      await sharing.open(app, grant, 10, AbortSignal.timeout(20_000))
      expect(importKey).toHaveBeenCalledTimes(2)
    } finally {
      importKey.mockRestore()
    }
  })

  it('L12: what is forgotten is deleted by the key that it is read by', async () => {
    const read: string[] = []
    const deleted: string[] = []
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      get: (key) => {
        read.push(key)
        return memory.get(key)
      },
      delete: async (key) => void deleted.push(key),
    }
    const slot = await share(store).open(app, grant, 10, AbortSignal.timeout(20_000))
    await slot.write(acquired)
    expect((await slot.read())?.token.value).toBe('a-token')
    await share(store).forget(app, grant)
    expect(new Set(read)).toEqual(new Set(deleted))
    expect(deleted).toHaveLength(1)
  })

  it('X1: credentials that a key requires and that cannot be read are reported once, without the message of the error', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint },
      {
        credentials: () => Promise.reject(new RangeError('sealed by MARKED-secret')),
        store: memoryStore(),
        onEvent: (event) => events.push(event),
      },
    )
    await expect(client.token()).rejects.toThrow('sealed by MARKED-secret')
    expect(events).toMatchObject([{ type: 'grant.failed', background: false, error: { code: 'invalid_options' } }])
    expect(findLeaks(events, ['MARKED-secret'])).toEqual([])
  })

  it('S3: credentials that are not read within the timeout are reported as timed out', async () => {
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
      {
        credentials: () => new Promise<Credentials>(() => {}),
        store: memoryStore(),
        timeout: 0.05,
        onEvent: (event) => events.push(event),
      },
    )
    await expect(client.token()).rejects.toMatchObject({ code: 'timed_out' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(events).toMatchObject([{ type: 'grant.failed', error: { code: 'timed_out' } }])
  })
})

const acme: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
const victim = { clientId: 'app', clientSecret: 'the right one' }
const intruder = { clientId: 'app', clientSecret: 'a guess' }

/** An authorization server as a `fetch`: it knows these secrets, and notes each request's id and secret. */
function createAuthorizationServer(secrets: Record<string, readonly string[]> = { app: [victim.clientSecret] }) {
  const requests: string[] = []
  let isDown = false
  const fetch: typeof globalThis.fetch = async (_input, init) => {
    const basic = new Headers(init?.headers).get('authorization')?.slice('Basic '.length) ?? ''
    const [clientId = '', secret = ''] = atob(basic)
      .split(':')
      .map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
    requests.push(`${clientId}:${secret}`)
    if (isDown) return new Response('down', { status: 503 })
    const isKnown = basic === '' || (secrets[clientId] ?? []).includes(secret)
    if (!isKnown) return Response.json({ error: 'invalid_client' }, { status: 401 })
    return Response.json({ access_token: `token-${requests.length}-of-${clientId}`, expires_in: 3600 })
  }
  return {
    fetch,
    requests,
    secrets,
    down: (down: boolean) => {
      isDown = down
    },
  }
}

/** A store in memory that notes which locks and entries are asked for. */
function createRecordingStore() {
  const memory = memoryStore()
  const entries = new Map<string, StoredToken>()
  const touched: string[] = []
  const note = (what: string, key: string): void => void touched.push(`${what} ${key}`)
  const store: Required<TokenStore> = {
    async get(key) {
      note('get', key)
      return structuredClone(entries.get(key))
    },
    async set(key, token) {
      note('set', key)
      entries.set(key, structuredClone(token))
    },
    async delete(key, token) {
      note('delete', key)
      expect(token).toEqual(entries.get(key))
      entries.delete(key)
    },
    async lock(key, options) {
      note('lock', key)
      return await memory.lock?.(key, options)
    },
  }
  return { store, entries, touched }
}

describe('a store that tenants share', () => {
  it('L3: the id of a client and a wrong secret get no token from the store, and delete none', async () => {
    const server = createAuthorizationServer()
    const { store, entries } = createRecordingStore()
    const options = { store, fetch: server.fetch }
    const right = createClient(acme, { ...options, credentials: victim })
    const { value } = await right.token()
    const wrong = createClient(acme, { ...options, credentials: intruder })
    await expect(wrong.token()).rejects.toMatchObject({ error: 'invalid_client' })
    await wrong.forget()
    await expect(wrong.token({ scopes: [] })).rejects.toMatchObject({ error: 'invalid_client' })
    expect(server.requests).toEqual(['app:the right one', 'app:a guess', 'app:a guess'])
    expect([...entries.values()].map((entry) => entry.value)).toEqual([value])
    expect((await createClient(acme, { ...options, credentials: victim }).token()).value).toBe(value)
    await right.forget()
    expect(entries.size).toBe(0)
  })

  it('L3: tenants of a pool with one client id share nothing, unless they hold the same secret', async () => {
    const server = createAuthorizationServer()
    const credentials = (tenant: string): Credentials => (tenant === 'mallory' ? intruder : victim)
    const pool = createClientPool(acme, { credentials, store: memoryStore(), fetch: server.fetch })
    const { value } = await pool.client('alice').token()
    await expect(pool.client('mallory').token()).rejects.toMatchObject({ error: 'invalid_client' })
    expect((await pool.client('alice, elsewhere').token()).value).toBe(value)
    expect(server.requests).toHaveLength(2)
  })

  it('L3: in a rotation both secrets serve, each after one grant of its own', async () => {
    const server = createAuthorizationServer({ app: ['old', 'new'] })
    const store = memoryStore()
    const tokenOf = async (clientSecret: string, rejected?: string): Promise<string> => {
      const client = createClient(acme, {
        store,
        fetch: server.fetch,
        credentials: { clientId: 'app', clientSecret },
      })
      const token = await client.token()
      return token.value === rejected ? (await client.token({ rejected: token })).value : token.value
    }
    const first = await tokenOf('old')
    const second = await tokenOf('new')
    expect(second).not.toBe(first)
    expect([await tokenOf('old'), await tokenOf('new')]).toEqual([second, second])
    // A token that replaces it is for both, too.
    const third = await tokenOf('new', second)
    expect(third).not.toBe(second)
    expect([await tokenOf('old'), await tokenOf('new')]).toEqual([third, third])
    expect(server.requests).toHaveLength(3)
  })

  it('L3: a secret that was never accepted is not carried into the entry', async () => {
    const server = createAuthorizationServer()
    const { store, entries } = createRecordingStore()
    const client = (credentials: Credentials) => createClient(acme, { store, fetch: server.fetch, credentials })
    await expect(client(intruder).token()).rejects.toThrow()
    await client(victim).token()
    await expect(client(intruder).token()).rejects.toThrow()
    expect([...entries.values()].map((entry) => entry.accepted)).toEqual([[expect.anything()]])
    await expect(client(intruder).token()).rejects.toMatchObject({ error: 'invalid_client' })
  })

  it('S2: a client with a wrong secret has locks of its own, and waits for nobody', async () => {
    const server = createAuthorizationServer()
    const { store, touched } = createRecordingStore()
    const hung: typeof globalThis.fetch = (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    // It holds its lock for as long as its call lasts.
    const wrong = createClient(acme, { store, fetch: hung, credentials: intruder })
    const controller = new AbortController()
    const pending = wrong.token({ signal: controller.signal }).catch(() => {})
    await expect.poll(() => touched.filter((one) => one.startsWith('lock'))).toHaveLength(1)
    const right = createClient(acme, { store, fetch: server.fetch, credentials: victim })
    expect((await right.token()).value).toBe('token-1-of-app')
    const locks = touched.filter((one) => one.startsWith('lock'))
    expect(new Set(locks).size).toBe(2)
    expect(locks).toHaveLength(2)
    controller.abort()
    await pending
    await wrong.close()
  })

  it('S2: the failed refresh of a secret that is no longer good holds back nobody with a good one', async () => {
    const server = createAuthorizationServer({ app: ['old', 'new'] })
    const { store, touched } = createRecordingStore()
    let now = Date.now()
    const open = (clientSecret: string) =>
      createClient(acme, {
        store,
        fetch: server.fetch,
        now: () => now,
        credentials: { clientId: 'app', clientSecret },
      })
    const old = open('old')
    const current = open('new')
    await old.token()
    await current.token()
    server.secrets.app = ['new']
    // Both tokens are due for a refresh, and live.
    now += 3_580_000
    await old.token()
    await expect.poll(() => touched.filter((one) => /^set .*\.failed$/.test(one))).toHaveLength(1)
    const before = await current.token()
    await expect.poll(async () => (await current.token()).value).not.toBe(before.value)
    expect(server.requests.slice(2)).toEqual(['app:old', 'app:new'])
  })

  it('L8, L3: a token is stored for the client that got it, and not for the one whose credentials were rejected before', async () => {
    const server = createAuthorizationServer({ 'app-one': ['one'], 'app-two': ['two'] })
    const store = memoryStore()
    const rejected = { clientId: 'app-one', clientSecret: 'no longer good' }
    const answers = [rejected, { clientId: 'app-two', clientSecret: 'two' }]
    const credentials = (): Credentials => answers.shift() ?? rejected
    const options = { store, fetch: server.fetch }
    const moved = await createClient(acme, { ...options, credentials }).token()
    expect(moved.value).toBe('token-2-of-app-two')
    const one = createClient(acme, { ...options, credentials: { clientId: 'app-one', clientSecret: 'one' } })
    expect((await one.token()).value).toBe('token-3-of-app-one')
    const two = createClient(acme, { ...options, credentials: { clientId: 'app-two', clientSecret: 'two' } })
    expect((await two.token()).value).toBe(moved.value)
    expect(server.requests).toHaveLength(3)
  })

  it('L12: a purge meanwhile deletes the entry of the client that got the token, and no other', async () => {
    const server = createAuthorizationServer({ 'app-one': ['one'], 'app-two': ['two'] })
    const { store, entries } = createRecordingStore()
    const answers = [
      { clientId: 'app-one', clientSecret: 'no longer good' },
      { clientId: 'app-two', clientSecret: 'two' },
    ]
    const options = { store, fetch: server.fetch }
    await createClient(acme, { ...options, credentials: { clientId: 'app-one', clientSecret: 'one' } }).token()
    const [kept] = entries.keys()
    const { promise: purged, resolve: purge } = Promise.withResolvers<void>()
    const { promise: writing, resolve: write } = Promise.withResolvers<void>()
    const slow: TokenStore = {
      ...store,
      async set(key, token) {
        write()
        await purged
        await store.set(key, token)
      },
    }
    const client = createClient(acme, {
      store: slow,
      fetch: server.fetch,
      credentials: () => answers.shift() ?? Promise.reject(new Error('no more')),
    })
    const pending = client.token()
    await writing
    await client.forget()
    purge()
    await pending
    expect([...entries.keys()]).toEqual([kept])
  })

  it('L3: clients that only the transport authenticates use no store, unless a secret of their own tells them apart', async () => {
    const server = createAuthorizationServer()
    const { store, touched } = createRecordingStore()
    const byCertificate = { ...acme, clientAuthentication: tlsClientAuth() }
    const tokenOf = async (credentials: Credentials): Promise<string> =>
      (await createClient(byCertificate, { store, fetch: server.fetch, credentials }).token()).value
    expect(await tokenOf({ clientId: 'app' })).not.toBe(await tokenOf({ clientId: 'app' }))
    await createClient(byCertificate, { store, fetch: server.fetch, credentials: { clientId: 'app' } }).forget()
    expect(touched).toEqual([])
    const shared = await tokenOf({ clientId: 'app', clientSecret: 'of the fleet' })
    expect(await tokenOf({ clientId: 'app', clientSecret: 'of the fleet' })).toBe(shared)
    expect(await tokenOf({ clientId: 'app', clientSecret: 'of others' })).not.toBe(shared)
    // The secret is not sent.
    expect(new Set(server.requests)).toEqual(new Set([':']))
  })

  it('X1: a secret stands in no entry, and the names of locks and markers show two characters of its digest', async () => {
    const server = createAuthorizationServer()
    const { store, entries, touched } = createRecordingStore()
    await createClient(acme, { store, fetch: server.fetch, credentials: victim }).token()
    const [entry] = entries.values()
    expect(JSON.stringify(entry)).not.toContain(victim.clientSecret)
    const [{ digest }] = (entry?.accepted ?? []) as [{ digest: string }]
    const name = touched.find((one) => one.startsWith('lock'))
    expect(name).toMatch(new RegExp(`^lock v1\\.[\\w-]{43}\\.${digest.slice(0, 2)}$`))
  })
})

describe('a source beside a store', () => {
  const jwtUntil = (exp: number, sub = 'robot'): string =>
    ['{}', JSON.stringify({ iss: 'https://platform.example', sub, exp }), 'MARKED']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')

  it('is asked once for a token: for the key and the grant alike', async () => {
    const asked = vi.fn(() => jwtUntil(Date.now() / 1000 + 600))
    const forms: URLSearchParams[] = []
    const createWith = (store: TokenStore) =>
      createClient(
        {
          name: 'acme',
          tokenEndpoint: 'https://login.acme.example/token',
          clientAuthentication: clientAssertion(Object.defineProperty(asked, 'name', { value: 'platform' })),
        },
        {
          credentials: { clientId: 'app' },
          store,
          fetch: async (_url, init) => {
            forms.push(new URLSearchParams(String(init?.body)))
            return Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 })
          },
        },
      )
    const store = memoryStore()
    await createWith(store).token()
    expect(asked).toHaveBeenCalledTimes(1)
    expect(forms.map((form) => form.get('client_assertion'))).toEqual([asked.mock.results[0]?.value])
    await createWith(store).token()
    expect(asked).toHaveBeenCalledTimes(2)
    expect(forms).toHaveLength(1)
  })

  it('L3: a token that was granted for a later JWT of another subject is shared with the clients of that subject', async () => {
    const store = memoryStore()
    let subject = 'one'
    let grants = 0
    const createOf = (subjectNow: () => string) =>
      createClient(
        {
          ...acme,
          clientAuthentication: clientAssertion(() => jwtUntil(Date.now() / 1000 + 600, subjectNow())),
        },
        {
          credentials: { clientId: 'app' },
          store,
          fetch: async () => {
            grants += 1
            return Response.json({ access_token: `token-${grants}`, token_type: 'Bearer', expires_in: 3600 })
          },
        },
      )
    const moving = createOf(() => subject)
    const first = await moving.token()
    subject = 'two'
    const second = await moving.token({ rejected: first })
    expect((await createOf(() => 'one').token()).value).toBe(first.value)
    expect((await createOf(() => 'two').token()).value).toBe(second.value)
    expect(grants).toBe(2)
  })

  it('L3: nothing is shared if it failed for the key, though the credentials have a secret, too', async () => {
    const { store, touched } = createRecordingStore()
    const asked = vi
      .fn<() => string>(() => jwtUntil(Date.now() / 1000 + 600))
      .mockImplementationOnce(() => {
        throw new Error('not there yet')
      })
    const client = createClient(
      { ...acme, clientAuthentication: clientAssertion(asked) },
      {
        credentials: victim,
        store,
        fetch: async () => Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 }),
      },
    )
    await client.token()
    expect(touched).toEqual([])
  })

  it('is asked again if it failed for the key: the grant reports the failure, or goes on', async () => {
    const asked = vi
      .fn(() => jwtUntil(Date.now() / 1000 + 600))
      .mockImplementationOnce(() => {
        throw new Error('not there yet')
      })
    const client = createClient(
      {
        name: 'acme',
        tokenEndpoint: 'https://login.acme.example/token',
        clientAuthentication: clientAssertion(asked),
      },
      {
        credentials: { clientId: 'app' },
        store: memoryStore(),
        fetch: async () => Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 }),
      },
    )
    expect((await client.token()).value).toBe('a')
    expect(asked).toHaveBeenCalledTimes(2)
  })
})

describe('credentials that are too old', () => {
  it.each([
    ['with a store', memoryStore(), 2],
    ['without a store', undefined, 1],
  ])(
    'L8: %s, a function that hangs leaves time for the grant, however short the timeout',
    async (_, store, readings) => {
      stopTimers()
      const { fetch, requests } = createAuthorizationServer()
      let now = 0
      const asked = vi.fn<() => Credentials | Promise<Credentials>>(() => victim)
      const client = createClient(acme, {
        credentials: asked,
        credentialsMaxAge: 60,
        timeout: 0.4,
        now: () => now,
        fetch,
        ...(store && { store }),
      })
      await client.token()
      now += 7_200_000
      asked.mockReturnValue(new Promise(() => {}))
      const startedAt = performance.now()
      const waiting = client.token()
      // The store's key and the grant need the credentials: for each, the next timer is the end of the wait for them.
      for (let reading = 1; reading <= readings; reading += 1) {
        await waitUntil(() => asked.mock.calls.length === 1 + reading)
        await vi.advanceTimersToNextTimerAsync()
      }
      expect((await waiting).value).toBeDefined()
      expect(performance.now() - startedAt).toBeLessThan(400)
      expect(requests).toHaveLength(2)
    },
  )
})
