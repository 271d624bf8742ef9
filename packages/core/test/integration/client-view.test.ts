import { createClock, standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import {
  type ClientEvent,
  type ClientOptions,
  createClient,
  createClientPool,
  memoryStore,
  type Provider,
} from '../../src/index.ts'
import { waitUntil } from '../wait-until.ts'

async function start(provider: Partial<Provider> = {}, options: Partial<ClientOptions> = {}) {
  const clock = createClock()
  const emulator = await startEmulator(standardEmulation({ now: clock.now }))
  const { tokenEndpoint, apiUrl, credentials } = emulator
  const described: Provider = { name: 'acme', tokenEndpoint, api: apiUrl, scopes: ['read'], ...provider }
  const create = () => createClient(described, { credentials, now: clock.now, ...options })
  return {
    emulator,
    clock,
    create,
    client: create(),
    described,
    /** Scope and audience of each token request. */
    asked: () =>
      emulator.requests
        .filter(({ part }) => part === 'token')
        .map(({ form }) => [form.get('scope'), form.get('audience')].filter((value) => value !== null).join(' for ')),
    [Symbol.asyncDispose]: () => emulator.close(),
  }
}

describe('a view of a client', () => {
  it('L3: asks for something else by token, fetch, api, authorize and info, and the client does not', async () => {
    const { promise: discovered, resolve } = Promise.withResolvers<string>()
    await using bench = await start({
      apiOrigins: [],
      api: async ({ token }) => {
        resolve(bench.emulator.apiUrl)
        return { baseUrl: bench.emulator.apiUrl, info: token.scopes }
      },
    })
    const { client, emulator } = bench
    const view = client.with({ scopes: ['files'], parameters: { audience: 'a' } })
    const sent = async (url: string): Promise<string | undefined> => {
      await view.fetch(url)
      return emulator.requests.at(-1)?.headers.get('authorization')?.replace('Bearer ', '')
    }
    expect(await view.info()).toEqual(['files'])
    expect(await client.info()).toEqual(['read'])
    const { value } = await view.token()
    const url = `${await discovered}/orders`
    expect(await sent(url)).toBe(value)
    await (await view.api()).get('orders')
    expect(emulator.requests.at(-1)?.headers.get('authorization')).toBe(`Bearer ${value}`)
    expect((await view.authorize(url))?.token.value).toBe(value)
    expect((await client.token()).value).not.toBe(value)
    expect(bench.asked()).toEqual(['files for a', 'read'])
    expect(view.provider).toBe(client.provider)
  })

  it('L3: refines the client, and a view of a view refines the view, and a call the view', async () => {
    await using bench = await start({}, { parameters: { audience: 'a', resource: 'r' } })
    const view = bench.client.with({ parameters: { audience: 'b' } })
    const inner = view.with({ scopes: 'x  y' })
    const tokens = [
      await view.token(),
      await inner.token(),
      await inner.token({ parameters: { audience: '' } }),
      await inner.with({}).token(),
      await bench.client.token({ scopes: ['y', 'x'], parameters: { audience: 'b' } }),
    ]
    expect(bench.asked()).toEqual(['read for b', 'x y for b', 'x y'])
    expect(tokens[3]).toBe(tokens[1])
    expect(tokens[4]).toBe(tokens[1])
    expect(bench.emulator.requests.every(({ form }) => form.get('resource') === 'r')).toBe(true)
  })

  it('L3: shares the cache and the requests in flight with the client and all its views', async () => {
    await using bench = await start()
    const { client } = bench
    const options = { scopes: ['files'] }
    const waiting = [
      client.with(options).token(),
      client.with(options).token(),
      client.token(options),
      client.with({}).token(),
      client.token(),
    ]
    const [one, two, three, own, default_] = await Promise.all(waiting)
    expect([two, three]).toEqual([one, one])
    expect(default_).toBe(own)
    expect(bench.asked()).toEqual(['files', 'read'])
  })

  it('L1: serves a fresh token by one promise, as the client does', async () => {
    await using bench = await start()
    const view = bench.client.with({ scopes: ['files'] })
    await view.token()
    expect(view.token()).toBe(view.token())
    expect(bench.client.with({ scopes: ['files'] }).token()).toBe(view.token())
    await view.fetch(`${bench.emulator.apiUrl}/x`)
    expect(bench.asked()).toEqual(['files'])
  })

  it('L5: a token that one view rejected is replaced for the client and for other views, however it was cached', async () => {
    await using bench = await start()
    const { client, emulator } = bench
    const views = [client.with({}), client.with({ scopes: ['read'] }), client]
    for (const one of views) {
      const before = await Promise.all(views.map((view) => view.token()))
      emulator.faults.set('api', { name: 'revoked' })
      expect((await one.fetch(`${emulator.apiUrl}/x`)).status).toBe(200)
      const after = await Promise.all(views.map((view) => view.token()))
      expect(new Set(after).size).toBe(1)
      expect(after[0]?.value).not.toBe(before[0]?.value)
    }
  })

  it('L12: forget() of a view drops its own token, here and in the store; that of the client all of them', async () => {
    await using bench = await start({}, { store: memoryStore() })
    const { client, clock, create } = bench
    const view = client.with({ scopes: ['files'] })
    const other = client.with({ scopes: ['other'] })
    const take = async () => {
      clock.advance(1)
      return [await client.token(), await view.token(), await other.token()].map(({ value }) => value)
    }
    const [own, files, others] = await take()
    await view.forget()
    const [own2, files2, others2] = await take()
    expect([own2, others2]).toEqual([own, others])
    expect(files2).not.toBe(files)
    // The store has the new one, for other clients.
    expect(
      (
        await create()
          .with({ scopes: ['files'] })
          .token()
      ).value,
    ).toBe(files2)
    // What others left there for grants that this client never asked for is still good.
    const left = await create().token({ scopes: ['left'] })
    clock.advance(1)
    await view.forget()
    expect((await client.token({ scopes: ['left'] })).value).toBe(left.value)
    await client.forget()
    for (const value of await take()) expect([own2, files2, others2]).not.toContain(value)
    // A view of the client's own grant drops the client's token.
    const before = await client.token()
    await client.with({}).forget()
    expect((await client.token()).value).not.toBe(before.value)
  })

  it('L11: closing a view changes nothing; closing the client ends the background work of its views', async () => {
    await using bench = await start()
    const { client, clock, asked } = bench
    {
      await using view = client.with({ scopes: ['files'] })
      await view.token()
    }
    const view = client.with({ scopes: ['files'] })
    clock.advance(3500)
    const token = await view.token()
    await expect.poll(() => asked()).toEqual(['files', 'files'])
    await waitUntil(async () => (await view.token()).value !== token.value)
    await client.close()
    clock.advance(3500)
    await view.token()
    clock.advance(100)
    await view.token()
    expect(asked()).toEqual(['files', 'files', 'files'])
  })

  it('L3: a view whose token was evicted gets another, and is reached by forget()', async () => {
    await using bench = await start()
    const { client } = bench
    const view = client.with({ scopes: ['files'] })
    const first = await view.token()
    for (let id = 0; id < 1000; id += 1) client.with({ scopes: [`scope-${id}`] })
    const second = await view.token()
    expect(second.value).not.toBe(first.value)
    expect(await view.token()).toBe(second)
    expect(await client.token({ scopes: ['files'] })).toBe(second)
    await client.forget()
    expect((await view.token()).value).not.toBe(second.value)
  })

  it('H1: may send its token where the discovery of the client has found the API', async () => {
    await using bench = await start({
      api: async () => ({ baseUrl: bench.emulator.apiUrl, info: undefined }),
      apiOrigins: [],
    })
    const { client, emulator } = bench
    const view = client.with({ scopes: ['files'] })
    await expect(view.fetch('https://elsewhere.example/x')).rejects.toMatchObject({ code: 'origin_refused' })
    await client.api()
    expect((await view.fetch(`${emulator.apiUrl}/x`)).status).toBe(200)
    await expect(view.fetch('https://elsewhere.example/x')).rejects.toMatchObject({ code: 'origin_refused' })
  })

  it('a pool’s clients have views, and events tell of them as of the client', async () => {
    const events: ClientEvent[] = []
    await using bench = await start()
    const { credentials } = bench.emulator
    const pool = createClientPool(bench.described, {
      credentials: () => credentials,
      now: bench.clock.now,
      onEvent: (event) => events.push(event),
    })
    const view = pool.client('tenant').with({ scopes: ['files'] })
    await view.token()
    await view.token()
    expect(bench.asked()).toEqual(['files'])
    const served = events.filter(({ type }) => type === 'token.served')
    expect(served).toMatchObject([{ from: 'grant' }, { from: 'memory', remaining: 3598 }])
  })

  it('has what a client has, and nothing else to get at; options that are none are refused by their path', async () => {
    await using bench = await start()
    const { client } = bench
    const view = client.with({ scopes: ['files'] })
    expect(Reflect.ownKeys(view)).toEqual([])
    expect(Object.getPrototypeOf(view)).toBe(Object.getPrototypeOf(client))
    for (const [options, message] of [
      [{ scope: 'files' }, 'Unknown option `scope`. Did you mean `scopes`?'],
      [{ scopes: 7 }, 'options.scopes '],
      [{ parameters: { client_id: 'x' } }, 'options.parameters '],
      [{ parameters: { scope: 'x' } }, 'options.parameters '],
      [{ signal: new AbortController().signal }, 'Unknown option `signal`'],
      [undefined, 'options '],
    ] as const) {
      expect(() => client.with(options as never)).toThrowError(
        expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining(message) }),
      )
    }
    const { with: detached } = client
    expect(() => Reflect.apply(detached, undefined, [{}])).toThrow('Call it as client.with()')
    expect(bench.emulator.requests).toHaveLength(0)
  })
})

describe('client.token({ minimumLifetime })', () => {
  it('L2: answers with a token that lives so long', async () => {
    await using bench = await start()
    const { client, clock } = bench
    const first = await client.token()
    clock.advance(600)
    expect(await client.token({ minimumLifetime: 3000 })).toBe(first)
    const second = await client.token({ minimumLifetime: 3001 })
    expect(second.expiresAt?.getTime()).toBe(clock.now() + 3600_000)
    expect(await client.token()).toBe(second)
    expect(await client.token({ minimumLifetime: 7200 })).toBe(second)
    expect(bench.asked()).toEqual(['read', 'read'])
    // A call meanwhile does not keep the older one.
    clock.advance(600)
    const replaced = client.token({ minimumLifetime: 3001 })
    expect(await client.token()).toBe(second)
    const third = await replaced
    expect(third).not.toBe(second)
    expect(await client.token()).toBe(third)
  })

  it.each([
    [0, 'must be more than 0 seconds'],
    [-1, 'must be more than 0 seconds'],
    [Number.NaN, 'must be a number of seconds'],
    [Number.POSITIVE_INFINITY, 'must be at most 604800; it is in seconds'],
    [604_801, 'must be at most 604800; it is in seconds'],
    ['60', 'must be a number of seconds'],
  ])('refuses %s', async (minimumLifetime, message) => {
    await using bench = await start()
    await expect(bench.client.token({ minimumLifetime: minimumLifetime as number })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining(`options.minimumLifetime ${message}`),
    })
    expect((await bench.client.token({ minimumLifetime: 604_800 })).type).toBe('Bearer')
  })
})
