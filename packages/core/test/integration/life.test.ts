import { execFile } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  createClock,
  type Fault,
  type StandardEmulationOptions,
  type StandardEmulator,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type ClientEvent,
  type ClientOptions,
  createClient,
  type GrantFailedEvent,
  type TokenServedEvent,
} from '../../src/index.ts'
import { passRetryDelay, stopTimers } from '../virtual-time.ts'
import { ceiling, waitUntil } from '../wait-until.ts'

/** A client of an emulator over real sockets, with one clock for both. Retry delays pass at once. */
async function start(emulation: StandardEmulationOptions = {}, options: Partial<ClientOptions> = {}) {
  // A whole second, as in a `Date` header.
  const clock = createClock(Math.floor(Date.now() / 1000) * 1000)
  const emulator = await startEmulator(standardEmulation({ now: clock.now, ...emulation }))
  const { tokenEndpoint, credentials, apiUrl } = emulator
  const events: ClientEvent[] = []
  let tokenResponses = 0
  const client = createClient(
    { name: 'standard', tokenEndpoint, api: apiUrl },
    {
      credentials,
      now: clock.now,
      onEvent: (event) => {
        events.push(event)
        passRetryDelay(event)
      },
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        if (String(input) === tokenEndpoint) tokenResponses += 1
        return response
      },
      ...options,
    },
  )
  return {
    emulator,
    client,
    events,
    clock,
    advance: clock.advance,
    /** How many responses to token requests the client has received; of their bodies perhaps only a part. */
    tokenResponses: () => tokenResponses,
    [Symbol.asyncDispose]: () => emulator.close(),
  }
}

const grants = (emulator: StandardEmulator): number => emulator.requests.filter(({ part }) => part === 'token').length

const faults: readonly (readonly [string, Fault])[] = [
  ['hangs before its answer', { name: 'hang' }],
  ['hangs in the middle of its body', { name: 'hang', at: 'body' }],
  ['resets before its answer', { name: 'reset' }],
  ['resets in the middle of its body', { name: 'reset', at: 'body' }],
  ['answers 503', { name: 'error', status: 503 }],
  ['answers 429', { name: 'tooManyRequests', retryAfter: 1 }],
  ['drips', { name: 'drip', seconds: 30 }],
  ['answers a page', { name: 'html', status: 200 }],
  ['breaks off', { name: 'truncated' }],
  ['redirects', { name: 'redirect', to: 'https://login.evil.test/' }],
]

describe('the life of a token over real sockets', () => {
  beforeEach(stopTimers)
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each(faults)('L6: while a token lives, nobody waits or fails when the server %s', async (_what, fault) => {
    await using bench = await start({ lifetime: 600 }, { timeout: 2 })
    const { client, emulator, events, advance } = bench
    const token = await client.token()
    emulator.faults.set('token', fault)
    advance(515)
    events.length = 0
    const calls = await Promise.all(Array.from({ length: 50 }, () => client.fetch(`${emulator.apiUrl}/x`)))
    expect(calls.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(await client.token()).toBe(token)
    const served = events.filter((event): event is TokenServedEvent => event.type === 'token.served')
    expect(served.map(({ from, duration }) => [from, duration])).toEqual(Array(51).fill(['memory', 0]))
    await waitUntil(() => grants(emulator) === 2)
    if (fault.name === 'hang' || fault.name === 'drip') {
      if (fault.name === 'drip' || fault.at === 'body') await waitUntil(() => bench.tokenResponses() === 2)
      await vi.advanceTimersByTimeAsync(2000)
    }
    // The failure is reported, and the next refresh, after its backoff, succeeds.
    await waitUntil(() => events.some(({ type }) => type === 'grant.failed'))
    const failed = events.find((event): event is GrantFailedEvent => event.type === 'grant.failed')
    expect(failed?.background).toBe(true)
    emulator.faults.clear()
    advance(57)
    expect(await client.token()).toBe(token)
    await waitUntil(async () => expect(await client.token()).not.toBe(token))
  })

  it('G9: a storm of 503 is met by three requests, spread, and the error says what happened', async () => {
    await using bench = await start()
    bench.emulator.faults.set('token', { name: 'error', status: 503 })
    const waiting = Array.from({ length: 100 }, () => bench.client.token())
    const results = await Promise.allSettled(waiting)
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    expect(grants(bench.emulator)).toBe(3)
    expect(bench.events.map(({ type }) => type)).toEqual(['grant.retried', 'grant.retried', 'grant.failed'])
    await expect(waiting[0]).rejects.toMatchObject({ code: 'endpoint_unavailable', status: 503, retryable: true })
  })

  it.each([
    ['503', { name: 'error', status: 503 }],
    ['reset', { name: 'reset' }],
    ['reset in the body', { name: 'reset', at: 'body' }],
    ['429', { name: 'tooManyRequests', retryAfter: 0 }],
  ] satisfies [string, Fault][])('G9: one %s costs a repetition and no failure', async (_what, fault) => {
    await using bench = await start()
    bench.emulator.faults.set('token', fault, { times: 1 })
    expect((await bench.client.token()).type).toBe('Bearer')
    expect(grants(bench.emulator)).toBe(2)
  })

  it('G7: one attempt that hangs leaves time for another', async () => {
    await using bench = await start({}, { timeout: 3 })
    bench.emulator.faults.set('token', { name: 'hang' }, { times: 1 })
    const pending = bench.client.token()
    await bench.emulator.waitForRequest()
    await vi.advanceTimersByTimeAsync(2000)
    expect((await pending).type).toBe('Bearer')
    expect(bench.events.map(({ type }) => type)).toEqual(['grant.retried', 'token.granted', 'token.served'])
    expect(bench.events[0]).toMatchObject({ error: { code: 'timed_out' } })
  })

  it('G9: Retry-After is waited for, as seconds and as a date; a long one is reported instead', async () => {
    const events: ClientEvent[] = []
    await using bench = await start({}, { onEvent: (event) => events.push(event) })
    const { client, emulator, clock } = bench
    const other = createClient(client.provider, { credentials: emulator.credentials })
    for (const [retryAfter, seconds] of [
      [1, 1],
      [new Date(clock.now() + 3000), 3],
    ] as const) {
      emulator.clearRequests()
      emulator.faults.set('token', { name: 'tooManyRequests', retryAfter }, { times: 1 })
      const pending = client.token()
      await waitUntil(() => events.some(({ type }) => type === 'grant.retried'))
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1)
      // A retry sent by now would arrive before this other client has its token.
      await other.token()
      await other.forget()
      expect(grants(emulator)).toBe(2)
      // The jitter comes on top.
      await vi.advanceTimersByTimeAsync(1 + 400)
      await pending
      expect(grants(emulator)).toBe(3)
      await client.forget()
      events.length = 0
    }
    emulator.faults.set('token', { name: 'tooManyRequests', retryAfter: 60 })
    const before = grants(emulator)
    await expect(client.token()).rejects.toMatchObject({ code: 'grant_refused', status: 429, retryAfter: 60 })
    await expect(client.token()).rejects.toMatchObject({ retryAfter: 60 })
    expect(grants(emulator)).toBe(before + 1)
  })

  it("G9: Okta's reset instant is held against the answer's own Date", async () => {
    await using bench = await start()
    bench.emulator.faults.set('token', { name: 'tooManyRequests', rateLimitReset: 30 })
    bench.advance(12_345)
    const error = await bench.client.token().catch((failure: unknown) => failure)
    expect(error).toMatchObject({ status: 429, retryable: true })
    const { retryAfter } = error as { readonly retryAfter: number }
    expect(retryAfter).toBeGreaterThanOrEqual(29)
    expect(retryAfter).toBeLessThanOrEqual(31)
  })

  it('G9: what is refused for good is not repeated', async () => {
    await using bench = await start()
    bench.emulator.rotateSecret()
    await expect(bench.client.token()).rejects.toMatchObject({ error: 'invalid_client' })
    expect(grants(bench.emulator)).toBe(1)
  })

  it('G10: one style of authentication is sent, and no other is tried when it is refused', async () => {
    await using bench = await start({ basicEncoding: 'raw', clientSecret: 'a+b%c' })
    for (const scope of ['one', 'two']) {
      await expect(bench.client.token({ scopes: [scope] })).rejects.toMatchObject({ error: 'invalid_client' })
      await bench.client.forget()
    }
    const styles = bench.emulator.requests.map(({ headers, form }) => [headers.get('authorization'), [...form.keys()]])
    expect(styles).toHaveLength(2)
    expect(styles[0]).toEqual(styles[1])
    expect(styles[0]?.[1]).toEqual(['grant_type', 'scope'])
  })

  it('L7: a wrong secret in a loop is not sent in a loop', async () => {
    await using bench = await start()
    bench.emulator.rotateSecret()
    for (let call = 0; call < 200; call += 1) {
      await expect(bench.client.token()).rejects.toMatchObject({ error: 'invalid_client' })
    }
    expect(grants(bench.emulator)).toBe(1)
  })

  it('L8: a rotated secret heals by itself: the function is asked once more, and the grant repeated', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint } = emulator
    let asked = 0
    const client = createClient(
      { name: 'standard', tokenEndpoint },
      {
        credentials: () => {
          asked += 1
          return emulator.credentials
        },
      },
    )
    await client.token()
    emulator.rotateSecret()
    const waiting = Array.from({ length: 20 }, (_, call) => client.token({ scopes: [`scope-${call % 4}`] }))
    expect((await Promise.all(waiting)).every(({ type }) => type === 'Bearer')).toBe(true)
    expect(asked).toBe(2)
  })

  it('L8: the same secret once more is not sent once more', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    emulator.rotateSecret()
    let asked = 0
    const client = createClient(
      { name: 'standard', tokenEndpoint },
      {
        credentials: () => {
          asked += 1
          return credentials
        },
      },
    )
    await expect(client.token()).rejects.toMatchObject({ error: 'invalid_client' })
    expect(asked).toBe(2)
    expect(grants(emulator)).toBe(1)
  })

  it('L8: if the secret cannot be read again, the error is that of the grant', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    emulator.rotateSecret()
    let asked = 0
    const client = createClient(
      { name: 'standard', tokenEndpoint },
      {
        credentials: () => {
          asked += 1
          if (asked > 1) throw new Error('the vault is sealed')
          return credentials
        },
      },
    )
    await expect(client.token()).rejects.toMatchObject({ error: 'invalid_client' })
  })

  it('L14: a server that revokes the last token at each grant costs one grant a refusal', async () => {
    await using emulator = await startEmulator(standardEmulation({ onlyLatestToken: true }))
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const provider = { name: 'standard', tokenEndpoint, api: apiUrl }
    const [one, other] = [createClient(provider, { credentials }), createClient(provider, { credentials })]
    for (let round = 0; round < 3; round += 1) {
      expect((await one.fetch(`${apiUrl}/x`)).status).toBe(200)
      expect((await other.fetch(`${apiUrl}/x`)).status).toBe(200)
    }
    expect(grants(emulator)).toBe(6)
  })

  it('G9: a connection kept alive that the server has closed meanwhile costs nothing that is seen', async () => {
    await using bench = await start({ lifetime: 60 })
    const { client, emulator, advance } = bench
    await client.token()
    emulator.faults.add('token', { name: 'reset' }, { times: 1 })
    advance(120)
    expect((await client.token()).type).toBe('Bearer')
  })

  it('G9: a connection that the server closed on its side, and said nothing of, is not one to wait on', async () => {
    let connections = 0
    let answers = 0
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      connections += 1
      socket.on('error', () => {})
      socket.on('data', () => {
        answers += 1
        const body = JSON.stringify({ access_token: `t${answers}`, expires_in: 60 })
        const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: keep-alive\r\n\r\n`
        // Half closed: it goes on listening, and will never answer again.
        socket.end(`${head}${body}`)
        socket.removeAllListeners('data')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const client = createClient(
      { name: 'half-closed', tokenEndpoint: `http://127.0.0.1:${port}/token` },
      { credentials: { clientId: 'me', clientSecret: 'x' }, onEvent: passRetryDelay },
    )
    // The timers stand still: a request that waits on such a connection for its deadline never ends.
    for (const expected of ['t1', 't2', 't3']) {
      expect((await client.token()).value).toBe(expected)
      await client.forget()
    }
    expect(connections).toBe(3)
    server.close()
  })

  it('G9: DNS that knows no such name is an endpoint that is not there, with the code', async () => {
    const client = createClient(
      { name: 'nowhere', tokenEndpoint: 'https://login.nowhere.invalid/token' },
      { credentials: { clientId: 'me', clientSecret: 'x' }, onEvent: passRetryDelay },
    )
    await expect(client.token()).rejects.toMatchObject({ code: 'endpoint_unavailable', retryable: true })
    await expect(client.token()).rejects.toThrow(/\((ENOTFOUND|EAI_AGAIN)\)/)
  })

  it('L1: a thousand callers, cold and at expiry, cost one grant each time', async () => {
    await using bench = await start({ lifetime: 60 })
    const { client, emulator, advance } = bench
    for (const expected of [1, 2]) {
      const tokens = await Promise.all(Array.from({ length: 1000 }, () => client.token()))
      expect(new Set(tokens).size).toBe(1)
      expect(grants(emulator)).toBe(expected)
      advance(61)
    }
  })
})

describe('a process with a live client', () => {
  it.concurrent.each(['idle', 'failing refresh', 'hanging refresh'])(
    'L11: exits by itself, %s, and without an unhandled rejection',
    async (situation) => {
      await using emulator = await startEmulator(standardEmulation({ lifetime: 600 }))
      const { tokenEndpoint, credentials, apiUrl } = emulator
      const script = fileURLToPath(new URL('live-client.ts', import.meta.url))
      const settings = JSON.stringify({ tokenEndpoint, apiUrl, credentials: { ...credentials }, situation })
      const node = ['--conditions=@nightlatch/source', '--unhandled-rejections=strict', script]
      const run = promisify(execFile)(process.execPath, node, { env: { LIVE_CLIENT: settings }, timeout: ceiling })
      await Promise.race([emulator.waitForRequest(({ part }) => part === 'api'), run])
      emulator.clearRequests()
      if (situation !== 'idle') {
        emulator.faults.set('token', { name: situation === 'failing refresh' ? 'reset' : 'hang' })
      }
      const { stdout, stderr } = await run
      expect(stderr.replace(/^.*ExperimentalWarning.*\n.*\n/gm, '')).toBe('')
      expect(stdout).toBe('served 2 times\n')
      if (situation !== 'idle') expect(grants(emulator)).toBeGreaterThan(0)
    },
  )
})
