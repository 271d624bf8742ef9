import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ClientEvent, type ClientOptions, createClient, NightlatchError, type Provider } from '../../src/index.ts'
import { stopTimers } from '../virtual-time.ts'

type Discover = Exclude<Provider['api'], string | URL | undefined>

async function start(api: Discover, more: Partial<Provider> = {}, options: Partial<ClientOptions> = {}) {
  const emulator = await startEmulator(standardEmulation())
  const { tokenEndpoint, credentials } = emulator
  const events: ClientEvent[] = []
  const client = createClient<unknown>(
    { name: 'standard', tokenEndpoint, api, ...more },
    { credentials, onEvent: (event) => events.push(event), ...options },
  )
  return { emulator, client, events, [Symbol.asyncDispose]: () => emulator.close() }
}

/** Discovery that asks the emulator's own API, as a provider's would. */
const ask: Discover = async ({ fetch, tokenEndpoint, signal }) => {
  const answer = (await (await fetch(new URL('/api/info', tokenEndpoint), { signal })).json()) as { path: string }
  return { baseUrl: new URL('/api/v2', tokenEndpoint), info: answer.path }
}

describe('discovery of the API', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('runs once for all callers, and its result is cached', async () => {
    await using bench = await start(ask)
    const { client, emulator, events } = bench
    const [info, api, again] = await Promise.all([client.info(), client.api(), client.info()])
    expect([info, again]).toEqual(['/api/info', '/api/info'])
    await client.info()
    expect(await api.get('things').json()).toMatchObject({ path: '/api/v2/things', authorized: true })
    expect(emulator.requests.map(({ path }) => path)).toEqual(['/token', '/api/info', '/api/v2/things'])
    const rare = events.filter(({ type }) => type !== 'token.served')
    expect(rare.map(({ type }) => type)).toEqual(['token.granted', 'api.discovered'])
  })

  it('runs again after a failure', async () => {
    let calls = 0
    await using bench = await start(async (context) => {
      calls += 1
      if (calls === 1) throw new Error('not now')
      return ask(context)
    })
    await expect(bench.client.info()).rejects.toMatchObject({ code: 'discovery_failed', provider: 'standard' })
    expect(bench.events.at(-1)).toMatchObject({ type: 'discovery.failed', error: { code: 'discovery_failed' } })
    expect(await bench.client.info()).toBe('/api/info')
  })

  it('G7: a response is read up to 1 MiB, and keeps its URL', async () => {
    for (const length of [1024 * 1024, 1024 * 1024 + 1]) {
      await using bench = await start(async ({ fetch, tokenEndpoint, signal }) => {
        const response = await fetch(new URL('/api/info', tokenEndpoint), { signal })
        const text = await response.text()
        return { baseUrl: new URL('/api/v2', tokenEndpoint), info: [response.url, response.status, text.length] }
      })
      bench.emulator.faults.set('api', { name: 'answer', answer: { status: 203, body: 'x'.repeat(length) } })
      const info = bench.client.info()
      if (length === 1024 * 1024) expect(await info).toEqual([`${bench.emulator.url}/api/info`, 203, length])
      else {
        await expect(info).rejects.toMatchObject({
          code: 'discovery_failed',
          status: 203,
          message: expect.stringContaining('more than 1 MiB'),
        })
      }
    }
  })

  it('G7: a response without a body is returned as it is', async () => {
    await using bench = await start(async ({ fetch, tokenEndpoint, signal }) => {
      const response = await fetch(new URL('/api/info', tokenEndpoint), { signal })
      return { baseUrl: new URL('/api/v2', tokenEndpoint), info: [response.status, await response.text()] }
    })
    bench.emulator.faults.set('api', { name: 'answer', answer: { status: 204 } })
    expect(await bench.client.info()).toEqual([204, ''])
  })

  it("L4: one caller's abort leaves the others waiting", async () => {
    await using bench = await start(ask)
    const controller = new AbortController()
    const leaving = bench.client.info({ signal: controller.signal })
    const staying = bench.client.info()
    controller.abort(new Error('gone'))
    await expect(leaving).rejects.toThrow('gone')
    expect(await staying).toBe('/api/info')
  })

  it('H1: a discovered base URL outside the allowed origins is rejected before a token goes there', async () => {
    const evil = await startEmulator(standardEmulation())
    await using bench = await start(async () => ({ baseUrl: evil.elsewhereUrl, info: 1 }))
    await expect(bench.client.info()).rejects.toMatchObject({ code: 'origin_refused' })
    await expect(bench.client.api()).rejects.toMatchObject({ code: 'origin_refused' })
    await expect(bench.client.fetch(evil.elsewhereUrl)).rejects.toMatchObject({ code: 'origin_refused' })
    expect(evil.requests).toHaveLength(0)
    expect(bench.events.some(({ type }) => type === 'origin.refused')).toBe(true)
    await evil.close()
  })

  it.each(['http://api.evil.test', 'ftp://x', 'nonsense', 'https://user:pass@127.0.0.1'])(
    'H1: %s is no base URL',
    async (baseUrl) => {
      await using bench = await start(async () => ({ baseUrl, info: 1 }), { apiOrigins: ['https://api.evil.test'] })
      await expect(bench.client.api()).rejects.toMatchObject({ code: 'discovery_failed' })
    },
  )

  it('H1: the discovery reaches only the token endpoint’s origin and apiOrigins', async () => {
    const evil = await startEmulator(standardEmulation())
    await using bench = await start(async ({ fetch }) => {
      await fetch(evil.elsewhereUrl)
      return { baseUrl: 'https://x.test', info: 1 }
    })
    await expect(bench.client.info()).rejects.toMatchObject({ code: 'origin_refused' })
    expect(evil.requests).toHaveLength(0)
    await evil.close()
  })

  it('H1: the API’s own origin is allowed once it is discovered', async () => {
    await using bench = await start(ask)
    const url = `${bench.emulator.apiUrl}/x`
    await expect(bench.client.fetch(url)).rejects.toMatchObject({ code: 'origin_refused' })
    await bench.client.info()
    expect((await bench.client.fetch(url)).status).toBe(200)
  })

  it('has its own deadline', async () => {
    stopTimers()
    const begun = Promise.withResolvers<void>()
    await using bench = await start(() => {
      begun.resolve()
      return new Promise(() => {})
    })
    const failing = expect(bench.client.info()).rejects.toMatchObject({
      code: 'timed_out',
      message: expect.stringMatching(/API's discovery .* within 10 s \(options\.timeout\)$/),
      retryable: true,
    })
    await begun.promise
    await vi.advanceTimersByTimeAsync(10_000)
    await failing
  })

  it('X2: only the type of a provider’s error is shown', async () => {
    await using bench = await start(async ({ token }) => {
      JSON.parse(`<html>${token.value}`)
      throw new Error('unreachable')
    })
    const error = await bench.client.info().then(
      () => undefined,
      (failure: unknown) => failure,
    )
    expect(error).toBeInstanceOf(NightlatchError)
    expect(String(error)).toMatch(/threw a SyntaxError\)$/)
  })

  it('X2: a type that is not a class name is not shown', async () => {
    await using bench = await start(({ token }) => Promise.reject(Object.assign(new Error(), { name: token.value })))
    await expect(bench.client.info()).rejects.toThrow(/threw a Error\)$/)
  })

  it('says why there was no response, and that it is retryable', async () => {
    // Not the port of a server that was closed: another test may have opened it again.
    const unused = 'http://127.0.0.1:2'
    await using bench = await start(
      async ({ fetch, signal }) => {
        await fetch(unused, { signal })
        return { baseUrl: '', info: 1 }
      },
      { apiOrigins: [unused] },
    )
    await expect(bench.client.info()).rejects.toMatchObject({
      code: 'discovery_failed',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
      hints: [expect.stringContaining('whether the server runs')],
    })
  })

  it('L4: a late grant is reported as such, not as a slow discovery', async () => {
    stopTimers()
    await using bench = await start(ask)
    bench.emulator.faults.set('token', { name: 'hang' })
    const failing = expect(bench.client.info()).rejects.toThrow(/\/token did not give a token/)
    await bench.emulator.waitForRequest()
    await vi.advanceTimersByTimeAsync(10_000)
    await failing
  })

  it('fails with a code, the provider, and whether it is retryable', async () => {
    const wrong: readonly (readonly [Discover, object])[] = [
      [
        async () => Promise.reject(new RangeError('no region')),
        {
          code: 'discovery_failed',
          retryable: false,
          message: "standard: the API's base URL could not be discovered (the provider's `api` threw a RangeError)",
          hints: [],
        },
      ],
      [
        async () => Promise.reject('no Error'),
        {
          code: 'discovery_failed',
          retryable: false,
          message: expect.stringMatching(/\(the provider's `api` threw a value that is not an Error\)$/),
        },
      ],
      [
        async () => ({ baseUrl: 'nonsense', info: 1 }),
        {
          code: 'discovery_failed',
          retryable: false,
          message: expect.stringMatching(/^standard: the discovered base URL /),
        },
      ],
    ]
    for (const [api, expected] of wrong) {
      await using bench = await start(api)
      await expect(bench.client.info()).rejects.toMatchObject({ ...expected, provider: 'standard' })
    }
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const bare = createClient({ name: 'bare', tokenEndpoint }, { credentials })
    await expect(bare.api()).rejects.toMatchObject({ code: 'discovery_failed', provider: 'bare' })
  })

  it('reports its duration in seconds', async () => {
    stopTimers()
    let now = 1_000_000
    await using bench = await start(
      async (context) => {
        now += 2500
        return await ask(context)
      },
      {},
      { now: () => now },
    )
    await bench.client.token()
    now += 4000
    await bench.client.info()
    expect(bench.events.at(-1)).toMatchObject({ type: 'api.discovered', duration: 2.5 })
  })

  it('adds the hints of the provider', async () => {
    await using bench = await start(
      async () => {
        throw new NightlatchError('discovery_failed', 'no', { status: 403 })
      },
      { explain: (failure) => [`check ${failure.status}`] },
    )
    await expect(bench.client.info()).rejects.toMatchObject({ hints: ['check 403'] })
  })

  it('L12: after forget() it is made again; until then requests may still go where it led', async () => {
    let calls = 0
    await using bench = await start(async (context) => {
      calls += 1
      const { info } = await ask(context)
      return { baseUrl: new URL(`/api/v${calls}`, context.tokenEndpoint), info: `${info} ${calls}` }
    })
    const { client, emulator } = bench
    const api = await client.api()
    await client.forget()
    expect(await api.get('things').json()).toMatchObject({ path: '/api/v1/things' })
    expect(await client.info()).toBe('/api/info 2')
    const next = await client.api()
    expect(next).not.toBe(api)
    expect(await client.api()).toBe(next)
    expect(await next.get('things').json()).toMatchObject({ path: '/api/v2/things' })
    expect(calls).toBe(2)
    expect(emulator.requests.filter(({ path }) => path === '/token')).toHaveLength(2)
  })

  it("L12: after forget() of the client, its views' discoveries are made again, too", async () => {
    let calls = 0
    await using bench = await start(async ({ tokenEndpoint }) => {
      calls += 1
      return { baseUrl: tokenEndpoint, info: calls }
    })
    const view = bench.client.with({ scopes: ['files'] })
    const infos = [await view.info(), await view.info()]
    await bench.client.forget()
    infos.push(await view.info(), await view.info())
    expect(infos).toEqual([1, 1, 2, 2])
  })

  it('L12: one that is under way at forget() still answers its callers, and is not remembered', async () => {
    let calls = 0
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    await using bench = await start(async (context) => {
      calls += 1
      const call = calls
      if (call === 1) {
        begin()
        await held
      }
      return { baseUrl: new URL(`/api/v${call}`, context.tokenEndpoint), info: call }
    })
    const { client } = bench
    const old = client.api()
    await begun
    await client.forget()
    release()
    const prefix = async (api: Awaited<typeof old>): Promise<unknown> => await api.get('things').json()
    expect(await prefix(await old)).toMatchObject({ path: '/api/v1/things' })
    expect(await client.info()).toBe(2)
    expect(await prefix(await client.api())).toMatchObject({ path: '/api/v2/things' })
  })
})
