import { describe, expect, it } from 'vitest'
import {
  type Credentials,
  createClient,
  createClientPool,
  memoryStore,
  type Provider,
  type StoredToken,
  type TokenStore,
  tlsClientAuth,
} from '../../src/index.ts'

const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
const victim = { clientId: 'app', clientSecret: 'the right one' }
const intruder = { clientId: 'app', clientSecret: 'a guess' }

/** An authorization server as a `fetch`: it knows these secrets, and notes each request's id and secret. */
function createServer(secrets: Record<string, readonly string[]> = { app: [victim.clientSecret] }) {
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
function createStore() {
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
    const server = createServer()
    const { store, entries } = createStore()
    const options = { store, fetch: server.fetch }
    const right = createClient(provider, { ...options, credentials: victim })
    const { value } = await right.token()
    const wrong = createClient(provider, { ...options, credentials: intruder })
    await expect(wrong.token()).rejects.toMatchObject({ error: 'invalid_client' })
    await wrong.forget()
    await expect(wrong.token({ scopes: [] })).rejects.toMatchObject({ error: 'invalid_client' })
    expect(server.requests).toEqual(['app:the right one', 'app:a guess', 'app:a guess'])
    expect([...entries.values()].map((entry) => entry.value)).toEqual([value])
    expect((await createClient(provider, { ...options, credentials: victim }).token()).value).toBe(value)
    await right.forget()
    expect(entries.size).toBe(0)
  })

  it('L3: tenants of a pool with one client id share nothing, unless they hold the same secret', async () => {
    const server = createServer()
    const credentials = (tenant: string): Credentials => (tenant === 'mallory' ? intruder : victim)
    const pool = createClientPool(provider, { credentials, store: memoryStore(), fetch: server.fetch })
    const { value } = await pool.client('alice').token()
    await expect(pool.client('mallory').token()).rejects.toMatchObject({ error: 'invalid_client' })
    expect((await pool.client('alice, elsewhere').token()).value).toBe(value)
    expect(server.requests).toHaveLength(2)
  })

  it('L3: in a rotation both secrets serve, each after one grant of its own', async () => {
    const server = createServer({ app: ['old', 'new'] })
    const store = memoryStore()
    const tokenOf = async (clientSecret: string, rejected?: string): Promise<string> => {
      const client = createClient(provider, {
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
    const server = createServer()
    const { store, entries } = createStore()
    const client = (credentials: Credentials) => createClient(provider, { store, fetch: server.fetch, credentials })
    await expect(client(intruder).token()).rejects.toThrow()
    await client(victim).token()
    await expect(client(intruder).token()).rejects.toThrow()
    expect([...entries.values()].map((entry) => entry.accepted)).toEqual([[expect.anything()]])
    await expect(client(intruder).token()).rejects.toMatchObject({ error: 'invalid_client' })
  })

  it('S2: a client with a wrong secret has locks of its own, and waits for nobody', async () => {
    const server = createServer()
    const { store, touched } = createStore()
    const hung: typeof globalThis.fetch = (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    // It holds its lock for as long as its call lasts.
    const wrong = createClient(provider, { store, fetch: hung, credentials: intruder })
    const controller = new AbortController()
    const pending = wrong.token({ signal: controller.signal }).catch(() => {})
    await expect.poll(() => touched.filter((one) => one.startsWith('lock'))).toHaveLength(1)
    const right = createClient(provider, { store, fetch: server.fetch, credentials: victim })
    expect((await right.token()).value).toBe('token-1-of-app')
    const locks = touched.filter((one) => one.startsWith('lock'))
    expect(new Set(locks).size).toBe(2)
    expect(locks).toHaveLength(2)
    controller.abort()
    await pending
    await wrong.close()
  })

  it('S2: the failed refresh of a secret that is no longer good holds back nobody with a good one', async () => {
    const server = createServer({ app: ['old', 'new'] })
    const { store, touched } = createStore()
    let now = Date.now()
    const open = (clientSecret: string) =>
      createClient(provider, {
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
    const server = createServer({ 'app-one': ['one'], 'app-two': ['two'] })
    const store = memoryStore()
    const rejected = { clientId: 'app-one', clientSecret: 'no longer good' }
    const answers = [rejected, { clientId: 'app-two', clientSecret: 'two' }]
    const credentials = (): Credentials => answers.shift() ?? rejected
    const options = { store, fetch: server.fetch }
    const moved = await createClient(provider, { ...options, credentials }).token()
    expect(moved.value).toBe('token-2-of-app-two')
    const one = createClient(provider, { ...options, credentials: { clientId: 'app-one', clientSecret: 'one' } })
    expect((await one.token()).value).toBe('token-3-of-app-one')
    const two = createClient(provider, { ...options, credentials: { clientId: 'app-two', clientSecret: 'two' } })
    expect((await two.token()).value).toBe(moved.value)
    expect(server.requests).toHaveLength(3)
  })

  it('L12: a purge meanwhile deletes the entry of the client that got the token, and no other', async () => {
    const server = createServer({ 'app-one': ['one'], 'app-two': ['two'] })
    const { store, entries } = createStore()
    const answers = [
      { clientId: 'app-one', clientSecret: 'no longer good' },
      { clientId: 'app-two', clientSecret: 'two' },
    ]
    const options = { store, fetch: server.fetch }
    await createClient(provider, { ...options, credentials: { clientId: 'app-one', clientSecret: 'one' } }).token()
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
    const client = createClient(provider, {
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
    const server = createServer()
    const { store, touched } = createStore()
    const byCertificate = { ...provider, clientAuthentication: tlsClientAuth() }
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
    const server = createServer()
    const { store, entries, touched } = createStore()
    await createClient(provider, { store, fetch: server.fetch, credentials: victim }).token()
    const [entry] = entries.values()
    expect(JSON.stringify(entry)).not.toContain(victim.clientSecret)
    const [{ digest }] = (entry?.accepted ?? []) as [{ digest: string }]
    const name = touched.find((one) => one.startsWith('lock'))
    expect(name).toMatch(new RegExp(`^lock v1\\.[\\w-]{43}\\.${digest.slice(0, 2)}$`))
  })
})
